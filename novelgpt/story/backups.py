"""A backup a day: the open library goes in, a copy of it as it stood is in `backups/` beside it.

Laws: what is changed first on a day is changed after the library was copied, in a program that runs for weeks as well; a
file with a backup's name is a whole library; the newest five stay; a backup that cannot be made is noted in the log and
stops nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import uuid
from datetime import UTC, date, datetime
from pathlib import Path

from novelgpt.files import sync_file, sync_folder

KEPT = 5
FOLDER = "backups"

_log = logging.getLogger(__name__)


class DailyBackups:
    """The backups of one open library; on all but the first change of a day they cost the comparing of two dates."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tried_on: date | None = None

    def make(self, connection: sqlite3.Connection, now: datetime) -> None:
        """Copy the library if that was not tried today; one that failed is tried again tomorrow, not at every key."""
        today = now.astimezone(UTC).date()
        if today != self._tried_on:
            self._tried_on = today
            _back_up(connection, self._path, now)


def _back_up(connection: sqlite3.Connection, path: Path, now: datetime) -> None:
    """Copy the library if it has stories and no copy of today."""
    folder = path.parent / FOLDER
    backup = folder / f"{path.stem}-{now.astimezone(UTC):%Y-%m-%d}{path.suffix}"
    try:
        if backup.exists() or connection.execute("SELECT 1 FROM story LIMIT 1").fetchone() is None:
            return
        folder.mkdir(exist_ok=True)
        _clear_halves(folder, path)
        _copy(connection, backup)
        for old in _backups(folder, path)[:-KEPT]:
            old.unlink()
    except (OSError, sqlite3.Error) as error:
        _log.warning("no backup of %s today: %s", path, error)


def _copy(connection: sqlite3.Connection, backup: Path) -> None:
    half = backup.with_name(f".{backup.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        with contextlib.closing(sqlite3.connect(half, isolation_level=None)) as target:
            target.execute("PRAGMA journal_mode = OFF")  # a copy that fails is thrown away whole
            connection.backup(target)
        sync_file(half)
        half.replace(backup)
        sync_folder(backup.parent)
    finally:
        half.unlink(missing_ok=True)


def _backups(folder: Path, path: Path) -> list[Path]:
    """Return the backups, oldest first: their names sort by day."""
    day = "-".join(("[0-9]" * 4, "[0-9]" * 2, "[0-9]" * 2))
    return sorted(folder.glob(f"{_literal(path.stem)}-{day}{_literal(path.suffix)}"))


def _clear_halves(folder: Path, path: Path) -> None:
    """Remove what a killed program left half copied; another program may be copying right now, so not the newest."""
    day_seconds = 24 * 3600
    newest_allowed = datetime.now(UTC).timestamp() - day_seconds
    for half in folder.glob(f".{_literal(path.stem)}-*.tmp"):
        if half.stat().st_mtime < newest_allowed:
            half.unlink(missing_ok=True)


def _literal(name: str) -> str:
    return name.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
