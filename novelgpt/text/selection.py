"""Candidate headings → the headings of this book: families are weighed, volumes told from chapters, contents lists left out.

Law: a firm heading that stands out as its fellows do is kept whatever its number; a doubtful one only where it continues
the count. Every pass is linear in the lines.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from novelgpt.text.chapter import Kind
from novelgpt.text.headings import LONGEST_TITLE, RANKS, Heading, heading_of

CONTENTS = ("目录", "目錄")
MOST_OF_A_LIST = 0.6
MOST_STANDING_OUT = 0.3
MOST_TITLES = 0.2
PREFACES = ("序", "叙", "敘", "凡例", "弁言", "小引", "题辞", "題辭")
MOST_MATCHING = 0.8
VOLUME_RANK = 3

_OF_A_TITLE = re.compile(
    r"《[^》]{1,40}》(?:.{0,12}(?:著|作|撰).{0,4})?$|(?:书名|書名|作者|著者|译者)\s?[:：]"
)
_NO_HEADING = re.compile(r"[。，；：！？…”、,;:!?—－\-*＊=_~]$")
_HAN = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True)
class Line:
    """A non-blank line: its place among all lines, its clean text, and how it stands on the page."""

    position: int
    text: str
    outdented: bool = True
    after_blank: bool = False
    before_blank: bool = False


@dataclass(frozen=True)
class Candidate:
    """A line that may be a heading, and where it stands among the non-blank lines."""

    order: int
    line: Line
    heading: Heading


Chosen = tuple[int, Heading, Kind]


def choose_headings(lines: Sequence[Line]) -> tuple[list[Chosen], int]:
    """Return the headings as (line position, heading, kind) in order, and how many lines of a contents list were passed over."""
    candidates = [
        Candidate(order, line, heading)
        for order, line in enumerate(lines)
        if (heading := heading_of(line.text)) is not None
    ]
    page = _Page(lines, candidates)
    units = _without_outsiders([c for c in candidates if c.heading.family == "unit"], page)
    bare = _bare_run([c for c in candidates if c.heading.family == "bare"], units, lines)
    words = [c for c in candidates if c.heading.family == "word" and page.stands_out(c.line)]
    numbered = bare or units
    unlabelled = _unlabelled(page, numbered, {c.order for c in units + bare + words})
    chosen = sorted(units + bare + words + unlabelled, key=lambda candidate: candidate.order)
    chosen, contents = _without_contents(chosen, lines)
    return with_kinds(_without_echoes(chosen)), contents


class _Page:
    """How this book sets its headings apart: by indentation, by blank lines, or not at all."""

    def __init__(self, lines: Sequence[Line], candidates: Sequence[Candidate]) -> None:
        self.lines = lines
        firm = [c.line for c in candidates if c.heading.family == "unit" and c.heading.firm]
        self.tests: list[Callable[[Line], bool]] = []
        for test in (_is_outdented, _is_after_blank):
            rare = sum(map(test, lines)) <= MOST_STANDING_OUT * len(lines) and len(lines) > 3
            if rare and (not firm or sum(map(test, firm)) >= MOST_MATCHING * len(firm)):
                self.tests.append(test)
        self.indents_all = sum(line.outdented for line in lines) <= MOST_TITLES * len(lines)

    def stands_out(self, line: Line) -> bool:
        """Say whether the line is set apart as the book's firm headings are."""
        return not self.tests or self.tests[0](line)

    def is_alone(self, line: Line) -> bool:
        """Say whether the line is set apart beyond doubt: not indented where all else is, and between blank lines."""
        return self.indents_all and line.outdented and line.after_blank and line.before_blank


def _is_outdented(line: Line) -> bool:
    return line.outdented


def _is_after_blank(line: Line) -> bool:
    return line.after_blank


def _without_outsiders(units: list[Candidate], page: _Page) -> list[Candidate]:
    """Keep the firm ones that stand out; others only where they take the next number of their unit."""
    sure = [(c.heading.firm and page.stands_out(c.line)) or page.is_alone(c.line) for c in units]
    following = _next_sure_numbers(units, sure)
    sure_units = {c.heading.unit for c, is_sure in zip(units, sure, strict=True) if is_sure}
    kept: list[Candidate] = []
    last: dict[str, int | None] = {}
    for candidate, is_sure, next_sure in zip(units, sure, following, strict=True):
        heading = candidate.heading
        before = last.get(heading.unit)
        expected = heading.number in (0, 1) if before is None else heading.number == before + 1
        vouched = not sure_units or heading.unit in sure_units
        if is_sure or (expected and vouched and next_sure != heading.number):
            kept.append(candidate)
            last = {unit: number for unit, number in last.items() if RANKS[unit] >= heading.rank}
            last[heading.unit] = heading.number
    return kept


def _next_sure_numbers(units: Sequence[Candidate], sure: Sequence[bool]) -> list[int | None]:
    """Return, for each candidate, the number of the next sure one of its unit."""
    coming: dict[str, int | None] = {}
    numbers: list[int | None] = []
    for candidate, is_sure in zip(reversed(units), reversed(sure), strict=True):
        numbers.append(coming.get(candidate.heading.unit))
        if is_sure:
            coming[candidate.heading.unit] = candidate.heading.number
    return numbers[::-1]


def _bare_run(bare: list[Candidate], units: Sequence[Candidate], lines: Sequence[Line]) -> list[Candidate]:
    """Return the bare numbers if the book counts its chapters by them: rising runs that span it, with text between."""
    chapters = [candidate for candidate in units if candidate.heading.rank < VOLUME_RANK]
    if len(chapters) > 1 or len(bare) < 2:
        return []
    run = _rising(bare, [c.order for c in units if c.heading.rank >= VOLUME_RANK])
    titled = sum(candidate.heading.titled for candidate in run)
    if len(run) < (3 if titled else 2) or len(run) < MOST_MATCHING * len(bare):
        return []
    bodies = sorted(after.order - before.order - 1 for before, after in pairwise(run))
    spans = len(lines) - run[0].order >= len(lines) / 2
    return run if spans and bodies[len(bodies) // 2] >= 1 else []


def _rising(bare: Sequence[Candidate], volumes: Sequence[int]) -> list[Candidate]:
    """Return the candidates that count one, two, three …; after a volume heading the count may begin again."""
    run: list[Candidate] = []
    for candidate in bare:
        number = candidate.heading.number
        fresh = not run or bisect(volumes, run[-1].order) < bisect(volumes, candidate.order)
        if (fresh and number in (0, 1)) or (run and number == (run[-1].heading.number or 0) + 1):
            run.append(candidate)
    return run


def _unlabelled(page: _Page, numbered: Sequence[Candidate], taken: set[int]) -> list[Candidate]:
    """Return titles without a number, in a book that proves the habit: short lines that stand alone beyond doubt."""
    repeated = Counter(line.text for line in page.lines if line.outdented)
    found = [
        Candidate(order, line, Heading("word", "", None, firm=True))
        for order, line in enumerate(page.lines)
        if order not in taken
        and repeated[line.text] < 3
        and page.is_alone(line)
        and _could_be_title(line, order)
    ]
    ends = [candidate.order for candidate in found[1:]] + [len(page.lines)]
    if found and found[0].order == 0 and (numbered or ends[0] < 6):
        found = found[1:]  # the first line of a file is the name of the book
    alike = any(page.is_alone(candidate.line) for candidate in numbered)
    few = len(found) <= max(3, len(numbered) // 4)
    proven = few if alike else len(found) > (2 if numbered else 1)
    return found if proven or len(found) >= 2 * len(numbered) + 2 else []


def _could_be_title(line: Line, order: int) -> bool:
    return (
        len(line.text) <= LONGEST_TITLE
        and bool(_HAN.search(line.text))
        and not _NO_HEADING.search(line.text)
        and not (order < 5 and _OF_A_TITLE.match(line.text))
    )


def _without_contents(chosen: list[Candidate], lines: Sequence[Line]) -> tuple[list[Candidate], int]:
    """Leave out a contents list at the head: headings with hardly a body whose numbers come again with one."""
    if not chosen:
        return chosen, 0
    bodies = _bodies(chosen, len(lines))
    length = _listed(chosen, bodies, lines)
    keys = [_key(candidate) for candidate in chosen]
    again = set(keys[length:])
    in_a_row = any(one.heading.unit == two.heading.unit for one, two in pairwise(chosen[:length]))
    if not in_a_row or sum(key in again for key in keys[:length]) < max(2, MOST_OF_A_LIST * length):
        return chosen, 0
    title = [c for c in chosen[:length] if c.line.text in CONTENTS]
    return title + chosen[length:], length - len(title)


def _listed(chosen: Sequence[Candidate], bodies: Sequence[int], lines: Sequence[Line]) -> int:
    """Return how many headings at the head could be a contents list; its last line may be followed by other matter."""
    keys = [_key(candidate) for candidate in chosen]
    longest: dict[tuple[str, int | None, str], int] = {}
    for key, body in zip(keys, bodies, strict=True):
        longest[key] = max(body, longest.get(key, 0))
    length = 0
    for index, (candidate, body) in enumerate(zip(chosen, bodies, strict=True)):
        short = (
            body == 1 and len(lines[candidate.order + 1].text) <= LONGEST_TITLE and longest[keys[index]] > 2
        )
        if body == 0 or short or (candidate.heading.family == "word" and index == 0):
            length = index + 1
            continue
        return index + 1 if index and index - length < 1 and keys[index] in keys[index + 1 :] else length
    return length


def _bodies(chosen: Sequence[Candidate], count: int) -> list[int]:
    ends = [candidate.order for candidate in chosen[1:]] + [count]
    return [end - candidate.order - 1 for candidate, end in zip(chosen, ends, strict=True)]


def _key(candidate: Candidate) -> tuple[str, int | None, str]:
    heading = candidate.heading
    return heading.unit, heading.number, "" if heading.number is not None else candidate.line.text


def _without_echoes(chosen: Sequence[Candidate]) -> list[Candidate]:
    """A heading printed twice in a row is one heading; the second stays as the first line of the body."""
    kept: list[Candidate] = []
    for candidate in chosen:
        before = kept[-1] if kept else None
        if before is None or before.order + 1 != candidate.order or _key(before) != _key(candidate):
            kept.append(candidate)
    return kept


def with_kinds(chosen: Sequence[Candidate]) -> list[Chosen]:
    """Tell volumes from chapters by the unit most headings count in; a preface after the first chapter is an extra."""
    counted = Counter(c.heading.rank for c in chosen if c.heading.family != "word")
    chapter_rank = max(counted, key=lambda rank: (counted[rank], -rank), default=2)
    kinds: list[Chosen] = []
    begun = False
    for candidate in chosen:
        kind = _kind(candidate, chapter_rank, bool(counted))
        if kind == "front" and begun:
            kind = "extra"
        begun = begun or kind in ("chapter", "volume")
        kinds.append((candidate.line.position, candidate.heading, kind))
    return kinds


def _kind(candidate: Candidate, chapter_rank: int, numbered: bool) -> Kind:
    heading = candidate.heading
    if heading.family == "unit":
        return "volume" if heading.rank > chapter_rank else "chapter"
    if heading.family == "word" and not heading.unit:
        preface = candidate.line.text.endswith(PREFACES)
        return "front" if preface else "extra" if numbered else "chapter"
    return heading.kind
