"""Numbered candidates → those that count: the best run of numbers through a book, by dynamic programming.

Goes in: `Numbered` entries in the order of the book. Comes out: the indices of the best run.
Law: an entry that is sure is always in the run; the others only where counting them explains the numbers better than leaving them out.
The time is linear in the entries: each looks back over a bounded window and at the last bearer of the number before its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

WINDOW = 20
"""How many doubtful entries in a row one may look back over."""

NEXT = 0.5
AGAIN = -1.0
RESTART = 0.3
BACKWARD = -3.0
LARGEST_GAP = -3.0


@dataclass(frozen=True)
class Numbered:
    """A number where it stands: its part of the book, how much it looks like a heading, and whether that is beyond doubt."""

    number: int
    part: int = 0
    weight: float = 0.0
    sure: bool = False


def step(before: Numbered, after: Numbered) -> float:
    """Return how well `after` follows `before`: one more is best, a new part may begin again, all else is paid for."""
    difference = after.number - before.number
    if difference == 1:
        return NEXT
    if after.number <= 1 and before.part != after.part:
        return RESTART
    if difference == 0:
        return AGAIN
    return gap(difference) if difference > 1 else BACKWARD


def gap(difference: int) -> float:
    """Return the price of the numbers missing between two."""
    return max(LARGEST_GAP, -0.6 - 0.4 * log2(max(1, difference - 1)))


def best_run(entries: Sequence[Numbered]) -> tuple[list[int], float]:
    """Return the indices of the best run and what it is worth."""
    worth: list[float] = []
    previous: list[int] = []
    latest: dict[int, int] = {}
    barrier = -1  # the last sure entry: no run may step over it
    for index, entry in enumerate(entries):
        value, back = _best_step(entries, worth, _predecessors(index, barrier, latest.get(entry.number - 1)))
        start = gap(entry.number) if entry.number > 1 else NEXT
        if barrier < 0 and start >= value:
            value, back = start, -1
        worth.append(value + entry.weight)
        previous.append(back)
        latest[entry.number] = index
        barrier = index if entry.sure else barrier
    return _traced(worth, previous, max(barrier, 0))


def _predecessors(index: int, barrier: int, exact: int | None) -> list[int]:
    """Return what may come before: the window, the last sure entry, the last bearer of the number before."""
    first = max(barrier, 0, index - WINDOW)
    far = {
        earlier for earlier in (barrier, exact) if earlier is not None and max(barrier, 0) <= earlier < first
    }
    return [*sorted(far), *range(first, index)]


def _best_step(
    entries: Sequence[Numbered], worth: Sequence[float], candidates: Sequence[int]
) -> tuple[float, int]:
    best, back = float("-inf"), -1
    entry = entries[len(worth)]
    for candidate in candidates:
        value = worth[candidate] + step(entries[candidate], entry)
        if value >= best:
            best, back = value, candidate
    return best, back


def _traced(worth: Sequence[float], previous: Sequence[int], barrier: int) -> tuple[list[int], float]:
    """Return the run that ends best, read backwards from its end."""
    if not worth:
        return [], 0.0
    at = max(range(barrier, len(worth)), key=worth.__getitem__)
    total = worth[at]
    run = []
    while at >= 0:
        run.append(at)
        at = previous[at]
    return run[::-1], total
