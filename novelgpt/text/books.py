"""A file → a `Book`: its title, author and chapters, each with the bytes it came from.

Law: the byte span of a chapter of a `.txt`, decoded and cleaned alone, gives that chapter's lines again.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from novelgpt.messages import Message
from novelgpt.text.chapter import Chapter, Source
from novelgpt.text.decode import Decoded, Undecodable, decode_bytes
from novelgpt.text.split import Section, Split, split_book

SUFFIXES = (".txt", ".epub")
LARGEST_FILE = 256 * 2**20
HEAD_LINES = 12

_BRACKETED = re.compile(r"《([^》]{1,60})》")
_BY = re.compile(r"(?:作\s*者|著\s*者)\s*[:：]\s*([^\s《》，,。_\-（()）]{1,30})")
_WRITTEN_BY = re.compile(r"^([^\s，。：]{2,12})[\s\u3000]+(?:著|撰|作)$")
_TITLED = re.compile(r"^书\s*名\s*[:：]\s*(.{1,60})$|^書\s*名\s*[:：]\s*(.{1,60})$")
_ENCODING_TAG = re.compile(r"[._](?:utf-?8(?:-sig)?|gbk|gb2312|gb18030|big5|utf-?16(?:le|be)?|txt)$", re.I)
_LINE_BREAK = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class Book:
    """One novel as read from one file."""

    title: str
    author: str
    chapters: list[Chapter]
    decoded: Decoded
    sha256: str
    size_bytes: int
    removed: Counter[str] = field(default_factory=Counter)
    contents_lines: int = 0


def read_book(path: Path, encoding: str | None = None) -> Book:
    """Return the novel in a `.txt` or `.epub`; anything else, or a file that cannot be read, is `Undecodable`."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise Undecodable(
            Message("text.unsupported", {"suffix": suffix or "—", "supported": " ".join(SUFFIXES)})
        )
    raw = _bounded(path)
    if suffix == ".epub":
        from novelgpt.text.epub import read_epub

        return read_epub(path, raw)
    return _text_book(path, raw, encoding)


def name_from_file(stem: str) -> tuple[str, str]:
    """Return title and author as a file name tells them: 《X》作者：Y, X_Y, X-Y, X（Y）or plain X."""
    plain = _ENCODING_TAG.sub("", stem).strip()
    author = _BY.search(plain)
    if bracketed := _BRACKETED.search(plain):
        return bracketed[1].strip(), author[1] if author else ""
    if author:
        return plain[: author.start()].strip(" _-—（(") or plain, author[1]
    parts = re.split(r"\s*[_\-—]\s*", plain)
    if len(parts) == 2 and parts[0] and re.search("[\u3400-\u9fff]", parts[1]):
        return parts[0], parts[1]
    return plain, ""


def name_from_head(lines: list[str]) -> tuple[str, str]:
    """Return title and author as the first lines print them; empty where they do not."""
    title = author = ""
    for line in lines[:HEAD_LINES]:
        if len(line) > 60:
            continue
        titled = _TITLED.match(line)
        bracketed = _BRACKETED.match(line)
        title = title or (titled[1] or titled[2] if titled else bracketed[1] if bracketed else "").strip()
        by = _BY.search(line) or _WRITTEN_BY.match(line)
        author = author or (by[1] if by else "")
    return title, author


def _bounded(path: Path) -> bytes:
    with path.open("rb") as stream:
        raw = stream.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise Undecodable(Message("text.too_large", {"limit": LARGEST_FILE // 2**20}))
    return raw


def _text_book(path: Path, raw: bytes, encoding: str | None) -> Book:
    decoded = decode_bytes(raw, encoding)
    split = split_book(decoded.text)
    if not split.chapters:
        raise Undecodable(Message("text.empty"))
    title, author = _names(path, split)
    spans = _byte_spans(raw, decoded, split.sections)
    chapters = [
        replace(chapter, book=title, author=author, source=Source(path.name, decoded.encoding, span))
        for chapter, span in zip(split.chapters, spans, strict=True)
    ]
    digest = hashlib.sha256(raw).hexdigest()
    return Book(title, author, chapters, decoded, digest, len(raw), split.removed, split.contents_lines)


def _names(path: Path, split: Split) -> tuple[str, str]:
    """Let the head of the book speak before the file name, but only where the head is not yet the story."""
    first = split.chapters[0]
    head = first.text.split("\n", HEAD_LINES)[:HEAD_LINES] if first.kind == "front" or not first.title else []
    printed_title, printed_author = name_from_head(head)
    title, author = name_from_file(path.stem)
    return printed_title or title, printed_author or author


def _byte_spans(raw: bytes, decoded: Decoded, sections: list[Section]) -> Iterator[tuple[int, int] | None]:
    """Yield where each section lies in the file: line breaks are found in the bytes themselves, so damage does not shift them."""
    wide = decoded.encoding.startswith(("utf-16", "utf-32"))
    starts = _wide_line_starts(raw, decoded) if wide else _line_starts(raw)
    if starts is None or (sections and sections[-1].end != len(starts)):
        yield from (None for _ in sections)
        return
    starts.append(len(raw))
    yield from ((starts[section.start], starts[section.end]) for section in sections)


def _line_starts(raw: bytes) -> list[int]:
    return [0, *(match.end() for match in _LINE_BREAK.finditer(raw))]


def _wide_line_starts(raw: bytes, decoded: Decoded) -> list[int] | None:
    """Two- and four-byte encodings: measure each line by encoding it again; a damaged file has no exact places."""
    if decoded.lost_characters:
        return None
    starts = [len(raw) - len(decoded.text.encode(decoded.encoding))]
    for line in re.split("(?<=\n)|(?<=\r)(?!\n)", decoded.text):
        starts.append(starts[-1] + len(line.encode(decoded.encoding)))
    starts[0] = 0
    return starts[:-1]
