from pathlib import Path

import numpy as np
import pytest

from novelgpt.errors import DamagedChapters, FileMissing, NoChapters
from novelgpt.text.chapter import Chapter, chapter_files, write_chapters
from novelgpt.tokens.shards import build_shards
from tests.tiny import TALE, tiny_tokenizer


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


def test_a_damaged_token_file_is_made_again(book: Path, tmp_path: Path) -> None:
    first = build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.1).train.tokens.tolist()
    path = tmp_path / "data" / "train.tokens"
    path.write_bytes(b"\0" * path.stat().st_size)
    assert (
        build_shards([book], tiny_tokenizer(), tmp_path / "data", held_out=0.1).train.tokens.tolist() == first
    )


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
