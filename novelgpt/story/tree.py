"""The rows of the library file: passages are a tree, moves are the way through it.

Law: rows are only ever added; nothing here removes one. Every function works inside its caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NewType

from novelgpt.errors import NotUnicode, UnknownPassage, UnknownStory

StoryId = NewType("StoryId", int)
PassageId = NewType("PassageId", int)
Author = Literal["human", "model"]
MoveKind = Literal["append", "edit", "go"]


@dataclass(frozen=True)
class Story:
    """One story of the library."""

    id: StoryId
    title: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None


@dataclass(frozen=True)
class Passage:
    """One node of a story's tree; `settings` is how a model wrote it."""

    id: PassageId
    story: StoryId
    parent: PassageId | None
    author: Author
    text: str
    settings: dict[str, Any] | None
    created_at: datetime


_STORIES = "SELECT id, title, created_at, updated_at, archived_at FROM story "
_PASSAGES = "SELECT id, story, parent, author, text, settings, created_at FROM passage "

# ids grow from parent to child, so their order is the reading order
_LINE = """
WITH RECURSIVE line (id, parent) AS (
    SELECT id, parent FROM passage WHERE id = ?
    UNION ALL SELECT passage.id, passage.parent FROM line JOIN passage ON passage.id = line.parent
) """


def add_story(database: sqlite3.Connection, title: str, now: str) -> StoryId:
    """Add an empty story."""
    number = insert(
        database,
        "INSERT INTO story (title, created_at, updated_at) VALUES (?, ?, ?)",
        (checked(title), now, now),
    )
    return StoryId(number)


def list_stories(database: sqlite3.Connection, *, archived: bool) -> list[Story]:
    """Return the stories in use or those put away, the one worked on last first."""
    rows = database.execute(
        _STORIES + "WHERE (archived_at IS NOT NULL) = ? ORDER BY updated_at DESC, id DESC", (archived,)
    ).fetchall()
    return [_to_story(row) for row in rows]


def find_story(database: sqlite3.Connection, story: StoryId) -> Story:
    """Return one story; it must exist."""
    row = database.execute(_STORIES + "WHERE id = ?", (story,)).fetchone()
    if row is None:
        raise UnknownStory(story=story)
    return _to_story(row)


def _to_story(row: tuple[Any, ...]) -> Story:
    number, title, *times = row
    created, updated, archived = (datetime.fromisoformat(time) if time else None for time in times)
    assert created and updated
    return Story(number, title, created, updated, archived)


def line_to(database: sqlite3.Connection, tip: PassageId | None) -> list[Passage]:
    """Return the passages from the beginning of a story to `tip`."""
    if tip is None:
        return []
    rows = database.execute(
        _LINE + _PASSAGES + "WHERE id IN (SELECT id FROM line) ORDER BY id", (tip,)
    ).fetchall()
    if not rows:
        raise UnknownPassage(passage=tip)
    return [_to_passage(row) for row in rows]


def find_passage(database: sqlite3.Connection, passage: PassageId) -> Passage:
    """Return one passage; it must exist."""
    row = database.execute(_PASSAGES + "WHERE id = ?", (passage,)).fetchone()
    if row is None:
        raise UnknownPassage(passage=passage)
    return _to_passage(row)


def children_of(database: sqlite3.Connection, passage: PassageId) -> list[Passage]:
    """Return the passages directly after one, oldest first."""
    rows = database.execute(_PASSAGES + "WHERE parent = ? ORDER BY id", (passage,)).fetchall()
    return [_to_passage(row) for row in rows]


def first_passages(database: sqlite3.Connection, story: StoryId) -> list[Passage]:
    """Return the passages that a story was ever begun with, oldest first."""
    rows = database.execute(_PASSAGES + "WHERE story = ? AND parent IS NULL ORDER BY id", (story,)).fetchall()
    return [_to_passage(row) for row in rows]


def newest_passage(database: sqlite3.Connection, story: StoryId) -> PassageId | None:
    """Return the passage of a story that was added last, in whatever branch."""
    (newest,) = database.execute("SELECT max(id) FROM passage WHERE story = ?", (story,)).fetchone()
    return None if newest is None else PassageId(newest)


def _to_passage(row: tuple[Any, ...]) -> Passage:
    number, story, parent, author, text, settings, created = row
    noted = None if settings is None else json.loads(settings)
    return Passage(number, story, parent, author, text, noted, datetime.fromisoformat(created))


def current_move(database: sqlite3.Connection, story: StoryId) -> int | None:
    """Return the move a story stands at (None: before the first); the story must exist."""
    row = database.execute("SELECT move FROM story WHERE id = ?", (story,)).fetchone()
    if row is None:
        raise UnknownStory(story=story)
    move: int | None = row[0]
    return move


def require_story(database: sqlite3.Connection, story: StoryId) -> None:
    """Do nothing for a story of this library; any other is unknown."""
    current_move(database, story)


def next_move(database: sqlite3.Connection, story: StoryId) -> int | None:
    """Return the newest move made from where the story stands: the one that undo came back from."""
    now_at = current_move(database, story)
    (following,) = database.execute(
        "SELECT max(id) FROM move WHERE story = ? AND previous IS ?", (story, now_at)
    ).fetchone()
    move: int | None = following
    return move


def current_tip(database: sqlite3.Connection, story: StoryId) -> PassageId | None:
    """Return the passage a story ends with where it stands."""
    now_at = current_move(database, story)
    row = database.execute("SELECT tip FROM move WHERE id = ?", (now_at,)).fetchone()
    return row[0] if row else None


def add_passage(
    database: sqlite3.Connection,
    story: StoryId,
    parent: PassageId | None,
    text: str,
    author: Author,
    settings: dict[str, Any] | None,
    now: str,
) -> PassageId:
    """Add a passage; the story's text does not change before a move to it."""
    noted = None if settings is None else checked(json.dumps(settings, ensure_ascii=False, allow_nan=False))
    number = insert(
        database,
        "INSERT INTO passage (story, parent, author, text, settings, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (story, parent, author, checked(text), noted, now),
    )
    return PassageId(number)


def move_to(
    database: sqlite3.Connection, story: StoryId, tip: PassageId | None, kind: MoveKind, now: str
) -> None:
    """Let a story end with `tip`, as a new move after the one it stands at."""
    move = insert(
        database,
        "INSERT INTO move (story, previous, tip, kind, at) VALUES (?, ?, ?, ?, ?)",
        (story, current_move(database, story), tip, kind, now),
    )
    stand_at(database, story, move, now)


def stand_at(database: sqlite3.Connection, story: StoryId, move: int | None, now: str) -> None:
    """Let a story stand at a move that was made before (None: before the first)."""
    database.execute("UPDATE story SET move = ?, updated_at = ? WHERE id = ?", (move, now, story))


def touch(database: sqlite3.Connection, story: StoryId, now: str) -> None:
    """Note that a story was worked on."""
    database.execute("UPDATE story SET updated_at = ? WHERE id = ?", (now, story))


def insert(database: sqlite3.Connection, statement: str, values: tuple[Any, ...]) -> int:
    """Add a row and return its number."""
    number = database.execute(statement, values).lastrowid
    assert number is not None
    return number


def checked(text: str) -> str:
    """Return `text`, which UTF-8 must be able to hold."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotUnicode(position=error.start + 1) from None
    return text
