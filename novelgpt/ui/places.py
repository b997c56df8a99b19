"""A place in a story, as one room of the page tells it to another, and as a browser counts it.

Laws: what `told_place` says ("story:start:length", or the story alone), `heard_place` hears; anything else is no story. A
browser counts a sign beyond the first 65,536 of Unicode (𠮷) as two; `our_place` and `browser_units` undo each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from novelgpt.story.authorship import Run
from novelgpt.story.store import StoryId
from novelgpt.studio.proposals import Span
from novelgpt.ui.handling import story_number, whole_number


def told_place(story: StoryId, place: Span | None = None) -> str:
    """Return how one room names a story, and characters in it, to another."""
    return str(story) if place is None else f"{story}:{place[0]}:{place[1] - place[0]}"


def heard_place(said: Any) -> tuple[StoryId | None, Span | None]:
    """Return the story that is named, and the characters in it."""
    named, *rest = str(said or "").split(":")
    start, length = (whole_number(one) for one in (*rest, "", "")[:2])
    return story_number(named), None if start is None else (start, start + (length or 0))


def browser_units(text: str, place: int) -> int:
    """Return a place in a text as the browser counts."""
    return len(text[:place].encode("utf-16-le", "surrogatepass")) // 2


def our_place(text: str, units: int) -> int:
    """Return a place that the browser counted; one in the middle of a sign is before it, one behind the end at the end."""
    if text.isascii() or max(text) <= "\uffff":
        return min(units, len(text))
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore"))


def browser_runs(text: str, runs: Iterable[Run]) -> list[Run]:
    """Return who wrote what, counted as the browser does."""
    found, at = [], 0
    for author, length in runs:
        found.append((author, browser_units(text[at : at + length], length)))
        at += length
    return found
