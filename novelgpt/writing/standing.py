"""How a Chinese text stands at its end: open quotation marks, half a character, whether its last sentence is whole.

Law: `Standing.of(page).after(more)` is `Standing.of(page + more)`, for a `more` within one paragraph.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

QUOTES = {"“": "”", "「": "」"}
OPENINGS = {closing: opening for opening, closing in QUOTES.items()}
SENTENCE_ENDS = frozenset("。！？…")
CLOSING = frozenset("”’」』）》")


@dataclass(frozen=True)
class Standing:
    """How a text stands at its end."""

    begun: bytes = b""
    """The start of a character whose other bytes are still to come."""
    open: str = ""
    """The closing marks that are waited for, in the order of their opening."""
    speech: int = 0
    """Characters since the outermost mark was opened."""
    last: str = "\n"
    whole: bool = True
    """Whether the last sentence has come to its end."""

    def after(self, text: str) -> Standing:
        """Return how it stands once `text` has come."""
        standing = self
        for character in text:
            standing = standing._with(character)
        return standing

    def _with(self, character: str) -> Standing:
        opened, speech = self.open, self.speech + 1 if self.open else 0
        if character == "\n":
            opened = ""
        elif character in QUOTES:
            opened += QUOTES[character]
        elif character in OPENINGS and character in opened:
            opened = opened[: opened.rindex(character)]
        ended = character in SENTENCE_ENDS or (character in CLOSING and self.last in SENTENCE_ENDS | CLOSING)
        whole = (ended and not opened) or (character == "\n" and self.whole)
        return replace(self, open=opened, speech=speech, last=character, whole=whole)

    @classmethod
    def of(cls, page: str) -> Standing:
        """Return how a page stands: its last paragraph is what counts."""
        return cls().after(page[page.rfind("\n") + 1 :])
