"""How often words, neighbouring words and characters occur, and in how many books.

Law: counts of books add up in any grouping, and never hold more than a bounded number of entries.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import count, repeat
from typing import Literal

import numpy as np

Pairs = Literal["alike", "all", "none"]
"""Which neighbours are counted together: words with words and signs with signs, any two, or none."""

LONGEST_PIECE = 8
"""Characters in a piece; longer words are counted, longer pairs are not."""

_MOST_ENTRIES = 6_000_000
"""From so many different words or pairs on, the rarest are forgotten, so that memory does not grow with the library."""


@dataclass
class Counts:
    """What counting finds in one or many books; counts of books add up."""

    words: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)
    books_with: Counter[str] = field(default_factory=Counter)
    books: int = 0

    def add(self, other: Counts) -> None:
        """Take another book's counts in."""
        self.words.update(other.words)
        self.pairs.update(other.pairs)
        self.characters.update(other.characters)
        self.books_with.update(other.books_with)
        self.books += other.books


@dataclass(frozen=True)
class Packed:
    """Counts as columns, which travel between processes and add up several times faster."""

    texts: list[str]
    table: np.ndarray
    """A row each of: as a word, as a pair, in how many books."""
    characters: Counter[str]
    books: int


def pack(counts: Counts) -> Packed:
    """Return `counts` as columns; every word and pair has been met in some book."""
    texts = list(counts.books_with)
    columns = (counts.words, counts.pairs, counts.books_with)
    table = [np.fromiter(map(column.get, texts, repeat(0)), np.int64, len(texts)) for column in columns]
    return Packed(texts, np.stack(table), counts.characters, counts.books)


class Sum:
    """Adds up packed counts; the rarest texts are forgotten where there are too many different ones."""

    def __init__(self, most: int = _MOST_ENTRIES) -> None:
        self._most = most
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._table = np.zeros((3, 0), dtype=np.int64)
        self._others = Counts()

    def add(self, part: Packed) -> None:
        """Take one part in."""
        numbers = np.fromiter(map(self._numbers.__getitem__, part.texts), np.int64, len(part.texts))
        missing = len(self._numbers) - self._table.shape[1]
        self._table = np.pad(self._table, ((0, 0), (0, missing)))
        self._table[:, numbers] += part.table
        self._others.add(Counts(characters=part.characters, books=part.books))
        if len(self._numbers) > self._most:
            self._forget()

    def _forget(self) -> None:
        """Keep the more frequent half of the room; as many times met, the whole lot goes."""
        times = self._table[:2].sum(axis=0)
        rarest = np.partition(times, -self._most // 2)[-self._most // 2]
        kept = times > rarest
        texts = [text for text, keep in zip(self._numbers, kept.tolist(), strict=True) if keep]
        self._numbers = defaultdict(count(len(texts)).__next__, zip(texts, range(len(texts)), strict=True))
        self._table = self._table[:, kept]

    @property
    def counts(self) -> Counts:
        """Everything added so far."""
        words, pairs, books_with = (self._column(row) for row in self._table)
        return Counts(words, pairs, +self._others.characters, books_with, self._others.books)

    def _column(self, times: np.ndarray) -> Counter[str]:
        column = zip(self._numbers, times.tolist(), strict=True)
        return Counter({text: n for text, n in column if n})
