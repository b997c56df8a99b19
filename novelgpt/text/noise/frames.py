"""The first and last lines of a file → the frame a download site put around the book.

Law: only at the very start or end of the file, only lines in a frame's words; title, author and preface stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

NEAR = 12
"""Lines of the book that may stand outside a frame's line."""

_WORDS = re.compile(
    r"整理|精校|校对|校對|制作|製作|上传|上傳|手打|扫描|录入|[tT][xX][tT]|电子书|電子書|下载|下載|论坛|論壇|书吧|搜书|藏书|阡陌居|书香门第|奇书网?|久久小说|棉花糖"
    r"|塞班|免费|試閱|试阅|仅供|全本|版权|收藏|小说网|分享|首发|99121"
)
_BOOKS_OWN = re.compile(r"书名|書名|作者|简介|簡介|类别|内容|文案|标签|主角|字数|目录|前言|序|[。！？…”」]$")
_SEPARATOR = re.compile(r"[=＝\-－—─━*＊+＋#＃~～_＿·.<>《》☆★◆◇□■○●※\s]{5,}")


def is_separator(line: str) -> bool:
    """Say whether a line is nothing but marks in a row."""
    return len(line) <= 400 and bool(_SEPARATOR.fullmatch(line))


def frame_lines(lines: Sequence[str], allowed: Callable[[int], bool]) -> list[int]:
    """Return the positions of frame lines at both ends of the file."""
    size = len(lines)
    found = {*_walk(lines, range(size), allowed), *_walk(lines, range(size - 1, -1, -1), allowed)}
    return sorted(found)


def rulers(lines: Sequence[str], removed: Iterable[int], allowed: Callable[[int], bool]) -> list[int]:
    """Return the rows of marks that stood around frame lines which are gone."""
    found: set[int] = set()
    for position in removed:
        for step in (-1, 1):
            place = position + step
            while 0 <= place < len(lines) and abs(place - position) <= 2 * NEAR:
                if lines[place] and is_separator(lines[place]) and allowed(place):
                    found.add(place)
                elif lines[place]:
                    break
                place += step
    return sorted(found)


def _walk(lines: Sequence[str], way: range, allowed: Callable[[int], bool]) -> list[int]:
    """Walk from one end of the file as far as a frame reaches."""
    found, of_the_book = [], 0
    for position in way:
        line = lines[position]
        if line and allowed(position) and _is_frame(line):
            found.append(position)
        elif line and not is_separator(line):
            of_the_book += 1
            if of_the_book > NEAR:
                break
    return found


def _is_frame(line: str) -> bool:
    """Say whether a line is worded as download sites sign their files."""
    if len(line) > 80 or _BOOKS_OWN.search(line):
        return False
    return len(set(_WORDS.findall(line))) >= 2 or bool(
        re.search(r"[】』\]）)]\s?(?:整理|制作|精校|上传)$", line)
    )
