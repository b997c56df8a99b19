"""One source file → its books, cleaned, cut and laid ready on disk: the part of ingest that runs in any process or machine.

What goes in is an `Order`, what comes out a `Taken`; both are small, the chapters themselves travel by disk.
Law: nothing is written under a final name here; a worker that dies leaves only files that the next run throws away.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from novelgpt.files import sha256_file, write_synced
from novelgpt.messages import Message
from novelgpt.text.books import Manuscript, Refused, read_manuscripts
from novelgpt.text.chapter import chapter_lines
from novelgpt.text.decode import Undecodable
from novelgpt.text.headings.numbering import numbering
from novelgpt.text.ingesting.bind import BoundBook, bind
from novelgpt.text.ingesting.record import RECORDS, BookLine, FileRecord, Row, read_record, record_path
from novelgpt.text.ingesting.script import Script
from novelgpt.text.rules import BUILT_IN, Rules


@dataclass(frozen=True)
class IngestSettings:
    """Everything that decides what comes out of a file."""

    encoding: str | None = None
    allow_loss: bool = False
    script: Script = "keep"
    rules: Rules = BUILT_IN


@dataclass(frozen=True)
class Order:
    """A file to take in; no `out_dir` means a dry run, `again` ignores what the record says."""

    path: Path
    out_dir: Path | None
    settings: IngestSettings
    fingerprint: str
    again: bool = False


@dataclass(frozen=True)
class Laid:
    """A book's line and where its chapters and its removal log lie ready."""

    line: BookLine
    chapters: Path | None = None
    removals: Path | None = None


@dataclass(frozen=True)
class Taken:
    """What a file held; `fresh` is False when the record of an earlier run still holds."""

    path: Path
    sha256: str
    books: tuple[Laid, ...]
    fresh: bool = True


def take_in(order: Order) -> Taken:
    """Read, clean and cut one file; whatever is wrong with it becomes a line that says so."""
    try:
        digest = sha256_file(order.path) if order.path.is_file() else ""
    except OSError as error:
        return Taken(order.path, "", (_refused(str(order.path), _unopened(error)),))
    if order.out_dir and digest and not order.again:
        record = read_record(record_path(order.out_dir, order.path))
        if record and record.holds(digest, order.fingerprint) and _all_there(order.out_dir, record):
            return Taken(order.path, digest, tuple(Laid(line) for line in record.lines), fresh=False)
    books = tuple(
        _refused(_shown(order, found.name), found.reason)
        if isinstance(found, Refused)
        else _lay(order, index, found)
        for index, found in enumerate(_manuscripts(order))
    )
    return Taken(order.path, digest, books)


def _all_there(out_dir: Path, record: FileRecord) -> bool:
    return all((out_dir / "chapters" / name).is_file() for name in record.outputs)


def _manuscripts(order: Order) -> Iterator[Manuscript | Refused]:
    """Yield what the file holds; what cannot be read is refused, whatever the reason."""
    try:
        yield from read_manuscripts(order.path, order.settings.encoding)
    except Undecodable as refusal:
        yield Refused(order.path.name, refusal.reason)
    except OSError as error:
        yield Refused(order.path.name, _unopened(error))


def _lay(order: Order, index: int, manuscript: Manuscript) -> Laid:
    """Bind one manuscript and lay its chapters ready."""
    lost = manuscript.decoded.lost_characters
    if lost and not order.settings.allow_loss:
        facts = {"lost": lost, "encoding": manuscript.decoded.encoding}
        return _refused(_shown(order, manuscript.name), Message("text.lossy", facts))
    book = bind(manuscript, order.settings.rules, order.settings.script)
    if not book.chapters:
        return _refused(_shown(order, manuscript.name), Message("text.empty"))
    line = _line(order, manuscript, book)
    if order.out_dir is None:
        return Laid(line)
    stem = f"{record_path(order.out_dir, order.path).stem}-{index}"
    chapters = order.out_dir / RECORDS / "ready" / f"{stem}.jsonl"
    write_synced(chapters, chapter_lines(book.chapters))
    removals = chapters.with_suffix(".removed") if book.removals else None
    if removals:
        write_synced(
            removals, "".join(json.dumps(vars(one), ensure_ascii=False) + "\n" for one in book.removals)
        )
    return Laid(line, chapters, removals)


def _line(order: Order, manuscript: Manuscript, book: BoundBook) -> BookLine:
    missing, duplicate = numbering(book.chapters)
    decoded = manuscript.decoded
    table = tuple(
        Row(chapter.kind, chapter.number, chapter.title, len(chapter.text)) for chapter in book.chapters
    )
    return BookLine(
        path=_shown(order, manuscript.name),
        title=book.title,
        author=book.author,
        script=book.script,
        encoding=decoded.encoding,
        confidence=decoded.confidence,
        repairs=decoded.repairs,
        repaired_characters=decoded.repaired_characters,
        lost_characters=decoded.lost_characters,
        notes=manuscript.notes,
        size_bytes=manuscript.size_bytes,
        characters=sum(len(chapter.title) + len(chapter.text) for chapter in book.chapters),
        chapters=len(book.chapters),
        kinds=dict(Counter(chapter.kind for chapter in book.chapters)),
        missing_numbers=missing,
        duplicate_numbers=duplicate,
        contents_lines=book.contents_lines,
        removed=dict(sorted(book.counts.items())),
        removed_characters=sum(len(one.text) for one in book.removals),
        sha256=manuscript.sha256,
        table=table,
        sketch=book.sketch,
    )


def _shown(order: Order, name: str) -> str:
    """Return a book's name with the folder its file lies in, as the person named it."""
    return str(order.path.parent / name)


def _refused(name: str, reason: Message) -> Laid:
    return Laid(BookLine(name, reason))


def _unopened(error: OSError) -> Message:
    return Message("text.unopened", {"detail": error.strerror or type(error).__name__})
