"""An edited page → passages: what the page shares with the story stays as it is, the rest becomes one new passage.

Law: the passages up to the returned one join to exactly the page. Every function works inside its caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from enum import Enum
from typing import Any

from novelgpt.errors import UnknownPassage
from novelgpt.story.authorship import Run, after_edit, joined, part
from novelgpt.story.tree import (
    Author,
    Passage,
    PassageId,
    StoryId,
    add_passage,
    children_of,
    current_tip,
    find_passage,
    first_passages,
    line_to,
    move_to,
)


class Unset(Enum):
    """The tip that a caller did not name; None is a tip, that of an empty story."""

    UNSET = "unset"


UNSET = Unset.UNSET


def has_changed(
    database: sqlite3.Connection, story: StoryId, text: str, expected: PassageId | Unset | None
) -> bool:
    """Tell whether a page built on `expected` would overwrite something else; the same text overwrites nothing."""
    tip = current_tip(database, story)
    if isinstance(expected, Unset) or expected == tip:
        return False
    return text != "".join(passage.text for passage in line_to(database, tip))


def take_over(
    database: sqlite3.Connection, story: StoryId, text: str, author: Author, now: str
) -> PassageId | None:
    """Let the story read like the page; return its new tip."""
    tip = current_tip(database, story)
    line = line_to(database, tip)
    kept, length = _common_beginning(line, text)
    if length < len(text):
        noted = _hands(line, text, length, author)
        kept = add_passage(database, story, kept, text[length:], author, noted, now)
    if kept != tip:
        move_to(database, story, kept, "edit", now)
    return kept


def keep_apart(
    database: sqlite3.Connection,
    story: StoryId,
    text: str,
    author: Author,
    now: str,
    *,
    built_on: PassageId | None,
    settings: dict[str, Any] | None = None,
) -> PassageId | None:
    """Keep the page as a branch where it was written, without going there; return the branch's end.

    A page that is saved again and again as it grows goes on where its last branch ended.
    """
    if built_on is not None and find_passage(database, built_on).story != story:
        raise UnknownPassage(passage=built_on)
    line = line_to(database, built_on)
    kept, length = _common_beginning(line, text)
    while length < len(text):
        following = first_passages(database, story) if kept is None else children_of(database, kept)
        match = _longest_match(following, text, length)
        if match is None:
            noted = {**(_hands(line, text, length, author) or {}), **(settings or {})} or None
            return add_passage(database, story, kept, text[length:], author, noted, now)
        kept, length = match.id, length + len(match.text)
    return kept


def runs_of(passages: Sequence[Passage]) -> list[Run]:
    """Return who wrote which characters of passages joined."""
    runs: list[Run] = []
    for passage in passages:
        noted = (passage.settings or {}).get("runs")
        runs += [(hand, length) for hand, length in noted] if noted else [(passage.author, len(passage.text))]
    return joined(runs)


def _hands(line: Sequence[Passage], text: str, start: int, author: Author) -> dict[str, Any] | None:
    """Return what to note of a passage that holds the page from `start` on, where not all of it is by its author."""
    old = "".join(passage.text for passage in line)
    runs = part(after_edit(old, runs_of(line), text, author), start, len(text))
    return None if all(hand == author for hand, _ in runs) else {"runs": runs}


def _longest_match(passages: Sequence[Passage], text: str, start: int) -> Passage | None:
    matching = [passage for passage in passages if passage.text and text.startswith(passage.text, start)]
    return max(matching, key=lambda passage: len(passage.text), default=None)


def _common_beginning(passages: Sequence[Passage], text: str) -> tuple[PassageId | None, int]:
    """Return the last of the passages that `text` begins with, and how many characters they make."""
    kept, length = None, 0
    for passage in passages:
        if not text.startswith(passage.text, length):
            break
        kept, length = passage.id, length + len(passage.text)
    return kept, length
