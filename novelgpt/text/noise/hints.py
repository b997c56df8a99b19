"""A pattern → letters that every match of it holds, so that most lines need not be asked about the pattern at all.

Law: a text that a phrase matches holds `needed(phrase)`. Written for the plain patterns of this folder: literals, groups,
classes, and short repeats.
"""

from __future__ import annotations

import re

_REPEAT = r"(?:[?*+]|\{\d*,?\d*\})?"
_GROUP = re.compile(rf"\([^()]*\){_REPEAT}")
_CLASS = re.compile(rf"\[[^\]]*\]{_REPEAT}|\\[a-zA-Z]{_REPEAT}|\.{_REPEAT}")
_OPTIONAL = re.compile(r"[^\n](?:[?*]|\{0?,\d*\})")
_REPEATED = re.compile(r"\{\d+,?\d*\}|\+")
_CUT = "\n"


def alternatives(pattern: str) -> list[str]:
    """Return the parts of a pattern between the bars that stand outside all brackets."""
    parts, depth, within = [""], 0, False
    for character in pattern:
        within = (within or character == "[") and character != "]"
        depth += (character == "(") - (character == ")") if not within else 0
        if character == "|" and depth == 0 and not within:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def needed(phrase: str) -> str:
    """Return the longest run of letters that no match of the phrase can do without; empty if there is none."""
    rest = _CLASS.sub(_CUT, phrase)
    while (shorter := _GROUP.sub(_CUT, rest)) != rest:
        rest = shorter
    pieces = _REPEATED.sub(_CUT, _OPTIONAL.sub(_CUT, rest)).split(_CUT)
    return max((re.sub(r"\\(.)", r"\1", piece) for piece in pieces), key=len)
