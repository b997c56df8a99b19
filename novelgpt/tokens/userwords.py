"""A user's list of names, places and 功法 → the words that must stay whole.

In: a text file in any encoding, one word a line; lines that begin with # are notes, and a count after the word (as in
jieba's dictionaries) is passed over. Law: the list is bounded, without repeats, in the order of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from novelgpt.errors import BadValue, EmptyText
from novelgpt.messages import Message
from novelgpt.text.plain import read_plain_text
from novelgpt.tokens.vocab import is_piece

MOST_WORDS = 100_000
_MOST_BYTES = 10_000_000
_COUNT = re.compile(r"[ \t]+\d{1,12}(?:[ \t]+[A-Za-z]{1,9})?$")


@dataclass(frozen=True)
class UserWords:
    """The words that become pieces, and those that cannot (too long, or with signs that no piece may hold)."""

    words: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def read_user_words(path: Path) -> UserWords:
    """Return the words in the file at `path`."""
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        raise _too_many(f"{path.stat().st_size:,} B")
    lines = (line.strip() for line in read_plain_text(path).split("\n"))
    words = dict.fromkeys(_COUNT.sub("", line) for line in lines if line and not line.startswith("#"))
    if not words:
        raise EmptyText(what=path)
    if len(words) > MOST_WORDS:
        raise _too_many(f"{len(words):,}")
    whole = tuple(word for word in words if is_piece(word))
    return UserWords(whole, tuple(word for word in words if not is_piece(word)))


def _too_many(found: str) -> BadValue:
    return BadValue(
        name="--user-words", value=found, allowed=Message("vocab.user_words_limit", {"most": MOST_WORDS})
    )
