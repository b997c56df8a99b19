import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from novelgpt.errors import DamagedChapters, FileMissing, NoChapters
from novelgpt.text.chapter import Chapter, chapter_files, read_chapters, write_chapters
from novelgpt.text.ingesting.engines import Crashed
from novelgpt.tokens import shards as making
from novelgpt.tokens.pieces import FIXED
from novelgpt.tokens.shards import (
    Encoded,
    EncoderDied,
    Shards,
    build_shards,
    held_out_chapters,
    is_held_out,
    make_shards,
    read_all,
)
from novelgpt.tokens.tokenizer import Tokenizer
from tests.tiny import TALE, tiny_tokenizer
from tests.tokens.vocabularies import tiny_bpe

FILES = [f"{side}.{part}" for side in ("train", "held-out") for part in ("tokens", "offsets")]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "chapters" / "渡口.jsonl"
    write_chapters(
        path, [Chapter(f"第{n}章", TALE + str(n), number=n, index=n, book="渡口") for n in range(20)]
    )
    return path


def test_tokens_are_the_chapters_in_order(book: Path, tmp_path: Path) -> None:
    shards = build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.1)
    assert shards.train.tokens.dtype == np.uint16
    first = shards.train.tokens[shards.train.offsets[0] : shards.train.offsets[1]].tolist()
    assert first[0] == tiny_tokenizer().chapter_start_id
    assert first[-1] == tiny_tokenizer().chapter_end_id
    assert TALE.strip() in tiny_tokenizer().decode(first)


def test_every_chapter_is_learnt_or_held_out_and_never_both(book: Path, tmp_path: Path) -> None:
    shards = build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.3)
    sides = [
        {
            tuple(split.tokens[a:b].tolist())
            for a, b in zip(split.offsets[:-1], split.offsets[1:], strict=True)
        }
        for split in (shards.train, shards.held_out)
    ]
    assert sides[0] and sides[1]
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == 20


def test_the_bytes_are_those_of_each_chapter_between_its_markers(book: Path, tmp_path: Path) -> None:
    build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.3)
    for side, kept_out in (("train", False), ("held-out", True)):
        rows = [
            tiny_tokenizer().encode_chapter(chapter.whole())
            for chapter in read_chapters(book)
            if is_held_out(chapter, 0.3) is kept_out
        ]
        expected = np.array([one for row in rows for one in row], dtype="<u2")
        assert (tmp_path / "data" / f"{side}.tokens").read_bytes() == expected.tobytes()
        offsets = np.cumsum([0, *map(len, rows)], dtype="<i8")
        assert (tmp_path / "data" / f"{side}.offsets").read_bytes() == offsets.tobytes()


@pytest.mark.parametrize("make", [tiny_tokenizer, tiny_bpe])
def test_the_bytes_do_not_depend_on_who_encodes_or_in_what_portions(
    make: object, book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def contents(folder: Path, jobs: int) -> list[bytes]:
        build_shards([book], make(), folder, held_out=0.3, jobs=jobs)
        return [(folder / name).read_bytes() for name in FILES]

    whole = contents(tmp_path / "whole", jobs=1)
    monkeypatch.setattr(making, "_CHARACTERS_AT_ONCE", 500)
    assert contents(tmp_path / "portions", jobs=1) == whole
    assert contents(tmp_path / "processes", jobs=2) == whole


def test_progress_is_told_and_the_shards_come_last(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_CHARACTERS_AT_ONCE", 500)
    *progress, last = make_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.3)
    assert isinstance(last, Shards)
    assert all(isinstance(event, Encoded) for event in progress)
    counts = [event.chapters for event in progress]
    assert counts == sorted(set(counts))
    assert counts[-1] == 20
    assert progress[-1].characters == last.train.characters + last.held_out.characters
    again = list(make_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.3))
    assert len(again) == 1  # nothing was to be done


def test_only_a_few_chapters_are_in_memory(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def counted(path: Path) -> Iterator[Chapter]:
        for chapter in read_chapters(path):
            read.append(chapter.index)
            yield chapter

    monkeypatch.setattr(making, "read_chapters", counted)
    monkeypatch.setattr(making, "_CHARACTERS_AT_ONCE", 1)
    events = make_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.5)
    assert next(events) == Encoded(1, len(next(read_chapters(book)).whole()))
    assert len(read) < 10
    assert [type(event) for event in events][-1] is Shards
    assert len(read) == 20


def test_leaving_half_way_leaves_nothing_behind(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_CHARACTERS_AT_ONCE", 1)
    events = make_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.3)
    next(events)
    events.close()
    assert list((tmp_path / "data").iterdir()) == []
    assert len(build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.3).train.tokens)


def test_an_encoder_that_is_ended_from_outside_is_said(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "in_order", lambda *args, **settings: iter([Crashed()]))
    with pytest.raises(EncoderDied, match="memory"):
        build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.3, jobs=2)
    assert not (tmp_path / "data" / "manifest.json").exists()


def test_a_vocabulary_of_more_than_65536_pieces_takes_wider_numbers(book: Path, tmp_path: Path) -> None:
    pairs = [(chr(0x4E00 + n // 256) + chr(0x5E00 + n % 256), -5.0) for n in range(66_000)]
    large = Tokenizer([*((name, -9.0) for name in FIXED), *pairs])
    shards = build_shards([book], large, tmp_path / "data", held_out=0.3)
    assert shards.train.tokens.dtype == np.uint32
    assert large.decode(shards.train.tokens.tolist()).count("第") >= 10


@pytest.mark.parametrize(
    ("chapters", "share"), [(1, 0.1), (2, 0.001), (3, 0.001), (20, 0.3), (20, 0.001), (2, 0.999)]
)
def test_the_chapters_for_checking_are_those_that_were_held_out(
    chapters: int, share: float, tmp_path: Path
) -> None:
    path = tmp_path / "book.jsonl"
    write_chapters(path, [Chapter(f"第{n}章", TALE + str(n), book="渡口") for n in range(chapters)])
    shards = build_shards([path], tiny_tokenizer(), tmp_path / "data", held_out=share)
    kept_out = held_out_chapters(tmp_path / "data", [path])
    assert kept_out
    assert tiny_tokenizer().decode(shards.held_out.tokens.tolist()) == "".join(
        chapter.whole() for chapter in kept_out
    )
    learnt = tiny_tokenizer().decode(shards.train.tokens.tolist())
    assert len(learnt) + shards.held_out.characters == sum(len(one.whole()) for one in read_all([path]))


def test_held_out_books_are_taken_whole(book: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    write_chapters(other, [Chapter("第一章", "另一本书。" * 30, book="另")])
    shards = build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=[other])
    assert len(shards.train.offsets) == 21
    assert len(shards.held_out.offsets) == 2


def test_unchanged_data_is_not_made_again_and_changed_data_is(book: Path, tmp_path: Path) -> None:
    def made_at() -> int:
        return (tmp_path / "data" / "train.tokens").stat().st_mtime_ns

    first = build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.1)
    before = made_at()
    assert build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.1).source == first.source
    assert made_at() == before
    write_chapters(book, [Chapter(f"第{n}章", TALE * 2 + str(n), book="渡口") for n in range(20)])
    assert build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.1).source != first.source
    assert made_at() != before


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_made_again(name: str, book: Path, tmp_path: Path) -> None:
    def contents() -> list[bytes]:
        build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.1)
        return [(tmp_path / "data" / one).read_bytes() for one in FILES]

    first = contents()
    path = tmp_path / "data" / name
    path.write_bytes(b"\0" * path.stat().st_size)
    assert contents() == first
    path.unlink()
    assert contents() == first


@pytest.mark.parametrize(
    "manifest", ["", "[]", "{}", '{"source": "x", "splits": {}}', '{"splits": 3, "source": 1}']
)
def test_a_damaged_manifest_is_made_again(manifest: str, book: Path, tmp_path: Path) -> None:
    first = build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.1).train.tokens.tolist()
    (tmp_path / "data" / "manifest.json").write_text(manifest)
    again = build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.1)
    assert again.train.tokens.tolist() == first
    assert json.loads((tmp_path / "data" / "manifest.json").read_text())["source"] == again.source


def test_another_vocabulary_makes_other_shards(book: Path, tmp_path: Path) -> None:
    first = build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.1)
    other = build_shards([book], tiny_bpe(), tmp_path / "data", held_out=0.1)
    assert other.source != first.source
    manifest = json.loads((tmp_path / "data" / "manifest.json").read_text())
    assert manifest["fingerprint"] == tiny_bpe().fingerprint
    assert TALE.strip() in tiny_bpe().decode(other.train.tokens.tolist())


def test_a_book_without_headings_gives_its_end(tmp_path: Path) -> None:
    write_chapters(tmp_path / "one.jsonl", [Chapter("", TALE, book="渡口")])
    shards = build_shards([tmp_path / "one.jsonl"], tiny_tokenizer(), tmp_path / "data", held_out=0.1)
    learnt, kept_out = (
        tiny_tokenizer().decode(split.tokens.tolist()) for split in (shards.train, shards.held_out)
    )
    assert learnt + kept_out == TALE
    assert 0 < len(kept_out) < 0.2 * len(TALE)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Line 1"),
        ('{"title": "x"}', "not a chapter"),
        ('{"title":"a","text":"b","kind":"x","index":0,"book":"c"}', "kind"),
    ],
)
def test_a_damaged_chapter_file_names_the_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(DamagedChapters, match=said):
        build_shards([path], tiny_tokenizer(), tmp_path / "data", held_out=0.1)


def test_missing_chapters_are_said(tmp_path: Path) -> None:
    with pytest.raises(NoChapters):
        chapter_files([tmp_path])
    with pytest.raises(FileMissing):
        chapter_files([tmp_path / "none.jsonl"])
