"""A place in a text → the word that stands there, and what else the model might have written.

Law: the words are the model's own tokens, with the probabilities it gave them before any dial.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from novelgpt.writing.writer import Writer

BEHIND = 16
"""Characters after the place that are read, so that its word is whole."""


@dataclass(frozen=True)
class Alternatives:
    """The word at a place, and others that could stand there."""

    start: int
    """Where the word begins, in characters of the text."""
    word: str
    probability: float
    others: tuple[tuple[str, float], ...]


def alternatives_at(writer: Writer, text: str, place: int, count: int) -> Alternatives | None:
    """Look at one place; None where the model does not see that far, or the place is no word of its own."""
    texts = writer.model.tokenizer.texts
    paragraph = text.find("\n", place)  # beyond it a page may have indents, which the model does not read
    end = min(place + BEHIND, len(text) if paragraph < 0 else max(paragraph, place + 1))
    for told in reversed(writer.told(text[:end], count)):
        start = end - len(texts[told.token])
        if start <= place < end:
            others = ((texts[token], math.exp(chance)) for token, chance in told.best)
            wanted = tuple((word, chance) for word, chance in others if word)
            return Alternatives(start, texts[told.token], math.exp(told.logprob), wanted)
        end = start
    return None
