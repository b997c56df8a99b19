"""One raw line → one clean line, and which rules changed it.

Law: cleaning never touches a visible character; it removes what cannot be seen, and it is idempotent.
Newlines are settled by `split_lines`: CRLF and CR end a line exactly as LF does.
"""

from __future__ import annotations

import re
from collections import Counter

INDENT = " \t\u3000\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
RULES = ("newlines", "controls", "zero_width", "indents", "trailing_spaces", "blank_lines")

_LINE_BREAK = re.compile("\r\n|\r|\n")
_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff]+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]+")
_UNSEEN = re.compile(f"{_ZERO_WIDTH.pattern}|{_CONTROL.pattern}")


def split_lines(text: str) -> tuple[list[str], int]:
    """Return the lines of `text` and how many line breaks were not a plain newline."""
    if "\r" not in text:
        return text.split("\n"), 0
    return _LINE_BREAK.split(text), text.count("\r")


def clean_line(line: str) -> tuple[str, dict[str, int]]:
    """Return the line without indentation, trailing spaces and invisible characters, and the count by rule."""
    found: dict[str, int] = {}
    if _UNSEEN.search(line):
        line = _without(line, found)
    bare = line.strip(INDENT)
    if not bare:
        found["blank_lines"] = 1
    elif len(bare) < len(line):
        if line[0] in INDENT:
            found["indents"] = 1
        if line[-1] in INDENT:
            found["trailing_spaces"] = 1
    return bare, found


def clean_lines(lines: list[str]) -> tuple[list[str], Counter[str]]:
    """Clean every line; blank ones stay as empty strings, so that line numbers keep their meaning."""
    removed: Counter[str] = Counter()
    cleaned = []
    for line in lines:
        bare, found = clean_line(line)
        cleaned.append(bare)
        if found:
            removed.update(found)
    return cleaned, removed


def _without(line: str, found: dict[str, int]) -> str:
    """Remove unseen characters, counting each kind."""
    for rule, pattern in (("zero_width", _ZERO_WIDTH), ("controls", _CONTROL)):
        shorter = pattern.sub("", line)
        if len(shorter) < len(line):
            found[rule] = len(line) - len(shorter)
            line = shorter
    return line
