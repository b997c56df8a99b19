"""What stands beside a story and is sent along with it: memory, author's note and lore, kept as rows of their own.

Law: what was set last is what counts, and every earlier state stays in the file; setting what already counts adds nothing.
Every function works inside its caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass

from novelgpt.errors import BadValue
from novelgpt.messages import Message
from novelgpt.story.tree import StoryId, checked, insert, require_story

MOST_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class LoreEntry:
    """Something true in the story's world; sent along when one of its keys is mentioned, or always."""

    name: str
    keys: tuple[str, ...] = ()
    text: str = ""
    always: bool = False


@dataclass(frozen=True)
class Beside:
    """Everything that stands beside one story."""

    memory: str = ""
    note: str = ""
    lore: tuple[LoreEntry, ...] = ()


def read_beside(database: sqlite3.Connection, story: StoryId) -> Beside:
    """Return what was set last; the story must exist."""
    require_story(database, story)
    row = database.execute(
        "SELECT memory, note, lore FROM beside WHERE story = ? ORDER BY id DESC LIMIT 1", (story,)
    ).fetchone()
    return Beside() if row is None else Beside(row[0], row[1], _lore(row[2]))


def add_beside(database: sqlite3.Connection, story: StoryId, beside: Beside, now: str) -> bool:
    """Let `beside` count from now on; False if it already does."""
    if read_beside(database, story) == beside:
        return False
    _require_size(beside)
    lore = json.dumps([asdict(entry) for entry in beside.lore], ensure_ascii=False)
    insert(
        database,
        "INSERT INTO beside (story, memory, note, lore, at) VALUES (?, ?, ?, ?, ?)",
        (story, checked(beside.memory), checked(beside.note), checked(lore), now),
    )
    return True


def _require_size(beside: Beside) -> None:
    """Every change keeps the whole state anew, so the whole must stay small."""
    lore = (len(entry.name) + len(entry.text) + sum(map(len, entry.keys)) for entry in beside.lore)
    size = len(beside.memory) + len(beside.note) + sum(lore)
    if size > MOST_CHARACTERS:
        allowed = Message("library.beside_limit", {"limit": MOST_CHARACTERS})
        raise BadValue(name=Message("library.beside"), value=size, allowed=allowed)


def _lore(noted: str) -> tuple[LoreEntry, ...]:
    return tuple(
        LoreEntry(entry["name"], tuple(entry["keys"]), entry["text"], entry["always"])
        for entry in json.loads(noted)
    )
