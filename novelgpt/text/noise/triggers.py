"""A whole book's lines → the few that a rule has to look at, found in numpy at a few nanoseconds a character.

Law: a trigger only ever decides to look; what is removed is decided by the rules, on the line itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from novelgpt.text.noise.folding import TRADITIONAL

_BLOCK = 1 << 17
_MARGIN = 4
"""How many characters a pattern reaches beyond the first one."""

_LETTER = 0x3FF
_UNSEEN, _MARKUP, _RADICAL, _ODD, _HALF, _FULL = (1 << bit for bit in range(10, 16))

UNSEEN_RANGES = (
    (0x00, 0x08),
    (0x0B, 0x1F),
    (0x7F, 0x9F),
    (0xAD, 0xAD),
    (0x200B, 0x200F),
    (0x2028, 0x202E),
    (0x2060, 0x2064),
    (0x206A, 0x206F),
    (0xFEFF, 0xFEFF),
)
RADICAL_RANGES = ((0x2E80, 0x2EFF), (0x2F00, 0x2FDF))
_ODD_RANGES = (
    (0x0370, 0x052F),
    (0x2070, 0x209F),
    (0x2100, 0x214F),
    (0x2190, 0x25A0),
    (0x25A2, 0x25CA),
    (0x25CE, 0x25CE),
    (0x25D0, 0x27BF),
    (0x3220, 0x33FF),
    (0xFF10, 0xFF19),
    (0xFF21, 0xFF3A),
    (0xFF41, 0xFF5A),
    (0x1D400, 0x1D7FF),
    (0x1F100, 0x1F1FF),
)
_ODD_CHARACTERS = "wWＷｗ卍卐丨丶☆★页頁"

PAIRS = """
打中 阅读 打更 下页 示不 出阅 完请 完转 加群 进群 防盗 盗版 门推 门小 击下 何广 无广 步到 月票 荐票 票票 红票 求票 几票 投票 求收 求推 求订 求打 求支 求鲜 求追 求各 求首 求自 求月 票求 票推 打赏 万赏 盟主 舵主 飘红 点币 加更 更完 一更 两更 双更 爆更 断更 补更 催更 欠更 更送 更奉 更求 更到 章送
请假 卡文 存稿 码字 上架 架了 感言 新书 本书 本文 本站 书友 读者 作者 订阅 订！ 收藏 书架 书签 群号 友群 迷群 丝群 扣群 q群 流群 公众 信公 加微 博客 网站 网址 网友 官网 文网 说网 书网 学网 域名 站名 永久
一秒 秒记 秒钟 三秒 弹窗 跳字 无错 错首 首发 最快 速更 最新 新章 新小 章节 全文 全集 全本 免费 费阅 线阅 机用 机阅 机版 机端 机站 退转 转码 下载 p下 客户 app 百度 搜狗 搜公 维码
整理 校对 制作 上传 转载 版权 仅供 后2 后二 正版 尽在 好书 精校 多精 多免 多书 多章 书吧 书库 书屋 书城 笔趣 知轩 阡陌 搜书 塞班 书香 奇书 晋江 江文 起点 横中 飞卢 番茄 七猫 追书 书就 说上 说请 站内
未完 续… 待续 章没 一页 一章 翻页 章完 章结 新页 目录 书目 刷新 获取 载中 在加 馨提 页共 页第 页/ 页／ /共 ／共 )页 ）页 推荐 番更 供最 供精 供无 供全 供小 谨防 备用 不迷 本章 电子 互联 户上 侵权 商业 容开 容结 容未
ps p. p： p: ht tt .c .n .o 。c 。n 。o 我微 网站 .i .v .x .t www wap 点c 70 17 7k x( s( e( p( r( 求！ 更！ 更新 ++ == 99
"""


@dataclass
class Found:
    """Line numbers, in order, that need a look, and how the book punctuates."""

    unseen: list[int] = field(default_factory=list)
    markup: list[int] = field(default_factory=list)
    radicals: list[int] = field(default_factory=list)
    noise: list[int] = field(default_factory=list)
    spaced: list[int] = field(default_factory=list)
    half: int = 0
    full: int = 0


def scan(lines: Sequence[str]) -> Found:
    """Return which lines hold something that a rule may have to do with."""
    found = Found()
    for numbers, starts, text in _blocks(lines):
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        values = _table()[codes]
        found.half += int(np.count_nonzero(values & _HALF))
        found.full += int(np.count_nonzero(values & _FULL))
        if (values & (_UNSEEN | _MARKUP | _RADICAL)).any():
            for bit, into in ((_UNSEEN, found.unseen), (_MARKUP, found.markup), (_RADICAL, found.radicals)):
                _note(np.flatnonzero(values & bit), numbers, starts, into)
        every_other = _every_other(codes)
        _note(every_other[codes[every_other] == 32], numbers, starts, found.spaced)
        odd = np.concatenate([np.flatnonzero(values & _ODD), _pairs(values), every_other, _numbered(codes)])
        _note(odd, numbers, starts, found.noise)
    return found


Block = tuple[NDArray[np.int64], NDArray[np.int64], str]


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    """Return stretches of text with, for each piece of a line in them, its line number and where it starts."""
    sizes = np.fromiter(map(len, lines), dtype=np.int64, count=len(lines)) + 1
    if not len(lines):
        return
    if sizes.max() > _BLOCK:
        yield from _blocks_of_pieces(lines)
        return
    ends = np.cumsum(sizes)
    cuts = np.searchsorted(ends, np.arange(_BLOCK, ends[-1] + _BLOCK, _BLOCK)) + 1
    first = 0
    for last in np.minimum(cuts, len(lines)).tolist():
        if last > first:
            starts = ends[first:last] - sizes[first:last]
            yield np.arange(first, last), starts - starts[0], "\n".join(lines[first:last])
            first = last


def _blocks_of_pieces(lines: Sequence[str]) -> Iterator[Block]:
    """The same for a book with giant lines, which are cut into overlapping pieces."""
    pieces: list[str] = []
    numbers: list[int] = []
    size = 0
    for number, line in enumerate(lines):
        for begin in range(0, max(len(line), 1), _BLOCK):
            pieces.append(line[begin : begin + _BLOCK + _MARGIN] if len(line) > _BLOCK else line)
            numbers.append(number)
            size += len(pieces[-1]) + 1
            if size >= _BLOCK:
                yield _block(pieces, numbers)
                pieces, numbers, size = [], [], 0
    if pieces:
        yield _block(pieces, numbers)


def _block(pieces: list[str], numbers: list[int]) -> Block:
    lengths = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces)) + 1
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return np.asarray(numbers, dtype=np.int64), starts, "\n".join(pieces)


def _note(
    places: NDArray[np.int64], numbers: NDArray[np.int64], starts: NDArray[np.int64], into: list[int]
) -> None:
    """Add the lines of these places, each once and in order."""
    if places.size:
        lines = np.unique(numbers[np.searchsorted(starts, places, side="right") - 1]).tolist()
        into.extend(lines[1:] if into and into[-1] == lines[0] else lines)


def _pairs(values: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Return the places where two characters stand together that adverts are made of."""
    letters = (values & _LETTER).astype(np.int32)
    firsts = np.flatnonzero(letters[:-1])
    both = (letters[firsts] << 10) | letters[firsts + 1]
    hits: NDArray[np.int64] = firsts[_pair_table()[both]]
    return hits


def _every_other(codes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return the places where one character stands between every two others, three times over."""
    if len(codes) < 5:
        return np.empty(0, dtype=np.int64)
    twice = codes[:-2] == codes[2:]
    return np.flatnonzero(twice[:-2] & twice[2:] & (codes[:-4] != codes[1:-3]))


def _numbered(codes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return the places of 第二更, 第三更: how authors number the chapters of one day."""
    return np.flatnonzero((codes[:-2] == ord("第")) & (codes[2:] == ord("更")))


@lru_cache(maxsize=1)
def _letters() -> dict[str, int]:
    characters = sorted({character for pair in PAIRS.split() for character in pair})
    return {character: number for number, character in enumerate(characters, 1)}


@lru_cache(maxsize=1)
def _pair_table() -> NDArray[np.bool_]:
    table = np.zeros(1 << 20, dtype=np.bool_)
    letters = _letters()
    for pair in PAIRS.split():
        for first, second in pairwise(pair):
            table[(letters[first] << 10) | letters[second]] = True
    return table


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint16]:
    """Return for every code point its letter in the pairs and the bits of what it is."""
    table = np.zeros(0x110000, dtype=np.uint16)
    for character, number in _letters().items():
        table[ord(character)] = number
        table[ord(character.upper()[0])] = number
    for traditional, simplified in TRADITIONAL.items():
        table[ord(traditional)] = table[ord(simplified)]
    for ranges, bit in ((UNSEEN_RANGES, _UNSEEN), (RADICAL_RANGES, _RADICAL), (_ODD_RANGES, _ODD)):
        for first, last in ranges:
            table[first : last + 1] |= bit
    for characters, bit in (
        ("<&", _MARKUP),
        (_ODD_CHARACTERS, _ODD),
        (",.?!:;", _HALF),
        ("，。？！：；", _FULL),
    ):
        for character in characters:
            table[ord(character)] |= bit
    return table
