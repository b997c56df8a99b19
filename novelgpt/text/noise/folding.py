"""A line as a person reads it → the plain letters it says: look-alikes, widths and separators are folded away.

Law: every folded character knows its place in the line, so what is found in the fold can be cut from the original.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache

_LOOK_ALIKES = dict(
    zip(
        "ωωαβεικνορτυχωѡшщасеорхукмтніјѕ０ο〇",
        "wwabeiknoptyxwwwwaceopxykmtnijs0o0",
        strict=True,
    )
)
"""Greek and Cyrillic letters (and the Han zero) that adverts use in place of Latin ones."""

TRADITIONAL = dict(
    zip(
        "網說書載請訪記無錯發機戶號眾華閱讀節廣來關鍵碼彈點擊頁歡後續時間為應這個兒開學專業輯製轉聲學術於與們數庫員費樂雲優驗體網頁軟錄買賣貼連結圖觀賞讚謝請條張補點評價訂閱單獨壇羣傳",
        "网说书载请访记无错发机户号众华阅读节广来关键码弹点击页欢后续时间为应这个儿开学专业辑制转声学术于与们数库员费乐云优验体网页软录买卖贴连结图观赏赞谢请条张补点评价订阅单独坛群传",
        strict=True,
    )
)
"""Traditional characters of the words that adverts are made of."""

_DOTS = frozenset(".．。｡·•・‧∙⋅●")
_NEVER = frozenset("丨丶卍卐亅丿")
"""Strokes and signs among the Han that only ever stand there as separators."""

_ALTERNATING = re.compile(r"(?:[一-鿿]([一二丨]))(?:[一-鿿]\1){2,}[一-鿿]?")


@dataclass(frozen=True)
class Fold:
    """What a line says: `plain` without any dots, `dotted` with them; NUL stands in `letters` for what says nothing."""

    letters: str
    skipped: frozenset[int]

    @cached_property
    def dotted(self) -> str:
        """Return what it says, dots and slashes among it."""
        return self.letters.replace("\0", "")

    @cached_property
    def plain(self) -> str:
        """Return what it says in letters alone."""
        if self.skipped:
            return "".join([self.letters[place] for place in self._plain_places])
        return self.dotted.replace(".", "").replace("/", "")

    def span(self, start: int, end: int, *, dotted: bool = False) -> tuple[int, int]:
        """Return the span of the line that a span of the fold came from."""
        places = self._dotted_places if dotted else self._plain_places
        return places[start], places[end - 1] + 1

    @cached_property
    def _dotted_places(self) -> list[int]:
        return [place for place, letter in enumerate(self.letters) if letter != "\0"]

    @cached_property
    def _plain_places(self) -> list[int]:
        return [
            place
            for place, letter in enumerate(self.letters)
            if letter not in "\0./" and place not in self.skipped
        ]


class _Table(dict[int, str]):
    """A translation table that learns a character the first time it is asked for it."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


@lru_cache(maxsize=1)
def _table() -> _Table:
    return _Table()


def _folded(character: str) -> str:
    """Return the one letter a character stands for, '.' for a dot, '/' for a slash, NUL for what says nothing."""
    if character in _DOTS:
        return "."
    if character in _NEVER:
        return "\0"
    character = TRADITIONAL.get(character, character)
    plain = unicodedata.normalize("NFKC", character)
    plain = plain.strip("()") if len(plain) == 3 else plain
    lower = plain.lower()[:1]
    lower = _LOOK_ALIKES.get(lower, lower)
    return lower if lower.isalnum() or lower in "/." else "\0"


def fold(line: str) -> Fold:
    """Return the fold of a line."""
    return Fold(line.translate(_table()), _alternating(line))


def _alternating(line: str) -> frozenset[int]:
    """Return the places of a 一 that stands after every character: 无一错一首一发."""
    skipped: set[int] = set()
    for match in _ALTERNATING.finditer(line):
        skipped.update(range(match.start() + 1, match.end(), 2))
    return frozenset(skipped)
