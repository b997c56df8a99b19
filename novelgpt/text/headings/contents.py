"""Headings → headings without those that are only listed: contents lists at the head, the tail or in the story, and echoes.

Goes in: chosen candidates in order. Comes out: those that open a chapter, and how many lines of lists were passed over.
Law: a heading is only dropped as listed where the same number comes again with a body of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from novelgpt.text.headings.heading import LONGEST_TITLE
from novelgpt.text.headings.layout import Candidate, Line

CONTENTS = ("目录", "目錄", "Contents", "CONTENTS")
MOST_OF_A_LIST = 0.6
SHORTEST_LIST = 3

Key = tuple[str, int | None, str]


def without_contents(chosen: list[Candidate], lines: Sequence[Line]) -> tuple[list[Candidate], int]:
    """Leave out a contents list at the head, then any other list of headings that have no body."""
    chosen, at_head = _without_head(chosen, lines)
    chosen, elsewhere = _without_lists(chosen, lines)
    return chosen, at_head + elsewhere


def without_echoes(chosen: Sequence[Candidate]) -> list[Candidate]:
    """A heading printed twice in a row is one heading; the second stays as the first line of the body."""
    kept: list[Candidate] = []
    for candidate in chosen:
        before = kept[-1] if kept else None
        if before is None or before.order + 1 != candidate.order or key_of(before) != key_of(candidate):
            kept.append(candidate)
    return kept


def without_quotations(chosen: Sequence[Candidate], lines: Sequence[Line]) -> list[Candidate]:
    """Leave out units that stand in rows without a body and nowhere else: a list somebody reads in the story."""
    listed = listed_orders(chosen, lines)
    real = {candidate.heading.unit for candidate in chosen if candidate.order not in listed}
    return [c for c in chosen if c.order not in listed or c.heading.unit in real]


def listed_orders(chosen: Sequence[Candidate], lines: Sequence[Line]) -> set[int]:
    """Return where headings stand in a row, one straight after the other."""
    if not chosen:
        return set()
    rows = _rows(_bodies(chosen, len(lines)))
    return {c.order for start, end in rows if _is_row(chosen[start:end]) for c in chosen[start:end]}


def key_of(candidate: Candidate) -> Key:
    """Return what makes two headings the same: unit and number, or the text where there is no number."""
    heading = candidate.heading
    return heading.unit, heading.number, "" if heading.number is not None else candidate.line.text


def _without_head(chosen: list[Candidate], lines: Sequence[Line]) -> tuple[list[Candidate], int]:
    """Leave out headings at the head with hardly a body whose numbers come again with one."""
    if not chosen:
        return chosen, 0
    bodies = _bodies(chosen, len(lines))
    length = _listed(chosen, bodies, lines)
    keys = [key_of(candidate) for candidate in chosen]
    again = set(keys[length:])
    if not _is_row(chosen[:length]) or sum(key in again for key in keys[:length]) < max(
        2, MOST_OF_A_LIST * length
    ):
        return chosen, 0
    title = [c for c in chosen[:length] if c.line.text in CONTENTS]
    return title + chosen[length:], length - len(title)


def _listed(chosen: Sequence[Candidate], bodies: Sequence[int], lines: Sequence[Line]) -> int:
    """Return how many headings at the head could be a contents list; its last line may be followed by other matter."""
    keys = [key_of(candidate) for candidate in chosen]
    longest: dict[Key, int] = {}
    for key, body in zip(keys, bodies, strict=True):
        longest[key] = max(body, longest.get(key, 0))
    length = 0
    for index, (candidate, body) in enumerate(zip(chosen, bodies, strict=True)):
        in_one_line = candidate.heading.ends > 0  # its body stands in the heading's own line
        short = (
            body == 1
            and not in_one_line
            and len(lines[candidate.order + 1].text) <= LONGEST_TITLE
            and longest[keys[index]] > 2
        )
        if body == 0 or short or (candidate.heading.family == "word" and index == 0):
            length = index + 1
            continue
        return index + 1 if index and index - length < 1 and keys[index] in keys[index + 1 :] else length
    return length


def _without_lists(chosen: list[Candidate], lines: Sequence[Line]) -> tuple[list[Candidate], int]:
    """Leave out rows of headings without a body, at the tail or quoted in the story, that have a body elsewhere."""
    if not chosen:
        return chosen, 0
    bodies = _bodies(chosen, len(lines))
    with_body = {key_of(c) for c, body in zip(chosen, bodies, strict=True) if body}
    dropped: set[int] = set()
    for start, end in _rows(bodies):
        row = chosen[start:end]
        known = sum(key_of(candidate) in with_body for candidate in row)
        if _is_row(row) and known >= max(2, MOST_OF_A_LIST * len(row)):
            dropped.update(index for index in range(start, end) if chosen[index].line.text not in CONTENTS)
    return [c for index, c in enumerate(chosen) if index not in dropped], len(dropped)


def _rows(bodies: Sequence[int]) -> list[tuple[int, int]]:
    """Return the stretches of at least three headings one straight after the other."""
    rows = []
    start = 0
    for index, body in enumerate([*bodies, 1]):
        if body == 0 and index < len(bodies):
            continue
        end = min(index + 1, len(bodies))  # the last of a list is followed by whatever comes next
        if end - start >= SHORTEST_LIST:
            rows.append((start, end))
        start = index + 1
    return rows


def _is_row(row: Sequence[Candidate]) -> bool:
    """Say whether two of one unit follow each other, as they do in a list but not where 部, 卷 and 章 begin together."""
    return any(one.heading.unit == two.heading.unit for one, two in pairwise(row))


def _bodies(chosen: Sequence[Candidate], count: int) -> list[int]:
    ends = [candidate.order for candidate in chosen[1:]] + [count]
    return [
        end - candidate.order - (candidate.heading.ends == 0)  # a body that runs on in the line is one
        for candidate, end in zip(chosen, ends, strict=True)
    ]
