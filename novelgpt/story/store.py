"""What was written, kept: passages go in, and the story's text, its past and its other branches come out.

Laws: `text` is what was last written; undo then redo changes nothing; no passage is ever lost, whatever is undone,
edited, killed or reopened. A story is a tree of passages; each change of its text is a move to another tip. Undo and
redo only walk the moves, so they delete nothing.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from novelgpt.errors import PassageFinished, StoryChangedElsewhere, UnknownPassage
from novelgpt.story.authorship import Run
from novelgpt.story.backups import DailyBackups
from novelgpt.story.beside import Beside, LoreEntry, add_beside, read_beside
from novelgpt.story.branches import Branch, Comparison, compare_tips, list_branches, require_passage
from novelgpt.story.cuts import add_cuts, read_cuts
from novelgpt.story.database import Clock, errors_are_said, open_database, transaction
from novelgpt.story.pages import UNSET, Unset, has_changed, keep_apart, runs_of, take_over
from novelgpt.story.sections import Cut, Cuts
from novelgpt.story.tree import (
    Author,
    Passage,
    PassageId,
    Story,
    StoryId,
    add_passage,
    add_story,
    checked,
    children_of,
    current_move,
    current_tip,
    find_passage,
    find_story,
    line_to,
    list_stories,
    move_to,
    newest_passage,
    next_move,
    require_story,
    stand_at,
    touch,
)

__all__ = [
    "UNSET",
    "Author",
    "Beside",
    "Branch",
    "Comparison",
    "LoreEntry",
    "Passage",
    "PassageId",
    "Story",
    "StoryId",
    "StoryStore",
    "Unset",
    "utc_now",
]


def utc_now() -> datetime:
    """Return the time, the clock of a real library."""
    return datetime.now(UTC)


class StoryStore:
    """The library in one SQLite file; may be used by several threads and several processes at once."""

    def __init__(self, path: Path, clock: Clock = utc_now) -> None:
        self.path, self._clock = path, clock
        self._lock = threading.Lock()
        self._connection = open_database(path, clock)
        self._backups = DailyBackups(path)
        self._backups.make(self._connection, clock())

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
        with self._writing() as database:
            return add_story(database, title, self._now())

    def import_story(
        self, title: str, texts: Sequence[str], beside: Beside | None = None, cuts: Cuts | None = None
    ) -> StoryId:
        """Start a story with passages that were written elsewhere; one undo takes all of them back."""
        now = self._now()
        with self._writing() as database:
            story = add_story(database, title, now)
            tip = None
            for text in texts:
                tip = add_passage(database, story, tip, text, "human", None, now)
            if tip is not None:
                move_to(database, story, tip, "append", now)
            add_beside(database, story, beside or Beside(), now)
            add_cuts(database, story, cuts or {}, now)
            return story

    def stories(self, *, archived: bool = False) -> list[Story]:
        """Return the stories in use, or those put away, the one worked on last first."""
        with self._reading() as database:
            return list_stories(database, archived=archived)

    def story(self, story: StoryId) -> Story:
        """Return one story, in use or put away."""
        with self._reading() as database:
            return find_story(database, story)

    def rename_story(self, story: StoryId, title: str) -> None:
        """Give a story another title."""
        with self._writing() as database:
            require_story(database, story)
            database.execute(
                "UPDATE story SET title = ?, updated_at = ? WHERE id = ?",
                (checked(title), self._now(), story),
            )

    def archive_story(self, story: StoryId) -> None:
        """Put a story away: it is listed apart and can be brought back; nothing of it is removed."""
        self._set_archived(story, self._now())

    def bring_back_story(self, story: StoryId) -> None:
        """List a story among those in use again."""
        self._set_archived(story, None)

    def beside(self, story: StoryId) -> Beside:
        """Return the memory, note and lore that stand beside a story."""
        with self._reading() as database:
            return read_beside(database, story)

    def set_beside(self, story: StoryId, beside: Beside) -> None:
        """Let other memory, note and lore stand beside a story; what stood there before stays in the file."""
        with self._writing() as database:
            if add_beside(database, story, beside, self._now()):
                touch(database, story, self._now())

    def cuts(self, story: StoryId) -> dict[str, Sequence[Cut]]:
        """Return what was said of the story's lines: at which a chapter begins, whatever they look like."""
        with self._reading() as database:
            return read_cuts(database, story)

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
            require_story(database, story)
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
            touch(database, old.story, self._now())

    def replace_text(
        self,
        story: StoryId,
        text: str,
        author: Author = "human",
        *,
        expected: PassageId | Unset | None = UNSET,
    ) -> PassageId | None:
        """Take over an edited page: keep the passages it begins with, add the rest as one passage; return the new tip.

        `expected` is the tip that the page was built on. Where the story has another text by now, that text stays and
        the page becomes a branch: nothing typed is lost, nothing written elsewhere is overwritten.
        """
        with self._writing() as database:
            if isinstance(expected, Unset) or not has_changed(database, story, text, expected):
                return take_over(database, story, text, author, self._now())
            kept = keep_apart(database, story, text, author, self._now(), built_on=expected)
        raise StoryChangedElsewhere(kept=kept)  # after the branch is on the disk

    def propose(
        self, story: StoryId, text: str, author: Author, settings: dict[str, Any] | None = None
    ) -> PassageId | None:
        """Keep what the story might read like as a branch, without going there; return the branch's end."""
        with self._writing() as database:
            tip = current_tip(database, story)
            return keep_apart(database, story, text, author, self._now(), built_on=tip, settings=settings)

    def runs(self, story: StoryId) -> list[Run]:
        """Return who wrote which characters of the story as it reads now."""
        with self._reading() as database:
            return runs_of(line_to(database, current_tip(database, story)))

    def tip(self, story: StoryId) -> PassageId | None:
        """Return the passage the story now ends with."""
        with self._reading() as database:
            return current_tip(database, story)

    def passages(self, tip: PassageId | None) -> list[Passage]:
        """Return the passages from the story's beginning to `tip`."""
        with self._reading() as database:
            return line_to(database, tip)

    def branches(self, story: StoryId) -> list[Branch]:
        """Return the ends a story can go to, newest first; of very many the newest."""
        with self._reading() as database:
            return list_branches(database, story)

    def compare(self, story: StoryId, one: PassageId | None, other: PassageId | None) -> Comparison:
        """Return what two branches share and how each goes on."""
        with self._reading() as database:
            return compare_tips(database, story, one, other)

    def go_to(self, story: StoryId, tip: PassageId | None) -> None:
        """Let a story read as it does at `tip` (None: the empty beginning); undo comes back."""
        with self._writing() as database:
            if tip is not None:
                require_passage(database, story, tip)
            if tip != current_tip(database, story):
                move_to(database, story, tip, "go", self._now())

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

    def _set_archived(self, story: StoryId, archived_at: str | None) -> None:
        with self._writing() as database:
            require_story(database, story)
            database.execute("UPDATE story SET archived_at = ? WHERE id = ?", (archived_at, story))

    @contextlib.contextmanager
    def _using(self, mode: Literal["DEFERRED", "IMMEDIATE"]) -> Iterator[sqlite3.Connection]:
        with self._lock, errors_are_said(self.path, self._clock):
            if mode == "IMMEDIATE":
                self._backups.make(self._connection, self._clock())
            with transaction(self._connection, mode):
                yield self._connection

    def _reading(self) -> contextlib.AbstractContextManager[sqlite3.Connection]:
        return self._using("DEFERRED")

    def _writing(self) -> contextlib.AbstractContextManager[sqlite3.Connection]:
        return self._using("IMMEDIATE")

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="milliseconds")
