"""A text → its words, by the segmenter a person names.

Law: `"".join(segment(text)) == text`, whatever the segmenter drops or changes on its own, and a user's word is never
cut in two unless a longer one or an earlier one overlaps it.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Literal

from novelgpt.errors import MachineError

SegmenterName = Literal["jieba", "thulac", "char"]
SEGMENTERS: tuple[SegmenterName, ...] = ("jieba", "thulac", "char")

Segment = Callable[[str], list[str]]

_THULAC_AT_ONCE = 2_000
"""Characters that thulac is given in one go: its time and memory grow with the line."""

_FARTHEST = 64
"""How many characters thulac may have dropped before a word; a word farther away is another one."""


class NoThulac(MachineError):
    """The thulac segmenter was asked for and is not installed."""


@dataclass(frozen=True)
class Segmenter:
    """Which segmenter, and the words it must keep whole; small enough to send to any process."""

    name: SegmenterName = "jieba"
    user_words: tuple[str, ...] = ()

    def load(self) -> Segment:
        """Return the function that cuts; loading its dictionary happens once in a process."""
        return _loaded(self)


@lru_cache(maxsize=2)
def _loaded(segmenter: Segmenter) -> Segment:
    if segmenter.name == "jieba":
        return _jieba(segmenter.user_words)
    return _keeping(_thulac() if segmenter.name == "thulac" else list, segmenter.user_words)


def _jieba(user_words: Sequence[str]) -> Segment:
    """Jieba learns user words; those its alphabet keeps apart ("哈利·波特") are cut out before it."""
    import rjieba

    engine = rjieba.Jieba()
    for word in user_words:
        engine.add_word(word, engine.suggest_freq(word), None)

    return _keeping(engine.cut, [word for word in user_words if engine.cut(word) != [word]])


def _thulac() -> Segment:
    try:
        thulac = import_module("thulac")
    except ImportError:
        raise NoThulac() from None
    with contextlib.redirect_stdout(io.StringIO()):  # it greets on stdout, where results go
        engine = thulac.thulac(seg_only=True)

    def cut(text: str) -> list[str]:
        words: list[str] = []
        for line in text.splitlines(keepends=True):
            for start in range(0, len(line), _THULAC_AT_ONCE):
                part = line[start : start + _THULAC_AT_ONCE]
                words += realign((word for word, _ in engine.cut(part)), part)
        return words

    return cut


def realign(words: Iterable[str], text: str) -> Iterator[str]:
    """Yield `words` as they stand in `text`, and each character of `text` between them that they leave out."""
    place = 0
    for word in words:
        found = text.find(word, place, place + _FARTHEST + len(word)) if word else -1
        if found >= 0:
            yield from text[place:found]
            yield word
            place = found + len(word)
    yield from text[place:]


def _keeping(cut: Segment, user_words: Iterable[str]) -> Segment:
    """Return `cut` for everything around the user's words, which stay whole; of two that overlap the longer wins."""
    known = frozenset(user_words)
    if not known:
        return cut
    lengths: dict[str, list[int]] = {}
    for length, first in sorted({(len(word), word[0]) for word in known}, reverse=True):
        lengths.setdefault(first, []).append(length)

    def cut_around(text: str) -> list[str]:
        words: list[str] = []
        begin = 0
        for start, end in _finds(text, known, lengths):
            if start > begin:
                words += cut(text[begin:start])
            words.append(text[start:end])
            begin = end
        return [*words, *cut(text[begin:])] if begin < len(text) else words

    return cut_around


def _finds(text: str, known: frozenset[str], lengths: dict[str, list[int]]) -> Iterator[tuple[int, int]]:
    place = 0
    for start, first in enumerate(text):
        if start < place or first not in lengths:
            continue
        for length in lengths[first]:
            if text[start : start + length] in known:
                place = start + length
                yield start, place
                break
