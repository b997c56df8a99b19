"""The numbers that chapters carry → what is missing and what comes twice, for the reader of a report.

Law: a volume, or a new first chapter, starts a new count; a wild number opens no gap of thousands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from novelgpt.text.chapter import Chapter

WILD = 1000


def numbering(chapters: Sequence[Chapter]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the missing and the repeated numbers."""
    missing: list[int] = []
    duplicate: list[int] = []
    for count in _counts(chapters):
        times = Counter(count)
        missing += sorted(set(range(min(count), max(count))) - set(count))
        duplicate += sorted(number for number, often in times.items() if often > 1)
    return tuple(missing), tuple(duplicate)


def _counts(chapters: Iterable[Chapter]) -> list[list[int]]:
    runs: list[list[int]] = [[]]
    for chapter in chapters:
        if chapter.kind == "volume" or (chapter.number == 1 and runs[-1] and runs[-1][-1] != 1):
            runs.append([])
        number = chapter.number if chapter.kind == "chapter" else None
        if number is not None and (not runs[-1] or abs(number - runs[-1][-1]) < WILD):
            runs[-1].append(number)
    return [run for run in runs if run]
