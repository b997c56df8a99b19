"""A person's own file → a preview of its chapters that can be put right, and then the passages of a story.

Laws: the file is read the way ingest reads it, so the same bytes give the same chapters; merging, splitting and renaming
never lose a character of the text: what was a title becomes a line, what was a line becomes a title.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from novelgpt.errors import BadValue, ImportTooLarge, NotText, SeveralBooks
from novelgpt.messages import Message
from novelgpt.text.books import Manuscript, Refused, read_manuscripts
from novelgpt.text.chapter import Kind
from novelgpt.text.ingesting.bind import bind
from novelgpt.text.ingesting.library import safe_name

LARGEST = 64 * 2**20
LONGEST_TITLE = 100
LONGEST_SUFFIX = 10
BETWEEN_CHAPTERS = "\n\n"


@dataclass(frozen=True)
class ImportedChapter:
    """One chapter of the file: its heading, '' where it has none, and its paragraphs, one a line."""

    title: str
    kind: Kind
    text: str

    def whole(self) -> str:
        """Return heading and paragraphs as they will stand in the story."""
        return "\n".join(part for part in (self.title, self.text) if part)


@dataclass(frozen=True)
class Preview:
    """What would be imported; `removed` counts the characters that cleaning took out."""

    title: str
    author: str
    encoding: str
    lost_characters: int
    removed: int
    chapters: tuple[ImportedChapter, ...]
    notes: tuple[Message, ...] = ()


def preview_of(filename: str, data: bytes, *, allow_loss: bool = False) -> Preview:
    """Read a file's bytes by the kind its name says; what cannot be read, or only with loss, is refused."""
    if len(data) > LARGEST:
        raise ImportTooLarge(name=filename, limit=LARGEST // 2**20)
    manuscript = _only_book(filename, data)
    decoded = manuscript.decoded
    if decoded.lost_characters and not allow_loss:
        facts = {"lost": decoded.lost_characters, "encoding": decoded.encoding}
        raise NotText(path=filename, reason=Message("library.lossy", facts))
    book = bind(manuscript)
    if not book.chapters:
        raise NotText(path=filename, reason=Message("text.empty"))
    return Preview(
        book.title,
        book.author,
        decoded.encoding,
        decoded.lost_characters,
        sum(len(removal.text) for removal in book.removals),
        tuple(ImportedChapter(chapter.title, chapter.kind, chapter.text) for chapter in book.chapters),
        manuscript.notes,
    )


def merged(preview: Preview, index: int) -> Preview:
    """Put a chapter at the end of the one before it; its heading becomes a line."""
    chapter = _chapter(preview, index)
    if index == 0:
        raise BadValue(name=Message("library.chapter"), value=1, allowed=Message("library.not_first"))
    before = preview.chapters[index - 1]
    joined = "\n".join(part for part in (before.text, chapter.whole()) if part)
    return _with(preview, index - 1, index + 1, [replace(before, text=joined)])


def split_at(preview: Preview, index: int, line: int) -> Preview:
    """Let a new chapter begin at a line of another's text; a line short enough becomes its heading."""
    chapter = _chapter(preview, index)
    lines = chapter.text.split("\n")
    if not chapter.text or not 0 <= line < len(lines):
        raise BadValue(
            name=Message("library.line"),
            value=line + 1,
            allowed=Message("library.a_line", {"last": len(lines)}),
        )
    titled = len(lines[line]) <= LONGEST_TITLE
    title, rest = (lines[line], lines[line + 1 :]) if titled else ("", lines[line:])
    first = replace(chapter, text="\n".join(lines[:line]))
    parts = [first] if first.whole() else []
    return _with(preview, index, index + 1, [*parts, ImportedChapter(title, "chapter", "\n".join(rest))])


def renamed(preview: Preview, index: int, title: str) -> Preview:
    """Give a chapter another heading, on one line; '' takes its heading away."""
    chapter = _chapter(preview, index)
    return _with(preview, index, index + 1, [replace(chapter, title=" ".join(title.split())[:LONGEST_TITLE])])


def passages_of(chapters: Sequence[ImportedChapter]) -> list[str]:
    """Return one passage a chapter, with a blank line before each heading but the first."""
    wholes = [whole for chapter in chapters if (whole := chapter.whole())]
    return [whole if number == 0 else BETWEEN_CHAPTERS + whole for number, whole in enumerate(wholes)]


def _only_book(filename: str, data: bytes) -> Manuscript:
    """Return the one book in a file; the readers want a path, so the bytes lie in a folder of their own for a moment."""
    seen = filename.encode("utf-8", "replace").decode("utf-8")
    name = Path(seen.replace("\\", "/")).name
    with tempfile.TemporaryDirectory() as folder:
        suffix = Path(name).suffix[1:LONGEST_SUFFIX]
        path = Path(folder) / (safe_name(Path(name).stem) + (f".{safe_name(suffix)}" if suffix else ""))
        path.write_bytes(data)
        found = list(read_manuscripts(path))
    books = [one for one in found if isinstance(one, Manuscript)]
    refused = [one for one in found if isinstance(one, Refused)]
    if len(books) > 1:
        raise SeveralBooks(name=name, count=len(books))
    if not books:
        raise NotText(path=name, reason=refused[0].reason if refused else Message("text.empty"))
    return books[0]


def _chapter(preview: Preview, index: int) -> ImportedChapter:
    if not 0 <= index < len(preview.chapters):
        allowed = Message("library.a_chapter", {"last": len(preview.chapters)})
        raise BadValue(name=Message("library.chapter"), value=index + 1, allowed=allowed)
    return preview.chapters[index]


def _with(preview: Preview, start: int, end: int, chapters: Sequence[ImportedChapter]) -> Preview:
    """Return the preview with the chapters from `start` to `end` replaced."""
    return replace(preview, chapters=(*preview.chapters[:start], *chapters, *preview.chapters[end:]))
