"""Words in a story: a text and words go in, the places that hold them come out.

Law: a place is found only where every word occurs somewhere in the text; places come in reading order, and what is
before, matched and after is exactly what stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_PLACES = 20
"""In one text."""
MOST_WORDS = 8
LONGEST_WORD = 100
BEFORE, AFTER = 20, 40


@dataclass(frozen=True)
class Place:
    """Where a word stands, and what stands around it."""

    start: int
    before: str
    match: str
    after: str


def words_of(asked: str) -> list[str]:
    """Return the words of what a person typed into a search field."""
    return [word[:LONGEST_WORD] for word in asked.split()][:MOST_WORDS]


def find_places(text: str, words: list[str]) -> list[Place]:
    """Return the first places of any of the words in a text that holds all of them; one excerpt shows each stretch."""
    patterns = [re.compile(re.escape(word), re.IGNORECASE) for word in words]
    if not patterns or not all(pattern.search(text) for pattern in patterns):
        return []
    either = re.compile("|".join(pattern.pattern for pattern in patterns), re.IGNORECASE)
    return list(_places(text, either))


def _places(text: str, pattern: re.Pattern[str]) -> Iterator[Place]:
    shown_to, count = 0, 0
    for found in pattern.finditer(text):
        if found.start() < shown_to:
            continue
        start, end = found.span()
        shown_to = end + AFTER
        yield Place(start, text[max(0, start - BEFORE) : start], found[0], text[end:shown_to])
        count += 1
        if count == MOST_PLACES:
            return
