"""Files and folders → chapters on disk, `train.json` and a report: the use case behind `novelgpt ingest`.

What comes out is a stream of events, one per book as it is done and one at the end; a face prints them.
Law: one bad file never stops the others, nothing is lost without being counted, and what is done is not done again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from novelgpt.errors import NothingIngested
from novelgpt.files import atomic_file
from novelgpt.messages import Lang, Message
from novelgpt.text.chapter import chapter_files, read_chapters
from novelgpt.text.decode import known_encoding
from novelgpt.text.ingesting.engines import Crashed, Engine, in_order
from novelgpt.text.ingesting.find import find_books
from novelgpt.text.ingesting.intake import IngestSettings, Laid, Order, Taken, take_in
from novelgpt.text.ingesting.library import Library
from novelgpt.text.ingesting.record import BookLine, settings_fingerprint
from novelgpt.text.ingesting.report import IngestReport, ReportLines, write_report
from novelgpt.text.ingesting.script import Script
from novelgpt.text.markers import mark
from novelgpt.text.rules import BUILT_IN, Rules


@dataclass(frozen=True)
class BookIngested:
    """One book became chapters, now or (`fresh` is False) in an earlier run; `output_path` is None in a dry run."""

    index: int
    total: int
    path: Path
    book: BookLine
    output_path: Path | None
    fresh: bool = True


@dataclass(frozen=True)
class BookRefused:
    """One book was left out, and why."""

    index: int
    total: int
    path: str
    reason: Message


@dataclass(frozen=True)
class IngestFinished:
    """Everything is on disk (or, in a dry run, would be)."""

    report: IngestReport


IngestEvent = BookIngested | BookRefused | IngestFinished


def ingest(
    paths: Sequence[Path | str],
    out_dir: Path,
    *,
    encoding: str | None = None,
    allow_loss: bool = False,
    script: Script = "keep",
    rules: Rules = BUILT_IN,
    dry_run: bool = False,
    engine: Engine = "local",
    jobs: int = 1,
    lang: Lang = "zh",
) -> Iterator[IngestEvent]:
    """Yield an event per book and one at the end; leaving the loop early leaves whole books and the old `train.json`."""
    settings = IngestSettings(encoding and known_encoding(encoding), allow_loss, script, rules)
    fingerprint = settings_fingerprint(settings)
    files = find_books(paths)
    library = Library(out_dir, keep=not dry_run)
    target = None if dry_run else out_dir.resolve()
    orders = [Order(path, target, settings, fingerprint) for path in files]
    lines = ReportLines(library.settled)
    for index, taken in enumerate(_take_all(orders, library, engine, jobs)):
        for line in library.accept(taken, fingerprint):
            lines.add(line)
            yield _event(line, taken, index, len(files), target)
    report = IngestReport(lines, dry_run)
    if target is not None:
        _finish(report, out_dir, engine, jobs, lang)
    if report.first_refused and report.first_refused.reason and not report.totals["ingested"]:
        first = report.first_refused
        raise NothingIngested(count=len(files), path=first.path, reason=first.reason)
    yield IngestFinished(report)


def _take_all(orders: Sequence[Order], library: Library, engine: Engine, jobs: int) -> Iterator[Taken]:
    """Yield what every file holds, in order; a record that no longer fits the library is not believed."""
    work = in_order(take_in, orders, engine=engine, jobs=min(jobs, len(orders)))
    for order, taken in zip(orders, work, strict=True):
        if isinstance(taken, Crashed):
            line = BookLine(str(order.path), Message("text.crashed"))
            yield Taken(order.path, "", (Laid(line),))
        elif taken.fresh or library.still_holds(taken):
            yield taken
        else:
            yield take_in(Order(order.path, order.out_dir, order.settings, order.fingerprint, again=True))


def _event(line: BookLine, taken: Taken, index: int, total: int, out_dir: Path | None) -> IngestEvent:
    if line.reason is not None:
        return BookRefused(index, total, line.path, line.reason)
    output = out_dir / "chapters" / line.output if out_dir else None
    return BookIngested(index, total, taken.path, line, output, taken.fresh)


def write_train_json(path: Path, files: Sequence[Path], *, engine: Engine = "local", jobs: int = 1) -> int:
    """Write the JSON array of all marked chapters, book by book; return how many."""
    count = 0
    with atomic_file(path) as stream:
        stream.write(b"[")
        work = in_order(_train_items, files, engine=engine, jobs=min(jobs, max(1, len(files))))
        for file, made in zip(files, work, strict=True):
            found, items = _train_items(file) if isinstance(made, Crashed) else made
            if found:
                stream.write((b",\n" if count else b"\n") + items)
                count += found
        stream.write(b"\n]\n")
    return count


def _train_items(path: Path) -> tuple[int, bytes]:
    """Return how many chapters of a book have text, and their strings for `train.json`."""
    items = [
        json.dumps(mark(whole), ensure_ascii=False)
        for chapter in read_chapters(path)
        if (whole := chapter.whole())
    ]
    return len(items), ",\n".join(items).encode()


def _is_older(made: Path, sources: Sequence[Path]) -> bool:
    """Say whether a file is missing or any of its sources changed after it was made."""
    if not made.exists():
        return True
    when = made.stat().st_mtime_ns
    return any(source.stat().st_mtime_ns >= when for source in sources)


def _finish(report: IngestReport, out_dir: Path, engine: Engine, jobs: int, lang: Lang) -> None:
    """Write what speaks of all books; the report last, so that its presence means the run was whole."""
    files = chapter_files([out_dir / "chapters"]) if report.totals["ingested"] else []
    if files and _is_older(out_dir / "train.json", [out_dir / "chapters", *files]):
        write_train_json(out_dir / "train.json", files, engine=engine, jobs=jobs)
    write_report(out_dir, report, lang)
