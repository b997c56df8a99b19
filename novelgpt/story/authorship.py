"""Who wrote which characters of a text: runs go in with an edit, runs come out.

A run is an author and a number of characters; "edited" is what a person put into the middle of what a model wrote. Laws: the
runs of a text cover it exactly; what an edit leaves alone keeps its author. `ui/sheet.js` does the same sums while one types.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

Hand = Literal["human", "model", "edited"]
Run = tuple[Hand, int]


def joined(runs: Iterable[Run]) -> list[Run]:
    """Return the same runs with neighbours of one author made one, and empty ones gone."""
    found: list[Run] = []
    for author, length in runs:
        if found and found[-1][0] == author:
            found[-1] = (author, found[-1][1] + length)
        elif length:
            found.append((author, length))
    return found


def part(runs: Iterable[Run], start: int, end: int) -> list[Run]:
    """Return the runs of the characters from `start` to before `end`."""
    found: list[Run] = []
    at = 0
    for author, length in runs:
        share = min(at + length, end) - max(at, start)
        if share > 0:
            found.append((author, share))
        at += length
    return found


def after_edit(old: str, runs: Sequence[Run], new: str, by: Literal["human", "model"] = "human") -> list[Run]:
    """Return the runs of `new`, which was made of `old` by one change."""
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    before, behind = part(runs, 0, head), part(runs, len(old) - tail, len(old))
    hand: Hand = by
    if by == "human" and before and behind and "human" not in (before[-1][0], behind[0][0]):
        hand = "edited"
    return joined([*before, (hand, len(new) - head - tail), *behind])


def _shared(one: str, other: str) -> int:
    """Return with how many of the same characters two texts begin, by halving: whole slices compare faster than characters."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low
