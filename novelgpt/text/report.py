"""What ingest did → `ingest-report.json` for programs and `ingest-report.html` for eyes.

Law: every file of the run is one line; what was removed, lost, missing or repeated is a number there, never silence.
"""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from novelgpt.files import write_json, write_text
from novelgpt.messages import Lang, Message, translate
from novelgpt.text.books import Book
from novelgpt.text.chapter import Chapter, read_chapters

REPORT_JSON = "ingest-report.json"
REPORT_HTML = "ingest-report.html"
MOST_LISTED = 20


@dataclass(frozen=True)
class BookLine:
    """One file of a run: what it became, or why it was left out."""

    path: str
    reason: Message | None = None
    output: str = ""
    title: str = ""
    author: str = ""
    encoding: str = ""
    confidence: float = 0.0
    size_bytes: int = 0
    characters: int = 0
    lost_characters: int = 0
    chapters: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    missing_numbers: tuple[int, ...] = ()
    duplicate_numbers: tuple[int, ...] = ()
    contents_lines: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    sha256: str = ""

    @classmethod
    def refused(cls, path: Path, reason: Message) -> BookLine:
        """Return the line of a file that was left out."""
        return cls(str(path), reason)

    @classmethod
    def ingested(cls, path: Path, book: Book, output: str) -> BookLine:
        """Return the line of a file that became chapters."""
        missing, duplicate = numbering(book.chapters)
        return cls(
            path=str(path),
            output=output,
            title=book.title,
            author=book.author,
            encoding=book.decoded.encoding,
            confidence=book.decoded.confidence,
            size_bytes=book.size_bytes,
            characters=sum(len(chapter.title) + len(chapter.text) for chapter in book.chapters),
            lost_characters=book.decoded.lost_characters,
            chapters=len(book.chapters),
            kinds=dict(Counter(chapter.kind for chapter in book.chapters)),
            missing_numbers=missing,
            duplicate_numbers=duplicate,
            contents_lines=book.contents_lines,
            removed=dict(sorted(book.removed.items())),
            sha256=book.sha256,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; the reason in both languages."""
        record = asdict(self)
        if self.reason is None:
            del record["reason"]
        else:
            record = {
                "path": self.path,
                "reason": {"zh": self.reason.text("zh"), "en": self.reason.text("en")},
            }
        return record


@dataclass(frozen=True)
class IngestReport:
    """All lines of a run, in order."""

    lines: tuple[BookLine, ...]
    dry_run: bool = False

    @property
    def ingested(self) -> tuple[BookLine, ...]:
        """The files that became chapters."""
        return tuple(line for line in self.lines if line.reason is None)

    @property
    def refused(self) -> tuple[BookLine, ...]:
        """The files that were left out."""
        return tuple(line for line in self.lines if line.reason is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON."""
        return {
            "files": len(self.lines),
            "ingested": len(self.ingested),
            "refused": len(self.refused),
            "chapters": sum(line.chapters for line in self.lines),
            "characters": sum(line.characters for line in self.lines),
            "lost_characters": sum(line.lost_characters for line in self.lines),
            "books": [line.to_dict() for line in self.lines],
        }


class Library:
    """Which source file each file in `chapters/` came from, so that a rerun overwrites its own and nothing else."""

    def __init__(self, chapters_dir: Path, owners: dict[str, dict[str, str]]) -> None:
        self.chapters_dir = chapters_dir
        self.owners = owners
        self._claimed: set[str] = set()

    @classmethod
    def open(cls, out_dir: Path) -> Library:
        """Read the owners that the last report noted; a missing or foreign report counts as none."""
        owners: dict[str, dict[str, str]] = {}
        try:
            noted = json.loads((out_dir / REPORT_JSON).read_text(encoding="utf-8"))["library"]
            owners = {
                str(name): {key: str(owner[key]) for key in ("path", "sha256")}
                for name, owner in noted.items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            owners = {}
        return cls(out_dir / "chapters", owners)

    def claim(self, wanted: str, path: Path, book: Book) -> str:
        """Return a name for this book's chapters: `wanted`, with a number added while another book holds it."""
        owner = {"path": str(path.resolve()), "sha256": book.sha256}
        name, count = wanted, 1
        while name.casefold() in self._claimed or self._is_anothers(name, owner, path.name):
            count += 1
            name = f"{wanted}-{count}"
        self._claimed.add(name.casefold())
        self.owners[name] = owner
        return name

    def _is_anothers(self, name: str, owner: dict[str, str], file_name: str) -> bool:
        held = self.chapters_dir / f"{name}.jsonl"
        if not held.exists():
            return False
        noted = self.owners.get(name)
        if noted is not None:
            return noted["path"] != owner["path"] and noted["sha256"] != owner["sha256"]
        first = next(read_chapters(held), None)
        return first is not None and first.source.file != file_name


def numbering(chapters: Sequence[Chapter]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the numbers that are missing and those that come twice; a volume or a new first chapter starts a new count."""
    missing: list[int] = []
    duplicate: list[int] = []
    for count in _counts(chapters):
        times = Counter(count)
        missing += sorted(set(range(min(count), max(count))) - set(count))
        duplicate += sorted(number for number, often in times.items() if often > 1)
    return tuple(missing), tuple(duplicate)


def _counts(chapters: Iterable[Chapter]) -> list[list[int]]:
    """Return the runs of chapter numbers; a wild number (a year, a slip) does not open a gap of thousands."""
    runs: list[list[int]] = [[]]
    for chapter in chapters:
        if chapter.kind == "volume" or (chapter.number == 1 and runs[-1] and runs[-1][-1] != 1):
            runs.append([])
        number = chapter.number if chapter.kind == "chapter" else None
        if number is not None and (not runs[-1] or abs(number - runs[-1][-1]) < 1000):
            runs[-1].append(number)
    return [run for run in runs if run]


def write_report(out_dir: Path, report: IngestReport, library: Library, lang: Lang) -> None:
    """Write both files, atomically; owners of chapter files that are gone are forgotten."""
    owners = {
        name: owner
        for name, owner in library.owners.items()
        if (library.chapters_dir / f"{name}.jsonl").exists()
    }
    write_json(out_dir / REPORT_JSON, {**report.to_dict(), "library": owners})
    write_text(out_dir / REPORT_HTML, report_html(report, lang))


def report_html(report: IngestReport, lang: Lang) -> str:
    """Return the report as one self-contained page."""
    head = "".join(f"<th>{_say(f'text.column.{column}', lang)}" for column in _COLUMNS)
    rows = "".join(_row(line, lang) for line in report.ingested)
    refused = "".join(
        f"<tr><td>{html.escape(line.path)}<td>{html.escape(line.reason.text(lang))}"
        for line in report.refused
        if line.reason is not None
    )
    title = _say("text.report_title", lang)
    parts = [
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>',
        f"<h1>{title}</h1><p>{_summary(report, lang)}</p>",
    ]
    if refused:
        parts.append(f"<h2>{_say('text.report_refused', lang)}</h2><table>{refused}</table>")
    if rows:
        parts.append(f"<h2>{_say('text.report_ingested', lang)}</h2><table><tr>{head}</tr>{rows}</table>")
    return "\n".join(parts) + "\n"


_COLUMNS = ("book", "file", "encoding", "size", "lost", "chapters", "missing", "duplicate", "removed")
_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #8884;padding:.3rem .6rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}}"
)


def _say(key: str, lang: Lang, **facts: Any) -> str:
    return html.escape(translate(key, lang, **facts))


def _summary(report: IngestReport, lang: Lang) -> str:
    facts = report.to_dict()
    del facts["books"]
    return _say("text.report_summary", lang, **facts)


def _row(line: BookLine, lang: Lang) -> str:
    removed = "<br>".join(
        f"{_say(f'text.rule.{rule}', lang)} {count}" for rule, count in line.removed.items()
    )
    cells = (
        html.escape(f"{line.title} {line.author}".strip()),
        html.escape(line.path),
        html.escape(f"{line.encoding} {line.confidence:.2f}"),
        f"{line.size_bytes:,}",
        str(line.lost_characters),
        str(line.chapters),
        _few(line.missing_numbers),
        _few(line.duplicate_numbers),
        removed,
    )
    return "<tr>" + "".join(f"<td>{cell}" for cell in cells) + "</tr>"


def _few(numbers: Sequence[int]) -> str:
    shown = " ".join(map(str, numbers[:MOST_LISTED]))
    return f"{shown} … ({len(numbers)})" if len(numbers) > MOST_LISTED else shown
