"""One clean line → the heading it could be, judged by its form alone; `split` lets the whole book decide.

Law: a line of prose may look like a heading, but never like a firm one: a firm heading is a numeral with its unit,
alone or set apart from a short title that does not end as a sentence does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from novelgpt.text.numerals import NUMERAL_CHARACTERS, numeral, roman

Family = Literal["unit", "word", "bare"]

LONGEST_LINE = 200
LONGEST_TITLE = 40
RANKS = {
    **dict.fromkeys("部季", 5),
    **dict.fromkeys("卷", 4),
    **dict.fromkeys("册冊集篇", 3),
    **dict.fromkeys("章回话話折幕讲講则則种種", 2),
    **dict.fromkeys("节節", 1),
}
"""How high a unit stands: a book's chapters are counted in one, and what stands higher is a volume."""

_NOT_A_TITLE = {
    "回": "合来來事去头頭家到程应應想见見答",
    "节": "课課车車目日省约气",
    "節": "課車目日省約氣",
    "集": "合团團中体體市会會训訓结結",
    "部": "分队隊门門下手将將落长長赛賽署件曲电電戏戲小书書",
    "卷": "烟煙子入宗轴軸",
    "章": "鱼魚程法",
    "折": "扣腾騰磨叠疊返",
    "话": "题題音剧劇语語机機说說",
    "話": "題音劇語機說",
}
"""What follows a unit in ordinary words: 第一回合, 第二部分, 第一节课, 第一集合点."""
_NEVER_FIRST = "的了是里裏裡中和与與也就都着著后後前以之而，。、；：！？）)"
_ONLY_APART = "册冊篇幕季讲講则則种種"
"""Units too common in prose to be believed when a word follows them at once: 第三种人, 第一季度."""

_FRONT = "序 序言 序文 自序 原序 总序 總序 代序 叙 敘 自叙 自敘 前言 导言 導言 弁言 凡例 例言 小引 题辞 題辭 题词 題詞 内容简介 內容簡介 内容提要 内容介绍 作品简介 作者简介 简介 簡介 文案 目录 目錄 卷首语"
_EXTRA = "楔子 引子 序章 序幕 序曲 缘起 緣起 尾声 尾聲 尾章 终章 終章 末章 间章 后记 後記 后序 後序 跋 番外篇 番外 外传 外傳 附录 附錄 附记 附記 完本感言 完结感言 上架感言 大结局 结局 结束 结尾"

_GAP = r"[\s\u3000:：、.．·•_|｜\-—－~～]"
_NUM = rf"(?:[{NUMERAL_CHARACTERS}][\s\u3000]?){{1,12}}"
_TIGHT = rf"[{NUMERAL_CHARACTERS}]{{1,12}}"
_UNITS = "".join(RANKS)
_DECORATION = re.compile(
    r"^[《【〔「『\[（(☆★✦◇◆●■□§#*＊=＝\s\u3000]{1,6}、?|[》】〕」』\]）)☆★✦◇◆●■□§#*＊=＝\s\u3000]{1,6}$"
)
_ORDINAL = re.compile(rf"第[\s\u3000]?({_NUM})([{_UNITS}])")
_REVERSED = re.compile(rf"(卷)之?[\s\u3000]?({_TIGHT})(?![{_UNITS}])")
_SIDE = re.compile(r"([上中下])[卷部册冊篇集](?=$|[\s\u3000:：【])")
_INNER = re.compile(rf"第[\s\u3000]?({_NUM})([章回节節话話折])|({_TIGHT})([章回])(?=$|{_GAP})")
_PREFIXED = re.compile(
    rf"[^\s第，。：；！？、“”]{{1,12}}[\s\u3000]{{0,4}}第({_TIGHT})([章回节節话話卷])(?=$|{_GAP})"
)
_ENGLISH = re.compile(
    r"(chapter|part|volume|book|section|episode)\s?\.?\s?([0-9]{1,5}|[ivxlc]{1,8})(?![a-z0-9])", re.I
)
_ENGLISH_UNITS = {
    "part": "部",
    "book": "部",
    "volume": "卷",
    "chapter": "章",
    "episode": "话",
    "section": "节",
}
_WORD = re.compile(
    rf"({'|'.join(sorted((_FRONT + ' ' + _EXTRA).split(), key=len, reverse=True))})"
    rf"(?:之?[\s\u3000（(]?({_TIGHT})[）)]?)?(?=$|{_GAP})"
)
_BARE = re.compile(rf"({_TIGHT})(?:$|[、.．:：\s\u3000]{{1,3}})")
_APART = re.compile(rf"{_GAP}{{1,4}}|[】〕」』\]）)]")
_SENTENCE_END = re.compile(r"[。，；！？…”：、,;!?—]$")
_MAY_START = frozenset(
    "第卷正上中下"
    + NUMERAL_CHARACTERS
    + "《【〔「『[（(☆★✦◇◆●■□§#*＊=＝cCpPvVbBsSeE"
    + "".join(word[0] for word in (_FRONT + " " + _EXTRA).split())
)


@dataclass(frozen=True)
class Heading:
    """A line that may be a heading: its family, unit and number, and whether its form alone is convincing."""

    family: Family
    unit: str
    number: int | None
    firm: bool
    kind: Literal["front", "extra", "chapter"] = "chapter"
    titled: bool = False

    @property
    def rank(self) -> int:
        """Return how high the unit stands; words and bare numbers stand with chapters."""
        return RANKS.get(self.unit, 2)


def heading_of(line: str) -> Heading | None:
    """Return what heading the clean `line` could be, or None for prose."""
    if not line or len(line) > LONGEST_LINE:
        return None
    if line[0] not in _MAY_START:
        return _prefixed(line) if "第" in line[:18] else None
    bare = _DECORATION.sub("", line)
    bare = bare.removeprefix("正文").lstrip() if len(bare) > 2 else bare
    return _ordinal(bare) or _word(bare) or _english(bare) or _bare(bare) or _prefixed(bare)


def _ordinal(line: str) -> Heading | None:
    """第三章 …, 卷五 …, and 第九卷 第二章 …, where the inner number counts."""
    match = _ORDINAL.match(line)
    if match:
        unit, number, end = match[2], numeral(match[1]), match.end()
    elif match := _REVERSED.match(line):
        unit, number, end = match[1], numeral(match[2]), match.end()
    elif match := _SIDE.match(line):
        unit, number, end = match[0][1], {"上": 1, "中": 2, "下": None}[match[1]], match.end()
    else:
        return None
    if number is None and match.re is not _SIDE:
        return None
    start = _after_gap(line, end)
    if start > end and RANKS[unit] > 2 and (word := _word(line[start:])):
        return word
    inner = _INNER.match(line, start)
    if inner and (RANKS[inner[2] or inner[4]] < RANKS[unit] or inner[2] == "回"):
        unit, number, end = inner[2] or inner[4], numeral(inner[1] or inner[3]), inner.end()
    return _judged(line[end:], unit, number)


def _prefixed(line: str) -> Heading | None:
    """合影楼 第一回 …: something stands before the number, so the book has to vouch for it."""
    match = _PREFIXED.match(line)
    if not match or (number := numeral(match[1])) is None:
        return None
    judged = _judged(line[match.end() :], match[2], number)
    return judged and replace(judged, firm=False)


def _judged(rest: str, unit: str, number: int | None) -> Heading | None:
    """Judge what follows the unit: nothing, a title set apart, a title run on, or the rest of a sentence."""
    if not rest:
        return Heading("unit", unit, number, firm=True)
    apart = _APART.match(rest)
    title = rest[apart.end() :] if apart else rest
    if not apart and (
        rest[0] in _NEVER_FIRST or rest[0] in _NOT_A_TITLE.get(unit, "") or unit in _ONLY_APART
    ):
        return None
    ends = bool(_SENTENCE_END.search(title))
    if (not apart and ends) or "。" in title[:-1]:
        return None
    return Heading(
        "unit", unit, number, bool(apart) and len(title) <= LONGEST_TITLE and not ends, titled=True
    )


def _word(line: str) -> Heading | None:
    """楔子, 序, 番外二 …: only whole words, alone or with a title set apart."""
    match = _WORD.match(line)
    if not match or len(line) > LONGEST_TITLE or _SENTENCE_END.search(line[match.end() :]):
        return None
    kind: Literal["front", "extra"] = "front" if match[1] in _FRONT.split() else "extra"
    return Heading(
        "word", match[1], numeral(match[2]) if match[2] else None, True, kind, match.end() < len(line)
    )


def _english(line: str) -> Heading | None:
    match = _ENGLISH.match(line)
    if not match:
        return None
    number = numeral(match[2]) if match[2].isdigit() else roman(match[2])
    rest = line[match.end() :]
    if number is None or (rest and not _APART.match(rest)):
        return None
    return _judged(rest, _ENGLISH_UNITS[match[1].lower()], number)


def _bare(line: str) -> Heading | None:
    """一, 12, 三、题目: a heading only if the whole book counts this way."""
    match = _BARE.match(line)
    if not match or len(line) > LONGEST_TITLE:
        return None
    title = line[match.end() :]
    number = numeral(match[1])
    if number is None or title[:1].isdigit() or _SENTENCE_END.search(title):
        return None
    return Heading("bare", "", number, firm=True, titled=bool(title))


def _after_gap(line: str, start: int) -> int:
    gap = _APART.match(line, start)
    return gap.end() if gap else start
