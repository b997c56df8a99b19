"""What every format of export is made from: a titled text cut into parts, each a heading and its paragraphs.

Law: nothing of the text is left out but indents and blank lines. With typography, a mark after a Chinese character is
made full-width; nothing else of a paragraph changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from novelgpt.story.sections import Cuts, Section, paragraphs_of, sections_of
from novelgpt.text.chapter import Kind

INDENT = "\u3000\u3000"

_FULL_WIDTH = str.maketrans(",.!?:;()", "，。！？：；（）")
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# a dot or colon between digits or letters is a number, a time or an address; marks in a row go together
_MARKS = re.compile(rf"(?<=[{_HAN}”’》）])(?:\.(?![.\w])|[,!?:;])[!?]*(?![A-Za-z0-9/])")
_BRACKETS = re.compile(rf"\((?=[^()]*[{_HAN}])([^()]*)\)")
_DOTS = re.compile(rf"(?<=[{_HAN}”’])\.{{3,6}}(?!\.)")


@dataclass(frozen=True)
class Part:
    """One chapter as it is exported; `title` is '' where it has none."""

    title: str
    kind: Kind
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Manuscript:
    """One story, or a chapter of it, ready to be laid out; `text` is what it was made from."""

    title: str
    text: str
    parts: tuple[Part, ...]
    written_at: datetime
    started_at: datetime


def manuscript_of(
    title: str,
    text: str,
    *,
    started_at: datetime,
    written_at: datetime,
    sections: Sequence[Section] = (),
    cuts: Cuts | None = None,
    typography: bool = False,
) -> Manuscript:
    """Cut a text into parts, or take the sections of it, one after the other, that are wanted."""
    wanted = sections or sections_of(text, cuts)
    parts = tuple(
        Part(part.title, part.kind, tuple(paragraphs_of(text[part.body : part.end]))) for part in wanted
    )
    if sections:
        text = text[sections[0].start : sections[-1].end]
    if typography:
        parts = tuple(_typeset(part) for part in parts)
    return Manuscript(title, text, parts, written_at, started_at)


def full_width(paragraph: str) -> str:
    """Return a paragraph whose half-width marks after Chinese characters are full-width."""
    wide = _DOTS.sub("……", paragraph)
    wide = _MARKS.sub(lambda found: found[0].translate(_FULL_WIDTH), wide)
    return _BRACKETS.sub("（\\1）", wide)


def _typeset(part: Part) -> Part:
    return replace(part, paragraphs=tuple(full_width(paragraph) for paragraph in part.paragraphs))
