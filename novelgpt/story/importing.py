"""A person's own file → a preview of its chapters that can be put right, and then the passages of a story.

Laws: the file is read the way ingest reads it, so the same bytes give the same chapters; they are put right the way a
book of the corpus is, and every step can be taken back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from novelgpt.errors import ImportTooLarge, NotText, SeveralBooks
from novelgpt.messages import Message
from novelgpt.text import mending
from novelgpt.text.books import Manuscript, Refused, read_manuscripts
from novelgpt.text.chapter import Chapter
from novelgpt.text.ingesting.bind import bind
from novelgpt.text.ingesting.library import safe_name

LARGEST = 64 * 2**20
LONGEST_SUFFIX = 10
MOST_STEPS = 100
BETWEEN_CHAPTERS = "\n\n"


@dataclass(frozen=True)
class Preview:
    """What would be imported; `removed` counts the characters that cleaning took out, `former` holds the chapters as they
    were before each change by hand."""

    title: str
    author: str
    encoding: str
    lost_characters: int
    removed: int
    chapters: tuple[Chapter, ...]
    notes: tuple[Message, ...] = ()
    former: tuple[tuple[Chapter, ...], ...] = ()


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
        tuple(book.chapters),
        manuscript.notes,
    )


def merged(preview: Preview, index: int) -> Preview:
    """Put a chapter at the end of the one before it; its heading becomes a line."""
    return _with(preview, mending.merged(preview.chapters, index))


def split_at(preview: Preview, index: int, line: int) -> Preview:
    """Let a new chapter begin at a line of another's text; a line short enough becomes its heading."""
    return _with(preview, mending.split_at(preview.chapters, index, line))


def renamed(preview: Preview, index: int, title: str) -> Preview:
    """Give a chapter another heading, on one line; '' takes its heading away."""
    return _with(preview, mending.renamed(preview.chapters, index, title))


def left_out(preview: Preview, index: int) -> Preview:
    """Leave a chapter out."""
    return _with(preview, mending.left_out(preview.chapters, index))


def taken_back(preview: Preview) -> Preview:
    """Return the preview before its last change; one that was not changed stays as it is."""
    if not preview.former:
        return preview
    return replace(preview, chapters=preview.former[-1], former=preview.former[:-1])


def passages_of(chapters: Sequence[Chapter]) -> list[str]:
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


def _with(preview: Preview, chapters: tuple[Chapter, ...]) -> Preview:
    """Return the preview with other chapters; those it had can be had again."""
    return replace(preview, chapters=chapters, former=(*preview.former, preview.chapters)[-MOST_STEPS:])
