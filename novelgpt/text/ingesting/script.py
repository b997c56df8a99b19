"""Traditional ⇄ simplified Chinese, by the book: which script it is in, and, when asked, the other one.

OpenCC converts by phrase (後/后, 著/着). Law: a book that is in the wanted script already is not touched, because converting
what needs no converting does harm (顯著 is mended, 显著 would be spoilt).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Script = Literal["keep", "simplified", "traditional"]
SCRIPTS: tuple[Script, ...] = ("keep", "simplified", "traditional")
SAMPLE = 50_000
TELLING = 20
"""Telling characters needed to judge a text; a shorter one is converted, which then costs nothing."""
MOSTLY = 0.8

_SIMPLIFIED = frozenset("这个们来时说国对会过还没为从样话见长门问间听头东车马鸟鱼书气给让认识请谁谈边远进运")
_TRADITIONAL = frozenset("這個們來時說國對會過還沒為從樣話見長門問間聽頭東車馬鳥魚書氣給讓認識請誰談邊遠進運")
_CONVERSIONS = {"simplified": "tw2s", "traditional": "s2tw"}


def script_of(text: str) -> Literal["simplified", "traditional", "mixed", ""]:
    """Return the script most of a text is in; empty when it says too little."""
    sample = text[:SAMPLE]
    simplified = sum(sample.count(character) for character in _SIMPLIFIED)
    traditional = sum(sample.count(character) for character in _TRADITIONAL)
    told = simplified + traditional
    if told < TELLING:
        return ""
    if simplified > MOSTLY * told:
        return "simplified"
    return "traditional" if traditional > MOSTLY * told else "mixed"


def converter(wanted: Script, found: str) -> Callable[[str], str] | None:
    """Return what turns a text of the script `found` into the one `wanted`; None when there is nothing to do."""
    if wanted in ("keep", found):
        return None
    import opencc  # loads its dictionaries: only for who asks

    convert = opencc.OpenCC(_CONVERSIONS[wanted]).convert
    return lambda text: "\n".join(_safely(convert, line) for line in text.split("\n"))


def _safely(convert: Callable[[str], str], line: str) -> str:
    """Convert a line; OpenCC would cut it at a NUL and cannot take a lone surrogate, so such a line stays."""
    if "\x00" in line or any("\ud800" <= character <= "\udfff" for character in line):
        return line
    return convert(line)
