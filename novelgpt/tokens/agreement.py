"""Two ways to cut one text → how far they agree on where words end.

In: the same text as two lists of pieces. Out: how many boundaries each sets and how many they share, by character offset.
Law: boundaries that nobody could miss (at a newline, at the ends of the text) count for neither side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Agreement:
    """Boundaries set by us, by them, and by both; the agreements of several texts add up."""

    ours: int = 0
    theirs: int = 0
    both: int = 0

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(self.ours + other.ours, self.theirs + other.theirs, self.both + other.both)

    @property
    def precision(self) -> float:
        """How much of what we set, they set too."""
        return self.both / self.ours if self.ours else 1.0

    @property
    def recall(self) -> float:
        """How much of what they set, we set too."""
        return self.both / self.theirs if self.theirs else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of the two: 1 where every boundary is shared, 0 where none is."""
        together = self.ours + self.theirs
        return 2 * self.both / together if together else 1.0


def agreement(text: str, ours: Iterable[str], theirs: Iterable[str]) -> Agreement:
    """Compare two ways to cut `text`; both must join to it."""
    mine, other = _boundaries(text, ours), _boundaries(text, theirs)
    return Agreement(len(mine), len(other), len(mine & other))


def _boundaries(text: str, pieces: Iterable[str]) -> set[int]:
    parts = list(pieces)
    if "".join(parts) != text:
        raise ValueError("the pieces do not join to the text they are compared on")
    ends = accumulate(map(len, parts))
    return {end for end in ends if 0 < end < len(text) and "\n" not in text[end - 1 : end + 1]}
