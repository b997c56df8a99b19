"""A story's text → its sections: the same reading of headings that ingest has, with the place of each in the text.

Law: the sections join to the text. Nothing is cleaned out of what a person writes; cleaning only decides what is a heading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from novelgpt.text.chapter import Kind
from novelgpt.text.clean import INDENT
from novelgpt.text.split import Split, split_raw_lines


@dataclass(frozen=True)
class Section:
    """A stretch of the text; `body` is where what follows its title begins, and without a title it is the start."""

    title: str
    kind: Kind
    start: int
    body: int
    end: int
    characters: int


def sections_of(text: str) -> list[Section]:
    """Return the volumes and chapters of a text; one without headings is one section, an empty one has none."""
    if not text:
        return []
    lines = text.split("\n")
    split = split_raw_lines(lines)
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    if not split.sections:
        return [_section("", "chapter", text, 0, 0, len(text))]
    return list(_placed(text, lines, starts, split))


def paragraphs_of(text: str) -> list[str]:
    """Return the paragraphs of a stretch of text, without indents and blank lines."""
    return [paragraph for line in text.split("\n") if (paragraph := line.strip(INDENT + "\r"))]


def _placed(text: str, lines: Sequence[str], starts: Sequence[int], split: Split) -> list[Section]:
    """Lay the sections of the lines on the text; blank lines before the first belong to it."""
    first = starts[split.sections[0].start]
    placed = []
    if text[:first].strip():  # ingest would have cleaned it out; here it is what a person wrote
        placed.append(_section("", "front", text, 0, 0, first))
    else:
        first = 0
    places = [first, *(starts[section.start] for section in split.sections[1:]), len(text)]
    for (start, end), found, chapter in zip(pairwise(places), split.sections, split.chapters, strict=True):
        title, body = "", start
        if found.heading:
            ends = chapter.title if found.title_ends else ""
            title, length = _title(lines[found.start], ends)
            body = min(starts[found.start] + length, end) if title else start
        placed.append(_section(title, chapter.kind, text, start, body, end))
    return placed


def _title(line: str, ends: str) -> tuple[str, int]:
    """Return the title as it was typed and where the text goes on: in the next line, or behind `ends` in the same."""
    if not ends:
        return line.strip(INDENT + "\r"), len(line) + 1
    place = line.find(ends)
    return ("", 0) if place < 0 else (ends, place + len(ends))


def _section(title: str, kind: Kind, text: str, start: int, body: int, end: int) -> Section:
    return Section(title, kind, start, body, end, len("".join(text[start:end].split())))
