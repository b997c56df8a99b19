"""One clean line → the heading it could be, judged by its form alone; `selection` lets the whole book decide.

Goes in: a clean line. Comes out: a `Heading`, or None for prose.
Law: a line of prose may look like a heading, but never like a firm one. Most lines are dismissed by their first and last character.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from novelgpt.text.headings.heading import LONGEST_LINE, LONGEST_TITLE, RANKS, Heading
from novelgpt.text.headings.labels import bare, mark, stem
from novelgpt.text.headings.numerals import NUMERAL_CHARACTERS, NUMERAL_SIGNS
from novelgpt.text.headings.ordinals import after_gap, english_ordinal, loose, ordinal, prefixed
from novelgpt.text.headings.words import EXTRA, FRONT, owned, word

__all__ = ["LONGEST_TITLE", "RANKS", "Heading", "heading_of"]

Reader = Callable[[str], Heading | None]

_OPENING = "《【〔〖「『[（(☆★✦◇◆●■□◎※▲△►▶〓§#＃*＊=＝~～-—·○"
_CLOSING = "》】〕〗」』]）)☆★✦◇◆●■□◎※▲△〓§#＃*＊=＝~～"
_DECORATION = re.compile(
    rf"^[{re.escape(_OPENING)}\s\u3000]{{1,12}}、?[\s\u3000]?|[{re.escape(_CLOSING)}\s\u3000]{{1,12}}$"
)
_HINT = re.compile("第|番外|外[传傳]")
_WIDE_GAP = re.compile(r"[ \t\u3000\u00a0]{2,8}")
_BEGINS_A_RUN_IN = frozenset("第笫卷")
_BODY_TEXT = ("正文卷", "正文")
_HINTED = 18
_STEM_ENDS = frozenset("0123456789０１２３４５６７８９)）]】")


def heading_of(line: str) -> Heading | None:
    """Return what heading the clean `line` could be, or None for prose."""
    if not line:
        return None
    if len(line) > LONGEST_TITLE and line[0] in _BEGINS_A_RUN_IN and (heading := _run_in(line)):
        return heading
    if len(line) > LONGEST_LINE:
        return None
    for read in _READERS.get(line[0], _PREFIXED):
        if (heading := read(line)) is not None:
            return heading
    return stem(line) if line[-1] in _STEM_ENDS and len(line) <= LONGEST_TITLE else None


def _run_in(line: str) -> Heading | None:
    """第一章 灯　　天色渐渐暗了…: a whole chapter on one line, its title set off by a wide gap."""
    gap = _WIDE_GAP.search(line, 2, LONGEST_TITLE)
    if not gap or len(line) - gap.end() < LONGEST_TITLE or "。" not in line[gap.end() :]:
        return None
    heading = ordinal(line[: gap.start()])
    return heading and replace(heading, firm=False, ends=gap.start())


def _decorated(line: str) -> Heading | None:
    """【第一章】, ☆、第一章, == 第一章 ==, # 一: what is inside counts."""
    inside = _DECORATION.sub("", line)
    if not inside or inside == line:
        return None
    return next((found for read in _READERS.get(inside[0], ()) if (found := read(inside))), None)


def _after_body_text(line: str) -> Heading | None:
    """正文 第一章 …: a word of the web sites, nothing of the book."""
    for words in _BODY_TEXT:
        inside = line.removeprefix(words).lstrip(" \u3000:：-—")
        if inside and len(inside) < len(line):
            return next((found for read in _READERS.get(inside[0], ()) if (found := read(inside))), None)
    return None


def _volume_word(line: str) -> Heading | None:
    """上卷 附录 …: the word counts, not the volume."""
    heading = ordinal(line)
    if heading is None or heading.rank <= 2 or not heading.titled:
        return heading
    cut = next((index for index, character in enumerate(line[:12]) if character in " \u3000"), 0)
    return (word(line[after_gap(line, cut) :]) if cut else None) or heading


def _hinted(line: str) -> Heading | None:
    """合影楼 第二回, 李敬业番外: looked for near the beginning only."""
    return prefixed(line) or owned(line) if _HINT.search(line, 0, _HINTED) else None


_PREFIXED: tuple[Reader, ...] = (_hinted,)


def _readers() -> dict[str, tuple[Reader, ...]]:
    """Return who reads a line, by its first character."""
    table: dict[str, list[Reader]] = {}
    for characters, readers in (
        ("第笫", [_volume_word]),
        ("卷章回节節话話集部上中下", [_volume_word]),
        ({name[0] for name in FRONT + EXTRA}, [word]),
        ({name[0].upper() for name in FRONT + EXTRA if name.isascii()}, [word]),
        ("cpvbsecapCPVBSEA", [english_ordinal]),
        (NUMERAL_CHARACTERS + NUMERAL_SIGNS, [loose]),
        (NUMERAL_CHARACTERS + NUMERAL_SIGNS + "第nN№#＃§（([【〔〖〈「『", [bare]),
        (_OPENING, [_decorated, mark]),
        ("正", [_after_body_text]),
        ("正章标標", [mark]),
    ):
        for character in characters:
            table.setdefault(character, []).extend(readers)
    return {character: (*dict.fromkeys([*readers, _hinted]),) for character, readers in table.items()}


_READERS = _readers()
