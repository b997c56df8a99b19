"""A text → a small sketch that tells how much of it another text shares, without keeping either.

The unit is a run of five Han characters, because Chinese has no spaces to cut words by; a sketch is the smallest hashes
of all runs (bottom-k MinHash). Law: equal texts have equal sketches, whatever their punctuation, spacing and line breaks.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

RUN = 5
SIZE = 64
BLOCK = 1 << 18
"""Characters hashed at a time: a novel in one line costs no more memory than one in a thousand."""

Hashes = NDArray[np.uint32]

_STEP = np.uint32(0x01000193)
_SPREAD = np.uint32(0x9E3779B1)
_MIX = np.uint32(0x85EBCA6B)
_SHIFT = np.uint32(15)
_RANGE = 1 << 32


def shingles(text: str) -> Hashes:
    """Return the hash of every run of five Han characters, in order of the text."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes = codes[(codes - np.uint32(0x3400) < 0x6C00) | (codes >= 0x20000)]
    count = len(codes) - RUN + 1
    if count < 1:
        return np.empty(0, np.uint32)
    hashed = codes[:count] * _STEP
    for offset in range(1, RUN):
        hashed += codes[offset : offset + count]
        hashed *= _STEP if offset < RUN - 1 else _SPREAD
    hashed ^= hashed >> _SHIFT
    hashed *= _MIX
    return hashed


def sketch(text: str) -> Hashes:
    """Return the sketch of a text: its smallest hashes, ascending."""
    if len(text) <= BLOCK:
        return _smallest(shingles(text))
    blocks = (text[start : start + BLOCK + RUN - 1] for start in range(0, len(text), BLOCK))
    return merged(_smallest(shingles(block)) for block in blocks)


def merged(sketches: Iterable[Hashes]) -> Hashes:
    """Return the sketch of several texts together."""
    parts = list(sketches)
    return _smallest(np.concatenate(parts)) if parts else np.empty(0, np.uint32)


def likeness(one: Hashes, two: Hashes) -> float:
    """Estimate the share of runs two texts have in common (Jaccard), from their sketches."""
    union = merged((one, two))
    if not len(union):
        return 0.0
    common = np.intersect1d(one, two, assume_unique=True)
    return float(np.isin(union, common, assume_unique=True).mean())


def shared(one: str, two: str) -> tuple[float, float]:
    """Return exactly how much of each text's runs stands in the other."""
    first, second = np.unique(shingles(one)), np.unique(shingles(two))
    common = len(np.intersect1d(first, second, assume_unique=True))
    return common / max(1, len(first)), common / max(1, len(second))


def _smallest(hashes: Hashes) -> Hashes:
    """Return the `SIZE` smallest distinct hashes, looking first only below a bound that should hold a few times as many."""
    wanted = 4 * SIZE
    while len(hashes) > wanted:
        found = np.unique(hashes[hashes < _RANGE * wanted // len(hashes)])
        if len(found) >= SIZE:
            return found[:SIZE]
        wanted *= 4  # runs that repeat leave fewer distinct ones than their number promises
    return np.unique(hashes)[:SIZE]
