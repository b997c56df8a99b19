"""How a vocabulary fits a text: a tally while measuring, rates in the report, and the nouns the report is made of.

Law: the shares of a text's characters (in long pieces, alone, lacking) add up to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from novelgpt.tokens.agreement import Agreement
from novelgpt.tokens.tokenizer import Tokenizer


class Piece(NamedTuple):
    """What one token stands for, or the single character that several byte tokens spell."""

    text: str
    byte_tokens: int = 0


def pieces_of(tokenizer: Tokenizer, text: str) -> list[Piece]:
    """Return `text` cut into its tokens; characters the vocabulary lacks stay whole. They join to `text`."""
    stream, pieces, waiting = tokenizer.stream_decoder(), [], 0
    for token in tokenizer.encode(text):
        shown = stream.push(token)
        waiting += token in tokenizer.byte_ids
        if shown:
            pieces.append(Piece(shown, waiting))
            waiting = 0
    return pieces


@dataclass(frozen=True)
class Fit:
    """The rates of a sample: of its tokens (`single`, `byte`) and of its characters (`coverage`, `lacking`)."""

    characters: int
    characters_per_token: float
    single_share: float
    """Tokens that are one character of the vocabulary, signs and newlines too."""
    byte_share: float
    """Tokens that are one byte of a character the vocabulary lacks."""
    coverage: float
    """Characters that lie in pieces of two or more."""
    lacking: float
    """Characters that had to be spelt in bytes."""
    precision: float | None
    recall: float | None
    f1: float | None
    """Agreement with a segmenter on where words end; None where no segmenter was asked."""


@dataclass
class FitTally:
    """Counts that become a `Fit`."""

    characters: int = 0
    tokens: int = 0
    single_tokens: int = 0
    byte_tokens: int = 0
    long_characters: int = 0
    lacking_characters: int = 0
    agreement: Agreement | None = None

    def take(self, pieces: Sequence[Piece], agreement: Agreement | None) -> None:
        """Count the pieces of one text."""
        for text, byte_tokens in pieces:
            self.characters += len(text)
            self.tokens += byte_tokens or 1
            self.byte_tokens += byte_tokens
            self.lacking_characters += byte_tokens > 0
            self.single_tokens += not byte_tokens and len(text) == 1
            self.long_characters += len(text) if len(text) > 1 else 0
        if agreement is not None:
            self.agreement = (self.agreement or Agreement()) + agreement

    def fit(self) -> Fit:
        """Return the rates so far."""
        tokens, characters, agreed = max(self.tokens, 1), max(self.characters, 1), self.agreement
        return Fit(
            characters=self.characters,
            characters_per_token=round(self.characters / tokens, 4),
            single_share=round(self.single_tokens / tokens, 4),
            byte_share=round(self.byte_tokens / tokens, 6),
            coverage=round(self.long_characters / characters, 4),
            lacking=round(self.lacking_characters / characters, 6),
            precision=None if agreed is None else round(agreed.precision, 4),
            recall=None if agreed is None else round(agreed.recall, 4),
            f1=None if agreed is None else round(agreed.f1, 4),
        )


@dataclass(frozen=True)
class BookFit:
    """One book: how it fits, and the frequent words that no other book has (names, mostly)."""

    title: str
    file: str
    characters: int
    fit: Fit
    own_words: dict[str, int]


@dataclass(frozen=True)
class Sample:
    """A short line of a book as the vocabulary cuts it and, for comparison, as the segmenter does."""

    book: str
    pieces: tuple[str, ...]
    lacking: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class OwnWords:
    """The words that one book alone has, over the whole corpus."""

    distinct: int = 0
    share: float = 0.0
    """How much of the running text they are, in words."""
    pieces: int = 0
    """How many of them earned a piece all the same."""


@dataclass(frozen=True)
class VocabReport:
    """What the vocabulary is made of and how well it fits its own books."""

    size: int
    fingerprint: str
    books: int
    characters: int
    words: int
    pieces_by_length: dict[str, int]
    characters_per_token: float
    byte_tokens_per_million: float
    fit: Fit
    own_words: OwnWords = field(default_factory=OwnWords)
    lacking_distinct: int = 0
    """How many different characters of the corpus the vocabulary lacks."""
    lacking_characters: dict[str, int] = field(default_factory=dict)
    long_pieces: dict[str, int] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    by_book: tuple[BookFit, ...] = ()

    def head(self) -> dict[str, Any]:
        """Return everything but the books one by one, as plain values."""
        plain = asdict(self)
        del plain["by_book"]
        return plain
