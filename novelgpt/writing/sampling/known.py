"""A vocabulary goes in, what sampling must know of it comes out; looked up once, shared by all rows and threads.

Law: what is spared is never penalized or forbidden for having been written before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from novelgpt.tokens.vocabulary import Vocabulary

BREAKERS = frozenset("\n，。！？：；…“”「」『』—、")
"""Where a phrase ends: a token with one of these in it ends the runs that DRY looks for."""


@dataclass(frozen=True)
class Known:
    """Sets of token ids."""

    spared: frozenset[int] = frozenset()
    """May come back without penalty: punctuation, the bytes that rare characters share, and names."""
    breakers: frozenset[int] = frozenset()
    """No repeated run reaches across these."""
    newlines: frozenset[int] = frozenset()
    """A paragraph begins after these."""
    turns: frozenset[int] = frozenset()
    """The turns of a text, ends of paragraph and chapter: XTC never leaves them out."""

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> Known:
        """Look through a vocabulary; tenths of a second for a large one, so once is best."""
        texts = list(enumerate(vocabulary.texts))
        markers = {token for token, text in texts if not text and token not in vocabulary.fragments}
        newlines = frozenset(token for token, text in texts if text.endswith("\n"))
        return cls(
            spared=frozenset(token for token, text in texts if not any(map(str.isalnum, text))),
            breakers=frozenset(token for token, text in texts if not BREAKERS.isdisjoint(text)) | markers,
            newlines=newlines,
            turns=newlines | {vocabulary.chapter_end_id},
        )

    def sparing(self, ids: Iterable[int]) -> Known:
        """Return the same, with these ids spared too: those of the names in a story."""
        return replace(self, spared=self.spared.union(ids))
