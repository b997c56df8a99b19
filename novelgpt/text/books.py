"""A file → its manuscripts: one for a novel's file, several for a .zip of them.

Law: one bad member never stops the others; whatever is wrong with the bytes is `Refused` with a cure, and only what is
wrong with the disk is an OSError.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from novelgpt.messages import Message
from novelgpt.text.decode import Undecodable, decode_bytes
from novelgpt.text.formats import archive, kinds
from novelgpt.text.formats.archive import Budget
from novelgpt.text.formats.docx import read_docx
from novelgpt.text.formats.epub import read_epub
from novelgpt.text.formats.manuscript import Manuscript, Reading, Refused, byte_spans
from novelgpt.text.formats.markdown import read_markdown
from novelgpt.text.formats.names import name_from_file, name_from_head
from novelgpt.text.formats.page import read_html
from novelgpt.text.formats.zipped import read_members, suffix_of

__all__ = [
    "SUFFIXES",
    "Manuscript",
    "Refused",
    "byte_spans",
    "name_from_file",
    "name_from_head",
    "read_manuscripts",
]

TEXTS = (".txt",)
PAGES = (".html", ".htm", ".xhtml")
MARKDOWN = (".md", ".markdown")
BOOKS = (*TEXTS, ".epub", ".docx", *PAGES, *MARKDOWN)
SUFFIXES = (*BOOKS, ".zip")
LARGEST_FILE = 256 * 2**20
HEAD_CHARACTERS = 4000
LONGEST_HEADING = 200

_SITE_TAIL = re.compile(r"[_|｜\-—–]")


def read_manuscripts(path: Path, encoding: str | None = None) -> Iterator[Manuscript | Refused]:
    """Yield the book in a file, or the books in a .zip, each with its refusal if it cannot be read."""
    suffix = suffix_of(path.name)
    try:
        if suffix not in SUFFIXES:
            raise _unsupported(suffix)
        raw = _bounded(path)
        if reason := kinds.refusal_of_name(raw, suffix):
            raise Undecodable(reason)
        if suffix == ".zip":
            yield from _members(path.name, raw, encoding)
        else:
            yield _manuscript(path.name, suffix, raw, encoding, Budget(archive.LARGEST_TOTAL))
    except Undecodable as refusal:
        yield Refused(path.name, refusal.reason)


def _members(name: str, raw: bytes, encoding: str | None) -> Iterator[Manuscript | Refused]:
    budget = Budget(archive.LARGEST_TOTAL)
    for found in read_members(name, raw, budget, BOOKS):
        if isinstance(found, Refused):
            yield found
            continue
        try:
            if reason := kinds.refusal_of_name(found.raw, found.suffix):
                raise Undecodable(reason)
            yield _manuscript(found.name, found.suffix, found.raw, encoding, budget)
        except Undecodable as refusal:
            yield Refused(found.name, refusal.reason)


def _manuscript(name: str, suffix: str, raw: bytes, encoding: str | None, budget: Budget) -> Manuscript:
    """Read one file's bytes by its kind, and find out what the book is called."""
    reading = _reader(suffix, raw, encoding, budget)(raw)
    if not reading.decoded.text.strip():
        raise Undecodable(Message("text.empty"))
    title, author = _names(Path(name).stem, suffix, reading)
    return Manuscript(
        name,
        title,
        author,
        reading.decoded,
        hashlib.sha256(raw).hexdigest(),
        len(raw),
        _headings(reading),
        None if reading.structured else raw,
        reading.notes,
    )


def _headings(reading: Reading) -> frozenset[int]:
    """Return the tagged lines that are short enough to be headings; a tag left open can hold a chapter."""
    if not reading.marked:
        return reading.marked
    lines = reading.decoded.text.split("\n")
    return frozenset(index for index in reading.marked if 0 < len(lines[index]) <= LONGEST_HEADING)


def _reader(suffix: str, raw: bytes, encoding: str | None, budget: Budget) -> Callable[[bytes], Reading]:
    if suffix == ".epub":
        return lambda content: read_epub(content, budget)
    if suffix == ".docx":
        return lambda content: read_docx(content, budget)
    if suffix in MARKDOWN:
        return lambda content: read_markdown(content, encoding)
    if suffix in PAGES or kinds.is_web_page(raw):
        return lambda content: read_html(content, encoding)
    return lambda content: Reading(decode_bytes(content, encoding), structured=False)


def _names(stem: str, suffix: str, reading: Reading) -> tuple[str, str]:
    """Let the file's own fields speak first, then the head of the book, then the file name.

    A web page's title often names the site and a .docx its template, so these speak last.
    """
    head_title, head_author = name_from_head(reading.decoded.text[:HEAD_CHARACTERS].split("\n"))
    title, author = name_from_file(stem)
    if suffix == ".docx":
        return head_title or title or reading.title, head_author or author or reading.author
    own = "" if suffix in PAGES and _SITE_TAIL.search(reading.title) else reading.title
    return own or head_title or title, reading.author or head_author or author


def _unsupported(suffix: str) -> Undecodable:
    return Undecodable(
        Message("text.unsupported", {"suffix": suffix or "—", "supported": " ".join(SUFFIXES)})
    )


def _bounded(path: Path) -> bytes:
    """Return a regular file's bytes; a pipe would keep us waiting for ever."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = "text.book.folder" if stat.S_ISDIR(mode) else "text.book.device"
        raise Undecodable(Message("text.not_a_file", {"kind": Message(kind)}))
    with path.open("rb") as stream:
        raw = stream.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise Undecodable(Message("text.too_large", {"limit": LARGEST_FILE // 2**20}))
    return raw
