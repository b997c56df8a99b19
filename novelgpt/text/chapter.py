"""The noun that flows out of ingest: a `Chapter`, and its JSONL file.

Law: `read_chapters(write_chapters(chapters)) == chapters`; unknown keys in a file are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from novelgpt.errors import DamagedChapters, FileMissing, NoChapters
from novelgpt.files import write_text

Kind = Literal["front", "volume", "chapter", "extra"]


@dataclass(frozen=True)
class Source:
    """Where a chapter came from: file name, encoding, and its byte span in that file (None where a span has no meaning)."""

    file: str = ""
    encoding: str = ""
    bytes: tuple[int, int] | None = None


@dataclass(frozen=True)
class Chapter:
    """One heading and its body; `text` has `\\n` between paragraphs."""

    title: str
    text: str
    kind: Kind = "chapter"
    number: int | None = None
    index: int = 0
    book: str = ""
    author: str = ""
    source: Source = field(default_factory=Source)

    def whole(self) -> str:
        """Return heading and body as one text, the way a model reads it."""
        return "\n".join(part for part in (self.title, self.text) if part)


def write_chapters(path: Path, chapters: Iterable[Chapter]) -> None:
    """Write one chapter a line, atomically."""
    write_text(path, chapter_lines(chapters))


def chapter_lines(chapters: Iterable[Chapter]) -> str:
    """Return chapters as the lines of a JSONL file."""
    return "".join(json.dumps(_record(chapter), ensure_ascii=False) + "\n" for chapter in chapters)


def read_chapters(path: Path) -> Iterator[Chapter]:
    """Yield the chapters of one JSONL file, line by line."""
    try:
        with path.open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _parse(path, number, line)
    except FileNotFoundError:
        raise FileMissing(path=path) from None
    except UnicodeDecodeError as error:
        raise DamagedChapters(path=path, line="?", detail=error.reason) from None


def chapter_files(paths: Iterable[Path]) -> list[Path]:
    """Return the JSONL files among `paths`, folders opened, in a stable order; none at all is an error."""
    found: list[Path] = []
    asked = list(paths)
    for path in asked:
        if path.is_dir():
            found += sorted(path.glob("*.jsonl"))
        elif path.exists():
            found.append(path)
        elif path.suffix:
            raise FileMissing(path=path)
    if not found:
        raise NoChapters(path=" ".join(str(path) for path in asked))
    return found


def _parse(path: Path, number: int, line: str) -> Chapter:
    try:
        return _chapter(json.loads(line))
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedChapters(path=path, line=number, detail=error) from None


def _record(chapter: Chapter) -> dict[str, Any]:
    return {**vars(chapter), "source": vars(chapter.source)}


def _chapter(record: dict[str, Any]) -> Chapter:
    if record["kind"] not in get_args(Kind):
        raise ValueError(f"kind {record['kind']!r}")
    source = record.get("source") or {}
    span = source.get("bytes")
    return Chapter(
        title=str(record["title"]),
        text=str(record["text"]),
        kind=record["kind"],
        number=None if record.get("number") is None else int(record["number"]),
        index=int(record["index"]),
        book=str(record["book"]),
        author=str(record.get("author") or ""),
        source=Source(
            str(source.get("file", "")),
            str(source.get("encoding", "")),
            None if span is None else (span[0], span[1]),
        ),
    )
