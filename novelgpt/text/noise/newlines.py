"""Decoded text → raw lines, whatever stands for a line break in it.

Law: nothing but line breaks is dropped (and the tags that stand for them, where a file has no other); a text with
ordinary lines is cut at its ordinary newlines only.
"""

from __future__ import annotations

import re

GIANT = 2000
"""A line longer than this holds more than a paragraph if anything in it says so."""

_LINE_BREAK = re.compile("\r\n|\r|\n")
_RARE_BREAK = re.compile("[\u2028\u2029\u0085]")
_TAG_BREAK = re.compile(r"<br ?/?>|</?p>|</?div>|<p [^<>]{0,200}>", re.IGNORECASE)
_INDENT_BREAK = re.compile("(?<=\\S)[ \u00a0]{0,4}(?=\u3000\u3000\\S|    \\S|\u00a0\u00a0\u00a0\u00a0\\S)")
_LEAST = 3


def split_lines(text: str) -> tuple[list[str], int]:
    """Return the lines of `text` and how many line breaks were not a plain newline."""
    if "\r" not in text:
        lines, odd = text.split("\n"), 0
    else:
        lines, odd = _LINE_BREAK.split(text), text.count("\r")
    if len(text) > GIANT * len(lines):
        return _from_giants(lines, odd)
    return lines, odd


def _from_giants(lines: list[str], odd: int) -> tuple[list[str], int]:
    """Cut lines that are far longer than paragraphs at the next best thing to a newline."""
    cut: list[str] = []
    for line in lines:
        pieces = _pieces(line)
        odd += len(pieces) - 1
        cut.extend(pieces)
    return cut, odd


def _pieces(line: str) -> list[str]:
    if len(line) > GIANT:
        for mark in (_RARE_BREAK, _TAG_BREAK, _INDENT_BREAK):
            pieces = mark.split(line)
            if len(pieces) > _LEAST:
                return pieces
    return [line]
