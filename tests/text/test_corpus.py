"""The sample novels in corpus/: each is read as its README says."""

import json
from pathlib import Path

import pytest

from novelgpt.text.chapter import read_chapters
from novelgpt.text.decode import decode_bytes
from novelgpt.text.ingest import BookIngested, BookRefused, ingest

CORPUS = Path(__file__).parents[2] / "corpus"
DAMAGED = "星火航程（下）[某书吧].txt"
SAMPLES = [
    # file, encoding, title, author, titles of the first and last chapter, numbers of the chapters
    ("《雾港来信》作者：沈渡.txt", "gb18030", "雾港来信", "沈渡", "楔子", "番外 灯塔看守人", range(1, 9)),
    (
        "寒江劍影錄_陸南樵.txt",
        "cp950",
        "寒江劍影錄",
        "陸南樵",
        "第一回　風雪渡口逢故劍　孤燈野店識新仇",
        None,
        range(1, 9),
    ),
    ("星火航程（上）.txt", "utf-8-sig", "星火航程", "闻一舟", "第一卷 长夜", "第5章 续借", range(1, 6)),
    ("麻岗纪事 - 高粱客.txt", "utf-16-le", "麻岗纪事", "高粱客", "序", "后记", range(1, 13)),
    (
        "钟表匠的月亮.epub",
        "utf-8",
        "钟表匠的月亮",
        "白小满",
        "第一章 檐角镇的第三个夜晚",
        "番外一 猫的怀表",
        range(1, 8),
    ),
]


def samples() -> list[Path]:
    return sorted(path for path in CORPUS.iterdir() if path.suffix in (".txt", ".epub"))


def test_the_samples_are_novels_of_some_length_in_six_states() -> None:
    assert {path.name for path in samples()} == {DAMAGED, *(row[0] for row in SAMPLES)}


@pytest.mark.parametrize("row", SAMPLES, ids=lambda row: row[0])
def test_a_sample_is_read_as_its_readme_says(row: tuple, tmp_path: Path) -> None:
    name, encoding, title, author, first, last, numbers = row
    (done, _) = ingest([CORPUS / name], tmp_path)
    assert isinstance(done, BookIngested)
    assert (done.book.encoding, done.book.title, done.book.author) == (encoding, title, author)
    assert done.book.lost_characters == 0
    headed = [row for row in done.book.table if row.title]
    assert headed[0].title == first
    assert headed[-1].title == (last or headed[-1].title)
    assert [chapter.number for chapter in headed if chapter.kind == "chapter"] == list(numbers)
    written = list(read_chapters(tmp_path / "chapters" / f"{title}.jsonl"))
    assert [(c.title, len(c.text)) for c in written] == [(r.title, r.characters) for r in done.book.table]


def test_the_damaged_sample_is_refused_with_its_reason_unless_loss_is_allowed(tmp_path: Path) -> None:
    path, good = CORPUS / DAMAGED, CORPUS / SAMPLES[0][0]
    events = list(ingest([path, good], tmp_path / "strict"))
    (refused,) = [event for event in events if isinstance(event, BookRefused)]
    lost = decode_bytes(path.read_bytes()).lost_characters
    assert lost > 0
    assert str(lost) in refused.reason.text("en")
    assert "--allow-loss" in refused.reason.text("en")
    (taken, _) = ingest([path], tmp_path / "lax", allow_loss=True)
    assert isinstance(taken, BookIngested)
    assert taken.book.lost_characters == lost
    assert [c.number for c in taken.book.table if c.kind == "chapter"] == [1, 2, 3, 4, 5]


def test_together_they_are_the_small_corpus_of_the_readme(tmp_path: Path) -> None:
    list(ingest([CORPUS], tmp_path))
    report = json.loads((tmp_path / "ingest-report.json").read_text(encoding="utf-8"))
    assert isinstance(report, dict)
    texts = json.loads((tmp_path / "train.json").read_text(encoding="utf-8"))
    assert all(text.startswith("[MASK]") and text.endswith("[CLS]") for text in texts)
    assert sum(map(len, texts)) > 60_000
    html = (tmp_path / "ingest-report.html").read_text(encoding="utf-8")
    assert "雾港来信" in html
    assert "某书吧" in html
