"""The markers of `train.json`, named once: a chapter goes in, `[MASK]…[SEP]…[CLS]` comes out.

Law: `unmark(mark(text)) == text`. A marker that an author wrote in the story is escaped as `[\\SEP]` and never mistaken.
"""

from __future__ import annotations

import re

CHAPTER_START = "[MASK]"
NEWLINE = "[SEP]"
CHAPTER_END = "[CLS]"
PADDING = "[PAD]"
UNKNOWN = "[UNK]"
SPECIALS = (PADDING, UNKNOWN, CHAPTER_END, NEWLINE, CHAPTER_START)
"""Their order is their id: 0 to 4 in every vocabulary."""

_LITERAL = re.compile(r"\[(\\*)(PAD|UNK|CLS|SEP|MASK)\]")
_ESCAPED = re.compile(r"\[\\(\\*)(PAD|UNK|CLS|SEP|MASK)\]")


def mark(text: str) -> str:
    """Return a chapter's text as one string of `train.json`."""
    escaped = _LITERAL.sub(r"[\\\1\2]", text)
    return CHAPTER_START + escaped.replace("\n", NEWLINE) + CHAPTER_END


def unmark(marked: str) -> str:
    """Return the chapter's text that `mark` was given."""
    body = marked.removeprefix(CHAPTER_START).removesuffix(CHAPTER_END)
    return _ESCAPED.sub(r"[\1\2]", body.replace(NEWLINE, "\n"))
