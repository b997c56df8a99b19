"""What is learnt and what is held out: things go in one by one, and come out with their side.

Law: chance alone decides (a thing's own hash, so that adding one moves no other), but neither side is ever empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeVar

Side = Literal["train", "held-out"]
SIDES: tuple[Side, Side] = ("train", "held-out")

Thing = TypeVar("Thing")


def below(digest: bytes, share: float) -> bool:
    """Decide by a hash whether something belongs to a share of everything."""
    return int.from_bytes(digest[:8], "big") < share * 2**64


def divide(
    things: Iterable[Thing],
    is_held_out: Callable[[Thing], bool],
    cut: Callable[[Thing], tuple[Thing, Thing]],
) -> Iterator[tuple[Side, Thing]]:
    """Yield every thing with its side, in order; where there is only one, `cut` makes two of it."""
    waiting: list[tuple[Side, Thing]] = []  # until both sides have one, which is soon
    seen: set[Side] = set()
    for thing in things:
        side = SIDES[is_held_out(thing)]
        waiting.append((side, thing))
        seen.add(side)
        if len(seen) == len(SIDES):
            yield from waiting
            waiting.clear()
    if len(seen) < len(SIDES):
        yield from _forced([thing for _, thing in waiting], cut)


def _forced(things: list[Thing], cut: Callable[[Thing], tuple[Thing, Thing]]) -> Iterator[tuple[Side, Thing]]:
    """Chance put everything on one side: the last thing is held out, and of an only one its end."""
    if len(things) == 1:
        things = list(cut(things[0]))
    yield from (("train", thing) for thing in things[:-1])
    yield from (("held-out", thing) for thing in things[-1:])
