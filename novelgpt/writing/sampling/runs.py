"""What was written goes in, the tokens that would make it repeat itself come out.

Law: both functions say what comparing every stretch with every other would say, in time that grows with the length only.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

_MOST = math.log(1e4)
"""Beyond ten thousand times, a penalty leaves no chance anyway, and soon powers would overflow."""


def completing(seen: Sequence[int], length: int) -> set[int]:
    """Return the tokens that would complete a run of `length` tokens that was written before."""
    if length < 1 or len(seen) < length:
        return set()
    if length == 1:
        return set(seen)
    tail, known = list(seen[-(length - 1) :]), list(seen)
    return {
        known[end + 1]
        for end in _places(known, tail[-1], len(known) - 1)
        if end + 2 >= length and known[end + 2 - length : end + 1] == tail
    }


def dry(
    newest: Sequence[int], breakers: Collection[int], *, multiplier: float, base: float, allowed_length: int
) -> dict[int, float]:
    """Return the penalty of every token that would carry on a run already written, longer runs costing more.

    The run so far is what stands at the end and stood before; it begins after the last breaker, and is free up to
    `allowed_length`. One token more costs `multiplier`, and each further one `base` times as much.
    """
    backwards = list(reversed(newest))
    begun = next((place for place, token in enumerate(backwards) if token in breakers), len(backwards))
    if begun < allowed_length:
        return {}
    longest: dict[int, int] = {}
    for place, length in matches(backwards, begun):
        follower = backwards[place - 1]
        if length >= allowed_length and follower not in breakers:
            longest[follower] = max(length, longest.get(follower, 0))
    return {token: _weight(multiplier, base, length - allowed_length) for token, length in longest.items()}


def matches(ids: Sequence[int], limit: int) -> Iterator[tuple[int, int]]:
    """Yield each place > 0 where the beginning of `ids` stands again, and how much of it, counted up to `limit`.

    Gusfield's Z algorithm: what was compared once (the stretch from `left` to `right`) is not compared again.
    """
    lengths = [0] * limit
    left, right, place = 0, 0, 1
    while place < len(ids):
        if place >= right:  # nothing is known from here on: go where it may begin again
            place = _find(ids, ids[0], place)
        length = min(lengths[place - left], right - place) if place < right else 0
        if place + length >= right:
            while length < limit and place + length < len(ids) and ids[place + length] == ids[length]:
                length += 1
            left, right = place, place + length
        if place < limit:
            lengths[place] = length
        if length:
            yield place, length
        place += 1


def _weight(multiplier: float, base: float, excess: int) -> float:
    return multiplier * math.exp(min(excess * math.log(base), _MOST))


def _places(ids: Sequence[int], token: int, end: int) -> Iterator[int]:
    place = _find(ids, token, 0)
    while place < end:
        yield place
        place = _find(ids, token, place + 1)


def _find(ids: Sequence[int], token: int, begin: int) -> int:
    """Return the first place of `token` from `begin` on, else the end."""
    try:
        return ids.index(token, begin)
    except ValueError:
        return len(ids)
