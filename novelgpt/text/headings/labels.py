"""Headings without a unit: bare numbers (一, 12. …, （三）), marks (==题目==, # 题目, 正文 题目), stems (书名(12)).

Goes in: a clean line. Comes out: a `Heading` of the family bare, mark or stem, or None.
Law: each carries the style it is set in, for a label is a heading only where the book sets many alike.
"""

from __future__ import annotations

import re

from novelgpt.text.headings.heading import LONGEST_TITLE, Heading
from novelgpt.text.headings.numerals import NUMERAL_CHARACTERS, NUMERAL_SIGNS, is_arabic, numeral

LONGEST_STEM = 24
LONGEST_MARKED_LINE = 70

_TIGHT = rf"[{NUMERAL_CHARACTERS}]{{1,12}}|[{NUMERAL_SIGNS}]"
_BARE = re.compile(
    rf"((?:[nN][oO]\.?|№|[#＃§第])?[\s\u3000]{{0,2}}[（(\[【〔〖〈「『]?)[\s\u3000]{{0,2}}([0-9０-９]{{1,8}}|{_TIGHT})"
    rf"(?:[\s\u3000]{{0,2}}([)）\]】〕〗〉」』]))?(?:$|[\s\u3000]{{0,2}}([、.．:：|｜\-—_·])[\s\u3000]{{0,3}}|([\s\u3000]{{1,4}}))?"
)
_QUANTITY = frozenset(
    "年月日号號點点时時分秒岁歲多个個元块塊米里公度%％万萬亿億名位次种種条條只隻人天层層楼樓路折成"
)
_MARK = re.compile(
    r"([=＝*＊#＃~～☆★✦◇◆●■□◎○※▲△►▶〓§【〖〔《\-—·]{1,12}|正文|章节|章節|标题|標題)"
    r"([\s\u3000、：:\-_]{0,3})([^\s\u3000=＝*＊#＃~～☆★】].{0,60}?)[=＝*＊#＃~～☆★✦◇◆●■□◎○※▲△〓】〗〕》\-—·\s\u3000]{0,12}$"
)
_STEM = re.compile(
    rf"([^0-9０-９，。；！？“”…]{{1,{LONGEST_STEM}}}?)([\s\u3000_\-·]{{0,2}}[（(\[【]?)([0-9０-９]{{1,5}}|{_TIGHT})([)）\]】]?)$"
)
_BRACKETS = frozenset("（([【〔〖〈「『")
_BREAKS = re.compile(r"[】〕〗》]")
"""What closes a bracket before the end of the line: 〔调名〕 and words after it, 【旁白】 and what it says."""
_WORDY = re.compile(r"[\u3400-\u9fffA-Za-z]")
_SENTENCE_END = re.compile(r"[。，；：、,;：]$")
_SPOKEN_END = re.compile(r"[！？…”」』!?—]$")


_MEASURES = ("两", "兩")
"""Alone it is an ounce or a pair, never a second chapter."""


def bare(line: str) -> Heading | None:
    """一, 12, 三、题目, （一）, No.11: a heading only if the whole book counts this way."""
    match = _BARE.match(line)
    if not match or len(line) > LONGEST_TITLE:
        return None
    opening, written, closing, separator, space = match.groups("")
    title, number = line[match.end() :], numeral(written)
    if number is None or not _is_title(title) or not _is_paired(opening, closing) or written in _MEASURES:
        return None
    if title and not (separator or space or closing or _may_follow_at_once(opening, written, title)):
        return None
    style = f"{opening.strip()}{'1' if is_arabic(written) else '一'}{closing}{separator}"
    return Heading(
        "bare", "", number, True, titled=bool(title), style=style, spoken=bool(_SPOKEN_END.search(title))
    )


def mark(line: str) -> Heading | None:
    """==题目==, # 题目, ☆、题目, 【题目】, 正文 题目: a line decorated as no line of prose is."""
    match = _MARK.match(line)
    if not match or len(line) > LONGEST_MARKED_LINE:
        return None
    opening, gap, title = match.groups()
    if _WORDY.match(opening) and not gap:
        return None
    if (
        not _WORDY.search(title)
        or len(title) > LONGEST_TITLE
        or not _is_title(title)
        or _BREAKS.search(title)
    ):
        return None
    spoken = bool(_SPOKEN_END.search(title))
    return Heading("mark", "", None, True, titled=True, style=opening + gap.strip(), spoken=spoken)


def stem(line: str) -> Heading | None:
    """书名(12), 书名 124, [web] 406: the same words every time, and a number that rises."""
    match = _STEM.match(line)
    if not match:
        return None
    name, opening, written, closing = match.groups()
    if not is_arabic(written) and not opening:
        return None
    number = numeral(written)
    if number is None or not _WORDY.search(name) or not _is_paired(opening.strip(), closing):
        return None
    return Heading("stem", "", number, True, style=name.strip())


def _is_title(title: str) -> bool:
    return not title[:1].isdigit() and not _SENTENCE_END.search(title) and "。" not in title


def _is_paired(opening: str, closing: str) -> bool:
    return (opening[-1:] in _BRACKETS) == bool(closing) if opening else not closing


def _may_follow_at_once(opening: str, written: str, title: str) -> bool:
    """12夜路 and 007天师 may be headings; 12年, 第12天, 一个人 and 10% are not."""
    if opening or not is_arabic(written) or not _WORDY.match(title):
        return False
    return title[0] not in _QUANTITY or written[0] in "0０"
