"""The branches of a story: its tree goes in, the ends it can go to come out, each with where it leaves the present text.

Laws: every end of the tree is a branch, newest first; what a branch shares with the present text and what it has of its
own join to its text. Reads no more than it shows: a long story with many branches must still open in a moment.
Every function works inside its caller's transaction.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from novelgpt.errors import UnknownPassage
from novelgpt.story.tree import Author, PassageId, StoryId, current_tip, find_passage, line_to, require_story

MOST_BRANCHES = 200
EXCERPT = 30
_AT_ONCE = 500


@dataclass(frozen=True)
class Branch:
    """One end of a story's tree; it leaves the present text after `leaves_at` characters and goes on with `excerpt`."""

    tip: PassageId
    leaves_at: int
    excerpt: str
    length: int
    author: Author
    created_at: datetime
    is_current: bool


@dataclass(frozen=True)
class Comparison:
    """Two branches: what both begin with, and how each goes on."""

    common: str
    left: str
    right: str


def list_branches(database: sqlite3.Connection, story: StoryId) -> list[Branch]:
    """Return the newest ends of a story and the one it stands at, newest first."""
    require_story(database, story)
    tip = current_tip(database, story)
    parents: dict[PassageId, PassageId | None] = dict(
        database.execute("SELECT id, parent FROM passage WHERE story = ?", (story,)).fetchall()
    )
    ends = sorted(parents.keys() - set(parents.values()), reverse=True)[:MOST_BRANCHES]
    if tip is not None and tip not in ends:
        ends = sorted([*ends, tip], reverse=True)
    present = _Present(database, tip)
    return [present.branch(end, _off_the_line(end, parents, present.ends_at)) for end in ends]


def compare_tips(
    database: sqlite3.Connection, story: StoryId, one: PassageId | None, other: PassageId | None
) -> Comparison:
    """Return what two branches share and how each goes on; None is the empty beginning."""
    left, right = (_text_to(database, story, tip) for tip in (one, other))
    shared = common_length(left, right)
    return Comparison(left[:shared], left[shared:], right[shared:])


def require_passage(database: sqlite3.Connection, story: StoryId, passage: PassageId) -> None:
    """Do nothing for a passage of this story; any other is unknown."""
    require_story(database, story)
    if find_passage(database, passage).story != story:
        raise UnknownPassage(passage=passage)


def common_length(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class _Present:
    """The text the story reads now, to hold branches against."""

    def __init__(self, database: sqlite3.Connection, tip: PassageId | None) -> None:
        self._database, self._tip = database, tip
        self._lengths: dict[PassageId, int] = {}
        self.ends_at: dict[PassageId | None, int] = {None: 0}
        line = line_to(database, tip)
        self._text = "".join(passage.text for passage in line)
        place = 0
        for passage in line:
            place += len(passage.text)
            self.ends_at[passage.id] = place

    def branch(self, end: PassageId, own: list[PassageId]) -> Branch:
        """Return the branch to `end`, whose passages outside the present line are `own`."""
        last = find_passage(self._database, end)
        start = self.ends_at[last.id if not own else find_passage(self._database, own[0]).parent]
        leaves_at, excerpt = self._leaves(start, own)
        length = start + self._length(own)
        is_current = end == self._tip
        return Branch(end, leaves_at, excerpt, length, last.author, last.created_at, is_current)

    def _leaves(self, start: int, own: list[PassageId]) -> tuple[int, str]:
        """Follow a branch from where it leaves the line until the text itself differs."""
        place, excerpt, together = start, "", True
        for number in own:
            text = find_passage(self._database, number).text
            if together:
                shared = common_length(text, self._text[place : place + len(text)])
                place, together, text = place + shared, shared == len(text), text[shared:]
            excerpt += text[: EXCERPT - len(excerpt)]
            if len(excerpt) == EXCERPT:
                break
        return place, excerpt

    def _length(self, own: list[PassageId]) -> int:
        """Add the lengths up; counted here, because SQLite stops counting at a NUL."""
        unread = [number for number in own if number not in self._lengths]
        for first in range(0, len(unread), _AT_ONCE):
            wanted = unread[first : first + _AT_ONCE]
            marks = ",".join("?" * len(wanted))
            rows = self._database.execute(f"SELECT id, text FROM passage WHERE id IN ({marks})", wanted)
            self._lengths.update((number, len(text)) for number, text in rows)
        return sum(self._lengths[number] for number in own)


def _off_the_line(
    end: PassageId, parents: dict[PassageId, PassageId | None], line: dict[PassageId | None, int]
) -> list[PassageId]:
    """Return the passages from the line to `end`, in reading order."""
    own: list[PassageId] = []
    place: PassageId | None = end
    while place is not None and place not in line:
        own.append(place)
        place = parents[place]
    return own[::-1]


def _text_to(database: sqlite3.Connection, story: StoryId, tip: PassageId | None) -> str:
    if tip is not None:
        require_passage(database, story, tip)
    return "".join(passage.text for passage in line_to(database, tip))
