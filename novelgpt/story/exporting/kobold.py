"""KoboldAI's story files, in and out: the first passage is the prompt, each later one an action.

Law: reading what was written gives the same text, the same passages, and the same memory, note and lore.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from novelgpt.errors import NotKoboldStory
from novelgpt.story.beside import Beside, LoreEntry

MEDIA_TYPE = "application/json"
MOST_PASSAGES = 100_000
MOST_ENTRIES = 10_000


@dataclass(frozen=True)
class KoboldStory:
    """What such a file holds that we have a place for; the passages join to the text."""

    passages: tuple[str, ...]
    beside: Beside


def to_kobold(passages: Sequence[str], beside: Beside) -> bytes:
    """Return the file's bytes."""
    whole = {
        "gamestarted": True,
        "prompt": passages[0] if passages else "",
        "memory": beside.memory,
        "authorsnote": beside.note,
        "anotetemplate": "<|>",
        "actions": list(passages[1:]),
        "actions_metadata": {},
        "worldinfo": [_entry(entry, number) for number, entry in enumerate(beside.lore)],
        "wifolders_d": {},
        "wifolders_l": [],
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def read_kobold(data: bytes) -> KoboldStory:
    """Return the story in a file; what is not one is refused with what is wrong with it."""
    try:
        whole = json.loads(data.decode("utf-8-sig"))
        return _story(whole)
    except RecursionError:
        raise NotKoboldStory(detail="nested too deeply") from None
    except (ValueError, TypeError, KeyError) as error:
        raise NotKoboldStory(detail=error) from None


def _entry(entry: LoreEntry, number: int) -> dict[str, Any]:
    return {
        "key": ", ".join(entry.keys),
        "keysecondary": "",
        "content": entry.text,
        "comment": entry.name,
        "num": number,
        "folder": None,
        "selective": False,
        "constant": entry.always,
    }


def _story(whole: Any) -> KoboldStory:
    if not isinstance(whole, dict) or "prompt" not in whole:
        raise ValueError('no "prompt"')
    passages = [_words(whole["prompt"]), *_actions(whole.get("actions") or [])]
    entries = whole.get("worldinfo") or []
    if not isinstance(entries, list) or len(entries) > MOST_ENTRIES:
        raise ValueError('"worldinfo" is no list')
    lore = tuple(_lore(entry) for entry in entries if isinstance(entry, dict))
    beside = Beside(_words(whole.get("memory")), _words(whole.get("authorsnote")), lore)
    return KoboldStory(tuple(passage for passage in passages if passage), beside)


def _actions(actions: Any) -> list[str]:
    """Return the passages of either generation of the format: a list of texts, or numbered records."""
    if isinstance(actions, dict):
        records = actions.get("actions")
        if not isinstance(records, dict):
            raise ValueError('"actions" holds none')
        actions = [records[number]["Selected Text"] for number in sorted(records, key=int)]
    if not isinstance(actions, list) or len(actions) > MOST_PASSAGES:
        raise ValueError('"actions" is no list')
    return [_words(action) for action in actions]


def _lore(entry: dict[str, Any]) -> LoreEntry:
    keys = tuple(key for part in _words(entry.get("key")).split(",") if (key := part.strip()))
    name = _words(entry.get("comment")) or (keys[0] if keys else "")
    return LoreEntry(name, keys, _words(entry.get("content")), bool(entry.get("constant")))


def _words(value: Any) -> str:
    """Return a text field; a missing one is empty, any other kind of value is damage."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where text was expected")
    value.encode("utf-8")  # half a character is damage, too
    return value
