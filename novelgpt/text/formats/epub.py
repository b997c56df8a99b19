"""An EPUB → a `Reading`, with nothing but the standard library: pages in the spine's order, headings by tag or by contents.

Law: no page is passed over in silence; what cannot be read is a refusal, what is left out (navigation, missing pages) a note.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from novelgpt.messages import Message
from novelgpt.text.decode import Decoded, Undecodable
from novelgpt.text.formats.archive import Archive, BadArchive, Budget, open_archive
from novelgpt.text.formats.manuscript import Reading, joined
from novelgpt.text.formats.page import Page, decode_page, read_page
from novelgpt.text.formats.tags import Token, attributes
from novelgpt.text.formats.xmlparts import xml_tokens

LONGEST_LABEL = 200
LONGEST_PART = 40
MOST_LABELS = 20_000
ENCRYPTION = "META-INF/encryption.xml"
CONTAINER = "META-INF/container.xml"


@dataclass(frozen=True)
class Label:
    """An entry of the book's table of contents: the title of a page, or of a place in it."""

    path: str
    anchor: str
    text: str


@dataclass
class Package:
    """What the package document says: names, the files, and the order to read them in."""

    title: str = ""
    author: str = ""
    items: dict[str, str] = field(default_factory=dict)
    spine: list[str] = field(default_factory=list)
    contents_ids: set[str] = field(default_factory=set)
    guide_contents: set[str] = field(default_factory=set)
    navigation: str = ""
    ncx: str = ""


def read_epub(raw: bytes, budget: Budget | None = None) -> Reading:
    """Return the book in the EPUB whose bytes are `raw`; `Undecodable` if it is damaged, locked or too large."""
    try:
        return _read(open_archive(raw, budget))
    except BadArchive as bad:
        raise Undecodable(Message("text.bad_epub", {"detail": bad.detail})) from None


def _read(archive: Archive) -> Reading:
    package, folder = _open(archive)
    locked = _locked(archive)
    notes: list[Message] = []
    book = _Book()
    labels = _labels(archive, package, folder)
    for path in _spine(package, folder):
        if path in locked:
            raise BadArchive("text.epub.encrypted")
        if archive.find(path) is None:
            notes.append(Message("text.book.missing_page", {"name": posixpath.basename(path)}))
            continue
        _add_page(book, archive.read(path), labels.get(path, []), path in package.guide_contents, notes)
    if not book.decoded:
        raise BadArchive("text.epub.no_spine")
    notes += [Message("text.book.bad_checksum", {"name": name}) for name in archive.crc_errors]
    return Reading(
        joined(book.lines, book.decoded),
        frozenset(book.marked),
        package.title,
        package.author,
        notes=tuple(notes),
    )


@dataclass
class _Book:
    """The lines gathered so far."""

    lines: list[str] = field(default_factory=list)
    marked: set[int] = field(default_factory=set)
    decoded: list[Decoded] = field(default_factory=list)


def _add_page(book: _Book, raw: bytes, labels: list[Label], contents: bool, notes: list[Message]) -> None:
    """Append a page's lines; an empty page (a picture) has none."""
    if not raw.strip():
        return
    decoded = decode_page(raw)
    page = read_page(decoded.text)
    book.decoded.append(decoded)
    if page.lines and (contents or page.is_contents()):
        notes.append(Message("text.book.contents_page", {"lines": len(page.lines)}))
        return
    lines, marked = _titled(page, labels)
    start = len(book.lines)
    book.lines += lines
    book.marked.update(start + index for index in marked)


def _titled(page: Page, labels: list[Label]) -> tuple[list[str], set[int]]:
    """Let the contents name what the tags do not: a line equal to its label is a heading, else the label becomes one.

    A page with headings of its own is only ever given more of them where a line says the label word for word.
    """
    wanted: dict[int, list[str]] = {}
    marked = set(page.marked)
    for label in labels if page.lines else []:
        place = page.anchors.get(label.anchor, 0) if label.anchor else 0
        said = _said(page.lines, place, label.text)
        if said is not None:
            marked.add(said)
        elif not page.marked:
            wanted.setdefault(min(place, len(page.lines)), []).append(label.text)
    if not wanted:
        return page.lines, marked
    return _with_labels(page.lines, marked, wanted)


def _said(lines: list[str], place: int, label: str) -> int | None:
    """Return which of the first lines at `place` is the label, spacing aside, or has part of it."""
    bare = "".join(label.split())
    heads = ["".join(line[: LONGEST_LABEL + 1].split()) for line in lines[place : place + 3]]
    if bare in heads:
        return place + heads.index(bare)
    first = heads[0] if heads else ""  # 第一章 where the label says 第一章 灯, or the other way round
    part = 2 <= len(first) <= LONGEST_PART and (first in bare or (len(bare) > 1 and bare in first))
    return place if part else None


def _with_labels(
    lines: list[str], marked: set[int], wanted: dict[int, list[str]]
) -> tuple[list[str], set[int]]:
    titled: list[str] = []
    moved: set[int] = set()
    for index in range(len(lines) + 1):
        for text in wanted.get(index, []):
            moved.add(len(titled))
            titled.append(text)
        if index < len(lines):
            if index in marked:
                moved.add(len(titled))
            titled.append(lines[index])
    return titled, moved


def _open(archive: Archive) -> tuple[Package, str]:
    """Follow the container to the package; return it and the folder its paths start from."""
    path = ""
    for token in xml_tokens(archive, CONTAINER):
        if token.kind == "open" and token.name == "rootfile" and not path:
            path = attributes(token.body).get("full-path", "")
    return _package(archive, path), posixpath.dirname(path)


def _locked(archive: Archive) -> set[str]:
    """Return the files under digital locks; usually only fonts, but a locked page is a locked book."""
    if archive.find(ENCRYPTION) is None:
        return set()
    return {
        unquote(attributes(token.body).get("uri", ""))
        for token in xml_tokens(archive, ENCRYPTION)
        if token.kind == "open" and token.name == "cipherreference"
    }


def _package(archive: Archive, path: str) -> Package:
    package, heard = Package(), ""
    folder = posixpath.dirname(path)
    for token in xml_tokens(archive, path):
        if token.kind == "open":
            heard = token.name
            _note(package, token, folder)
        elif token.kind == "close":
            heard = ""
        elif heard == "title":
            package.title = package.title or token.body.strip()
        elif heard == "creator":
            package.author = package.author or token.body.strip()
    return package


def _note(package: Package, token: Token, folder: str) -> None:
    if token.name == "item":
        _note_item(package, attributes(token.body), folder)
    elif token.name == "spine":
        package.ncx = package.items.get(attributes(token.body).get("toc", ""), package.ncx)
    elif token.name == "itemref":
        package.spine.append(attributes(token.body).get("idref", ""))
    elif token.name == "reference":
        values = attributes(token.body)
        if values.get("type", "").lower() == "toc":
            package.guide_contents.add(_resolved(folder, values.get("href", ""))[0])


def _note_item(package: Package, values: dict[str, str], folder: str) -> None:
    name, kind = values.get("id", ""), values.get("media-type", "").lower()
    package.items[name] = values.get("href", "")
    if "nav" in values.get("properties", "").split():
        package.navigation = _resolved(folder, values.get("href", ""))[0]
        package.contents_ids.add(name)
    elif "html" not in kind and kind != "text/plain":
        package.contents_ids.add(name)  # no text to read: a picture, a style, the contents
        if "ncx" in kind:
            package.ncx = values.get("href", "")


def _spine(package: Package, folder: str) -> Iterator[str]:
    """Yield the pages in reading order, each once; an entry that names no text (cover, navigation, a slip) is none."""
    seen: set[str] = set()
    for idref in package.spine:
        if idref not in package.items or idref in package.contents_ids:
            continue
        path, _ = _resolved(folder, package.items[idref])
        if path not in seen:
            seen.add(path)
            yield path


def _resolved(folder: str, href: str) -> tuple[str, str]:
    """Return the path in the archive and the anchor that a reference means."""
    path, _, anchor = href.partition("#")
    return posixpath.normpath(posixpath.join(folder, unquote(path))), unquote(anchor)


def _labels(archive: Archive, package: Package, folder: str) -> dict[str, list[Label]]:
    """Return the contents by page; a book whose contents are missing or damaged is read without them."""
    found: dict[str, list[Label]] = {}
    ncx = _resolved(folder, package.ncx)[0] if package.ncx else ""
    for path, read in ((package.navigation, _nav_labels), (ncx, _ncx_labels)):
        if not path or archive.find(path) is None or found:
            continue
        try:
            labels = list(read(archive, path))
        except BadArchive:
            continue
        for label in labels[:MOST_LABELS]:
            found.setdefault(label.path, []).append(label)
    return found


def _ncx_labels(archive: Archive, path: str) -> Iterator[Label]:
    """navPoint: first its label's text, then where it leads."""
    folder, text, heard = posixpath.dirname(path), "", False
    for token in xml_tokens(archive, path):
        if token.name == "text":
            heard = token.kind == "open"
        elif token.kind == "text" and heard:
            text = token.body
        elif token.kind == "open" and token.name == "content" and text:
            yield from _label(folder, attributes(token.body).get("src", ""), text)
            text = ""


def _nav_labels(archive: Archive, path: str) -> Iterator[Label]:
    """The links of the first <nav>; later ones list pages and landmarks."""
    folder, href, pieces, inside = posixpath.dirname(path), "", [""], False
    for token in xml_tokens(archive, path):
        if token.name == "nav":
            if token.kind == "close":
                return
            inside = True
        elif token.name == "a" and token.kind == "open" and inside:
            href, pieces = attributes(token.body).get("href", ""), []
        elif token.name == "a" and href:
            yield from _label(folder, href, "".join(pieces))
            href = ""
        elif token.kind == "text" and href:
            pieces.append(token.body)


def _label(folder: str, href: str, text: str) -> Iterator[Label]:
    path, anchor = _resolved(folder, href)
    text = " ".join(text.split())[:LONGEST_LABEL]
    if text and href:
        yield Label(path, anchor, text)
