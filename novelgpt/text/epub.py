"""An EPUB → a `Book`, with nothing but the standard library: the spine's order, the headings' tags, bounded reading.

Law: no member is believed about its own size; a hostile archive costs at most the bounds below and a refusal.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from novelgpt.messages import Message
from novelgpt.text.books import Book, name_from_file
from novelgpt.text.chapter import Source
from novelgpt.text.clean import clean_lines
from novelgpt.text.decode import Decoded, Undecodable, decode_bytes
from novelgpt.text.headings import Heading, heading_of
from novelgpt.text.selection import Candidate, Line, with_kinds
from novelgpt.text.split import Split, assemble, split_book

MOST_MEMBERS = 10_000
LARGEST_MEMBER = 32 * 2**20
LARGEST_TOTAL = 512 * 2**20

_PARAGRAPHS = frozenset(
    ("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "dt", "dd", "pre")
)
_BLOCKS = _PARAGRAPHS | {"section", "article", "body", "table", "tr", "ul", "ol", "br", "hr"}
_HEADINGS = frozenset(("h1", "h2", "h3"))
_SILENT = frozenset(("script", "style", "head", "nav", "rt", "rp", "svg"))
_ENCRYPTED_FLAG = 0x1


def read_epub(path: Path, raw: bytes) -> Book:
    """Return the book in the EPUB whose bytes are `raw`; `Undecodable` if it is damaged, locked or too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            package, pages = _open(_Archive(archive))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        raise _bad("text.epub.damaged") from None
    paragraphs = [paragraph for page in pages for paragraph in page.paragraphs]
    split = _split(paragraphs)
    if not split.chapters:
        raise Undecodable(Message("text.empty"))
    title, author = name_from_file(path.stem)
    title, author = package.title or title, package.author or author
    source = Source(path.name, "utf-8")
    chapters = [replace(chapter, book=title, author=author, source=source) for chapter in split.chapters]
    decoded = Decoded(
        "\n".join(text for text, _ in paragraphs),
        "utf-8",
        min(page.confidence for page in pages),
        sum(page.lost_characters for page in pages),
    )
    digest = hashlib.sha256(raw).hexdigest()
    return Book(title, author, chapters, decoded, digest, len(raw), split.removed, split.contents_lines)


class _Archive:
    """A ZIP read member by member, never more than the bounds allow."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise _bad("text.epub.too_large")
        self.members = {member.filename: member for member in members}
        self.archive = archive
        self.left = LARGEST_TOTAL

    def read(self, name: str) -> bytes:
        """Return one member's bytes; what it declares about its size is only the first check."""
        member = self.members.get(name)
        if member is None:
            raise _bad("text.epub.missing", name=name)
        if member.flag_bits & _ENCRYPTED_FLAG:
            raise _bad("text.epub.encrypted")
        limit = min(LARGEST_MEMBER, self.left)
        if member.file_size > limit:
            raise _bad("text.epub.too_large")
        with self.archive.open(member) as stream:
            content = stream.read(limit + 1)
        if len(content) > limit:
            raise _bad("text.epub.too_large")
        self.left -= len(content)
        return content


@dataclass
class _Page:
    """One document of the spine: its paragraphs, each with whether it is a heading."""

    paragraphs: list[tuple[str, bool]]
    confidence: float
    lost_characters: int


class _Container(HTMLParser):
    """META-INF/container.xml and encryption.xml: where the package is, and what is locked."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.package = ""
        self.locked: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if _local(tag) == "rootfile" and not self.package:
            self.package = values.get("full-path") or ""
        if _local(tag) == "cipherreference":
            self.locked.add(unquote(values.get("uri") or ""))


class _Package(HTMLParser):
    """The package document: title, author, and the documents in reading order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.title = self.author = ""
        self.items: dict[str, str] = {}
        self.spine: list[str] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._open = _local(tag)
        if (
            self._open == "item"
            and "html" in values.get("media-type", "")
            and "nav" not in values.get("properties", "")
        ):
            self.items[values.get("id", "")] = values.get("href", "")
        if self._open == "itemref":
            self.spine.append(values.get("idref", ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "title" and not self.title:
            self.title = data.strip()
        if self._open == "creator" and not self.author:
            self.author = data.strip()


@dataclass
class _Text(HTMLParser):
    """A document's visible text, one paragraph per block element."""

    paragraphs: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._pieces: list[str] = []
        self._silent: list[str] = []
        self._heading = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = _local(tag)
        if name in _SILENT:
            self._silent.append(name)
        if name == "br" and self._heading:
            self._pieces.append(" ")
        elif name in _BLOCKS:
            self.flush()
        if name in _HEADINGS:
            self._heading = name

    def handle_endtag(self, tag: str) -> None:
        name = _local(tag)
        if self._silent and self._silent[-1] == name:
            self._silent.pop()
        if name in _BLOCKS and name != "br":
            self.flush()
        if name == self._heading:
            self._heading = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._pieces.append(data)

    def flush(self) -> None:
        """Close the current paragraph; line breaks in the source are only spacing."""
        text = "".join(self._pieces).replace("\r", "").replace("\n", "")
        self._pieces.clear()
        if text.strip():
            self.paragraphs.append((text, bool(self._heading)))


def _open(archive: _Archive) -> tuple[_Package, list[_Page]]:
    """Follow container → package → spine."""
    container = _Container(_xml(archive.read("META-INF/container.xml")))
    locked: set[str] = set()
    if "META-INF/encryption.xml" in archive.members:  # usually only fonts; a locked page is a locked book
        locked = _Container(_xml(archive.read("META-INF/encryption.xml"))).locked
    package = _Package(_xml(archive.read(container.package)))
    folder = posixpath.dirname(container.package)
    pages = []
    for idref in package.spine:
        if idref not in package.items:
            continue  # a cover image, the navigation, or a slip of the maker: it names no text
        name = posixpath.normpath(posixpath.join(folder, unquote(package.items[idref].partition("#")[0])))
        if name in locked:
            raise _bad("text.epub.encrypted")
        pages.append(_page(archive.read(name)))
    if not pages:
        raise _bad("text.epub.no_spine")
    return package, pages


def _page(raw: bytes) -> _Page:
    if not raw.strip():
        return _Page([], 1.0, 0)
    decoded = decode_bytes(raw)
    parser = _Text()
    parser.feed(decoded.text)
    parser.close()
    parser.flush()
    return _Page(parser.paragraphs, decoded.confidence, decoded.lost_characters)


def _split(paragraphs: list[tuple[str, bool]]) -> Split:
    """Cut at the tagged headings; a book that tags none is cut as plain text is."""
    clean, removed = clean_lines([text for text, _ in paragraphs])
    marked = [index for index, (_, is_heading) in enumerate(paragraphs) if is_heading and clean[index]]
    if len(marked) < 2:
        return split_book("\n".join(text for text, _ in paragraphs))
    candidates = [Candidate(index, Line(index, clean[index]), _tagged(clean[index])) for index in marked]
    return assemble(clean, with_kinds(candidates), removed)


def _tagged(text: str) -> Heading:
    """Return what a tagged heading says of itself; the tag vouches for a title without a number."""
    return heading_of(text) or Heading("word", "", None, firm=True)


def _xml(raw: bytes) -> str:
    return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _bad(key: str, **facts: str) -> Undecodable:
    return Undecodable(Message("text.bad_epub", {"detail": Message(key, dict(facts))}))
