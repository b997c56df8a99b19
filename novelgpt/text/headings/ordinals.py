"""Headings counted in a unit: 第三章 …, 卷五, 章11, 三十章, Chapter XII, 第九卷 第二章, 合影楼 第二回.

Goes in: a clean line without its decoration. Comes out: a `Heading` of the family unit, or None.
Law: a firm heading is a numeral with its unit, alone or set apart from a short title that does not end as a sentence does.
"""

from __future__ import annotations

import re
from dataclasses import replace

from novelgpt.text.headings.heading import GAP, LONGEST_TITLE, RANKS, VOLUME_RANK, Heading
from novelgpt.text.headings.numerals import NUMERAL_CHARACTERS, NUMERAL_SIGNS, english, numeral, roman

_NOT_A_TITLE = {
    "回": "合来來事去头頭家到程应應想见見答",
    "节": "课課车車目日省约气",
    "節": "課車目日省約氣",
    "集": "合团團中体體市会會训訓结結",
    "部": "分队隊门門下手将將落长長赛賽署件曲电電戏戲小书書游遊",
    "卷": "烟煙子入宗轴軸",
    "章": "鱼魚程",
    "折": "扣腾騰磨叠疊返",
    "话": "题題音剧劇语語机機说說",
    "話": "題音劇語機說",
}
"""What follows a unit in ordinary words: 第一回合, 第二部分, 第一节课, 第一集合点."""
_NEVER_FIRST = "的了是里裏裡也就着著而，。、；：！？）)"
_SELDOM_FIRST = frozenset("中和与與都后後前以之")
"""第三章中 goes on as a sentence more often than as a title, but 中原 and 后宫 begin titles too."""
_ONLY_APART = "册冊篇幕季讲講则則種种场場封本编編辑輯"
"""Units too common in prose to be believed when a word follows them at once: 第三种人, 第一季度, 第一封信."""
_ENDINGS = frozenset(("完", "终", "終", "(完)", "（完）", "结束", "完结"))
"""What closes a chapter instead of opening one: 第三章 完."""
_SIDES = {"上": 1, "中": 2, "下": None}

_NUM = rf"(?:[{NUMERAL_CHARACTERS}][\s\u3000]?){{1,12}}|[{NUMERAL_SIGNS}]"
_TIGHT = rf"[{NUMERAL_CHARACTERS}]{{1,12}}"
_UNITS = "".join(RANKS)
_ORDINAL = re.compile(rf"[第笫][\s\u3000]?[(（\[〔【]?[\s\u3000]?({_NUM})[)）\]〕】]?[\s\u3000]?([{_UNITS}])")
_REVERSED = re.compile(
    rf"(卷)之?[\s\u3000]?({_TIGHT})(?![{_UNITS}])|([章回节節话話集部])[\s\u3000.]?({_TIGHT})(?=$|{GAP})"
)
_LOOSE = re.compile(rf"({_TIGHT})[\s\u3000]?([章回节節话話卷集])(?=$|{GAP})")
_SIDE = re.compile(r"([上中下])[卷部册冊篇集编編](?=$|[\s\u3000:：【])|卷([上中下])(?=$|[\s\u3000:：【])")
_INNER = re.compile(rf"[第笫][\s\u3000]?({_NUM})([章回节節話话折])|({_TIGHT})([章回])(?=$|{GAP})")
_LATER = re.compile(rf"[\s\u3000][第笫]({_TIGHT})([章回节節話话折])(?=$|{GAP})")
_PREFIXED = re.compile(
    rf"[^\s第，。：；！？、“”]{{1,12}}[\s\u3000:：·]{{0,4}}第({_TIGHT})([章回节節话話卷])(?=$|{GAP})"
)
_ENGLISH = re.compile(
    r"(chapter|chap|ch|part|volume|vol|book|section|episode|ep|act|scene)\s{0,2}[.:#\-]?\s{0,2}"
    r"([0-9]{1,5}|[ivxlc]{1,8}|[a-z]{3,9}(?:[ \-][a-z]{3,5})?)(?![a-z0-9])",
    re.I,
)
_ENGLISH_UNITS = {
    **dict.fromkeys(("part", "book"), "部"),
    **dict.fromkeys(("volume", "vol"), "卷"),
    **dict.fromkeys(("chapter", "chap", "ch"), "章"),
    **dict.fromkeys(("episode", "ep"), "话"),
    "section": "节",
    "act": "幕",
    "scene": "场",
}
_APART = re.compile(rf"{GAP}{{1,4}}|[】〕」』\]）)]")
_SENTENCE_END = re.compile(r"[。，；：、,;]$")
_SPOKEN_END = re.compile(r"[！？…”」』!?—]$")


def ordinal(line: str) -> Heading | None:
    """第三章 …, 卷五 …, and 第九卷 第二章 …, where the inner number counts."""
    counted = _counted(line)
    if counted is None:
        return None
    unit, number, end = _innermost(line, *counted)
    return _judged(line[end:], unit, number)


def loose(line: str) -> Heading | None:
    """三十章 …: without 第 it could be a quantity, so the book has to vouch for it."""
    match = _LOOSE.match(line)
    if not match or (number := numeral(match[1])) is None:
        return None
    return _doubted(_judged(line[match.end() :], match[2], number))


def prefixed(line: str) -> Heading | None:
    """合影楼 第一回 …: something stands before the number, so the book has to vouch for it."""
    match = _PREFIXED.match(line)
    if not match or (number := numeral(match[1])) is None:
        return None
    return _doubted(_judged(line[match.end() :], match[2], number))


def english_ordinal(line: str) -> Heading | None:
    """Chapter 12, CHAPTER XII: …, Vol.001, Episode Three."""
    match = _ENGLISH.match(line)
    if not match:
        return None
    written = match[2]
    number = numeral(written) if written.isdigit() else roman(written) or english(written)
    rest = line[match.end() :]
    if number is None or (rest and not _APART.match(rest)) or rest.endswith("."):
        return None
    return _judged(rest, _ENGLISH_UNITS[match[1].lower()], number)


def _counted(line: str) -> tuple[str, int | None, int] | None:
    """Return the outer unit, its number, and where it ends."""
    if match := _ORDINAL.match(line):
        unit, written = match[2], match[1]
    elif match := _REVERSED.match(line):
        unit, written = match[1] or match[3], match[2] or match[4]
    elif match := _SIDE.match(line):
        return ("卷" if match[2] else match[0][1]), _SIDES[match[1] or match[2]], match.end()
    else:
        return None
    number = numeral(written)
    return None if number is None else (unit, number, match.end())


def _innermost(line: str, unit: str, number: int | None, end: int) -> tuple[str, int | None, int]:
    """Return what counts where a volume and a chapter share the line."""
    inner = _INNER.match(line, after_gap(line, end))
    if inner and (RANKS[inner[2] or inner[4]] < RANKS[unit] or inner[2] == "回"):
        return inner[2] or inner[4], numeral(inner[1] or inner[3]), inner.end()
    if RANKS[unit] >= VOLUME_RANK and (later := _LATER.search(line, end, end + LONGEST_TITLE)):
        return later[2], numeral(later[1]), later.end()
    return unit, number, end


def _judged(rest: str, unit: str, number: int | None) -> Heading | None:
    """Judge what follows the unit: nothing, a title set apart, a title run on, or the rest of a sentence."""
    if not rest:
        return Heading("unit", unit, number, firm=True)
    apart = _APART.match(rest)
    title = rest[apart.end() :] if apart else rest
    if not apart and _runs_on(rest, unit):
        return None
    closed = bool(_SENTENCE_END.search(title))
    spoken = bool(_SPOKEN_END.search(title))
    if (not apart and (closed or spoken)) or "。" in title[:-1]:
        return None
    if title in _ENDINGS or _is_listed_with(title, unit, number):
        return None
    doubted = closed or spoken or (not apart and title[0] in _SELDOM_FIRST)
    firm = bool(apart) and len(title) <= LONGEST_TITLE and not doubted
    return Heading("unit", unit, number, firm, titled=bool(title), spoken=doubted)


def _runs_on(rest: str, unit: str) -> bool:
    """Say whether what follows the unit at once makes an ordinary word or sentence of it."""
    return rest[0] in _NEVER_FIRST or rest[0] in _NOT_A_TITLE.get(unit, "") or unit in _ONLY_APART


def _is_listed_with(title: str, unit: str, number: int | None) -> bool:
    """Say whether a second chapter stands on the same line, as in a contents list that lost its line breaks."""
    if "第" not in title:
        return False
    return any(
        match[2] == unit and numeral(match[1]) not in (number, None) for match in _LATER.finditer(title)
    )


def after_gap(line: str, start: int) -> int:
    """Return where the title begins, if the unit ends at `start`."""
    gap = _APART.match(line, start)
    return gap.end() if gap else start


def _doubted(heading: Heading | None) -> Heading | None:
    return heading and replace(heading, firm=False)
