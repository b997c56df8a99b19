"""Counts of words → the pieces of a `Tokenizer`, exactly as many as were asked for.

Law: the size is met to the piece or refused with the size that fits, the same counts give the same pieces, and any
text can be encoded with them.
Pieces: markers, bytes, the user's own words, then the most frequent characters, pairs of words that stand together
often, and words (pairs and runs such as 。” make a token carry half a character more, and cost nothing at run time).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from novelgpt.config import PIECES
from novelgpt.errors import NoChapters, VocabularyError, VocabularyTooSmall
from novelgpt.text.chapter import Chapter
from novelgpt.text.markers import NEWLINE, SPECIALS
from novelgpt.tokens.counting import count_words
from novelgpt.tokens.counts import LONGEST_PIECE, Counts, Pairs
from novelgpt.tokens.tokenizer import BYTES, ESCAPED, JOINER, Tokenizer, byte_piece

CHARACTER_SHARE = 0.18
_SHARE_OF_PAIRS: dict[Pairs, float] = {"alike": 0.24, "all": 0.4, "none": 0.0}
"""How much of the vocabulary characters and word pairs may take; words take the rest."""

NAMES_NEED_BOOKS = 20
"""From so many books on, what one book alone owns (names, mostly) earns no piece."""

LEAST = len(SPECIALS) + BYTES + len(ESCAPED)
"""Pieces that every vocabulary has."""

_BYTE_SCORE, _LACKING_SCORE = -25.0, -50.0
_HAN = range(0x4E00, 0xA000)


class TooFewWords(VocabularyError):
    """The chapters hold fewer different words than pieces were asked for."""


@dataclass(frozen=True)
class Choosing:
    """What a person wants of the pieces."""

    pairs: Pairs = "alike"
    """Which word pairs and runs of punctuation may be pieces."""
    characters_only: bool = False
    shared_only: bool = False
    """Leave out what one book alone owns, however few books there are."""
    user_words: tuple[str, ...] = ()
    """These are pieces whatever their counts."""


@dataclass
class Choice:
    """The pieces taken so far, and where the last ones had to come from."""

    room: int
    total: int
    scores: dict[str, float] = field(default_factory=dict)
    borrowed: int = 0
    fillers: int = 0

    def take(self, candidates: Iterable[tuple[str, float]], limit: int) -> int:
        """Take at most `limit` new candidates, the first ones first, each scored by its count; return how many."""
        before, most = len(self.scores), min(self.room, len(self.scores) + limit)
        for piece, count in candidates:
            if len(self.scores) >= most:
                break
            if piece not in self.scores and is_piece(piece):
                self.scores[piece] = math.log(max(count, 0.5) / self.total)
        return len(self.scores) - before

    def tokenizer(self) -> Tokenizer:
        """Return the tokenizer of the fixed pieces and these."""
        return Tokenizer([*fixed_pieces(self.total), *self.scores.items()])


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


def choose_pieces(
    counts: Counts, size: int, prior: Tokenizer | None = None, choosing: Choosing | None = None
) -> Tokenizer:
    """Return the tokenizer of the best `size` pieces."""
    return choose(counts, size, prior, choosing or Choosing()).tokenizer()


def choose(counts: Counts, size: int, prior: Tokenizer | None, choosing: Choosing) -> Choice:
    """Choose the best pieces beside the fixed ones, `size` in all."""
    needed = LEAST + len(choosing.user_words)
    if size < needed:
        raise VocabularyTooSmall(least=needed, size=size)
    if not counts.words:
        raise NoChapters(path="-")
    choice = Choice(size - LEAST, counts.words.total())
    choice.take(((word, counts.words[word]) for word in choosing.user_words), choice.room)
    _take_own(choice, counts, choosing)
    choice.borrowed = choice.take(_lent(prior, choice.total, choosing.characters_only), choice.room)
    # met once, which is too seldom to be chosen but better than what is met nowhere
    choice.take(((c, 0.5) for c, _ in ranked(counts.characters)), choice.room)
    choice.fillers = choice.take(((chr(code), 0.5) for code in _HAN), choice.room)
    if len(choice.scores) < choice.room:
        raise TooFewWords(size=size, fits=LEAST + len(choice.scores))
    _prefer(choosing.user_words, choice.scores)
    return choice


def fitting_size(counts: Counts, choosing: Choosing) -> int:
    """Return the size that holds every character met more than once: what a vocabulary of characters is best made of."""
    met_again = sum(1 for character, n in counts.characters.items() if n > 1 and is_piece(character))
    return LEAST + met_again + sum(len(word) > 1 for word in choosing.user_words)


def _take_own(choice: Choice, counts: Counts, choosing: Choosing) -> None:
    """Take what the chapters themselves hold often enough."""
    again = {c: max(counts.words[c], 0.02 * n) for c, n in counts.characters.items() if n > 1}
    if choosing.characters_only:
        choice.take(ranked(again), choice.room)
        return
    books = 2 if counts.books >= NAMES_NEED_BOOKS or (choosing.shared_only and counts.books > 1) else 1
    choice.take(ranked(again), int(choice.room * CHARACTER_SHARE))
    pair_share = _SHARE_OF_PAIRS[choosing.pairs]
    choice.take(ranked(_shared(counts.pairs, counts, 4, books)), int(choice.room * pair_share))
    choice.take(ranked(_shared(counts.words, counts, 2, books)), choice.room)


def _lent(prior: Tokenizer | None, total: int, characters_only: bool) -> Iterator[tuple[str, float]]:
    for piece, score in prior.pieces[LEAST:] if prior is not None else ():
        if len(piece) == 1 or not characters_only:
            yield piece, math.exp(score) * total * 0.1


def ranked(counts: dict[str, float] | Counter[str]) -> list[tuple[str, float]]:
    """Most frequent first; the text itself breaks ties, so that the order never depends on chance."""
    return sorted(sorted(counts.items()), key=itemgetter(1), reverse=True)


def _shared(candidates: Counter[str], counts: Counts, least: int, books: int) -> dict[str, float]:
    """Keep what is frequent enough and known to enough books."""
    return {piece: n for piece, n in candidates.items() if n >= least and counts.books_with[piece] >= books}


def is_piece(text: str) -> bool:
    """A piece is short, printable on one line, and clear of the signs that are escaped."""
    return (
        len(text) <= LONGEST_PIECE
        and all(c.isprintable() or c == "\u3000" for c in text)
        and not any(sign in text for sign in ESCAPED)
    )


def _prefer(user_words: Sequence[str], scores: dict[str, float]) -> None:
    """Raise user words just above the best way to write them in smaller pieces, so that they are used."""
    for word in sorted(user_words, key=lambda word: (len(word), word)):
        if len(word) > 1:
            scores[word] = max(scores[word], _best_split(word, scores) + 0.1)


def _best_split(word: str, scores: dict[str, float]) -> float:
    """Return the score of the best way to write `word` in more than one piece."""
    best = [0.0]
    for end in range(1, len(word) + 1):
        pieces = ((start, word[start:end]) for start in range(end) if (start, end) != (0, len(word)))
        best.append(
            max(best[start] + scores.get(piece, _LACKING_SCORE * len(piece) ** 2) for start, piece in pieces)
        )
    return best[-1]


def fixed_pieces(total: int) -> list[tuple[str, float]]:
    """Return markers, bytes and escaped signs with their scores, in the order of their ids."""
    rare = math.log(0.5 / total)
    specials = [(name, -3.0 if name == NEWLINE else _BYTE_SCORE) for name in SPECIALS]
    return [
        *specials,
        *((byte_piece(value), _BYTE_SCORE) for value in range(BYTES)),
        *((sign + JOINER, rare) for sign in ESCAPED),
    ]
