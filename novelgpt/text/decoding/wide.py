"""UTF-16 and UTF-32 bytes → text, also where a byte is lost and every unit after it lies across two characters.

What goes in: the bytes after the byte order mark and the encoding's name. What comes out: a `Reading`. Law: sound
files go through the codec; in damaged ones the places where even and odd offsets change roles are searched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from novelgpt.text.decoding.commonness import likelihood, likelihoods, mean_likelihood, strange_places, units
from novelgpt.text.decoding.reading import REPLACEMENT, Reading, join
from novelgpt.text.decoding.resync import LAYERS, Passage, best_passage

BLOCK = 16  # units; the first look at where phases change
FLIP = -14.0
NARROW = (
    -10.2
)  # what a unit is worth where the bytes are taken for another encoding: between sense and nonsense
NARROW_READS_WELL = -9.5
LONGEST_NARROW = 1 << 16
REACH = 6
LINE_FEED = -1.0  # where it is one of two ways to read, losing a line break is the worse

_WIDEST_UNIT = {
    "utf-32-le": re.compile(rb"[\s\S]{2}[\x00-\x10]\x00"),
    "utf-32-be": re.compile(rb"\x00[\x00-\x10][\s\S]{2}"),
}
_EVEN, _ODD, _OTHER = range(3)
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Span:
    """Bytes that are read in one way."""

    state: int
    start: int
    end: int


def read_wide(raw: bytes, encoding: str, *, rescue: bool = True) -> Reading:
    """Return the text of UTF-16 or UTF-32."""
    if encoding in _WIDEST_UNIT:
        return _read_utf32(raw, encoding)
    whole = raw[: len(raw) // 2 * 2]
    try:
        text = whole.decode(encoding)
    except UnicodeDecodeError:
        return _searched(raw, encoding, rescue)
    if len(strange_places(text)) and _is_damaged(raw, encoding):
        return _searched(raw, encoding, rescue)
    return join([Reading(text), _lost("cut_tail")]) if len(whole) < len(raw) else Reading(text)


def _is_damaged(raw: bytes, encoding: str) -> bool:
    """Tell whether any stretch reads better with every unit one byte further on, or as no UTF-16 at all."""
    even, odd = (_unit_values(raw, encoding, phase) for phase in (0, 1))
    count = -(-len(even) // BLOCK)
    even, odd = _block_sums(even, count), _block_sums(odd, count)
    return bool(np.any(np.maximum(odd, NARROW * BLOCK) > even - FLIP / 2))


def _lost(name: str) -> Reading:
    return Reading(REPLACEMENT, 1, 0, (name,))


def _read_utf32(raw: bytes, encoding: str) -> Reading:
    """Take every four bytes that can be a character; what lies between them is lost, once per gap."""
    parts: list[Reading] = []
    at = 0
    for match in _WIDEST_UNIT[encoding].finditer(raw):
        if match.start() > at:
            parts.append(_lost("resynchronised" if at else "cut_head"))
        text = match[0].decode(encoding, "replace")
        parts.append(_lost("resynchronised") if text == REPLACEMENT else Reading(text))
        at = match.end()
    if at < len(raw):
        parts.append(_lost("cut_tail"))
    return join(parts or [Reading("")])


def _searched(raw: bytes, encoding: str, rescue: bool) -> Reading:
    """Divide the bytes into spans of one phase each and read each span by itself."""
    values = [_unit_values(raw, encoding, phase) for phase in (0, 1)]
    states = _states(values, rescue)
    spans = _narrowed(_settled(_spans(values, states, len(raw)), raw, encoding), raw, encoding)
    parts: list[Reading] = []
    at = 0
    for span in spans:
        if span.start > at:
            parts.append(_lost("resynchronised" if at else "cut_head"))
        parts.append(_read_span(raw, span, encoding))
        at = span.end
    if at < len(raw):
        parts.append(_lost("cut_tail"))
    return join(parts)


def _unit_values(raw: bytes, encoding: str, phase: int) -> Floats:
    count = (len(raw) - phase) // 2
    order = "<u2" if encoding == "utf-16-le" else ">u2"
    codes = np.frombuffer(raw, order, count, phase)
    values: Floats = likelihoods()[codes]
    values[codes == 0x0A] = LINE_FEED
    return values


def _states(values: list[Floats], rescue: bool) -> list[int]:
    """Return the likeliest phase of every block; changing it has its price."""
    count = -(-len(values[0]) // BLOCK)
    sums = np.stack([_block_sums(phase, count) for phase in values])
    sizes = np.full(count, NARROW * BLOCK if rescue else -1e6)
    sizes[-1:] = NARROW * (len(values[0]) - (count - 1) * BLOCK) if rescue else -1e6
    best = [0.0, FLIP, FLIP]
    back: list[list[int]] = []
    for even, odd, other in zip(*sums.tolist(), sizes.tolist(), strict=True):
        leader = max(range(3), key=best.__getitem__)
        changed = best[leader] + FLIP
        origins = [state if best[state] >= changed else leader for state in range(3)]
        back.append(origins)
        best = [
            max(best[state], changed) + value
            for state, value in zip((_EVEN, _ODD, _OTHER), (even, odd, other), strict=True)
        ]
    state = max(range(3), key=best.__getitem__)
    path = [state]
    for origins in reversed(back[1:]):
        state = origins[state]
        path.append(state)
    return path[::-1]


def _block_sums(values: Floats, count: int) -> Floats:
    padded = np.zeros(count * BLOCK, np.float32)
    padded[: len(values)] = values[: count * BLOCK]
    sums: Floats = padded.reshape(count, BLOCK).sum(1)
    return sums


def _spans(values: list[Floats], states: list[int], size: int) -> list[_Span]:
    """Turn blocks into byte spans, each border moved to the unit where it fits best."""
    borders = [index for index in range(1, len(states)) if states[index] != states[index - 1]]
    spans: list[_Span] = []
    start = 1 if states[0] == _ODD else 0
    for border, following in zip(borders, [*borders, len(states)][1:], strict=True):
        before, after = states[border - 1], states[border]
        unit = _refined(values, before, after, border * BLOCK, min(following - border, 2) * BLOCK)
        end = min(size, max(start, 2 * unit + (before == _ODD)))  # two borders may not cross
        spans.append(_Span(before, start, end))
        start = end + (0 if _OTHER in (before, after) else 1)
        if before == _OTHER:  # the phase goes on where its own units lie
            start += (start - (after == _ODD)) % 2
    state = states[-1]
    end = size if state == _OTHER else size - (size - start) % 2
    return [*spans, _Span(state, start, max(end, start))]


def _refined(values: list[Floats], before: int, after: int, unit: int, reach: int) -> int:
    """Return the unit before which the first state and from which on the second state explains the bytes best."""
    low, high = max(0, unit - 2 * BLOCK), min(len(values[0]), unit + reach)
    flat = np.full(high - low, NARROW, np.float32)
    old, new = (
        flat if state == _OTHER else np.resize(values[state][low:high], high - low)
        for state in (before, after)
    )
    gains = np.concatenate([[0.0], np.cumsum(old - new)])
    return low + int(gains.argmax())


def _narrowed(spans: list[_Span], raw: bytes, encoding: str) -> Iterator[_Span]:
    """Move the start of text in another encoding to the byte where it reads best."""
    for index, span in enumerate(spans):
        following = spans[index + 1] if index + 1 < len(spans) else None
        if following is not None and following.state == _OTHER:
            span = _Span(span.state, span.start, _best_start(raw, span, following, encoding))
        if span.state == _OTHER and index:
            span = _Span(_OTHER, _best_start(raw, spans[index - 1], span, encoding), span.end)
        yield span


def _best_start(raw: bytes, before: _Span, narrow: _Span, encoding: str) -> int:
    low, high = max(before.start, narrow.start - 2 * REACH), min(narrow.end, narrow.start + 2 * REACH)
    window = raw[low : high + 40]

    def worth(cut: int) -> float:
        whole = (cut - before.start) % 2 == 0
        text = raw[low + (low - before.start) % 2 : cut].decode(encoding, "replace")
        return likelihood(text) + _as_narrow(window[cut - low :]).likelihood - (0 if whole else 12)

    return max(range(low, high), key=worth, default=narrow.start)


def _as_narrow(raw: bytes) -> Passage:
    """Return the best reading of bytes that are no UTF-16, whichever encoding comes first."""
    readings = [best_passage(raw, [layer], more_follows=True) for layer in LAYERS]
    return max(readings, key=lambda passage: passage.likelihood)


def _settled(spans: list[_Span], raw: bytes, encoding: str) -> list[_Span]:
    """Give what is no text in another encoding back to its neighbour."""
    kept: list[_Span] = []
    for span in spans:
        state = span.state
        if state == _OTHER and not _is_narrow(raw[span.start : span.end], encoding):
            state = kept[-1].state if kept else _EVEN
        if kept and kept[-1].state == state:
            kept[-1] = _Span(state, kept[-1].start, span.end)
        else:
            kept.append(_Span(state, span.start, span.end))
    return kept


def _is_narrow(piece: bytes, encoding: str) -> bool:
    """Tell whether bytes read well in an encoding of bytes, and far better than as UTF-16."""
    if not 0 < len(piece) <= LONGEST_NARROW:
        return False
    passage = _best_narrow(piece)
    own = piece[: len(piece) // 2 * 2].decode(encoding, "replace")
    mean, _ = mean_likelihood(units(passage.text.replace(REPLACEMENT, "")))
    return mean > NARROW_READS_WELL and passage.likelihood + FLIP > likelihood(own)


def _best_narrow(piece: bytes) -> Passage:
    return max((best_passage(piece, [layer]) for layer in LAYERS), key=lambda found: found.likelihood)


def _read_span(raw: bytes, span: _Span, encoding: str) -> Reading:
    piece = raw[span.start : span.end]
    if span.state == _OTHER and piece:
        passage = _best_narrow(piece)
        beyond = sum(character > "\x7f" for character in passage.text) - passage.lost
        return Reading(passage.text, passage.lost, max(1, beyond), ("rescued_lines",))
    text = piece.decode(encoding, "replace")
    lost = max(0, text.count(REPLACEMENT) - piece.count(REPLACEMENT.encode(encoding)))
    return Reading(text, lost, 0, ("resynchronised",) if lost else ())
