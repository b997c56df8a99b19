"""Files and folders → chapters on disk, `train.json` and a report: the use case behind `novelgpt ingest`.

What comes out is a stream of events, one per file as it is done and one at the end; a face prints them.
Law: one bad file never stops the others, and nothing is lost without being counted in the report.
"""

from __future__ import annotations

import glob
import json
import multiprocessing
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from novelgpt.errors import FileMissing, NothingIngested, NothingToRead
from novelgpt.files import atomic_file
from novelgpt.messages import Lang, Message
from novelgpt.text.books import SUFFIXES, Book, read_book
from novelgpt.text.chapter import Chapter, chapter_files, read_chapters, write_chapters
from novelgpt.text.decode import Undecodable, known_encoding
from novelgpt.text.markers import mark
from novelgpt.text.report import BookLine, IngestReport, Library, write_report

LONGEST_NAME = 80
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$", re.I)


@dataclass(frozen=True)
class BookIngested:
    """One file became chapters; `output_path` is None in a dry run."""

    index: int
    total: int
    path: Path
    book: BookLine
    chapters: list[Chapter]
    output_path: Path | None


@dataclass(frozen=True)
class BookRefused:
    """One file was left out, and why."""

    index: int
    total: int
    path: Path
    reason: Message


@dataclass(frozen=True)
class IngestFinished:
    """Everything is on disk (or, in a dry run, would be)."""

    report: IngestReport


IngestEvent = BookIngested | BookRefused | IngestFinished
_Outcome = Book | Message


def ingest(
    paths: Sequence[Path | str],
    out_dir: Path,
    *,
    encoding: str | None = None,
    allow_loss: bool = False,
    dry_run: bool = False,
    jobs: int = 1,
    lang: Lang = "zh",
) -> Iterator[IngestEvent]:
    """Yield an event per file and one at the end; leaving the loop early leaves whole files and the old `train.json`."""
    if encoding is not None:
        encoding = known_encoding(encoding)
    files = find_books(paths)
    library = Library.open(out_dir)
    lines: list[BookLine] = []
    for index, (path, outcome) in enumerate(_read_all(files, encoding, allow_loss, jobs)):
        if isinstance(outcome, Message):
            lines.append(BookLine.refused(path, outcome))
            yield BookRefused(index, len(files), path, outcome)
            continue
        name = library.claim(safe_name(outcome.title), path, outcome)
        output = None if dry_run else out_dir / "chapters" / f"{name}.jsonl"
        if output is not None:
            write_chapters(output, outcome.chapters)
        lines.append(BookLine.ingested(path, outcome, f"{name}.jsonl"))
        yield BookIngested(index, len(files), path, lines[-1], outcome.chapters, output)
    report = IngestReport(tuple(lines), dry_run)
    if not dry_run:
        _finish(out_dir, report, library, lang)
    if not report.ingested:
        first = report.refused[0]
        raise NothingIngested(count=len(lines), path=first.path, reason=first.reason)
    yield IngestFinished(report)


def find_books(paths: Sequence[Path | str]) -> list[Path]:
    """Return the files asked for: named ones as they are, globs and folders opened, each file once, in a stable order."""
    found: dict[Path, Path] = {}
    for asked in paths:
        for path in _opened(Path(asked)):
            found.setdefault(path.resolve(), path)
    if not found:
        raise NothingToRead(path=" ".join(str(path) for path in paths))
    return list(found.values())


def safe_name(title: str) -> str:
    """Return a file name that every system accepts."""
    name = _UNSAFE.sub("_", title).strip(" .")
    while len(name.encode()) > 2 * LONGEST_NAME:
        name = name[:-1]
    return f"_{name}" if not name or _DEVICES.match(name) else name


def write_train_json(path: Path, chapters: Iterable[Chapter]) -> int:
    """Write the JSON array of marked chapters, one at a time; return how many."""
    count = 0
    with atomic_file(path) as stream:
        stream.write(b"[")
        for chapter in chapters:
            if whole := chapter.whole():
                item = json.dumps(mark(whole), ensure_ascii=False)
                stream.write(f"{',' if count else ''}\n{item}".encode())
                count += 1
        stream.write(b"\n]\n")
    return count


def _opened(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if _is_book(file, path))
    if path.exists():
        return [path]
    if glob.has_magic(str(path)):
        matches = sorted(Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207  the pattern may be absolute
        return [file for match in matches for file in (_opened(match) if match.is_dir() else [match])]
    raise FileMissing(path=path)


def _is_book(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in file.relative_to(folder).parts)
    return file.suffix.lower() in SUFFIXES and not hidden and file.is_file()


def _read_all(
    files: Sequence[Path], encoding: str | None, allow_loss: bool, jobs: int
) -> Iterator[tuple[Path, _Outcome]]:
    """Yield every file with its book or the reason against it, in order, read here or by `jobs` processes."""
    if jobs <= 1 or len(files) == 1:
        for path in files:
            yield path, _read_one(path, encoding, allow_loss)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(files)), mp_context=context) as pool:
        waiting: deque[tuple[Path, Future[_Outcome]]] = deque()
        for path in files:
            waiting.append((path, pool.submit(_read_one, path, encoding, allow_loss)))
            if len(waiting) > 2 * jobs:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()


def _read_one(path: Path, encoding: str | None, allow_loss: bool) -> _Outcome:
    try:
        book = read_book(path, encoding)
    except Undecodable as refusal:
        return refusal.reason
    except OSError as error:
        return Message("text.unopened", {"detail": error.strerror or type(error).__name__})
    lost = book.decoded.lost_characters
    if lost and not allow_loss:
        return Message("text.lossy", {"lost": lost, "encoding": book.decoded.encoding})
    return book


def _finish(out_dir: Path, report: IngestReport, library: Library, lang: Lang) -> None:
    if report.ingested:
        files = chapter_files([out_dir / "chapters"])
        write_train_json(
            out_dir / "train.json", (chapter for file in files for chapter in read_chapters(file))
        )
    write_report(out_dir, report, library, lang)
