"""A manuscript → a bound book: its lines cleaned, cut into chapters, repeats left out, in the script that was asked for.

Law: every visible character of the manuscript is in a chapter or in a removal, unless a counted rule mapped it to another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from novelgpt.text.books import Manuscript, byte_spans
from novelgpt.text.chapter import Chapter, Source
from novelgpt.text.clean import Removal
from novelgpt.text.ingesting.duplicates import repeated_chapters
from novelgpt.text.ingesting.script import Script, converter, script_of
from novelgpt.text.rules import BUILT_IN, Rules
from novelgpt.text.split import Split, split_book, split_raw_lines

HEAD = 3


@dataclass(frozen=True)
class BoundBook:
    """One novel, ready to be written as chapters, with everything that happened on the way."""

    title: str
    author: str
    script: str
    chapters: list[Chapter]
    counts: Counter[str] = field(default_factory=Counter)
    removals: list[Removal] = field(default_factory=list)
    contents_lines: int = 0
    sketch: tuple[int, ...] = ()


def bind(manuscript: Manuscript, rules: Rules = BUILT_IN, script: Script = "keep") -> BoundBook:
    """Return the book that a manuscript makes."""
    if manuscript.raw is not None:
        split = split_book(manuscript.decoded.text, rules)
    else:
        split = split_raw_lines(manuscript.lines, manuscript.marked, rules)
    repeats, sketch = repeated_chapters(split.chapters, rules)
    counts, removals = split.removed.copy(), list(split.removals)
    for repeat in repeats:
        counts[repeat.rule] += 1
        start = split.sections[repeat.index].start
        removals.append(Removal(start, repeat.rule, split.chapters[repeat.index].whole()))
    gone = {repeat.index for repeat in repeats}
    chapters = _sourced(manuscript, split, gone)
    found = script_of("\n".join(chapter.text for chapter in chapters[:HEAD]))
    chapters = _converted(chapters, script, found)
    removals.sort(key=lambda removal: removal.line)
    return BoundBook(
        manuscript.title,
        manuscript.author,
        found,
        chapters,
        counts,
        removals,
        split.contents_lines,
        tuple(sketch.tolist()),
    )


def _sourced(manuscript: Manuscript, split: Split, gone: set[int]) -> list[Chapter]:
    """Return the chapters that stay, numbered anew, each with its book and the bytes it came from."""
    spans = byte_spans(manuscript, split.sections)
    stay = [
        (chapter, span)
        for index, (chapter, span) in enumerate(zip(split.chapters, spans, strict=True))
        if index not in gone
    ]
    encoding, title, author = manuscript.decoded.encoding, manuscript.title, manuscript.author
    return [
        replace(
            chapter, index=index, book=title, author=author, source=Source(manuscript.name, encoding, span)
        )
        for index, (chapter, span) in enumerate(stay)
    ]


def _converted(chapters: Sequence[Chapter], wanted: Script, found: str) -> list[Chapter]:
    convert = converter(wanted, found)
    if convert is None:
        return list(chapters)
    return [
        replace(chapter, title=convert(chapter.title), text=convert(chapter.text)) for chapter in chapters
    ]
