"""What is true of the people, places and things of a story, found by the names under which they appear.

In: entries written here, or exported by other writing programs. Out: those that a text mentions. Law: entries come in their own order; one
without keys is never found unless it is always meant.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from novelgpt.errors import InputError

LARGEST_FILE = 4_000_000
MOST_ENTRIES = 2_000
_LONGEST = 20_000


class BadLore(InputError):
    """A file of entries that cannot be understood."""


@dataclass(frozen=True)
class Lore:
    """An entry."""

    name: str
    keys: tuple[str, ...]
    text: str
    always: bool = False


def named(entries: Sequence[Lore], text: str) -> list[Lore]:
    """Return the entries that a text mentions, and those that are always meant."""
    return [entry for entry in entries if entry.always or any(key in text for key in entry.keys)]


def read_lore(path: Path) -> tuple[Lore, ...]:
    """Read a JSON file: a list of entries, or what KoboldAI, NovelAI or SillyTavern export."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"{path.stat().st_size} bytes")
        entries = tuple(_entries(json.loads(path.read_text(encoding="utf-8-sig"))))
    except (OSError, ValueError, RecursionError) as error:
        raise BadLore(path=path, detail=" ".join(str(error).split())[:200]) from None
    if not entries or len(entries) > MOST_ENTRIES:
        raise BadLore(path=path, detail=f"{len(entries)} entries")
    return entries


def _entries(raw: Any) -> Iterator[Lore]:
    """Find the list that other programs keep under one name or another."""
    if isinstance(raw, Mapping):
        found = raw.get("entries") or raw.get("worldinfo") or []
        raw = list(found.values()) if isinstance(found, Mapping) else found
    if not isinstance(raw, list):
        raise ValueError("no list of entries")
    for one in raw:
        if isinstance(one, Mapping) and not one.get("disable") and one.get("enabled", True):
            yield from _entry(one)


def _entry(one: Mapping[str, Any]) -> Iterator[Lore]:
    given = one.get("keys", one.get("key", ""))
    keys = given.replace("，", ",").split(",") if isinstance(given, str) else given
    if not isinstance(keys, list):
        raise ValueError(f"keys = {str(keys)[:40]!r}")
    names = tuple(str(key).strip()[:100] for key in keys if str(key).strip())
    text = str(one.get("text") or one.get("content") or "").strip()[:_LONGEST]
    always = bool(one.get("always") or one.get("constant") or one.get("forceActivation"))
    shown = str(one.get("name") or one.get("displayName") or one.get("comment") or "、".join(names[:3]))
    if text and (names or always):
        yield Lore(shown[:100], names, text, always)
