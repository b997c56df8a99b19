"""Every way of the catalogue to set the headings of a novel, and the lines of a story that only look like headings.

Goes in: nothing. Comes out: `STYLES`, `TRAPS`, and the words around a framed book, for `chapters.py`.
Law: a style is a function of the number and the title alone, so that what it writes is the truth to be found again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

DIGITS = "零一二三四五六七八九"
FORMAL = str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟")
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
RADICALS = str.maketrans("一二八十", "⼀⼆⼋⼗")


@dataclass(frozen=True)
class Style:
    """How a book is set: the heading lines of chapter `number`, the page around them, the volumes above them."""

    heading: Callable[[int, str], str | Sequence[str]]
    before: int = 1
    after: int = 1
    indent: str = "\u3000\u3000"
    heading_indent: str = ""
    spaced: bool = False
    per_volume: int = 0
    volume: Callable[[int], str] | None = None
    restarts: bool = False
    contents: str = ""
    numbering: str = ""
    frame: bool = False
    wrap: int = 0
    runs_in: bool = False
    traps: str = ""


def han(number: int) -> str:
    """Write a number below ten thousand the way a book does."""
    parts, pending = [], False
    for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // scale % 10
        if digit:
            parts.append(("零" if pending else "") + DIGITS[digit] + name)
        pending = not digit and bool(parts)
    written = "".join(parts)
    return written.removeprefix("一") if 10 <= number < 20 else written


def spelled(number: int) -> str:
    """Write 120 as 一二零."""
    return "".join(DIGITS[int(digit)] for digit in str(number))


def ancient(number: int) -> str:
    """Write 20-49 as 廿, 卅, 卌."""
    ten, one = divmod(number, 10)
    return {2: "廿", 3: "卅", 4: "卌"}[ten] + DIGITS[one] * bool(one) if 20 <= number < 50 else han(number)


def roman(number: int) -> str:
    """Write a number below four hundred in Roman numerals."""
    written = ""
    for value, letters in zip(
        (100, 90, 50, 40, 10, 9, 5, 4, 1), ("C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"), strict=True
    ):
        written += letters * (number // value)
        number %= value
    return written


def long_title(title: str) -> str:
    """Return a title of 99 characters."""
    return (title + "夜路漫长灯火阑珊" * 12)[:99]


STYLES: dict[str, Style] = {
    "第三章 题": Style(lambda n, t: f"第{han(n)}章 {t}"),
    "第3章 题": Style(lambda n, t: f"第{n}章 {t}"),
    "第３章　题": Style(lambda n, t: f"第{str(n).translate(WIDE)}章　{t}"),
    "第003章：题": Style(lambda n, t: f"第{n:03}章：{t}"),
    "第一二零回 题": Style(lambda n, t: f"第{spelled(n)}回 {t}"),
    "第廿三回 题": Style(lambda n, t: f"第{ancient(n)}回 {t}"),
    "第壹拾贰章 题": Style(lambda n, t: f"第{han(n).translate(FORMAL)}章 {t}"),
    "第⼀⼆章 题 (radicals)": Style(lambda n, t: f"第{han(n).translate(RADICALS)}章 {t}"),
    "第两百一十八章 题": Style(lambda n, t: f"第{han(n + 200).replace('二百', '两百')}章 {t}"),
    "第 三 章 题": Style(lambda n, t: f"第 {han(n)} 章 {t}"),
    "第三章题 (no space)": Style(lambda n, t: f"第{han(n)}章{t}"),
    "第三章 (no title)": Style(lambda n, t: f"第{han(n)}章"),
    "三章 题 (no 第)": Style(lambda n, t: f"{han(n)}章 {t}"),
    "章3 题": Style(lambda n, t: f"章{n} {t}"),
    "卷五 题": Style(lambda n, t: f"卷{han(n)} {t}"),
    "第三节 题": Style(lambda n, t: f"第{han(n)}节 {t}"),
    "第三集 题": Style(lambda n, t: f"第{han(n)}集 {t}"),
    "第三话 题": Style(lambda n, t: f"第{han(n)}话 {t}"),
    "第三折 题": Style(lambda n, t: f"第{han(n)}折 {t}"),
    "第三幕 题": Style(lambda n, t: f"第{han(n)}幕 {t}"),
    "第三讲 题": Style(lambda n, t: f"第{han(n)}讲 {t}"),
    "第三场 题": Style(lambda n, t: f"第{han(n)}场 {t}"),
    "第三封 题": Style(lambda n, t: f"第{han(n)}封 {t}"),
    "第三册 题": Style(lambda n, t: f"第{han(n)}册 {t}"),
    "第三本 题": Style(lambda n, t: f"第{han(n)}本 {t}"),
    "第三部 题": Style(lambda n, t: f"第{han(n)}部 {t}"),
    "第三篇 题": Style(lambda n, t: f"第{han(n)}篇 {t}"),
    "第三季 题": Style(lambda n, t: f"第{han(n)}季 {t}"),
    "3": Style(lambda n, t: f"{n}"),
    "三": Style(lambda n, t: han(n)),
    "33. 题": Style(lambda n, t: f"{n}. {t}"),
    "33.": Style(lambda n, t: f"{n}."),
    "1 ｜ 题": Style(lambda n, t: f"{n} | {t}"),
    "001、题": Style(lambda n, t: f"{n:03}、{t}"),
    "001题": Style(lambda n, t: f"{n:03}{t}"),
    "001 题": Style(lambda n, t: f"{n:03} {t}"),
    "三、题": Style(lambda n, t: f"{han(n)}、{t}"),
    "（三）": Style(lambda n, t: f"（{han(n)}）"),
    "（三）题": Style(lambda n, t: f"（{han(n)}）{t}"),
    "[0001]题": Style(lambda n, t: f"[{n:04}]{t}"),
    "No.11 题": Style(lambda n, t: f"No.{n} {t}"),
    "Chapter 3": Style(lambda n, t: f"Chapter {n}"),
    "chapter.844 题": Style(lambda n, t: f"chapter.{n} {t}"),
    "CHAPTER XII: 题": Style(lambda n, t: f"CHAPTER {roman(n)}: {t}"),
    "Section 3 题": Style(lambda n, t: f"Section {n} {t}"),
    "Episode 3 题": Style(lambda n, t: f"Episode {n} {t}"),
    "vol.001 题": Style(lambda n, t: f"vol.{n:03} {t}"),
    "【第三章】题": Style(lambda n, t: f"【第{han(n)}章】{t}"),
    "【第三章 题】": Style(lambda n, t: f"【第{han(n)}章 {t}】"),
    "「第三章」题": Style(lambda n, t: f"「第{han(n)}章」{t}"),
    "第（三）章 题": Style(lambda n, t: f"第（{han(n)}）章 {t}"),
    "☆、第3章 题": Style(lambda n, t: f"☆、第{n}章 {t}"),
    "☆、题": Style(lambda n, t: f"☆、{t}"),
    "===题===": Style(lambda n, t: f"==={t}==="),
    "# 题 (markdown)": Style(lambda n, t: f"# {t}"),
    "## 第三章 题": Style(lambda n, t: f"## 第{han(n)}章 {t}"),
    "【题】": Style(lambda n, t: f"【{t}】"),
    "正文 第三章 题": Style(lambda n, t: f"正文 第{han(n)}章 {t}"),
    "正文 题": Style(lambda n, t: f"正文 {t}"),
    "章节-题": Style(lambda n, t: f"章节-{t}"),
    "书名(12)": Style(lambda n, t: f"夜路({n})"),
    "书名 124": Style(lambda n, t: f"夜路 {n}"),
    "书名124": Style(lambda n, t: f"夜路{n}"),
    "[web] 406": Style(lambda n, t: f"[web] {n}"),
    "书名 第三章 题": Style(lambda n, t: f"夜路 第{han(n)}章 {t}"),
    "题 (no number)": Style(lambda n, t: f"{t}"),
    "titles of 99 characters": Style(lambda n, t: f"第{han(n)}章 {long_title(t)}"),
    "title asks？": Style(lambda n, t: f"第{han(n)}章 {t}？"),
    "two lines": Style(lambda n, t: [f"第{han(n)}章", t]),
    "two lines, blank between": Style(lambda n, t: [f"第{han(n)}章", "", t]),
    "number and title on two lines": Style(lambda n, t: [f"{n}", "", t]),
    "doubled": Style(lambda n, t: [f"第{han(n)}章 {t}", "", f"第{han(n)}章 {t}"]),
    "doubled, indented": Style(lambda n, t: [f"第{n}章 {t}", f"　　第{n}章 {t}"]),
    "卷三 第三章 on one line": Style(lambda n, t: f"第{han(1 + (n - 1) // 10)}卷 第{han(n)}章 {t}"),
    "卷三 名 第三章 on one line": Style(lambda n, t: f"第{han(1 + (n - 1) // 10)}卷 山雨 第{han(n)}章 {t}"),
    "volumes": Style(lambda n, t: f"第{han(n)}章 {t}", per_volume=10, volume=lambda v: f"第{han(v)}卷 山雨"),
    "volumes, numbers restart": Style(
        lambda n, t: f"第{n}章 {t}", per_volume=10, volume=lambda v: f"第{han(v)}卷 山雨", restarts=True
    ),
    "卷一 over bare numbers that restart": Style(
        lambda n, t: f"{n}", per_volume=10, volume=lambda v: f"卷{han(v)}", restarts=True
    ),
    "第一部 over 一、题 that restart": Style(
        lambda n, t: f"{han(n)}、{t}", per_volume=12, volume=lambda v: f"第{han(v)}部", restarts=True
    ),
    "第三章题 in volumes, restart": Style(
        lambda n, t: f"第{han(n)}章{t}", per_volume=10, volume=lambda v: f"第{han(v)}卷 山雨", restarts=True
    ),
    "restart without a volume line": Style(lambda n, t: f"第{han(n)}章 {t}", per_volume=10, restarts=True),
    "heading indented as the text": Style(lambda n, t: f"第{han(n)}章 {t}", heading_indent="　　"),
    "nothing indented": Style(lambda n, t: f"第{han(n)}章 {t}", indent=""),
    "nothing indented, no blanks": Style(lambda n, t: f"第{han(n)}章 {t}", indent="", before=0, after=0),
    "indented, no blanks": Style(lambda n, t: f"第{han(n)}章 {t}", before=0, after=0),
    "a blank after every line": Style(lambda n, t: f"第{han(n)}章 {t}", indent="", spaced=True),
    "bare, a blank after every line": Style(lambda n, t: f"{n}", indent="", spaced=True),
    "三、题, nothing indented": Style(lambda n, t: f"{han(n)}、{t}", indent=""),
    "第三章题, nothing indented": Style(lambda n, t: f"第{han(n)}章{t}", indent="", before=0, after=0),
    "contents list at the head": Style(lambda n, t: f"第{han(n)}章 {t}", contents="head"),
    "contents list, not indented": Style(lambda n, t: f"第{han(n)}章 {t}", indent="", contents="head"),
    "contents list at the tail": Style(lambda n, t: f"第{han(n)}章 {t}", contents="tail"),
    "contents list of bare numbers": Style(lambda n, t: f"{n}. {t}", contents="head"),
    "contents list of 第三章题": Style(lambda n, t: f"第{han(n)}章{t}", contents="head"),
    "contents list of 第三章题, not indented": Style(
        lambda n, t: f"第{han(n)}章{t}", indent="", contents="head"
    ),
    "a number twice": Style(lambda n, t: f"第{han(n)}章 {t}", numbering="twice"),
    "numbers missing": Style(lambda n, t: f"第{han(n)}章 {t}", numbering="missing"),
    "a typo among the numbers": Style(lambda n, t: f"第{han(n)}章 {t}", numbering="typo"),
    "number twice, 第三章题": Style(lambda n, t: f"第{han(n)}章{t}", numbering="twice"),
    "numbers missing, 第三章题": Style(lambda n, t: f"第{han(n)}章{t}", numbering="missing"),
    "typo, 第三章题": Style(lambda n, t: f"第{han(n)}章{t}", numbering="typo"),
    "number twice, 三、题": Style(lambda n, t: f"{han(n)}、{t}", numbering="twice"),
    "numbers missing, 33.": Style(lambda n, t: f"{n}.", numbering="missing"),
    "typo, 书名(12)": Style(lambda n, t: f"夜路({n})", numbering="typo"),
    "序 楔子 … 尾声 番外 around": Style(lambda n, t: f"第{han(n)}章 {t}", frame=True),
    "序 楔子 … around 第3章, nothing indented": Style(lambda n, t: f"第{n}章 {t}", indent="", frame=True),
    "序 楔子 … around 三、题": Style(lambda n, t: f"{han(n)}、{t}", frame=True),
    "第12章 and 第十二章 mixed": Style(lambda n, t: f"第{n if n % 3 else han(n)}章 {t}"),
    "第三章 题 and 第三章题 mixed": Style(lambda n, t: f"第{han(n)}章{' ' * (n % 3 > 0)}{t}"),
    "hard wraps": Style(lambda n, t: f"第{han(n)}章 {t}", wrap=35),
    "hard wraps, nothing indented": Style(lambda n, t: f"第{han(n)}章 {t}", indent="", wrap=35),
    "hard wraps, no blanks, nothing indented": Style(
        lambda n, t: f"第{han(n)}章 {t}", indent="", before=0, after=0, wrap=35
    ),
    "one line a chapter": Style(lambda n, t: f"第{han(n)}章 {t}", indent="", before=0, after=0, runs_in=True),
    "begins at 33.": Style(lambda n, t: f"{n + 32}. {t}"),
    "begins at 第三十三章题": Style(lambda n, t: f"第{han(n + 32)}章{t}"),
    "every sixth in another form": Style(lambda n, t: f"第{han(n)}章 {t}" if n % 6 else f"{han(n)}章 {t}"),
    "traps: 第三章 题": Style(lambda n, t: f"第{han(n)}章 {t}", traps="章"),
    "traps: 第三章题": Style(lambda n, t: f"第{han(n)}章{t}", traps="章"),
    "traps: 第3回, nothing indented": Style(lambda n, t: f"第{n}回 {t}", indent="", traps="回"),
    "traps: 第3节, no blanks, nothing indented": Style(
        lambda n, t: f"第{n}节 {t}", indent="", before=0, after=0, traps="节"
    ),
    "traps: 三": Style(lambda n, t: han(n), traps="章"),
    "traps: 33. 题": Style(lambda n, t: f"{n}. {t}", traps="章"),
    "traps: 书名(12)": Style(lambda n, t: f"夜路({n})", traps="章"),
    "traps: 第三章 题, a blank after every line": Style(
        lambda n, t: f"第{han(n)}章 {t}", indent="", spaced=True, traps="章"
    ),
    "traps: 第三章题, nothing indented": Style(lambda n, t: f"第{han(n)}章{t}", indent="", traps="章"),
    "traps: 第三章题, no blanks, nothing indented": Style(
        lambda n, t: f"第{han(n)}章{t}", indent="", before=0, after=0, traps="章"
    ),
    "traps: numbers missing": Style(lambda n, t: f"第{han(n)}章 {t}", numbering="missing", traps="章"),
    "traps: 33. 题, nothing indented": Style(lambda n, t: f"{n}. {t}", indent="", traps="章"),
    "traps: ===题===": Style(lambda n, t: f"==={t}===", traps="章"),
    "traps: 题 (no number)": Style(lambda n, t: t, traps="章"),
    "traps: volumes that restart": Style(
        lambda n, t: f"第{n}章 {t}",
        per_volume=10,
        volume=lambda v: f"第{han(v)}卷 山雨",
        restarts=True,
        traps="章",
    ),
    "traps: no headings, nothing indented": Style(lambda n, t: [], indent="", traps="章"),
    "traps: no headings, a blank after every line": Style(
        lambda n, t: [], indent="", spaced=True, traps="章"
    ),
    "traps: no headings at all": Style(lambda n, t: [], traps="章"),
}
"""Name → how it is set. 题 stands for the book's own title."""

OPENINGS = ("序", "引子", "楔子 旧事")
CLOSINGS = ("尾声", "番外 第1章", "番外之二 旧事", "李敬业番外：旧事", "外传", "附录", "上架感言", "完本感言")
"""Headings without a number around the chapters of a framed book."""

TRAPS: tuple[Callable[[int, str], Sequence[str]], ...] = (
    lambda n, u: [f"第{han(n + 1)}{u}里他写道，那年的雪很大。"],
    lambda n, u: [f"第{han(n + 1)}{u}，他看见了山，也看见了水。"],
    lambda n, u: [f"第{n + 1}{u}的故事，到这里还没有完。"],
    lambda n, u: [f"第{han(n)}{u} 讲的是一个人怎样离开了家。"],
    lambda n, u: ["第一节课还没有开始，教室里已经坐满了人。"],
    lambda n, u: ["第三回合他就输了。"],
    lambda n, u: ["第二部分是她写的。"],
    lambda n, u: ["第一部手机摔在了地上。"],
    lambda n, u: ["第一部队已经出发。"],
    lambda n, u: ["第一封信"],
    lambda n, u: ["第四本书记载着这件事"],
    lambda n, u: ["一、不许说话", "二、不许走动", "三、不许回头"],
    lambda n, u: ["一、不许说话。", "二、不许走动。", "三、不许回头。"],
    lambda n, u: ["10", "9", "8", "7", "6"],
    lambda n, u: ["1.1 夜路", "1.2 明月", "1.3 山雨"],
    lambda n, u: ["12:30", "3:2", "2008.5.1", "2008年5月1日", "40多岁的影评人站了起来"],
    lambda n, u: [f"{n + 1}多岁的影评人站了起来"],
    lambda n, u: [f"{n + 1}年过去了", f"{han(n + 1)}个人走在路上"],
    lambda n, u: ["----------", "* * *", "……"],
    lambda n, u: ["目录上写着：", f"第一{u} 山", f"第二{u} 水", f"第三{u} 云", f"第四{u} 月", "他合上了书。"],
    lambda n, u: ["序幕拉开的时候，他还没有到。", "后记得把灯关上。", "番外国人也来了。"],
    lambda n, u: [f"他翻到第{han(n + 1)}{u}，看了一会儿。"],
    lambda n, u: [f"Chapter {n + 1} was the last thing he read."],
)
"""Lines of a story that look like headings: number of the chapter they stand in, unit of the book → the lines."""
