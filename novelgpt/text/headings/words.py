"""Headings that are a word of their own: 序, 楔子, 番外之一, 上架感言, 李敬业番外：…, Prologue.

Goes in: a clean line without its decoration. Comes out: a `Heading` of the family word, or None.
Law: only whole words count, alone or with a number or a title set apart from them.
"""

from __future__ import annotations

import re
from typing import Literal

from novelgpt.text.headings.heading import GAP, LONGEST_TITLE, Heading
from novelgpt.text.headings.numerals import NUMERAL_CHARACTERS, NUMERAL_SIGNS, numeral

_FRONT_WORDS = (
    "序 序言 序文 自序 原序 总序 總序 代序 简序 簡序 再版序 叙 敘 自叙 自敘 前言 导言 導言 导读 導讀 弁言 凡例 例言 小引 题辞 題辭 题词 題詞 题记 題記 献词 獻詞 "
    "内容简介 內容簡介 内容提要 内容介绍 作品简介 作者简介 作品相关 人物介绍 人物表 人物简介 出场人物 简介 簡介 文案 目录 目錄 卷首语 卷首 扉页 扉頁 "
    "写在前面 寫在前面 开篇的话 preface foreword introduction contents dedication"
)
_EXTRA_WORDS = (
    "楔子 引子 引言 引 序章 序幕 序曲 序篇 开场白 開場白 缘起 緣起 尾声 尾聲 尾章 终章 終章 终曲 末章 最终章 最終章 大结局 大結局 结局 結局 结束 结尾 结语 結語 "
    "后记 後記 后序 後序 编后记 跋 完结感言 完本感言 上架感言 新书感言 感言 写在最后 寫在最後 致谢 致謝 作者的话 "
    "番外篇 番外 里番 外传 外傳 外篇 前传 前傳 后传 後傳 间章 間章 幕间 幕間 断章 特别篇 特典 附录 附錄 附记 附記 设定集 設定集 设定 設定 "
    "请假条 请假 請假 请假一天 请假通知 请假公告 prologue epilogue interlude afterword appendix extra"
)

FRONT = tuple(_FRONT_WORDS.split())
"""What stands before the story."""
EXTRA = tuple(_EXTRA_WORDS.split())
"""What belongs to the story or follows it, but is not counted."""

_FRONT = frozenset(FRONT)
_TIGHT = rf"[{NUMERAL_CHARACTERS}]{{1,12}}|[{NUMERAL_SIGNS}]"
_WORD = re.compile(
    rf"({'|'.join(sorted(FRONT + EXTRA, key=len, reverse=True))})"
    rf"(?:[\s\u3000]?[之第（(\[]{{0,2}}[\s\u3000]?({_TIGHT})[)）\]]?[章话話回节節篇]?|[（(][上中下终完][)）]|[上中下])?"
    rf"(?=$|{GAP}|[（(【])",
    re.I,
)
_OWNED = re.compile(rf"[^\s，。：；！？、“”]{{1,10}}(番外|外传|外傳|里番)篇?({_TIGHT})?(?=$|{GAP})")
_PROSE_END = re.compile(r"。|[，；：！？…”：、,;!?—]$")


def word(line: str) -> Heading | None:
    """楔子, 序, 番外二 …"""
    match = _WORD.match(line)
    if not match or len(line) > LONGEST_TITLE or _PROSE_END.search(line[match.end() :]):
        return None
    name = match[1]
    kind: Literal["front", "extra"] = "front" if name.lower() in _FRONT else "extra"
    number = numeral(match[2]) if match[2] else None
    return Heading("word", name, number, True, kind, match.end() < len(line))


def owned(line: str) -> Heading | None:
    """李敬业番外：…: whose side story it is stands first, so the page has to vouch for it."""
    match = _OWNED.match(line)
    if not match or len(line) > LONGEST_TITLE or _PROSE_END.search(line[match.end() :]):
        return None
    number = numeral(match[2]) if match[2] else None
    return Heading("word", match[1], number, False, "extra", match.end() < len(line))
