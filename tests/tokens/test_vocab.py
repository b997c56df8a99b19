import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.errors import NoChapters, VocabularyTooSmall
from novelgpt.text.chapter import Chapter, write_chapters
from novelgpt.tokens.build import BookCounted, VocabBuilt, build_vocab_folder
from novelgpt.tokens.tokenizer import Tokenizer
from novelgpt.tokens.vocab import NAMES_NEED_BOOKS, build_vocab, count_words
from tests.tiny import TALE


def chapter(text: str, book: str = "渡口") -> Chapter:
    return Chapter("第一章", text, number=1, book=book)


@settings(max_examples=20, deadline=None)
@given(st.integers(263, 40_000))
def test_the_size_is_met_to_the_piece(size: int) -> None:
    assert build_vocab([chapter(TALE)], size=size).size == size


def test_the_classic_size_is_reached_from_a_page_of_text() -> None:
    tokenizer = build_vocab([chapter(TALE)])
    assert tokenizer.size == 50_000
    assert tokenizer.decode(tokenizer.encode(TALE)) == TALE


@pytest.mark.parametrize("size", [1, 262])
def test_a_vocabulary_without_room_for_bytes_is_refused(size: int) -> None:
    with pytest.raises(VocabularyTooSmall):
        build_vocab([chapter(TALE)], size=size)


def test_the_same_chapters_give_the_same_vocabulary() -> None:
    first, second = (build_vocab([chapter(TALE), chapter(TALE[::-1], "倒")], size=900) for _ in range(2))
    assert first.pieces == second.pieces


def test_words_and_pairs_become_single_tokens() -> None:
    tokenizer = build_vocab([chapter(TALE * 20)], size=600)
    assert len(tokenizer.encode("老船夫")) < 3
    assert len(tokenizer.encode("。”")) == 1


def test_pairs_never_join_a_word_to_punctuation() -> None:
    assert not [pair for pair in count_words([TALE * 3]).pairs if "雨" in pair and "，" in pair]


def test_names_of_a_single_book_earn_no_piece_in_a_large_corpus() -> None:
    others = [chapter(TALE, f"书{number}") for number in range(NAMES_NEED_BOOKS)]
    tokenizer = build_vocab([*others, chapter("欧阳克说话。" * 50, "名")], size=800)
    assert "欧阳克" not in [piece for piece, _ in tokenizer.pieces]


def test_no_chapters_are_said() -> None:
    with pytest.raises(NoChapters):
        build_vocab([])


def test_a_small_corpus_borrows_general_words() -> None:
    general = build_vocab([chapter("天下大势，分久必合。" * 30)], size=400)
    tokenizer = build_vocab([chapter(TALE)], size=900, prior=general)
    assert len(tokenizer.encode("天下大势")) <= 2


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_folder_holds_the_same_vocabulary_however_many_processes_count(tmp_path: Path, jobs: int) -> None:
    for name in ("甲", "乙"):
        write_chapters(tmp_path / "chapters" / f"{name}.jsonl", [chapter(TALE + name, name)])
    events = list(build_vocab_folder([tmp_path / "chapters"], tmp_path / "vocab", size=700, jobs=jobs))
    assert [type(event) for event in events] == [BookCounted, BookCounted, VocabBuilt]
    report = json.loads((tmp_path / "vocab" / "vocab-report.json").read_text(encoding="utf-8"))
    assert report["size"] == 700
    assert report["books"] == 2
    assert report["fingerprint"] == Tokenizer.load(tmp_path / "vocab").fingerprint
    assert report["characters_per_token"] > 1
    lines = (tmp_path / "vocab" / "vocab.txt").read_text(encoding="utf-8").split("\n")
    assert len(lines) == 701
