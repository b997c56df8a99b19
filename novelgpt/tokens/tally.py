"""The texts of books → `Counts`: words become numbers once, and numbers are counted in numpy.

Law: exactly what counting strings one by one would give; a hash only decides which pairs are looked at.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, islice

import numpy as np

from novelgpt.errors import NotUnicode
from novelgpt.tokens.counts import LONGEST_PIECE, Counts, Pairs
from novelgpt.tokens.segment import Segment

_CHARACTERS_AT_ONCE = 10_000_000
"""A longer book is counted in parts, so that one enormous file fits in memory."""

_BASE = np.uint64(0x9E3779B97F4A7C15)
_POWERS = _BASE ** np.arange(LONGEST_PIECE + 1, dtype=np.uint64)


class WordTally:
    """Books go in one by one; `counts` is what they hold together."""

    def __init__(self, segment: Segment, *, pairs: Pairs = "alike") -> None:
        self._segment, self._pairs = segment, pairs
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._words = _WordTable()
        self._times = self._books_with = np.zeros(0, dtype=np.int64)
        self._others = Counts()

    def add_book(self, texts: Iterable[str]) -> None:
        """Count one book, given chapter by chapter."""
        book = np.zeros(0, dtype=np.int64)
        pairs: Counter[str] = Counter()
        for part in _parts(texts):
            whole = "\n".join(part)
            self._others.characters.update(count_characters(whole))
            self._others.characters["\n"] -= len(part) - 1
            stream = self._read(whole)
            book = _sum(book, np.bincount(stream))
            if self._pairs != "none":
                pairs.update(self._words.count_pairs(stream, across=self._pairs == "all"))
        self._times, self._books_with = _sum(self._times, book), _sum(self._books_with, book > 0)
        found = self._numbers.get
        new = [
            pair for pair in pairs if (number := found(pair)) is None or not book[number : number + 1].any()
        ]
        self._others.add(Counts(pairs=pairs, books_with=Counter(dict.fromkeys(new, 1)), books=1))

    @property
    def counts(self) -> Counts:
        """The counts of all books added so far."""
        words = Counter(_zip(self._numbers, self._times))
        books_with = Counter(_zip(self._numbers, self._books_with))
        del words["\n"], books_with["\n"]
        one = self._others
        books_with.update(one.books_with)
        return Counts(words, one.pairs, +one.characters, books_with, one.books)

    def _read(self, text: str) -> np.ndarray:
        """Return the words of `text` as numbers."""
        # a "\r" before a newline would be cut together with it; everything else is the same by line or in one go
        lines = text.split("\n") if "\r" in text else [text]
        cut = chain.from_iterable(chain(self._segment(line), ("\n",)) for line in lines)
        stream = np.fromiter(map(self._numbers.__getitem__, cut), dtype=np.int64)
        self._words.extend(islice(self._numbers, len(self._words.words), None))
        return stream


class _WordTable:
    """What counting pairs needs to know of each word: its length, what it begins and ends with, its hash."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._lengths = np.zeros(0, dtype=np.int64)
        self._begins = self._ends = np.zeros(0, dtype=np.int8)
        self._hashes = np.zeros(0, dtype=np.uint64)

    def extend(self, new: Iterable[str]) -> None:
        """Take in words that have just been given the next numbers."""
        fresh = list(new)
        if not fresh:
            return
        lengths = np.array([len(word) for word in fresh])
        codes = _codes("".join(fresh))
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self.words += fresh
        self._lengths = np.concatenate([self._lengths, lengths])
        self._begins = np.concatenate([self._begins, _kinds(codes[starts])])
        self._ends = np.concatenate([self._ends, _kinds(codes[starts + lengths - 1])])
        self._hashes = np.concatenate([self._hashes, _hashes(codes, starts, lengths)])

    def count_pairs(self, stream: np.ndarray, *, across: bool) -> dict[str, int]:
        """Count neighbours whose texts join to a piece: words with words, signs with signs, both only if `across`.

        Met once, a pair says nothing; leaving it out here keeps memory bounded over thousands of books.
        """
        pairs, times = np.unique(stream[:-1] * len(self.words) + stream[1:], return_counts=True)
        first, second = np.divmod(pairs, len(self.words))
        good = (self._ends[first] != _NEWLINE) & (self._begins[second] != _NEWLINE)
        if not across:
            good &= self._ends[first] == self._begins[second]
        good &= self._lengths[first] + self._lengths[second] <= LONGEST_PIECE
        first, second, times = first[good], second[good], times[good]
        often = self._often(first, second, times)
        counted: Counter[str] = Counter()
        columns = (column[often].tolist() for column in (first, second, times))
        for a, b, n in zip(*columns, strict=True):
            counted[self.words[a] + self.words[b]] += n
        return {pair: n for pair, n in counted.items() if n > 1}

    def _often(self, first: np.ndarray, second: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Mark pairs whose joined text is met more than once, however it is divided into two words.

        Texts are compared by a hash that is cheap to join; a collision only means that a pair is looked at in vain.
        """
        joined = self._hashes[first] * _POWERS[self._lengths[second]] + self._hashes[second]
        _, which = np.unique(joined, return_inverse=True)
        often: np.ndarray = np.bincount(which, weights=times)[which] > 1
        return often


_NEWLINE = 2


def _kinds(codes: np.ndarray) -> np.ndarray:
    """Return 1 for characters of words, 0 for others, `_NEWLINE` for the newline."""
    found, which = np.unique(codes, return_inverse=True)
    kinds = [_NEWLINE if one == ord("\n") else int(chr(one).isalnum()) for one in found.tolist()]
    table: np.ndarray = np.array(kinds, dtype=np.int8)[which]
    return table


def _hashes(codes: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return a polynomial of each word's first characters; only words short enough to be pieces are ever compared."""
    hashes = np.zeros(len(starts), dtype=np.uint64)
    for place in range(LONGEST_PIECE):
        longer = np.flatnonzero(lengths > place)
        hashes[longer] = hashes[longer] * _BASE + codes[starts[longer] + place]
    return hashes


def _parts(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yield chapters a bounded number of characters at a time; a longer chapter is cut at the bound."""
    waiting: list[str] = []
    room = _CHARACTERS_AT_ONCE
    for text in texts:
        for start in range(0, len(text), _CHARACTERS_AT_ONCE):
            piece = text[start : start + _CHARACTERS_AT_ONCE]
            if waiting and len(piece) > room:
                yield waiting
                waiting, room = [], _CHARACTERS_AT_ONCE
            waiting.append(piece)
            room -= len(piece)
    if waiting:
        yield waiting


def count_characters(text: str) -> dict[str, int]:
    """Count the characters of a text."""
    try:
        counted = np.bincount(_codes(text))
    except UnicodeEncodeError as error:
        raise NotUnicode(position=error.start + 1) from None
    found = np.flatnonzero(counted)
    return _zip([chr(one) for one in found], counted[found])


def _codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def _zip(keys: Iterable[str], numbers: np.ndarray | Sequence[int]) -> dict[str, int]:
    return dict(zip(keys, np.asarray(numbers).tolist(), strict=True))


def _sum(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Add two tables, the shorter one filled with zeros."""
    total = np.zeros(max(len(one), len(other)), dtype=np.int64)
    total[: len(one)] += one
    total[: len(other)] += other
    return total
