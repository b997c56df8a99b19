"""Candidate headings → the headings of this book: the readings compete, volumes are told from chapters, lists left out.

Goes in: clean lines with how they stand, and the user's own rules. Comes out: the headings in order.
Law: a firm heading that stands out as its fellows do is kept whatever its number; a doubtful one only where it helps
to explain the count; what the user's rules say is final. Every pass is linear in the lines.
A title on the line after its number stays the first line of the body: no line is ever joined to another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from novelgpt.text.chapter import Kind
from novelgpt.text.headings.contents import without_contents, without_echoes
from novelgpt.text.headings.forms import heading_of
from novelgpt.text.headings.heading import VOLUME_RANK, Heading
from novelgpt.text.headings.layout import Candidate, Line, Page
from novelgpt.text.headings.numerals import numeral
from novelgpt.text.headings.readings import label_run, unit_run, unlabelled
from novelgpt.text.rules import BUILT_IN, Rules

__all__ = ["Candidate", "Chosen", "Line", "choose_headings", "with_kinds"]

PREFACES = ("序", "叙", "敘", "凡例", "弁言", "小引", "题辞", "題辭")
LABELS = ("bare", "mark", "stem")

Chosen = tuple[int, Heading, Kind]


def choose_headings(lines: Sequence[Line], rules: Rules = BUILT_IN) -> tuple[list[Chosen], int]:
    """Return the headings as (line position, heading, kind) in order, and how many lines of contents lists were passed over."""
    candidates, users = _candidates(lines, rules)
    page = Page(lines, candidates)
    units = unit_run([c for c in candidates if c.heading.family == "unit"], page)
    labels = label_run([c for c in candidates if c.heading.family in LABELS], units, page)
    if labels:
        units = _volumes_only(units)
    words = [c for c in candidates if c.heading.family == "word" and _is_set_apart(c, page)]
    taken = {c.order for c in units + labels + words + users}
    chosen = units + labels + words + _allowed(unlabelled(page, labels or units, taken), rules)
    chosen, contents = without_contents(without_echoes(sorted(chosen, key=_order)), lines)
    return with_kinds(sorted(chosen + users, key=_order)), contents


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
        elif kind == "extra" and not begun and not candidate.heading.unit:
            kind = "front"  # a title that stands before all chapters is the book's own, or that of its front matter
        begun = begun or kind in ("chapter", "volume")
        kinds.append((candidate.line.position, candidate.heading, kind))
    return kinds


def _candidates(lines: Sequence[Line], rules: Rules) -> tuple[list[Candidate], list[Candidate]]:
    """Return what looks like a heading, and apart from it what the user calls one."""
    found = [
        Candidate(order, line, heading)
        for order, line in enumerate(lines)
        if (heading := heading_of(line.text)) is not None
    ]
    found = _allowed(found, rules)
    users = _called_headings(lines, rules) if rules.headings else []
    orders = {candidate.order for candidate in users}
    return [candidate for candidate in found if candidate.order not in orders], users


def _allowed(found: list[Candidate], rules: Rules) -> list[Candidate]:
    """Return those the user does not refuse."""
    if not rules.never_headings:
        return found
    return [candidate for candidate in found if not rules.is_never_heading(candidate.line.text)]


def _called_headings(lines: Sequence[Line], rules: Rules) -> list[Candidate]:
    """Return the lines the user's patterns call headings; a number they caught wins over the one read."""
    users = []
    for order, line in enumerate(lines):
        is_heading, written = rules.heading(line.text)
        if is_heading and not rules.is_never_heading(line.text):
            heading = heading_of(line.text) or Heading("rule", "", None, firm=True)
            number = numeral(written) if written else None
            heading = heading if number is None else replace(heading, number=number)
            users.append(Candidate(order, line, heading))
    return users


def _is_set_apart(candidate: Candidate, page: Page) -> bool:
    """Say whether a word like 楔子 stands as headings do; 李敬业番外 needs more than a page that sets nothing apart."""
    line = candidate.line
    return page.stands_out(line) and (candidate.heading.firm or bool(page.tests) or line.after_blank)


def _volumes_only(units: Sequence[Candidate]) -> list[Candidate]:
    """Where labels count the chapters, several smaller units are quotations; a single one may be a heading."""
    chapters = sum(candidate.heading.rank < VOLUME_RANK for candidate in units)
    return [c for c in units if chapters < 2 or c.heading.rank >= VOLUME_RANK]


def _kind(candidate: Candidate, chapter_rank: int, numbered: bool) -> Kind:
    heading = candidate.heading
    if heading.family == "unit":
        return "volume" if heading.rank > chapter_rank else "chapter"
    if heading.family == "word" and not heading.unit:
        preface = candidate.line.text.endswith(PREFACES)
        return "front" if preface else "extra" if numbered else "chapter"
    return heading.kind


def _order(candidate: Candidate) -> int:
    return candidate.order
