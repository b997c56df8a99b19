"""The schema of the story library as ordered steps; `PRAGMA user_version` counts the steps a file has taken.

Law: a file of any earlier version takes the missing steps and keeps everything in it. A step that has been released is
never edited; a change is a new step at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

Step = tuple[str, ...]

APPLICATION_ID = 0x4E475054
"""The letters NGPT in the file's header: how we know our own files from other programs' databases."""

# A parent is older than its child and a move older than the one after it, so no damage of ours can make a circle.
_STORIES = (
    """CREATE TABLE story (
        id INTEGER PRIMARY KEY,
        title TEXT NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        move INTEGER REFERENCES move (id)
    ) STRICT""",
    """CREATE TABLE passage (
        id INTEGER PRIMARY KEY,
        story INTEGER NOT NULL REFERENCES story (id),
        parent INTEGER REFERENCES passage (id) CHECK (parent < id),
        author TEXT NOT NULL CHECK (author IN ('human', 'model')),
        text TEXT NOT NULL,
        settings TEXT,
        created_at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE move (
        id INTEGER PRIMARY KEY,
        story INTEGER NOT NULL REFERENCES story (id),
        previous INTEGER REFERENCES move (id) CHECK (previous < id),
        tip INTEGER REFERENCES passage (id),
        kind TEXT NOT NULL,
        at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX passage_parent ON passage (parent)",
    "CREATE INDEX passage_story ON passage (story)",
    "CREATE INDEX move_story_previous ON move (story, previous)",
)

_BESIDE = (
    "ALTER TABLE story ADD COLUMN archived_at TEXT",
    """CREATE TABLE beside (
        id INTEGER PRIMARY KEY,
        story INTEGER NOT NULL REFERENCES story (id),
        memory TEXT NOT NULL,
        note TEXT NOT NULL,
        lore TEXT NOT NULL,
        at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX beside_story ON beside (story)",
)

_CUTS = (
    """CREATE TABLE cuts (
        id INTEGER PRIMARY KEY,
        story INTEGER NOT NULL REFERENCES story (id),
        lines TEXT NOT NULL,
        at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX cuts_story ON cuts (story)",
)

MIGRATIONS: tuple[Step, ...] = (_STORIES, _BESIDE, _CUTS)


def version_of(connection: sqlite3.Connection) -> int:
    """Return how many steps the file has taken."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def upgrade(connection: sqlite3.Connection, steps: Sequence[Step] = MIGRATIONS) -> None:
    """Take the missing steps, inside the caller's transaction."""
    for step in steps[version_of(connection) :]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(steps)}")
