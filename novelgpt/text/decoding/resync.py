"""Damaged bytes → the most likely characters: where a byte was lost or another encoding begins, the cheapest way on.

What goes in: the bytes of one line (or of a window of a giant line) and the encodings it may be in. What comes out: a
`Passage`. Every way through the bytes is scored by how common its characters are in fiction; skipping a byte and
changing the encoding cost a fixed price. Law: each skipped byte or unreadable pair is one U+FFFD and one loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from novelgpt.text.decoding.commonness import REPEATED, likelihoods, units

REPLACEMENT = "\ufffd"
LAYERS = ("gb18030", "big5hkscs", "utf-8")

_SKIP = -12.0
_SKIP_EDGE = -9.0  # at the ends of what was cut off, half a character is the likeliest fault
_SKIP_BY_QUESTION = -7.0  # and where a program put a question mark for one byte, the other is left beside it
_BAD_PAIR = -15.0
_SWITCH = -13.0
_STRAY = -5.0  # extra price of one letter between two double-byte characters: half of a character, mostly
_FOUR_BYTES = -16.5
_ASTRAL = -17.0
_KIN = -9.5
_NEVER = -1e9

_SIBLING = {"cp950": "big5hkscs", "big5hkscs": "cp950"}  # what one leaves open the other often knows

Moves = list[list[float]]
Floats = NDArray[np.float64]
Octets = NDArray[np.uint8]


@dataclass(frozen=True)
class Passage:
    """The reading of some bytes: its text, what it lost, what it took from other encodings, and its likelihood."""

    text: str
    lost: int
    foreign_characters: int
    likelihood: float
    lost_first: bool = False
    lost_last: bool = False
    used: int = 0


@dataclass(frozen=True)
class _Pairs:
    """One double-byte encoding as tables over all 65,536 pairs of bytes."""

    texts: list[str]
    values: Floats
    bad: NDArray[np.bool_]


@dataclass(frozen=True)
class _Step:
    layer: int
    size: int
    skipped: bool


def best_passage(raw: bytes, layers: Sequence[str], *, more_follows: bool = False) -> Passage:
    """Return the likeliest reading of `raw`, whose own encoding is the first layer.

    With `more_follows` the bytes are cut out of a longer line: up to three at the end may be left for the next
    window, and `used` says how many were read.
    """
    if not raw:
        return Passage("", 0, 0, 0.0)
    octets = np.frombuffer(raw, np.uint8)
    tables = [_moves(octets, layer) for layer in layers]
    steps, likelihood, end = _shortest(tables, _skips(octets), 4 if more_follows else 1)
    return _told(raw, layers, steps, likelihood, end)


def most_to_gain(raw: bytes, text: str, layer: str) -> float:
    """Return roughly the most that reading `raw` one byte off may be worth over `text`, its legal reading.

    It costs a twentieth of a search, and most strange lines of sound books end here.
    """
    values = np.concatenate([[_NEVER], _pair_values(raw, layer)])
    codes = units(text)
    known = likelihoods()[codes]
    starts = np.cumsum(np.where(codes < 0x80, 1, 2)) + 1
    starts = np.minimum(np.concatenate([[1], starts[:-1]]), len(values) - 2)
    return max(_best_run(values[starts + side] - known) for side in (-1, 1)) + _SKIP_BY_QUESTION


def _best_run(gains: Floats) -> float:
    """Return the most that neighbouring gains add up to."""
    sums = np.concatenate([[0.0], np.cumsum(np.maximum(gains, -100.0))])
    return float((sums - np.minimum.accumulate(sums)).max())


def _pair_values(raw: bytes, layer: str) -> Floats:
    octets = np.frombuffer(raw + b"\x00", np.uint8).astype(np.int64)
    values: Floats = _pairs(layer).values[octets[:-1] << 8 | octets[1:]]
    return values


def layer_of(codec: str) -> str | None:
    """Return the layer that reads a codec of its family, or None where we know no better than the codec itself."""
    if codec in ("gb2312", "gbk", "gb18030"):
        return "gb18030"
    if codec in ("big5", "cp950", "big5hkscs"):
        return "cp950" if codec == "cp950" else "big5hkscs"
    return "utf-8" if codec in ("utf-8", "utf-8-sig") else None


@lru_cache(1)
def _maybe_trail() -> NDArray[np.bool_]:
    """Return which ASCII bytes between Han are likely half a character; brackets and dashes stand there by themselves."""
    table = np.zeros(256, bool)
    table[0x40:0x7F] = True
    table[list(b"[]_~")] = False
    return table


@lru_cache(4)
def _pairs(layer: str) -> _Pairs:
    """Decode every pair once; a newline between them keeps a bad pair from eating the next."""
    leads = range(0x81, 0xFF)
    trails = (*range(0x40, 0x7F), *range(0x80, 0xFF))
    codes = [lead << 8 | trail for lead in leads for trail in trails]
    listed = b"\n".join(code.to_bytes(2, "big") for code in codes)
    every = listed.decode(layer, "replace").split("\n")
    if layer in _SIBLING:
        sibling = listed.decode(_SIBLING[layer], "replace").split("\n")
        every = [theirs if REPLACEMENT in ours else ours for ours, theirs in zip(every, sibling, strict=True)]
    texts = [""] * 65536
    values = np.full(65536, _NEVER)
    bad = np.zeros(65536, bool)
    singles = units("".join(text if len(text) == 1 and text < "\U00010000" else " " for text in every))
    values[codes] = np.where(singles == 0x20, _ASTRAL, likelihoods()[singles])
    for code, text in zip(codes, every, strict=True):
        texts[code] = text
        if REPLACEMENT in text:
            bad[code], values[code] = True, _NEVER
    return _Pairs(texts, values, bad)


def _moves(octets: Octets, layer: str) -> tuple[Moves, list[bool]]:
    """Return for every place what reading one, two, three or four bytes there is worth, and which pairs are bad."""
    size = len(octets)
    padded = np.concatenate([octets, np.zeros(4, np.uint8)]).astype(np.int64)
    one = _ascii_values(padded, size)
    if layer == "utf-8":
        return [one, *_utf8_values(padded, size)], [False] * size
    table = _pairs(layer)
    pair = padded[:size] << 8 | padded[1 : size + 1]
    values = table.values[pair]
    again = np.flatnonzero((pair[2:] == pair[:-2]) & (values[2:] > _NEVER)) + 2
    values[again] = np.maximum(values[again], REPEATED)
    if layer == "gb18030":  # GB2312 sorts its rare characters by radical, and 魑魅魍魉 come together
        kin = (
            np.flatnonzero((pair[2:] >> 8 == pair[:-2] >> 8) & (pair[2:] >= 0xD8A1) & (values[2:] > _NEVER))
            + 2
        )
        values[kin] = np.maximum(values[kin], _KIN)
    two = values.tolist()
    four = _four_byte_values(padded, size) if layer == "gb18030" else [_NEVER] * size
    return [one, two, [_NEVER] * size, four], table.bad[pair].tolist()


def _ascii_values(padded: NDArray[np.int64], size: int) -> list[float]:
    here = padded[:size]
    values = np.where(here < 0x80, likelihoods()[here].astype(np.float64), _NEVER)
    before = np.concatenate([[0], here[:-1]])
    stray = _maybe_trail()[here] & (before >= 0x80) & (padded[1 : size + 1] >= 0x80)
    values[stray] += _STRAY
    listed: list[float] = values.tolist()
    return listed


def _four_byte_values(padded: NDArray[np.int64], size: int) -> list[float]:
    first, second, third, fourth = (padded[at : at + size] for at in range(4))
    leads = (first > 0x80) & (first < 0xFF) & (third > 0x80) & (third < 0xFF)
    digits = (second >= 0x30) & (second <= 0x39) & (fourth >= 0x30) & (fourth <= 0x39)
    assigned = (first <= 0x84) | ((first >= 0x90) & (first <= 0xE3))
    listed: list[float] = np.where(leads & digits & assigned, _FOUR_BYTES, _NEVER).tolist()
    return listed


def _utf8_values(padded: NDArray[np.int64], size: int) -> Moves:
    first, second, third, fourth = (padded[at : at + size] for at in range(4))
    follows = [(octet & 0xC0) == 0x80 for octet in (second, third, fourth)]
    known = likelihoods().astype(np.float64)
    short = (first & 0x1F) << 6 | second & 0x3F
    long = (first & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F
    surrogate = (long >= 0xD800) & (long <= 0xDFFF)
    is_two = (first >= 0xC2) & (first < 0xE0) & follows[0]
    is_three = ((first & 0xF0) == 0xE0) & follows[0] & follows[1] & (long >= 0x800) & ~surrogate
    astral = (first & 7) << 18 | (second & 0x3F) << 12
    in_range = (astral >= 0x10000) & (astral < 0x110000)
    is_four = ((first & 0xF8) == 0xF0) & follows[0] & follows[1] & follows[2] & in_range
    return [
        np.where(is_two, known[short], _NEVER).tolist(),
        np.where(is_three, known[long & 0xFFFF], _NEVER).tolist(),
        np.where(is_four, _ASTRAL, _NEVER).tolist(),
    ]


def _skips(octets: Octets) -> list[float]:
    """Return for every byte what leaving it out costs."""
    costs = np.full(len(octets), _SKIP)
    question = octets == 0x3F
    costs[1:][question[:-1]] = _SKIP_BY_QUESTION
    costs[:-1][question[1:]] = _SKIP_BY_QUESTION
    costs[[0, -1]] = np.maximum(costs[[0, -1]], _SKIP_EDGE)
    costs[octets < 0x80] = _SKIP
    listed: list[float] = costs.tolist()
    return listed


def _shortest(
    tables: Sequence[tuple[Moves, list[bool]]], skips: list[float], endings: int
) -> tuple[list[_Step], float, int]:
    """Run through the bytes once, keeping for every place and encoding the best way to get there."""
    count, size = len(tables), len(skips)
    best = [[_NEVER * 2] * (size + 5) for _ in range(count)]
    back: list[list[tuple[int, int, bool] | None]] = [[None] * (size + 5) for _ in range(count)]
    best[0][0] = 0.0
    for at in range(size):
        leader = max(range(count), key=lambda layer: best[layer][at]) if count > 1 else 0
        changed = best[leader][at] + _SWITCH
        for layer, (moves, bad) in enumerate(tables):
            here, origin = best[layer][at], layer
            if changed > here:
                here, origin = changed, leader
            _relax(best[layer], back[layer], at, here, origin, moves, bad[at], skips[at])
    ends = [
        (best[layer][end], end, layer)
        for end in range(max(1, size - endings + 1), size + 1)
        for layer in range(count)
    ]
    if endings > 1:  # a longer reading is worth what its last characters usually are
        ends = [(value - 4.0 * (end - size), end, layer) for value, end, layer in ends]
    value, end, layer = max(ends)
    return _traced(back, end, layer), value, end


def _relax(
    best: list[float],
    back: list[tuple[int, int, bool] | None],
    at: int,
    here: float,
    origin: int,
    moves: Moves,
    bad: bool,
    skip: float,
) -> None:
    """Offer the ways on from one place to the places they lead to."""
    for size, values in enumerate(moves, 1):
        value = here + values[at]
        if value > best[at + size]:
            best[at + size] = value
            back[at + size] = (size, origin, False)
    value = here + skip
    if value > best[at + 1]:
        best[at + 1] = value
        back[at + 1] = (1, origin, True)
    if bad and here + _BAD_PAIR > best[at + 2]:
        best[at + 2] = here + _BAD_PAIR
        back[at + 2] = (2, origin, True)


def _traced(back: list[list[tuple[int, int, bool] | None]], end: int, layer: int) -> list[_Step]:
    steps: list[_Step] = []
    while end > 0 and (step := back[layer][end]) is not None:
        size, origin, skipped = step
        steps.append(_Step(layer, size, skipped))
        end -= size
        layer = origin
    return steps[::-1]


def _told(raw: bytes, layers: Sequence[str], steps: list[_Step], likelihood: float, end: int) -> Passage:
    """Write the steps down as text, and count what they lost and borrowed."""
    pieces: list[str] = []
    at = lost = foreign = 0
    broken = False  # inside what is left of one UTF-8 character
    for step in steps:
        layer = layers[step.layer]
        piece = REPLACEMENT if step.skipped else _character(raw[at : at + step.size], layer)
        broken = step.skipped and broken and layer == "utf-8" and (raw[at] < 0xC0 or raw[at] == 0xFF)
        if not broken:
            lost += step.skipped
            pieces.append(piece)
        broken = step.skipped
        foreign += step.layer > 0 and step.size > 1 and not step.skipped
        at += step.size
    first, last = bool(steps) and steps[0].skipped, bool(steps) and steps[-1].skipped
    return Passage("".join(pieces), lost, foreign, likelihood, first, last, end)


def _character(octets: bytes, layer: str) -> str:
    if len(octets) == 1:
        return chr(octets[0])
    if len(octets) == 2 and layer != "utf-8":
        return _pairs(layer).texts[octets[0] << 8 | octets[1]]
    return octets.decode(layer, "replace")[:1] or REPLACEMENT
