"""A book's lines → chapters: noise is taken out, lines that look like headings are candidates, the book as a whole decides.

Law: nothing is dropped unaccounted. Joining `chapter.whole()` of all chapters gives exactly the cleaned, non-blank lines
(a line that holds a whole chapter is cut behind its title); what cleaning took out is in `removals`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from novelgpt.text.chapter import Chapter, Kind
from novelgpt.text.clean import INDENT, Cleaned, Removal, clean_lines, split_lines
from novelgpt.text.headings.forms import Heading, heading_of
from novelgpt.text.headings.selection import Candidate, Chosen, Line, choose_headings, with_kinds
from novelgpt.text.rules import BUILT_IN, Rules

FEWEST_TAGS = 2
"""A source that tags one heading tagged its title page; from two on, its tags are its chapters."""


@dataclass(frozen=True)
class Section:
    """A stretch of lines, `start` to `end`, of one kind; `heading` says whether its first line is its title."""

    start: int
    end: int
    kind: Kind
    heading: bool
    number: int | None = None
    title_ends: int = 0
    """Where the title ends when the chapter goes on in the same line; 0 when the whole line is the title."""


@dataclass(frozen=True)
class Split:
    """A book cut into chapters, where they lie in the lines, and what was noticed on the way."""

    chapters: list[Chapter]
    sections: list[Section]
    removed: Counter[str] = field(default_factory=Counter)
    removals: list[Removal] = field(default_factory=list)
    contents_lines: int = 0


def split_chapters(text: str) -> list[Chapter]:
    """Return the chapters of a book's text."""
    return split_book(text).chapters


def split_book(text: str, rules: Rules = BUILT_IN) -> Split:
    """Return the chapters of a text, where they lie, and what cleaning took out."""
    raw, odd_newlines = split_lines(text)
    split = split_raw_lines(raw, (), rules)
    if odd_newlines:
        split.removed["newlines"] = odd_newlines
    return split


def split_raw_lines(raw: Sequence[str], marked: Collection[int] = (), rules: Rules = BUILT_IN) -> Split:
    """Return the chapters of a book's raw lines; `marked` are the lines that the source's format calls headings."""
    cleaned = clean_lines(raw, marked, rules)
    tagged = [position for position in sorted(marked) if cleaned.lines[position]]
    if len(tagged) >= FEWEST_TAGS:
        candidates = [_tagged(position, cleaned.lines[position]) for position in tagged]
        return _assemble(cleaned, with_kinds(candidates))
    headings, contents = choose_headings(_lines(raw, cleaned), rules)
    return _assemble(cleaned, headings, contents)


def _tagged(position: int, text: str) -> Candidate:
    """Return what a tagged heading says of itself; the tag vouches for a title without a number."""
    heading = heading_of(text) or Heading("word", "", None, firm=True)
    return Candidate(position, Line(position, text), heading)


def _assemble(cleaned: Cleaned, headings: list[Chosen], contents: int = 0) -> Split:
    """Return the chapters that begin at `headings`."""
    sections = _sections(headings, cleaned.lines)
    chapters = [_chapter(section, index, cleaned.lines) for index, section in enumerate(sections)]
    return Split(chapters, sections, cleaned.counts.copy(), list(cleaned.removals), contents)


def _lines(raw: Sequence[str], cleaned: Cleaned) -> list[Line]:
    """Return the non-blank lines with what surrounds them; a line that was joined to the one above is no blank."""
    blank = [not text for text in cleaned.lines] + [True]
    for position in cleaned.joined:
        blank[position] = False
    return [
        Line(position, text, raw[position][:1] not in INDENT, blank[position - 1], blank[position + 1])
        for position, text in enumerate(cleaned.lines)
        if text
    ]


def _sections(headings: list[Chosen], clean: Sequence[str]) -> list[Section]:
    """Return the stretches between headings, the text before the first one as front matter."""
    if not headings:
        return [Section(0, len(clean), "chapter", False)] if any(clean) else []
    first = headings[0][0]
    sections = [Section(0, first, "front", False)] if any(clean[:first]) else []
    ends = [position for position, _, _ in headings[1:]] + [len(clean)]
    for (start, heading, kind), end in zip(headings, ends, strict=True):
        sections.append(Section(start, end, kind, True, heading.number, heading.ends))
    return sections


def _chapter(section: Section, index: int, clean: Sequence[str]) -> Chapter:
    first = clean[section.start]
    ends = section.title_ends or len(first)
    title, rest = (
        (first[:ends].rstrip(INDENT), first[ends:].lstrip(INDENT)) if section.heading else ("", first)
    )
    body = [rest, *clean[section.start + 1 : section.end]]
    return Chapter(
        title=title,
        text="\n".join(filter(None, body)),
        kind=section.kind,
        number=section.number,
        index=index,
    )
