"""Chapters → a `Tokenizer` of exactly the size asked for, from counts of words that jieba's dictionary cuts.

Law: the size is met to the piece, the same chapters give the same pieces, and any text can be encoded with them.
Pieces: markers, bytes, then the most frequent characters, words, and pairs of words that stand together often
(pairs and runs such as 。” make a token carry half a character more, and cost nothing at run time).
"""

from __future__ import annotations

import math
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, pairwise
from pathlib import Path

from novelgpt.config import PIECES
from novelgpt.errors import NoChapters, VocabularyTooSmall
from novelgpt.text.chapter import Chapter, read_chapters
from novelgpt.text.markers import SPECIALS
from novelgpt.tokens.tokenizer import BYTES, ESCAPED, JOINER, Tokenizer, byte_piece

LONGEST_PIECE = 8
CHARACTER_SHARE, PAIR_SHARE = 0.18, 0.24
"""How much of the vocabulary characters and word pairs may take; words take the rest."""

NAMES_NEED_BOOKS = 20
"""From so many books on, what one book alone owns (names, mostly) earns no piece."""

_BYTE_SCORE = -25.0
_LEAST = len(SPECIALS) + BYTES + len(ESCAPED)
_HAN_FILLERS = range(0x4E00, 0xA000)


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


def build_vocab(
    chapters: Iterable[Chapter], *, size: int = PIECES, prior: Tokenizer | None = None
) -> Tokenizer:
    """Return a tokenizer of exactly `size` pieces for these chapters; `prior` lends pieces that a small corpus lacks."""
    by_book: dict[str, list[str]] = {}
    for chapter in chapters:
        by_book.setdefault(chapter.book, []).append(chapter.whole())
    total = Counts()
    for texts in by_book.values():
        total.add(count_words(texts))
    return choose_pieces(total, size, prior)


def count_files(paths: Sequence[Path], jobs: int | None = None) -> Iterator[Counts]:
    """Yield the counts of each chapter file, counted in parallel processes, in the order given."""
    workers = min(jobs or os.cpu_count() or 1, len(paths))
    if workers <= 1:
        yield from map(_count_file, paths)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_count_file, paths)


def _count_file(path: Path) -> Counts:
    return count_words([chapter.whole() for chapter in read_chapters(path)])


def count_words(texts: Iterable[str]) -> Counts:
    """Count one book's words, neighbouring words and characters."""
    import rjieba

    counts = Counts(books=1)
    for text in texts:
        counts.characters.update(text)
        for line in text.split("\n"):
            words = rjieba.cut(line)
            counts.words.update(words)
            counts.pairs.update(a + b for a, b in pairwise(words) if _joinable(a, b))
    # a pair met once in a book says nothing; leaving it out keeps memory bounded over thousands of books
    counts.pairs = Counter({pair: count for pair, count in counts.pairs.items() if count > 1})
    counts.books_with = Counter(counts.words.keys() | counts.pairs.keys())
    return counts


def _joinable(first: str, second: str) -> bool:
    """Words join words and punctuation joins punctuation, never across."""
    return first[-1].isalnum() == second[0].isalnum()


def choose_pieces(counts: Counts, size: int, prior: Tokenizer | None = None) -> Tokenizer:
    """Return the tokenizer of the best `size` pieces."""
    if size < _LEAST:
        raise VocabularyTooSmall(least=_LEAST, size=size)
    if not counts.characters:
        raise NoChapters(path="-")
    total = counts.words.total()
    chosen: dict[str, float] = {}

    def take(candidates: Iterable[tuple[str, float]], limit: int) -> None:
        room = min(limit, size - _LEAST - len(chosen))
        for piece, count in candidates:
            if room <= 0:
                return
            if piece not in chosen and _usable(piece):
                chosen[piece] = math.log(max(count, 0.5) / total)
                room -= 1

    free = size - _LEAST
    take(
        _ranked({c: max(counts.words[c], 0.02 * n) for c, n in counts.characters.items() if n > 1}),
        int(free * CHARACTER_SHARE),
    )
    take(_ranked(_shared(counts.pairs, counts, 4)), int(free * PAIR_SHARE))
    take(_ranked(_shared(counts.words, counts, 2)), free)
    if prior is not None:
        take(((piece, math.exp(score) * total * 0.1) for piece, score in prior.pieces[_LEAST:]), free)
    take(((c, 0.5) for c in chain(_ranked_names(counts.characters), map(chr, _HAN_FILLERS))), free)
    take(((a + b, 0.1) for a in map(chr, _HAN_FILLERS) for b in "的了"), free)
    return Tokenizer([*_fixed_pieces(total), *chosen.items()])


def _ranked(counts: dict[str, float] | Counter[str]) -> list[tuple[str, float]]:
    """Most frequent first; the text itself breaks ties, so that the order never depends on chance."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _ranked_names(counts: Counter[str]) -> Iterator[str]:
    return (piece for piece, _ in _ranked(counts))


def _shared(candidates: Counter[str], counts: Counts, least: int) -> dict[str, float]:
    """Keep what is frequent enough and, in a large corpus, known to more than one book."""
    books_needed = 2 if counts.books >= NAMES_NEED_BOOKS else 1
    return {
        piece: n for piece, n in candidates.items() if n >= least and counts.books_with[piece] >= books_needed
    }


def _usable(piece: str) -> bool:
    """A piece is short, printable on one line, and clear of the signs that are escaped."""
    return (
        len(piece) <= LONGEST_PIECE
        and all(c.isprintable() or c == "\u3000" for c in piece)
        and not any(sign in piece for sign in ESCAPED)
    )


def _fixed_pieces(total: int) -> list[tuple[str, float]]:
    rare = math.log(0.5 / total)
    specials = [(name, -3.0 if name == "[SEP]" else _BYTE_SCORE) for name in SPECIALS]
    return [
        *specials,
        *((byte_piece(value), _BYTE_SCORE) for value in range(BYTES)),
        *((sign + JOINER, rare) for sign in ESCAPED),
    ]
