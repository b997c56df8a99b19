"""How a book sets its headings on the page: by indentation, by blank lines, or not at all.

Goes in: the non-blank lines and the candidates among them. Comes out: a `Page` that answers whether a line stands out.
Law: a page asks only how lines stand, never what they say, but for whether a paragraph had ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from novelgpt.text.headings.heading import Heading

MOST_STANDING_OUT = 0.3
MOST_TITLES = 0.3
MOST_MATCHING = 0.8
LEAST_MATCHING = 0.5
LEAST_SPACED = 0.7
SHORT = 16

_PARAGRAPH_ENDS = frozenset("。！？…”」』’）)】》〉—~～*＊=＝-_.!?\"'；：;:")


class Line(NamedTuple):
    """A non-blank line: its place among all lines, its clean text, and how it stands on the page."""

    position: int
    text: str
    outdented: bool = True
    after_blank: bool = False
    before_blank: bool = False


class Candidate(NamedTuple):
    """A line that may be a heading, and where it stands among the non-blank lines."""

    order: int
    line: Line
    heading: Heading


class Page:
    """The lines of one book, and by what its firm headings are set apart."""

    def __init__(self, lines: Sequence[Line], candidates: Sequence[Candidate]) -> None:
        self.lines = lines
        self.tests: list[Callable[[Line], bool]] = []
        units = [c for c in candidates if c.heading.family == "unit"]
        firm = [c for c in units if c.heading.firm]
        self._firm_orders = {c.order for c in firm}
        for test in (_is_outdented, _is_after_blank):
            rare = sum(map(test, lines)) <= MOST_STANDING_OUT * len(lines) and len(lines) > 3
            matching = sum(test(c.line) for c in firm or units)
            if rare and matching >= (MOST_MATCHING if firm else LEAST_MATCHING) * len(firm or units):
                self.tests.append(test)
        self.indents_all = sum(map(_is_outdented, lines)) <= MOST_TITLES * len(lines)
        after_blank = sum(map(_is_after_blank, lines))
        self.is_dense = after_blank <= MOST_TITLES * len(lines)
        self.is_spaced = after_blank >= LEAST_SPACED * len(lines)

    def stands_out(self, line: Line) -> bool:
        """Say whether the line is set apart as the book's firm headings are."""
        return not self.tests or self.tests[0](line)

    def is_alone(self, line: Line) -> bool:
        """Say whether the line is set apart beyond doubt: not indented where all else is, and between blank lines."""
        return self.indents_all and line.outdented and line.after_blank and line.before_blank

    def is_between_blanks(self, line: Line) -> bool:
        """Say whether the line stands between blank lines in a book that hardly has any."""
        return self.is_dense and line.after_blank and line.before_blank

    def opens(self, order: int) -> bool:
        """Say whether a paragraph may begin here: after a blank line, a heading, a finished sentence or a short line."""
        if order == 0 or self.lines[order].after_blank or order - 1 in self._firm_orders:
            return True
        before = self.lines[order - 1].text
        return before[-1] in _PARAGRAPH_ENDS or len(before) <= SHORT

    def body(self, start: int, end: int) -> int:
        """Return how many characters lie between the lines `start` and `end`."""
        return self._offsets[end] - self._offsets[min(start + 1, end)]

    @cached_property
    def size(self) -> int:
        """Return the characters of the whole book."""
        return self._offsets[-1]

    @cached_property
    def _offsets(self) -> list[int]:
        return [0, *accumulate(len(line.text) for line in self.lines)]


def _is_outdented(line: Line) -> bool:
    return line.outdented


def _is_after_blank(line: Line) -> bool:
    return line.after_blank
