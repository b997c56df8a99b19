"""How much a text looks like Chinese: two small tables over code points and the sums over them.

What goes in: text (or its UTF-16 units). What comes out: a likelihood, a score, or the places that look like damage.
Law: everything is a table look-up and a sum, so a text of any length costs a few nanoseconds per character.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from novelgpt.text.decoding.han import HAN_BY_FREQUENCY

Units = NDArray[np.uint16]
Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

WINDOW = 8
CERTAIN = (
    17,
    15,
)  # oddness in a window of eight and of four: one line in six hundred of clean prose has as much
POSSIBLE = (14, 12)  # three times as many have this, and so has a shift over three characters
NO_TEXT = 7  # the oddness of private glyphs and U+FFFD: one is enough to look again
REPEATED = -5.0  # a character said twice, 踉踉跄跄, is no second surprise
CHUNK = 1 << 20

_NOISE = -12.5  # the mean log-likelihood of a misreading
_PROSE = -6.8  # that of a novel
_RARE_HAN = (
    (0x3400, 0x4DBF, -15.0),
    (0x4E00, 0x9FA5, -13.5),
    (0x9FA6, 0x9FFF, -15.0),
    (0xF900, 0xFAFF, -15.0),
)
_RANGES: tuple[tuple[int, int, float], ...] = (
    (0x00, 0x1F, -16.0),
    (0x20, 0x7E, -6.0),
    (0x30, 0x39, -5.5),
    (0x7F, 0x9F, -17.0),
    (0xA0, 0xFF, -13.0),
    (0x0370, 0x04FF, -9.5),  # Greek and Cyrillic come in words: the second letter is no surprise
    (0x2000, 0x206F, -12.0),
    (0x3000, 0x303F, -9.5),
    (0x3040, 0x30FF, -10.5),
    (0x2500, 0x257F, -11.5),
    (0xAC00, 0xD7A3, -13.5),
    (0xD800, 0xDFFF, -8.5),  # a character beyond the basic plane is two of these
    (0xE000, 0xF8FF, -17.0),
    (0xFF01, 0xFF5E, -8.5),
    (0xFFF0, 0xFFFF, -15.0),
)
_MARKS = {
    "，。\u3000": -3.5,
    "、；：？！“”「」…—": -5.0,
    "‘’『』《》（）": -6.0,
    "〈〉【】〔〕·～〇○●□◎★☆※■◆": -8.5,
    "\t\n\r ": -4.0,
}
_CURVE_RANKS = (0, 5, 30, 100, 300, 1000, 2000, 3000, 4000, 4500)
_CURVE_VALUES = (-3.4, -3.9, -5.0, -5.8, -6.7, -8.05, -8.9, -9.8, -10.7, -11.1)


@lru_cache(1)
def likelihoods() -> Floats:
    """Return the log-likelihood of every 16-bit unit in Chinese fiction, roughly, in nats."""
    table = np.full(65536, -12.5, np.float32)
    for first, last, value in (*_RANGES, *_RARE_HAN):
        table[first : last + 1] = value
    for codec, leads, value in (
        ("big5", range(0xC9, 0xFA), -12.7),
        ("gb2312", range(0xD8, 0xF8), -12.7),
        ("big5", range(0xA4, 0xC7), -11.8),
        ("gb2312", range(0xB0, 0xD8), -11.8),
    ):
        table[_standard(codec, leads)] = value
    ranks = np.arange(len(HAN_BY_FREQUENCY))
    table[units(HAN_BY_FREQUENCY)] = np.interp(ranks, _CURVE_RANKS, _CURVE_VALUES)
    for marks, value in _MARKS.items():
        table[units(marks)] = value
    return table


@lru_cache(1)
def oddness() -> Bytes:
    """Return for every unit how much it speaks for damage: 0 for what any novel holds, NO_TEXT for what none does."""
    table = np.digitize(-likelihoods(), (9.2, 10.4, 11.3, 12.0, 12.8, 14.0)).astype(np.uint8)
    table[0x20:0x7F] = 0
    table[0x3040:0x3100] = 0
    table[0x2500:0x2580] = 0
    table[0xE000:0xF900] = NO_TEXT
    table[0xFFFD] = NO_TEXT
    return table


def units(text: str) -> Units:
    """Return the text as UTF-16 units."""
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")


def likelihood(text: str) -> float:
    """Return the log-likelihood of the whole text."""
    codes = units(text)
    values = likelihoods()[codes]
    again = np.flatnonzero((codes[1:] == codes[:-1]) & (codes[1:] > 0x7F)) + 1
    values[again] = np.maximum(values[again], REPEATED)
    return float(values.sum())


def mean_likelihood(codes: Units) -> tuple[float, int]:
    """Return the mean over the characters that say something, and how many they are: plain ASCII says nothing."""
    telling = codes[(codes >= 0x7F) | ((codes < 0x20) & (codes != 10) & (codes != 13) & (codes != 9))]
    return (float(likelihoods()[telling].mean()), len(telling)) if len(telling) else (_PROSE, 0)


def score_text(text: str) -> float:
    """Return how much `text` looks like Chinese prose: 1 is a clean novel, 0 or less is noise; pure ASCII is 0.5."""
    mean, count = mean_likelihood(units(text))
    return (mean - _NOISE) / (_PROSE - _NOISE) if count else 0.5


def strange_places(text: str, limits: tuple[int, int] = CERTAIN) -> NDArray[np.intp]:
    """Return where windows begin that no sound Chinese text is likely to hold; mostly there are none.

    With the limits `POSSIBLE` they include single letters that a lost byte may have left between Han.
    Places count UTF-16 units, which is close enough for finding a line unless rare planes are used.
    """
    found: list[Any] = []
    for start in range(0, len(text), CHUNK):
        codes = units(text[start : start + CHUNK])
        odd = oddness().take(codes)
        places = _strange_windows(odd, limits)
        if limits == POSSIBLE:
            places = np.concatenate([places, _stray_letters(codes, odd)])
        if len(places):
            found.append(np.sort(places) + start)
    return np.concatenate(found) if found else np.empty(0, np.intp)


def _strange_windows(odd: Bytes, limits: tuple[int, int]) -> NDArray[np.intp]:
    """Sum over windows by doubling: bytes cannot overflow, eight times seven is 56."""
    edge = np.zeros(WINDOW, np.uint8)
    odd = np.concatenate([edge, odd, edge])
    two = odd[1:] + odd[:-1]
    four = two[2:] + two[:-2]
    eight = four[4:] + four[:-4]
    if eight.max() < limits[0] and four.max() < limits[1] and odd.max() < NO_TEXT:
        return np.empty(0, np.intp)
    strange = eight >= limits[0]
    strange[: len(four)] |= four[: len(eight)] >= limits[1]
    strange |= odd[: len(strange)] == NO_TEXT
    return np.asarray(np.maximum(np.flatnonzero(strange) - WINDOW, 0))


def _stray_letters(codes: Units, odd: Bytes) -> NDArray[np.intp]:
    """Find one letter or sign between Han, after rare ones: what a lost byte leaves in Big5 and traditional GBK."""
    if len(codes) < 5:
        return np.empty(0, np.intp)
    last = codes[3:-1]
    letter = (last - np.uint16(0x40)) < 0x3F
    letter &= (codes[4:] > 0x2FFF) & (codes[2:-2] > 0x2FFF)
    rare = odd[2:-2] + odd[1:-3] + odd[:-4] > 0
    sign = (last == 0x40) | (last == 0x5C) | (last == 0x5E) | (last == 0x60) | ((last > 0x7A) & (last < 0x7E))
    return np.flatnonzero(letter & (rare | sign))


def _standard(codec: str, leads: range) -> Units:
    """Return the characters of some rows of a national standard: their first rows are the common ones."""
    pairs = b"".join(
        bytes((lead, trail)) for lead in leads for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    )
    return units(pairs.decode(codec, "ignore"))
