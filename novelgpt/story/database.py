"""The database file under the story library: a path goes in, a checked and upgraded connection comes out.

Law: what was acknowledged is on the disk (rollback journal, full sync), and a file that cannot be used is copied aside,
never changed and never deleted. Write-ahead logging is avoided on purpose: it may take back acknowledged commits after a
power cut, and SQLite before 3.51.3 has a race in it that loses committed writes.
"""

from __future__ import annotations

import contextlib
import filecmp
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from novelgpt.errors import BadStories, DiskFull, NewerStories, StoriesBusy, StoriesUnwritable
from novelgpt.files import atomic_file, disk_full_is_said
from novelgpt.story.migrations import APPLICATION_ID, MIGRATIONS, Step, upgrade, version_of

Clock = Callable[[], datetime]

BUSY_SECONDS = 5.0
_SETTINGS = ("journal_mode = TRUNCATE", "synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF")
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_UNWRITABLE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def open_database(path: Path, clock: Clock, steps: Sequence[Step] = MIGRATIONS) -> sqlite3.Connection:
    """Open the file (made with its folder if missing), check it, and bring it to the newest version."""
    _make_folder(path)
    with errors_are_said(path, clock):
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            for setting in _SETTINGS:
                connection.execute(f"PRAGMA {setting}")
            _check(connection, path, clock, steps)
            _bring_up(connection, path, clock, steps)
        except BaseException:
            connection.close()
            raise
    return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, mode: Literal["DEFERRED", "IMMEDIATE"]) -> Iterator[None]:
    """Do everything inside or nothing; a writer says IMMEDIATE, so that it waits at the door and not half-way."""
    connection.execute(f"BEGIN {mode}")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextlib.contextmanager
def errors_are_said(path: Path, clock: Clock) -> Iterator[None]:
    """Turn SQLite's complaints about the file or the disk into our sentences."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise DiskFull(path=path) from error
        if code in _BUSY:
            raise StoriesBusy(path=path) from error
        if code in _UNWRITABLE:
            raise StoriesUnwritable(path=path, detail=error) from error
        if code in _DAMAGED:
            raise _damaged(path, error, clock) from error
        raise


def _make_folder(path: Path) -> None:
    try:
        with disk_full_is_said(path):
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoriesUnwritable(path=path, detail=error.strerror) from error


def _check(connection: sqlite3.Connection, path: Path, clock: Clock, steps: Sequence[Step]) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise _damaged(path, verdict, clock)
    with transaction(
        connection, "DEFERRED"
    ):  # all three of one moment: another process may be making the tables
        (owner,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        version = version_of(connection)
    if tables and owner != APPLICATION_ID:
        raise _damaged(path, "a database of another program", clock)
    if version > len(steps):
        raise NewerStories(path=path, version=version, known=len(steps))


def _bring_up(connection: sqlite3.Connection, path: Path, clock: Clock, steps: Sequence[Step]) -> None:
    version = version_of(connection)
    if version == len(steps):
        return
    if version:
        _back_up(connection, _free_name(path, f"before-v{len(steps)}", clock))
    with transaction(connection, "IMMEDIATE"):
        upgrade(connection, steps)


def _back_up(connection: sqlite3.Connection, backup: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(backup)) as target:
            connection.backup(target)
    except BaseException:
        backup.unlink(missing_ok=True)  # half a backup would look like a whole one
        raise


def _damaged(path: Path, detail: Any, clock: Clock) -> BadStories:
    return BadStories(path=path, detail=detail, copy=_copy_aside(path, clock))


def _copy_aside(path: Path, clock: Clock) -> Path:
    for earlier in sorted(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}")):
        if filecmp.cmp(path, earlier, shallow=False):
            return earlier  # opening the same damaged file again must not fill the disk
    copy = _free_name(path, "damaged", clock)
    with path.open("rb") as source, atomic_file(copy) as target:
        shutil.copyfileobj(source, target)
    return copy


def _free_name(path: Path, label: str, clock: Clock) -> Path:
    name = f"{path.stem}.{label}-{clock().astimezone(UTC):%Y%m%dT%H%M%SZ}"
    choice, count = path.with_name(name + path.suffix), 2
    while choice.exists():
        choice, count = path.with_name(f"{name}-{count}{path.suffix}"), count + 1
    return choice
