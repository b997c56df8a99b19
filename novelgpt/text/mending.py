"""Chapters as a program cut them → as a person wants them: joined, divided, renamed, left out.

Law: joining, dividing and renaming never lose a character of the text: what was a title becomes a line, what was a line
becomes a title. Only what is left out is gone, and it is asked for by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from novelgpt.errors import BadValue
from novelgpt.messages import Message
from novelgpt.text.chapter import Chapter, Source
from novelgpt.text.headings.forms import heading_of

LONGEST_TITLE = 100


def merged(chapters: Sequence[Chapter], index: int) -> tuple[Chapter, ...]:
    """Put a chapter at the end of the one before it; its heading becomes a line."""
    chapter = chapter_at(chapters, index)
    if index == 0:
        raise BadValue(name=Message("mending.chapter"), value=1, allowed=Message("mending.not_first"))
    before = chapters[index - 1]
    text = "\n".join(part for part in (before.text, chapter.whole()) if part)
    joined = replace(before, text=text, source=_both(before.source, chapter.source))
    return (*chapters[: index - 1], joined, *chapters[index + 1 :])


def split_at(chapters: Sequence[Chapter], index: int, line: int) -> tuple[Chapter, ...]:
    """Let a new chapter begin at a line of another's text; a line short enough becomes its heading."""
    chapter = chapter_at(chapters, index)
    lines = chapter.text.split("\n")
    if not chapter.text or not 0 <= line < len(lines):
        allowed = Message("mending.a_line", {"last": len(lines)})
        raise BadValue(name=Message("mending.line"), value=line + 1, allowed=allowed)
    titled = len(lines[line]) <= LONGEST_TITLE
    title, rest = (lines[line], lines[line + 1 :]) if titled else ("", lines[line:])
    source = replace(chapter.source, bytes=None)  # where in the file the halves lie is not known
    first = replace(chapter, text="\n".join(lines[:line]), source=source)
    second = replace(chapter, text="\n".join(rest), kind="chapter", source=source)
    parts = [first] if first.whole() else []
    return (*chapters[:index], *parts, _titled(second, title), *chapters[index + 1 :])


def renamed(chapters: Sequence[Chapter], index: int, title: str) -> tuple[Chapter, ...]:
    """Give a chapter another heading, on one line; '' takes its heading away."""
    chapter = _titled(chapter_at(chapters, index), " ".join(title.split())[:LONGEST_TITLE])
    return (*chapters[:index], chapter, *chapters[index + 1 :])


def left_out(chapters: Sequence[Chapter], index: int) -> tuple[Chapter, ...]:
    """Leave a chapter out; a book keeps at least one."""
    chapter_at(chapters, index)
    if len(chapters) == 1:
        raise BadValue(name=Message("mending.chapter"), value=1, allowed=Message("mending.not_last"))
    return (*chapters[:index], *chapters[index + 1 :])


def chapter_at(chapters: Sequence[Chapter], index: int) -> Chapter:
    """Return one chapter; it must be there."""
    if not 0 <= index < len(chapters):
        allowed = Message("mending.a_chapter", {"last": len(chapters)})
        raise BadValue(name=Message("mending.chapter"), value=index + 1, allowed=allowed)
    return chapters[index]


def _titled(chapter: Chapter, title: str) -> Chapter:
    heading = heading_of(title)
    return replace(chapter, title=title, number=heading.number if heading else None)


def _both(first: Source, second: Source) -> Source:
    """Return where two chapters in a row came from, together."""
    if first.bytes is None or second.bytes is None or first.bytes[1] != second.bytes[0]:
        return replace(first, bytes=None)
    return replace(first, bytes=(first.bytes[0], second.bytes[1]))
