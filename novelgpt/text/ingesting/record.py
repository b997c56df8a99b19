"""What ingest notes of every file it has finished: one JSON record a source file, written last, so its presence means "done".

Law: a record read back is the record written; a damaged, foreign or older one counts as none, and the file is done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from novelgpt.files import atomic_file
from novelgpt.messages import LANGUAGES, Message

RECORDS = ".ingest"
"""The folder beside `chapters/` that holds the records and what is still being made."""


@dataclass(frozen=True)
class Row:
    """One chapter in a table: what it is, and how long."""

    kind: str
    number: int | None
    title: str
    characters: int


@dataclass(frozen=True)
class BookLine:
    """One book of a run: what it became, or why it was left out."""

    path: str
    reason: Message | None = None
    output: str = ""
    title: str = ""
    author: str = ""
    script: str = ""
    encoding: str = ""
    confidence: float = 0.0
    repairs: tuple[str, ...] = ()
    repaired_characters: int = 0
    notes: tuple[Message, ...] = ()
    lost_characters: int = 0
    size_bytes: int = 0
    characters: int = 0
    chapters: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    missing_numbers: tuple[int, ...] = ()
    duplicate_numbers: tuple[int, ...] = ()
    contents_lines: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    removed_characters: int = 0
    sha256: str = ""
    table: tuple[Row, ...] = ()
    same_as: str = ""
    sketch: tuple[int, ...] = ()

    def to_dict(self, *, table: bool = False) -> dict[str, Any]:
        """Return plain values for the report; the reason in both languages, the chapter table only when asked."""
        if self.reason is not None:
            told = {"path": self.path, "reason": _both(self.reason)}
            return told | ({"same_as": self.same_as} if self.same_as else {})
        left_out = {"reason", "sketch", "same_as"} | (set() if table else {"table"})
        values = {name: value for name, value in self.to_record().items() if name not in left_out}
        return values | {"notes": [_both(note) for note in self.notes]}

    def to_record(self) -> dict[str, Any]:
        """Return everything as plain values, for `from_record`."""
        return {
            **vars(self),
            "reason": self.reason and _plain(self.reason),
            "notes": [_plain(note) for note in self.notes],
            "table": [vars(row) for row in self.table],
        }

    @classmethod
    def from_record(cls, values: dict[str, Any]) -> BookLine:
        """Return the line that `to_record` gave."""
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        values["table"] = tuple(Row(**row) for row in values["table"])
        values["notes"] = tuple(_message(note) for note in values["notes"])
        values["reason"] = values["reason"] and _message(values["reason"])
        return cls(**values)


@dataclass(frozen=True)
class FileRecord:
    """A source file that is done: what it held, by which settings, and what came of it."""

    path: str
    sha256: str
    settings: str
    lines: tuple[BookLine, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names under which its books stand in `chapters/`."""
        return tuple(line.output for line in self.lines if line.reason is None)

    def holds(self, sha256: str, settings: str) -> bool:
        """Say whether the record speaks of these bytes under these settings."""
        return (self.sha256, self.settings) == (sha256, settings)


def record_path(out_dir: Path, source: Path) -> Path:
    """Return where the record of a source file lies."""
    return out_dir / RECORDS / f"{hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:24]}.json"


def write_record(path: Path, record: FileRecord) -> None:
    """Write a record, atomically; one that a power cut takes away only means that its file is done again."""
    values = {"path": record.path, "sha256": record.sha256, "settings": record.settings}
    lines = [line.to_record() for line in record.lines]
    with atomic_file(path, durable=False) as stream:
        stream.write(json.dumps({**values, "lines": lines}, ensure_ascii=False).encode())


def read_record(path: Path) -> FileRecord | None:
    """Return the record in `path`, or None if there is none that can be understood."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        lines = tuple(BookLine.from_record(line) for line in values["lines"])
        return FileRecord(str(values["path"]), str(values["sha256"]), str(values["settings"]), lines)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def read_records(out_dir: Path) -> Iterator[FileRecord]:
    """Yield all records of a library."""
    for path in sorted((out_dir / RECORDS).glob("*.json")):
        if record := read_record(path):
            yield record


def settings_fingerprint(settings: Any) -> str:
    """Return a name for these settings and this version of the code: when either changes, files are done again."""
    values = json.dumps(asdict(settings), sort_keys=True, default=sorted)  # sets have no order of their own
    digest = hashlib.sha256(values.encode())
    for source in sorted(Path(__file__).parent.parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _both(message: Message) -> dict[str, str]:
    return {lang: message.text(lang) for lang in LANGUAGES}


def _plain(message: Message) -> dict[str, Any]:
    """Return a message as plain values, the messages among its facts too."""
    facts = {
        name: _plain(fact) if isinstance(fact, Message) else fact for name, fact in message.facts.items()
    }
    return {"key": message.key, "facts": facts}


def _message(values: dict[str, Any]) -> Message:
    """Return a message with the messages among its facts."""
    facts = {
        name: _message(fact) if isinstance(fact, dict) and fact.keys() == {"key", "facts"} else fact
        for name, fact in values["facts"].items()
    }
    return Message(values["key"], facts)
