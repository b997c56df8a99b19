"""A Word document (.docx) → a `Reading`: one line a paragraph, headings by style or outline level.

Law: what the author deleted, footnotes and field codes are no story; everything else that is visible is in a line.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from novelgpt.messages import Message
from novelgpt.text.decode import Decoded, Undecodable
from novelgpt.text.formats.archive import Archive, BadArchive, Budget, open_archive
from novelgpt.text.formats.manuscript import Reading, joined
from novelgpt.text.formats.tags import Token, attributes
from novelgpt.text.formats.xmlparts import xml_tokens

RELATIONS = "_rels/.rels"
DOCUMENT = "word/document.xml"
CORE = "docProps/core.xml"
DEEPEST_HEADING = 3
LONGEST_CHAIN = 20
LONGEST_NAME = 200
SILENT = frozenset(("del", "movefrom", "fallback", "instrtext", "deltext", "pprchange"))
"""Deleted or moved-away text, the second telling of a text box for old programs, field codes, former styles."""

_HEADING_NAME = re.compile(r"(?:heading|标题|標題|berschrift)\s?([1-9])$", re.IGNORECASE)
_OFFICE_NAMES = re.compile(
    r"(?:administrator|admin|user|users|unknown|author|owner|microsoft.*|微软.*|微軟.*|用户|用戶|python-docx|.*-pc|pc|lenovo|windows.*|wps.*)\d*$",
    re.IGNORECASE,
)


@dataclass
class Style:
    """A paragraph style: its heading level if it has one of its own, and the style it is based on."""

    level: int | None = None
    parent: str = ""


def read_docx(raw: bytes, budget: Budget | None = None) -> Reading:
    """Return the book in the document whose bytes are `raw`; `Undecodable` if it is damaged, locked or too large."""
    try:
        return _read(open_archive(raw, budget))
    except BadArchive as bad:
        raise Undecodable(Message("text.bad_docx", {"detail": bad.detail})) from None


def _read(archive: Archive) -> Reading:
    path = _document_path(archive)
    styles = _styles(archive, posixpath.join(posixpath.dirname(path), "styles.xml"))
    body = _Body(styles)
    for token in xml_tokens(archive, path):
        body.take(token)
    body.flush()
    title, author = _core(archive)
    notes = tuple(Message("text.book.bad_checksum", {"name": name}) for name in archive.crc_errors)
    lost = sum(line.count("\ufffd") for line in body.lines)
    decoded = Decoded("", "utf-8", 1.0, lost)
    return Reading(joined(body.lines, [decoded]), frozenset(body.marked), title, author, notes=notes)


class _Body:
    """Collects the pieces of a paragraph until it ends."""

    def __init__(self, styles: dict[str, Style]) -> None:
        self.styles = styles
        self.lines: list[str] = []
        self.marked: set[int] = set()
        self._pieces: list[str] = []
        self._heard = False
        self._silent, self._depth = "", 0
        self._level: int | None = None

    def take(self, token: Token) -> None:
        """Follow one token."""
        if self._silent:
            if token.name == self._silent:
                self._depth += {"open": 1, "close": -1}.get(token.kind, 0)
                self._silent = self._silent if self._depth else ""
        elif token.kind == "text":
            if self._heard:
                self._pieces.append(token.body)
        elif token.kind == "open":
            self._open(token)
        elif token.name == "t":
            self._heard = False
        elif token.name == "p":
            self.flush()

    def _open(self, token: Token) -> None:
        name = token.name
        if name == "t":
            self._heard = True
        elif name == "p":
            self.flush()
        elif name == "pstyle":
            self._level = _level(self.styles, attributes(token.body).get("val", ""))
        elif name == "outlinelvl":
            self._level = _outline(attributes(token.body))
        elif name in ("tab", "ptab"):
            self._pieces.append("\t" if self._pieces else "")
        elif name in ("br", "cr"):
            self._pieces.append(" " if self._is_heading else "\n")
        elif name == "nobreakhyphen":
            self._pieces.append("-")
        elif name in SILENT:
            self._silent, self._depth = name, 1

    @property
    def _is_heading(self) -> bool:
        return self._level is not None and self._level <= DEEPEST_HEADING

    def flush(self) -> None:
        """Close the paragraph; its line breaks make lines, as they do on the page."""
        for line in "".join(self._pieces).split("\n"):
            if line.strip():
                if self._is_heading:
                    self.marked.add(len(self.lines))
                self.lines.append(line)
        self._pieces.clear()
        self._level = None


def _document_path(archive: Archive) -> str:
    """Return where the main document lies; most programs agree on one place."""
    if archive.find(RELATIONS):
        for token in xml_tokens(archive, RELATIONS):
            values = attributes(token.body) if token.name == "relationship" and token.kind == "open" else {}
            if values.get("type", "").endswith("/officeDocument"):
                return posixpath.normpath(values.get("target", "").lstrip("/"))
    return DOCUMENT


def _styles(archive: Archive, path: str) -> dict[str, Style]:
    """Return the styles by id; without a list of them the ids themselves must tell."""
    styles: dict[str, Style] = {}
    if archive.find(path) is None:
        return styles
    current = Style()
    for token in xml_tokens(archive, path):
        if token.kind != "open":
            continue
        values = attributes(token.body)
        if token.name == "style":
            current = styles.setdefault(values.get("styleid", ""), Style())
        elif token.name == "name":
            current.level = _named_level(values.get("val", ""))
        elif token.name == "basedon":
            current.parent = values.get("val", "")
        elif token.name == "outlinelvl":
            current.level = _outline(values)
    return styles


def _level(styles: dict[str, Style], name: str) -> int | None:
    """Return a style's heading level, its own or inherited; a ring of styles has none."""
    for _ in range(LONGEST_CHAIN):
        style = styles.get(name)
        if style is None:
            return _named_level(name)
        if style.level is not None:
            return style.level
        name = style.parent
    return None


def _named_level(name: str) -> int | None:
    match = _HEADING_NAME.match(name)
    return int(match[1]) if match else None


def _outline(values: dict[str, str]) -> int:
    """Word counts levels from 0; 9 is running text."""
    value = values.get("val", "")
    return int(value) + 1 if value.isascii() and value.isdigit() and len(value) < 3 else 10


def _core(archive: Archive) -> tuple[str, str]:
    """Return title and author of the properties, unless a program filled them in."""
    if archive.find(CORE) is None:
        return "", ""
    found = {"title": "", "creator": ""}
    heard = ""
    for token in xml_tokens(archive, CORE):
        if token.kind == "text" and heard in found:
            found[heard] = found[heard] or token.body.strip()
        heard = token.name if token.kind == "open" else "" if token.kind == "close" else heard
    title, author = (_told_by_a_person(value[:LONGEST_NAME]) for value in found.values())
    return title, author


def _told_by_a_person(value: str) -> str:
    return "" if _OFFICE_NAMES.match(value) else value
