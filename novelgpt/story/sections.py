"""A story's text → its sections: the same reading of headings that ingest has, with the place of each in the text.

Laws: the sections join to the text. Nothing is cleaned out of what a person writes; cleaning only decides what is a
heading, and where a person has said of a line whether a chapter begins there, that counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal

from novelgpt.text.chapter import Chapter, Kind
from novelgpt.text.clean import INDENT
from novelgpt.text.split import split_raw_lines

Cut = Kind | Literal["untitled", "none"]
"""What a line is: the heading of a section of that kind, the first line of one without a heading, or neither."""
Cuts = Mapping[str, Sequence[Cut]]
"""What a person said of lines: of each line by its text, the first time it stands there, the second, and so on."""
LONGEST_LINE = 200
"""Longer lines are known by their beginnings."""


@dataclass(frozen=True)
class Section:
    """A stretch of the text; `body` is where what follows its title begins, and without a title it is the start."""

    title: str
    kind: Kind
    start: int
    body: int
    end: int
    characters: int


@dataclass(frozen=True)
class Volume:
    """A volume and the sections below it, each with its place among all; what precedes the first volume has no heading."""

    heading: tuple[int, Section] | None
    sections: tuple[tuple[int, Section], ...]

    @property
    def characters(self) -> int:
        """How long the volume is, its own heading and foreword included."""
        return sum(section.characters for _, section in self.all())

    def all(self) -> tuple[tuple[int, Section], ...]:
        """Return the volume's own section and those below it."""
        return (*([self.heading] if self.heading else []), *self.sections)


@dataclass(frozen=True)
class _Start:
    """Where a section begins: its line, and its title where one stands there (`ends`: which ends within the line)."""

    line: int
    kind: Kind
    titled: bool
    ends: str = ""

    @property
    def cut(self) -> Cut:
        return self.kind if self.titled else "untitled"


def sections_of(text: str, cuts: Cuts | None = None) -> list[Section]:
    """Return the volumes and chapters of a text; one without headings is one section, an empty one has none."""
    if not text:
        return []
    lines = text.split("\n")
    starts = _told(_recognised(lines), lines, cuts or {})
    if not starts:
        return [_section("", "chapter", text, 0, 0, len(text))]
    return _placed(text, lines, starts)


def volumes_of(sections: Sequence[Section]) -> list[Volume]:
    """Return the sections by volumes; a text without any is one volume without a heading."""
    groups: list[tuple[tuple[int, Section] | None, list[tuple[int, Section]]]] = []
    for number, section in enumerate(sections):
        if section.kind == "volume":
            groups.append(((number, section), []))
        elif not groups:
            groups.append((None, [(number, section)]))
        else:
            groups[-1][1].append((number, section))
    return [Volume(heading, tuple(below)) for heading, below in groups]


def cuts_of(chapters: Sequence[Chapter]) -> dict[str, tuple[Cut, ...]]:
    """Return what must be said of the lines of these chapters so that their text is cut into them again."""
    lines, wanted = _laid_out(chapters)
    found = {start.line: start.cut for start in _recognised(lines)}
    if not found and lines:
        found = {0: "untitled"}  # as a text that is one section
    odd = {
        _key(lines[place]) for place in wanted.keys() | found.keys() if wanted.get(place) != found.get(place)
    }
    said: defaultdict[str, list[Cut]] = defaultdict(list)
    for place, line in enumerate(lines):
        if (key := _key(line)) in odd:
            said[key].append(wanted.get(place, "none"))
    return {key: tuple(of_line) for key, of_line in said.items()}


def paragraphs_of(text: str) -> list[str]:
    """Return the paragraphs of a stretch of text, without indents and blank lines."""
    return [paragraph for line in text.split("\n") if (paragraph := line.strip(INDENT + "\r"))]


def _laid_out(chapters: Sequence[Chapter]) -> tuple[list[str], dict[int, Cut]]:
    """Return the lines of an imported text, and which of them begin a chapter."""
    lines: list[str] = []
    wanted: dict[int, Cut] = {}
    for chapter in chapters:
        if whole := chapter.whole():
            lines += [""] if lines else []
            wanted[len(lines)] = chapter.kind if chapter.title else "untitled"
            lines += whole.split("\n")
    return lines, wanted


def _recognised(lines: Sequence[str]) -> list[_Start]:
    """Return where sections begin by the look of the lines."""
    split = split_raw_lines(lines)
    starts = []
    for section, chapter in zip(split.sections, split.chapters, strict=True):
        ends = chapter.title if section.title_ends else ""
        titled = section.heading and (not ends or ends in lines[section.start])
        starts.append(_Start(section.start, chapter.kind, titled, ends))
    return starts


def _told(starts: Iterable[_Start], lines: Sequence[str], cuts: Cuts) -> list[_Start]:
    """Return where sections begin when what a person said counts more than the look."""
    if not cuts:
        return list(starts)
    by_line = {start.line: start for start in starts}
    met: defaultdict[str, int] = defaultdict(int)
    for place, line in enumerate(lines):
        said = cuts.get(key := _key(line), ())
        if met[key] < len(said):
            cut = said[met[key]]
            known = by_line.pop(place, None)
            if known is not None and known.cut == cut:
                by_line[place] = known
            elif cut != "none":
                by_line[place] = _Start(place, "chapter" if cut == "untitled" else cut, cut != "untitled")
        met[key] += 1
    return [by_line[place] for place in sorted(by_line)]


def _placed(text: str, lines: Sequence[str], starts: Sequence[_Start]) -> list[Section]:
    """Lay the sections of the lines on the text; blank lines before the first belong to it."""
    places = [0, *accumulate(len(line) + 1 for line in lines)]
    first = places[starts[0].line]
    placed = []
    if text[:first].strip():  # ingest would have cleaned it out; here it is what a person wrote
        placed.append(_section("", "front", text, 0, 0, first))
    else:
        first = 0
    bounds = [first, *(places[start.line] for start in starts[1:]), len(text)]
    for (begin, end), start in zip(pairwise(bounds), starts, strict=True):
        title, body = "", begin
        if start.titled:
            title, length = _title(lines[start.line], start.ends)
            body = min(places[start.line] + length, end) if title else begin
        placed.append(_section(title, start.kind, text, begin, body, end))
    return placed


def _title(line: str, ends: str) -> tuple[str, int]:
    """Return the title as it was typed and where the text goes on: in the next line, or behind `ends` in the same."""
    if not ends:
        return line.strip(INDENT + "\r"), len(line) + 1
    place = line.find(ends)
    return ("", 0) if place < 0 else (ends, place + len(ends))


def _key(line: str) -> str:
    return line.strip(INDENT + "\r")[:LONGEST_LINE]


def _section(title: str, kind: Kind, text: str, start: int, body: int, end: int) -> Section:
    return Section(title, kind, start, body, end, len("".join(text[start:end].split())))
