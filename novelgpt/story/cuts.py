"""What a person said of a story's lines, kept: at which of them a chapter begins, whatever they look like.

Law: what was said last is what counts, and every earlier state stays in the file. Every function works inside its
caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from novelgpt.story.sections import Cut, Cuts
from novelgpt.story.tree import StoryId, checked, insert, require_story


def read_cuts(database: sqlite3.Connection, story: StoryId) -> dict[str, Sequence[Cut]]:
    """Return what was said last; the story must exist."""
    require_story(database, story)
    row = database.execute(
        "SELECT lines FROM cuts WHERE story = ? ORDER BY id DESC LIMIT 1", (story,)
    ).fetchone()
    said: dict[str, Sequence[Cut]] = json.loads(row[0]) if row else {}
    return said


def add_cuts(database: sqlite3.Connection, story: StoryId, cuts: Cuts, now: str) -> None:
    """Let this count from now on."""
    if cuts:
        lines = checked(json.dumps(dict(cuts), ensure_ascii=False))
        insert(database, "INSERT INTO cuts (story, lines, at) VALUES (?, ?, ?)", (story, lines, now))
