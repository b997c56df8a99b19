"""What was written, kept: passages go in, and the story's text, its past and its other branches come out.

Laws: `text` is what was last written; undo then redo changes nothing; no passage is ever lost, whatever is undone,
edited, killed or reopened. A story is a tree of passages; each change of its text is a move to another tip. Undo and
redo only walk the moves, so they delete nothing.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from novelgpt.errors import PassageFinished, UnknownPassage
from novelgpt.story.database import Clock, errors_are_said, open_database, transaction
from novelgpt.story.tree import (
    Author,
    Passage,
    PassageId,
    Story,
    StoryId,
    add_passage,
    checked,
    children_of,
    current_move,
    current_tip,
    find_passage,
    insert,
    line_to,
    move_to,
    newest_passage,
    next_move,
    stand_at,
)

__all__ = ["Author", "Passage", "PassageId", "Story", "StoryId", "StoryStore", "utc_now"]


def utc_now() -> datetime:
    """Return the time, the clock of a real library."""
    return datetime.now(UTC)


class StoryStore:
    """The library in one SQLite file; may be used by several threads and several processes at once."""

    def __init__(self, path: Path, clock: Clock = utc_now) -> None:
        self.path, self._clock = path, clock
        self._lock = threading.Lock()
        self._connection = open_database(path, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; everything is already on the disk."""
        with self._lock:
            self._connection.close()

    def create_story(self, title: str) -> StoryId:
        """Start an empty story."""
        now = self._now()
        with self._writing() as database:
            return StoryId(
                insert(
                    database,
                    "INSERT INTO story (title, created_at, updated_at) VALUES (?, ?, ?)",
                    (checked(title), now, now),
                )
            )

    def stories(self) -> list[Story]:
        """Return every story, the one worked on last first."""
        with self._reading() as database:
            rows = database.execute(
                "SELECT id, title, created_at, updated_at FROM story ORDER BY updated_at DESC, id DESC"
            ).fetchall()
        return [
            Story(number, title, datetime.fromisoformat(created), datetime.fromisoformat(updated))
            for number, title, created, updated in rows
        ]

    def rename_story(self, story: StoryId, title: str) -> None:
        """Give a story another title."""
        with self._writing() as database:
            current_move(database, story)
            database.execute(
                "UPDATE story SET title = ?, updated_at = ? WHERE id = ?",
                (checked(title), self._now(), story),
            )

    def append(
        self,
        parent: PassageId | None,
        text: str,
        author: Author,
        *,
        story: StoryId,
        settings: dict[str, Any] | None = None,
    ) -> PassageId:
        """Add a passage after `parent` (None: at the beginning) and move the story's tip to it."""
        with self._writing() as database:
            current_move(database, story)
            if parent is not None and find_passage(database, parent).story != story:
                raise UnknownPassage(passage=parent)
            passage = add_passage(database, story, parent, text, author, settings, self._now())
            move_to(database, story, passage, "append", self._now())
            return passage

    def extend(self, passage: PassageId, text: str) -> None:
        """Replace the text of the passage being written by the same text grown longer (the whole text, not the new part).

        Only a model's passage grows, and only while it is the newest of its story: nothing can stand after it.
        """
        with self._writing() as database:
            old = find_passage(database, passage)
            if old.author != "model" or newest_passage(database, old.story) != passage:
                raise PassageFinished(passage=passage)
            if not text.startswith(old.text):
                raise ValueError("extend takes the whole passage; it may only grow")
            database.execute("UPDATE passage SET text = ? WHERE id = ?", (checked(text), passage))
            database.execute("UPDATE story SET updated_at = ? WHERE id = ?", (self._now(), old.story))

    def replace_text(self, story: StoryId, text: str, author: Author = "human") -> PassageId | None:
        """Take over an edited page: keep the passages it begins with, add the rest as one passage; return the new tip."""
        with self._writing() as database:
            tip = current_tip(database, story)
            kept, length = _common_beginning(line_to(database, tip), text)
            if length < len(text):
                kept = add_passage(database, story, kept, text[length:], author, None, self._now())
            if kept != tip:
                move_to(database, story, kept, "edit", self._now())
            return kept

    def tip(self, story: StoryId) -> PassageId | None:
        """Return the passage the story now ends with."""
        with self._reading() as database:
            return current_tip(database, story)

    def passages(self, tip: PassageId | None) -> list[Passage]:
        """Return the passages from the story's beginning to `tip`."""
        with self._reading() as database:
            return line_to(database, tip)

    def children(self, passage: PassageId) -> list[Passage]:
        """Return what was ever written directly after a passage, oldest first."""
        with self._reading() as database:
            find_passage(database, passage)
            return children_of(database, passage)

    def text(self, story: StoryId) -> str:
        """Return the story as it reads now."""
        with self._reading() as database:
            return "".join(passage.text for passage in line_to(database, current_tip(database, story)))

    def undo(self, story: StoryId) -> bool:
        """Go back one move; False if there is none."""
        with self._writing() as database:
            now_at = current_move(database, story)
            if now_at is None:
                return False
            (previous,) = database.execute("SELECT previous FROM move WHERE id = ?", (now_at,)).fetchone()
            stand_at(database, story, previous, self._now())
            return True

    def redo(self, story: StoryId) -> bool:
        """Take the move that was undone last; False if there is none."""
        with self._writing() as database:
            following = next_move(database, story)
            if following is None:
                return False
            stand_at(database, story, following, self._now())
            return True

    def can_undo(self, story: StoryId) -> bool:
        """Tell whether there is a move to go back on."""
        with self._reading() as database:
            return current_move(database, story) is not None

    def can_redo(self, story: StoryId) -> bool:
        """Tell whether there is an undone move to take again."""
        with self._reading() as database:
            return next_move(database, story) is not None

    @contextlib.contextmanager
    def _using(self, mode: Literal["DEFERRED", "IMMEDIATE"]) -> Iterator[sqlite3.Connection]:
        with (
            self._lock,
            errors_are_said(self.path, self._clock),
            transaction(self._connection, mode),
        ):
            yield self._connection

    def _reading(self) -> contextlib.AbstractContextManager[sqlite3.Connection]:
        return self._using("DEFERRED")

    def _writing(self) -> contextlib.AbstractContextManager[sqlite3.Connection]:
        return self._using("IMMEDIATE")

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="milliseconds")


def _common_beginning(passages: list[Passage], text: str) -> tuple[PassageId | None, int]:
    """Return the last of the passages that `text` begins with, and how many characters they make."""
    kept, length = None, 0
    for passage in passages:
        if not text.startswith(passage.text, length):
            break
        kept, length = passage.id, length + len(passage.text)
    return kept, length
