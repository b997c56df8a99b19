import json
import re
from pathlib import Path

import pytest

from novelgpt.errors import NoChapters
from novelgpt.messages import Message
from novelgpt.text.chapter import Chapter, write_chapters
from novelgpt.text.ingesting.engines import Crashed
from novelgpt.tokens import counting
from novelgpt.tokens.build import BookCounted, VocabBuilt, VocabEvent, build_vocab_folder
from novelgpt.tokens.counting import CountingStopped, count_files
from novelgpt.tokens.recipe import Recipe
from novelgpt.tokens.tokenizer import Tokenizer
from novelgpt.tokens.userwords import UserWords
from novelgpt.tokens.vocab import TooFewWords
from tests.tiny import TALE

NAMES = ("甲", "乙", "丙")


@pytest.fixture
def chapters(tmp_path: Path) -> Path:
    for name in NAMES:
        write_chapters(tmp_path / "chapters" / f"{name}.jsonl", [Chapter("一", TALE + name, book=name)])
    return tmp_path / "chapters"


def build(chapters: Path, recipe: Recipe, jobs: int = 1) -> tuple[list[VocabEvent], Tokenizer]:
    out_dir = chapters.parent / "vocab"
    events = list(build_vocab_folder([chapters], out_dir, recipe, jobs=jobs, lang="en"))
    assert isinstance(events[-1], VocabBuilt)
    return events, Tokenizer.load(out_dir)


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_folder_holds_the_same_vocabulary_however_many_processes_count(
    chapters: Path, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_BYTES_AT_ONCE", 1)
    events, tokenizer = build(chapters, Recipe(size=1_000), jobs)
    assert [event.path.stem for event in events if isinstance(event, BookCounted)] == sorted(NAMES)
    report = json.loads((chapters.parent / "vocab" / "vocab-report.json").read_text(encoding="utf-8"))
    assert report["size"] == tokenizer.size == 1_000
    assert report["books"] == 3
    assert (
        report["fingerprint"]
        == tokenizer.fingerprint
        == FINGERPRINTS.setdefault("all", tokenizer.fingerprint)
    )
    assert report["characters_per_token"] > 1
    lines = (chapters.parent / "vocab" / "vocab.txt").read_text(encoding="utf-8").split("\n")
    assert len(lines) == 1_001


FINGERPRINTS: dict[str, str] = {}
"""What the first run gave, for the runs that must give the same."""


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe("char"),
        Recipe("char", 3_000),
        Recipe("bpe", 1_000),
        Recipe(size=1_000, pure_words=True),
        Recipe(size=1_000, join_signs=True, exclude_names=True),
    ],
    ids=lambda recipe: f"{recipe.cut} {recipe.size}",
)
def test_every_recipe_gives_a_vocabulary_that_loads_and_reads_back(chapters: Path, recipe: Recipe) -> None:
    _, tokenizer = build(chapters, recipe)
    assert tokenizer.size == (recipe.size or 1_000)
    hard = TALE + "[SEP]<0x41>\r\n　　𠮷😀"
    assert tokenizer.decode(tokenizer.encode(hard)) == hard


def test_borrowed_pieces_are_said_with_the_size_that_needs_none(chapters: Path) -> None:
    events, _ = build(chapters, Recipe(size=2_000))
    (filled,) = [event for event in events if isinstance(event, Message)]
    assert filled.key == "vocab.filled"
    assert filled.facts["borrowed"] > 0
    assert filled.facts["fits"] == 1_000  # what fits is smaller than any vocabulary may be


def test_user_words_are_pieces_and_those_that_cannot_be_are_said(chapters: Path) -> None:
    for cut in ("jieba", "bpe"):
        words = UserWords(("荒古圣体", "老船夫"), ("一二三四五六七八九",))
        events, tokenizer = build(chapters, Recipe(cut, 1_000, user_words=words))
        said = {event.key: event.facts for event in events if isinstance(event, Message)}
        assert said["vocab.words_left_out"] == {"count": 1, "first": "一二三四五六七八九"}
        assert len(tokenizer.encode("荒古圣体")) == 1


def test_more_pieces_than_there_are_words_are_refused_and_nothing_is_written(chapters: Path) -> None:
    for recipe in (Recipe(size=1_000_000), Recipe("char", 50_000), Recipe("bpe", 50_000)):
        with pytest.raises(TooFewWords):
            list(build_vocab_folder([chapters], chapters.parent / "vocab", recipe))
    assert not (chapters.parent / "vocab").exists()


def test_no_chapters_are_said(tmp_path: Path) -> None:
    write_chapters(tmp_path / "chapters" / "空.jsonl", [])
    for recipe in (Recipe(), Recipe("char"), Recipe("bpe")):
        with pytest.raises(NoChapters, match=re.escape(str(tmp_path / "chapters"))):
            list(build_vocab_folder([tmp_path / "chapters"], tmp_path / "vocab", recipe))


def test_a_process_that_died_is_a_sentence(chapters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "in_order", lambda work, items, **options: iter([Crashed()] * len(items)))
    with pytest.raises(CountingStopped, match="--jobs"):
        list(count_files(sorted(chapters.glob("*.jsonl"))))
