from pathlib import Path

import pytest

from novelgpt.errors import NoChapters, VocabularyTooSmall
from novelgpt.text.chapter import Chapter, write_chapters
from novelgpt.tokens.bpe import phrases, sampled_texts, train_bpe
from novelgpt.tokens.vocab import LEAST, TooFewWords
from tests.tiny import TALE

HARD = "[SEP]<0x41>[MASK]\r\n　　𠮷😀e\u0301\u2060\u200b\x00x_y"


def test_byte_pairs_fill_the_size_and_give_every_text_back() -> None:
    tokenizer = train_bpe([TALE * 20], 1_200).tokenizer()
    assert tokenizer.size == 1_200
    for text in (TALE, HARD, TALE + HARD):
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids) == text
        assert tokenizer.unknown_id not in ids
    assert len(tokenizer.encode("老船夫没有回答")) < 4


def test_the_same_texts_give_the_same_merges() -> None:
    first, *others = (train_bpe([TALE * 3, TALE[::-1]], 600) for _ in range(4))
    assert others == [first] * 3


def test_merges_stay_within_words_or_within_signs() -> None:
    made = train_bpe([TALE * 20], 600)
    assert made.merges
    assert all(len({c.isalnum() for c in left + right}) == 1 for left, right in made.merges)
    assert max(len(left + right) for left, right in made.merges) <= 8


def test_a_user_word_is_one_token() -> None:
    tokenizer = train_bpe([TALE * 5], 600, ("荒古圣体", "老船夫")).tokenizer()
    assert len(tokenizer.encode("荒古圣体")) == len(tokenizer.encode("老船夫")) == 1


def test_what_no_book_holds_fills_the_rest_until_there_is_nothing() -> None:
    assert train_bpe([TALE], 2_000).fillers > 0
    with pytest.raises(TooFewWords) as refused:
        train_bpe([TALE], 50_000)
    assert len(train_bpe([TALE], refused.value.facts["fits"]).pieces) == refused.value.facts["fits"]


def test_too_small_or_nothing_to_learn_from_is_said() -> None:
    with pytest.raises(VocabularyTooSmall):
        train_bpe([TALE], LEAST, ("船",))
    with pytest.raises(NoChapters):
        train_bpe(["\n"], 1_000)


def test_phrases_hold_nothing_but_the_alphabet() -> None:
    text = "他说：“好”[x]\n　去_y"
    assert phrases(text, set("他说：“好”　去_y")).split("\n") == [
        "他说",
        "：“",
        "好",
        "”",
        "　",
        "去",
        "_",
        "y",
    ]
    assert phrases("他说好", set("他好")).split("\n") == ["他", "好"]


def test_a_large_library_is_sampled_evenly(tmp_path: Path) -> None:
    path = tmp_path / "书.jsonl"
    write_chapters(path, [Chapter(f"第{n}章", "雨" * 90, number=n, book="书") for n in range(100)])
    ((_, texts),) = sampled_texts([path], most=2_000)
    assert 5 <= len(texts) <= 40
    ((_, whole),) = sampled_texts([path])
    assert len(whole) == 100
