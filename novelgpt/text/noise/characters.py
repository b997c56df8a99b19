"""One line's characters: entities, tags, radicals, spaces between Han, narrow punctuation.

Law: every repair either maps characters one to one, or reports exactly what it took out.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

from novelgpt.text.noise.triggers import RADICAL_RANGES, UNSEEN_RANGES

_TAGS = (
    "a abbr article aside b big blockquote body br center cite code dd del div dl dt em font footer form h1 h2 h3 h4 h5 "
    "h6 head header hr html i iframe img input ins label li link main meta nav ol option p pre q ruby rp rt s section "
    "select small span strike strong style sub sup table tbody td th thead title tr tt u ul var wbr script noscript o:p"
)
_TAG = re.compile(
    rf"<!--(?:(?!<!--).){{0,2000}}?-->|<!doctype[^<>]{{0,200}}>|</?(?=[a-z])(?:{'|'.join(sorted(_TAGS.split(), key=len, reverse=True))})"
    r"(?:\s[^<>]{0,500})?\s?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:amp;){0,40}(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}\d{0,2});")
_ZERO_WIDTH_FIRST = 0xAD
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇"
_SPACED = re.compile(rf"(?<=[{_HAN}]) {{1,2}}(?=[{_HAN}])")
_NARROW = re.compile(rf"(?<=[{_HAN}”’」』）》])(?:[,?!:;]|\.(?!\.))(?![A-Za-z0-9])")
_WIDE = {",": "，", ".": "。", "?": "？", "!": "！", ":": "：", ";": "；"}
_MOST_ROUNDS = 4


def unescaped(line: str) -> tuple[str, int]:
    """Return the line with entities read as what they stand for, also when escaped twice, and how many there were."""
    count = 0
    for _ in range(_MOST_ROUNDS):
        line, found = _ENTITY.subn(_meaning, line)
        count += found
        if not found or "&" not in line:
            break
    return line, count


def _meaning(match: re.Match[str]) -> str:
    """Return what an entity stands for; one that stands for nothing is left as written."""
    said = html.unescape(f"&{match[1]};")
    if said in ("\n", "\r", "\t"):
        return " "
    return match[0] if (said.startswith("&") and len(said) > 1) or "\ufffd" in said else said


def without_tags(line: str) -> tuple[str, str]:
    """Return the line without HTML tags and comments, and the tags."""
    tags = "".join(_TAG.findall(line))
    return (_TAG.sub("", line), tags) if tags else (line, "")


def without_unseen(line: str) -> tuple[str, int, int]:
    """Return the line without invisible characters: how many were control characters, how many of zero width."""
    controls, zero_width = _unseen()
    bare = controls.sub("", line)
    seen = zero_width.sub("", bare)
    return seen, len(line) - len(bare), len(bare) - len(seen)


def without_radicals(line: str) -> tuple[str, int]:
    """Return the line with radicals written as the Han they look like, and how many."""
    better = line.translate(_radicals())
    return better, sum(a != b for a, b in zip(line, better, strict=True))


def without_spaces(line: str) -> tuple[str, int]:
    """Return a line typed with a space after every Han as it should be, and how many spaces went."""
    spaces = len(_SPACED.findall(line))
    if spaces < 4 or spaces * 2 < len(line.replace(" ", "")) - 1:
        return line, 0
    return _SPACED.subn("", line)


def widened(line: str) -> tuple[str, int]:
    """Return the line with narrow punctuation after Han made wide, and how many marks."""
    return _NARROW.subn(lambda match: _WIDE[match[0]], line)


def is_substituted(half: int, full: int) -> bool:
    """Say whether a book's marks prove that narrow ones were put in the place of wide ones."""
    return half >= 20 and full * 20 < half


@lru_cache(maxsize=1)
def _unseen() -> tuple[re.Pattern[str], re.Pattern[str]]:
    def one_class(ranges: list[tuple[int, int]]) -> re.Pattern[str]:
        return re.compile("[" + "".join(f"{chr(a)}-{chr(b)}" for a, b in ranges) + "]+")

    separators = [(0x2028, 0x2029)]
    controls = [(a, b) for a, b in UNSEEN_RANGES if b < _ZERO_WIDTH_FIRST] + separators
    zero_width = [(a, b) for a, b in UNSEEN_RANGES if a >= _ZERO_WIDTH_FIRST]
    return one_class(controls), one_class(zero_width)


@lru_cache(maxsize=1)
def _radicals() -> dict[int, str]:
    folded = {
        code: unicodedata.normalize("NFKC", chr(code)) for a, b in RADICAL_RANGES for code in range(a, b + 1)
    }
    return {code: han for code, han in folded.items() if len(han) == 1 and han != chr(code)}
