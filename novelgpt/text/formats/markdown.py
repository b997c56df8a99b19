"""Markdown → a `Reading`: headings are marked, the marks of emphasis, links and fences go, the words stay.

Read gently, as a novel and not as a README: a line stays a line, `* * *` a scene break, and what is no mark stays as written.
Law: line n of the text is line n of the result, blank where it held only a mark.
"""

from __future__ import annotations

import re
from dataclasses import replace

from novelgpt.text.decode import Decoded, decode_bytes
from novelgpt.text.formats.manuscript import Reading
from novelgpt.text.headings.forms import heading_of

DEEPEST_HEADING = 3
LONGEST_MARKED = 2000
"""Longer lines are prose: their marks are not looked for."""
LONGEST_FRONT_MATTER = 100
LONGEST_SETEXT = 60

_ATX = re.compile(r" {0,3}(#{1,6})([ \t\u3000]*)([^#\s].*)")
_CLOSING_MARKS = re.compile(r"[ \t]#{1,6}$")
_UNDERLINE = re.compile(r" {0,3}(={3,200}|-{3,200})[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,40}|~{3,40})")
_BARE_FENCE = re.compile(r"[ \t]{0,8}(`{3,40}|~{3,40})[ \t]{0,8}$")
_QUOTE = re.compile(r"(?: {0,3}>){1,5} ?")
_RULE = re.compile(r"[ \t]{0,8}(?:[*_-][ \t]{0,4}){3,60}$")
_IMAGE = re.compile(r"!\[([^\[\]]{0,200})\]\([^()\s]{0,500}(?:[ \t]\"[^\"]{0,200}\")?\)")
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\([^()\s]{1,500}(?:[ \t]\"[^\"]{0,200}\")?\)")
_STRONG = re.compile(r"(?<![\\*])\*{1,3}(?![\s*])([^*\\]{1,300})(?<!\s)\*{1,3}(?!\*)")
_UNDERSCORED = re.compile(r"(?<![A-Za-z0-9_\\])_{1,3}(?![\s_])([^_\\]{1,300})(?<!\s)_{1,3}(?![A-Za-z0-9_])")
_CODE = re.compile(r"`([^`]{1,300})`")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!>~|])")
_FIELD = re.compile(r"(title|author|书名|書名|作者)[ \t]*[:：][ \t]*(.{1,200})$", re.IGNORECASE)
_MARKS = frozenset("*_`[\\!")
_SENTENCE_ENDS = "。！？…”」；，、：.!?,;:"


def read_markdown(raw: bytes, encoding: str | None = None) -> Reading:
    """Return the text of a Markdown file with its headings marked."""
    decoded = decode_bytes(raw, encoding)
    page = _Markdown(decoded.text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    page.read()
    return Reading(_with_text(decoded, page.lines), frozenset(page.marked), page.title, page.author)


def _with_text(decoded: Decoded, lines: list[str]) -> Decoded:
    return replace(
        decoded, text="\n".join(re.sub("[\v\f\x1c-\x1e\x85\u2028\u2029]", " ", line) for line in lines)
    )


class _Markdown:
    """The lines, changed in place, and what was learnt on the way."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.marked: set[int] = set()
        self.title = self.author = ""
        self._fence = ""
        self._last_fence = {
            match[1]: index for index, line in enumerate(lines) if (match := _BARE_FENCE.match(line))
        }

    def read(self) -> None:
        """Go through the lines once."""
        for index in range(self._front_matter(), len(self.lines)):
            line = self.lines[index]
            if line and not self._is_fenced(index, line):
                self._read_line(index, line)

    def _front_matter(self) -> int:
        """Take title and author from the block between two `---`, if there is one; return where the text begins."""
        if self.lines[0].rstrip() != "---":
            return 0
        for index, line in enumerate(self.lines[1:LONGEST_FRONT_MATTER], start=1):
            if line.rstrip() in ("---", "..."):
                self._note_fields(self.lines[1:index])
                self.lines[: index + 1] = [""] * (index + 1)
                return index + 1
            if not line.strip() or (":" not in line and line[0] not in " -#"):
                return 0
        return 0

    def _note_fields(self, lines: list[str]) -> None:
        for line in lines:
            if match := _FIELD.match(line):
                value = match[2].strip().strip("\"'")
                if match[1].lower() in ("author", "作者"):
                    self.author = value
                else:
                    self.title = value

    def _is_fenced(self, index: int, line: str) -> bool:
        """Inside a fence everything is literal; the fence lines themselves go. A fence without an end is none."""
        if self._fence:
            if line.strip() == self._fence:
                self.lines[index] = self._fence = ""
            return True
        match = _FENCE.match(line)
        if match and self._last_fence.get(match[1], 0) > index:
            self._fence = match[1]
            self.lines[index] = ""
            return True
        return False

    def _read_line(self, index: int, line: str) -> None:
        if _RULE.match(line):
            self._read_rule(index, line)
            return
        if line[:4].lstrip(" ")[:1] == "=" and self._is_underline(index, line):
            return
        if "#" in line[:10] and (match := _ATX.match(line)) and self._heading(index, match):
            return
        if ">" in line[:4]:
            line = _QUOTE.sub("", line, count=1)
        self.lines[index] = _plain(line)

    def _read_rule(self, index: int, line: str) -> None:
        """`---` under a title makes it a heading; elsewhere it is a scene break and stays."""
        self._is_underline(index, line)

    def _is_underline(self, index: int, line: str) -> bool:
        match = _UNDERLINE.match(line)
        title = self.lines[index - 1].strip() if index else ""
        alone = index < 2 or not self.lines[index - 2].strip()
        if not match or not title or not alone or len(title) > LONGEST_SETEXT or title[-1] in _SENTENCE_ENDS:
            return False
        self.marked.add(index - 1)
        self.lines[index] = ""
        return True

    def _heading(self, index: int, match: re.Match[str]) -> bool:
        """`# 灯` is a heading; `#灯` only if the words say so themselves (第一章 …)."""
        text = _plain(_CLOSING_MARKS.sub("", match[3].rstrip())).strip()
        if not text or (not match[2] and heading_of(text) is None):
            return False
        if len(match[1]) <= DEEPEST_HEADING:
            self.marked.add(index)
        self.lines[index] = text
        return True


def _plain(line: str) -> str:
    """Return the words of a line without the marks around them."""
    if len(line) > LONGEST_MARKED or _MARKS.isdisjoint(line):
        return line
    line = _IMAGE.sub(r"\1", line)
    line = _LINK.sub(r"\1", line)
    line = _CODE.sub(r"\1", line)
    line = _STRONG.sub(r"\1", line)
    line = _UNDERSCORED.sub(r"\1", line)
    return _ESCAPE.sub(r"\1", line.removesuffix("\\") if not line.endswith("\\\\") else line)
