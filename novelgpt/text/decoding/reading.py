"""What a reader of bytes brings back, whatever the encoding: text, losses and repairs, and how lines are found.

Law: the n-th line of the bytes is the n-th line of the text; a repair never makes or eats a line break.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

REPLACEMENT = "\ufffd"

_TEXT_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True)
class Reading:
    """Some text, how many characters it lost and how many were put right, and by which repairs."""

    text: str
    lost: int = 0
    repaired: int = 0
    repairs: tuple[str, ...] = ()


def join(readings: Iterable[Reading]) -> Reading:
    """Put the readings of neighbouring pieces together."""
    parts = list(readings)
    if len(parts) == 1:
        return parts[0]
    names = dict.fromkeys(name for part in parts for name in part.repairs)
    text = "".join(part.text for part in parts)
    return Reading(text, sum(part.lost for part in parts), sum(part.repaired for part in parts), tuple(names))


def byte_lines(raw: bytes) -> list[bytes]:
    """Return the lines with their breaks."""
    return raw.splitlines(keepends=True)  # bytes know no other line breaks than these three


def text_lines(text: str) -> list[str]:
    """Return the lines with their breaks, by the same breaks as in bytes."""
    if text.count("\r") != text.count("\r\n"):
        return _TEXT_LINE.findall(text)
    *lines, last = text.split("\n")
    whole = [line + "\n" for line in lines]
    return [*whole, last] if last else whole


def lines_at(places: Sequence[int] | NDArray[np.intp], lines: Sequence[str], width: int) -> set[int]:
    """Return which lines hold the places, or what begins there and is `width` long."""
    if not len(places):
        return set()
    ends = np.fromiter(accumulate(len(line) for line in lines), np.int64, len(lines))
    touched: set[int] = set()
    places = np.asarray(places)
    for shift in (0, width // 2, width - 1):
        touched.update(np.searchsorted(ends, places + shift, side="right").tolist())
    touched.discard(len(lines))
    return touched
