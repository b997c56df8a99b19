from collections import Counter
from itertools import pairwise

import pytest
import rjieba
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.errors import NotUnicode
from novelgpt.tokens import tally
from novelgpt.tokens.counting import count_words
from novelgpt.tokens.counts import LONGEST_PIECE, Counts, Sum, pack
from novelgpt.tokens.segment import Segmenter
from novelgpt.tokens.tally import WordTally
from tests.tiny import TALE


def counted_plainly(texts: list[str]) -> Counts:
    """The same counts, string by string."""
    counts = Counts(books=1)
    for text in texts:
        counts.characters.update(text)
        for line in text.split("\n"):
            words = rjieba.cut(line)
            counts.words.update(words)
            counts.pairs.update(
                a + b
                for a, b in pairwise(words)
                if a[-1].isalnum() == b[0].isalnum() and len(a + b) <= LONGEST_PIECE
            )
    counts.pairs = Counter({pair: n for pair, n in counts.pairs.items() if n > 1})
    counts.books_with = Counter(counts.words.keys() | counts.pairs.keys())
    return counts


def together(books: list[list[str]]) -> Counts:
    total = Counts()
    for book in books:
        total.add(counted_plainly(book))
    return total


TEXTS = st.lists(st.text("老船夫下雨，。”…\n\r aA1[　", max_size=60), max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_numbers_count_what_strings_would(books: list[list[str]]) -> None:
    counting = WordTally(Segmenter().load())
    for book in books:
        counting.add_book(book)
    assert counting.counts == together(books)


def test_a_real_page_counts_the_same_either_way() -> None:
    assert count_words([TALE, TALE[::-1], TALE[5:]]) == counted_plainly([TALE, TALE[::-1], TALE[5:]])


def test_a_text_that_is_a_word_here_and_a_pair_there_counts_each_book_once() -> None:
    books = [["渡船。渡船。"], ["渡", "船"], ["渡 船"]]
    assert together(books).books_with == sum_of(books).books_with


def sum_of(books: list[list[str]], most: int = 1000) -> Counts:
    total = Sum(most)
    for book in books:
        total.add(pack(count_words(book)))
    return total.counts


@settings(max_examples=30, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_packed_counts_add_up_to_the_same(books: list[list[str]]) -> None:
    assert sum_of(books) == together(books)


def test_a_book_in_parts_counts_as_one_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "_CHARACTERS_AT_ONCE", 40)
    in_parts = count_words(["夜里下雨。\n" * 5, "老船夫。\n" * 20, "雨"], Segmenter("char"))
    assert in_parts.books == 1
    assert in_parts.words["雨"] == 6
    assert in_parts.characters["\n"] == 25
    assert set(in_parts.books_with.values()) == {1}


def test_without_pairs_none_are_counted() -> None:
    counts = count_words([TALE * 3], pairs="none")
    assert not counts.pairs
    assert counts.words == count_words([TALE * 3]).words


def test_too_many_different_texts_cost_the_rarest() -> None:
    book = "老船夫 " * 30 + "".join(chr(0x4E00 + place) + " " for place in range(60))
    counts = sum_of([[book], ["老船夫"]], most=50)
    assert counts.words["船夫"] == 31
    assert len(counts.words) <= 25
    assert counts.words.keys() | counts.pairs.keys() == counts.books_with.keys()


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(NotUnicode, match="3"):
        count_words(["老船\ud800夫"], Segmenter("char"))
