"""Chapters that a book tells twice, and books that a library holds twice.

A downloaded book loops, repeats its tail, or carries a stub that a later copy replaces. Law: a chapter goes only if what it
tells stands in a chapter that stays, and the removal says where.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from novelgpt.text.chapter import Chapter
from novelgpt.text.ingesting.sketch import Hashes, likeness, merged, shared, sketch
from novelgpt.text.rules import BUILT_IN, Rules

REPEATED, NEAR, STUB = "repeated_chapter", "near_chapter", "stub_chapter"
CHAPTER_RULES = (REPEATED, NEAR, STUB)
SHORTEST = 200
"""Characters below which two chapters may be alike by chance (a refrain, an empty note)."""
CANDIDATE = 0.5
TOLD = 0.95
"""How much of a chapter must stand in the other before it may go: 330 old novels gave 0.997 and more."""
SAME_BOOK = 0.8
PROBES = 4


@dataclass(frozen=True)
class Repeat:
    """A chapter to leave out: its place, the place of the chapter that tells the same, and the rule."""

    index: int
    of: int
    rule: str


def repeated_chapters(chapters: Sequence[Chapter], rules: Rules = BUILT_IN) -> tuple[list[Repeat], Hashes]:
    """Return the chapters that another one makes superfluous, and the sketch of the whole book."""
    sketches = [sketch(chapter.text) for chapter in chapters]
    repeats: dict[int, Repeat] = {}
    for early, late in sorted(set(_pairs(chapters, sketches))):
        if early not in repeats and late not in repeats:
            repeat = _judge(chapters, early, late)
            if repeat and rules.applies(repeat.rule) and not rules.keeps(chapters[repeat.index].whole()):
                repeats[repeat.index] = repeat
    kept = (one for index, one in enumerate(sketches) if index not in repeats)
    return [repeats[index] for index in sorted(repeats)], merged(kept)


def _pairs(chapters: Sequence[Chapter], sketches: Sequence[Hashes]) -> Iterator[tuple[int, int]]:
    """Yield pairs worth a look: those that share one of their smallest hashes, and those of one number."""
    seen: dict[int | str, list[int]] = defaultdict(list)
    for index, (chapter, hashes) in enumerate(zip(chapters, sketches, strict=True)):
        if len(chapter.text) < SHORTEST or chapter.kind == "volume":
            continue
        keys: list[int | str] = [int(value) for value in hashes[:PROBES]]
        if chapter.number is not None:
            keys.append(f"{chapter.number} {chapter.title}")
        for key in keys:
            for other in seen[key][:PROBES]:
                same_number = isinstance(key, str)
                if same_number or likeness(hashes, sketches[other]) >= CANDIDATE:
                    yield other, index
            seen[key].append(index)


def _judge(chapters: Sequence[Chapter], early: int, late: int) -> Repeat | None:
    """Say which of two chapters is superfluous, and why, or None."""
    first, second = chapters[early], chapters[late]
    if first.text == second.text:
        return Repeat(late, early, REPEATED)
    told = dict(zip((early, late), shared(first.text, second.text), strict=True))
    lesser, greater = (late, early) if told[late] >= told[early] else (early, late)
    if told[lesser] < TOLD:
        return None
    if told[greater] >= TOLD:
        return Repeat(lesser, greater, NEAR)
    same_name = (first.number, first.title) == (second.number, second.title)
    return Repeat(lesser, greater, STUB) if same_name else None


class Shelf:
    """The books taken in so far, by sketch, so that the same book under another name or encoding is noticed."""

    def __init__(self) -> None:
        self._sketches: dict[str, Hashes] = {}
        self._by_hash: dict[int, set[str]] = defaultdict(set)

    def same_book(self, hashes: Hashes) -> tuple[str, float] | None:
        """Return the name and likeness of a book that is this one, if the shelf holds it."""
        nearby = sorted({name for value in hashes[:PROBES] for name in self._by_hash.get(int(value), ())})
        best = max(((likeness(hashes, self._sketches[name]), name) for name in nearby), default=(0.0, ""))
        return (best[1], best[0]) if best[0] >= SAME_BOOK else None

    def add(self, name: str, hashes: Hashes) -> None:
        """Put a book on the shelf."""
        self._sketches[name] = hashes
        for value in hashes[:PROBES]:
            self._by_hash[int(value)].add(name)

    def discard(self, name: str) -> None:
        """Take a book off the shelf."""
        for value in self._sketches.pop(name)[:PROBES]:
            self._by_hash[int(value)].discard(name)
