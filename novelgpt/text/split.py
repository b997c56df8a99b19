"""Decoded text → chapters: lines that look like headings are candidates, and the book as a whole decides among them.

Law: nothing is dropped. Joining `chapter.whole()` of all chapters gives exactly the cleaned, non-blank lines of the text.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from novelgpt.text.chapter import Chapter, Kind
from novelgpt.text.clean import INDENT, clean_lines, split_lines
from novelgpt.text.selection import Chosen, Line, choose_headings


@dataclass(frozen=True)
class Section:
    """A stretch of lines, `start` to `end`, of one kind; `heading` says whether its first line is its title."""

    start: int
    end: int
    kind: Kind
    heading: bool
    number: int | None = None


@dataclass(frozen=True)
class Split:
    """A book cut into chapters, where they lie in the lines, and what was noticed on the way."""

    chapters: list[Chapter]
    sections: list[Section]
    removed: Counter[str] = field(default_factory=Counter)
    contents_lines: int = 0


def split_chapters(text: str) -> list[Chapter]:
    """Return the chapters of a book's text."""
    return split_book(text).chapters


def split_book(text: str) -> Split:
    """Return the chapters with their sections, the counts of what cleaning removed, and the lines of a contents list."""
    raw, odd_newlines = split_lines(text)
    clean, removed = clean_lines(raw)
    if odd_newlines:
        removed["newlines"] = odd_newlines
    headings, contents = choose_headings(_lines(raw, clean))
    return assemble(clean, headings, removed, contents)


def assemble(clean: list[str], headings: list[Chosen], removed: Counter[str], contents: int = 0) -> Split:
    """Return the chapters that begin at `headings`."""
    sections = _sections(len(clean), headings, clean)
    chapters = [_chapter(section, index, clean) for index, section in enumerate(sections)]
    return Split(chapters, sections, removed, contents)


def _lines(raw: list[str], clean: list[str]) -> list[Line]:
    """Return the non-blank lines with what surrounds them."""
    blank = [not text for text in clean] + [True]
    return [
        Line(position, text, raw[position][:1] not in INDENT, blank[position - 1], blank[position + 1])
        for position, text in enumerate(clean)
        if text
    ]


def _sections(count: int, headings: list[Chosen], clean: list[str]) -> list[Section]:
    """Return the stretches between headings, the text before the first one as front matter."""
    if not headings:
        return [Section(0, count, "chapter", False)] if any(clean) else []
    first = headings[0][0]
    sections = [Section(0, first, "front", False)] if any(clean[:first]) else []
    ends = [position for position, _, _ in headings[1:]] + [count]
    for (start, heading, kind), end in zip(headings, ends, strict=True):
        sections.append(Section(start, end, kind, True, heading.number))
    return sections


def _chapter(section: Section, index: int, clean: list[str]) -> Chapter:
    body = section.start + section.heading
    return Chapter(
        title=clean[section.start] if section.heading else "",
        text="\n".join(filter(None, clean[body : section.end])),
        kind=section.kind,
        number=section.number,
        index=index,
    )
