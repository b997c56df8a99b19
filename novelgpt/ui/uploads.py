"""Files that a person dropped on the page: what the browser says of them goes in, names and paths come out.

Law: only files that lie in the folder of uploads are touched, whatever a request claims, and they are gone once they were read.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from novelgpt.errors import InputError

ARRIVAL_SECONDS = 3.0


class NoUpload(InputError):
    """A file was to be brought in, and none, or none of ours, was named."""


@dataclass(frozen=True)
class Upload:
    """A file that was brought in, and what it was called where it came from."""

    name: str
    path: Path


@contextmanager
def uploads(said: Any, folder: Path) -> Iterator[list[Upload]]:
    """Give the files that a browser says it sent; they are erased at the end."""
    entries = said if isinstance(said, list) else [said]
    found = [upload_of(entry, folder) for entry in entries if entry]
    if not found:
        raise NoUpload()
    try:
        yield found
    finally:
        for one in found:
            shutil.rmtree(one.path.parent, ignore_errors=True)  # each upload has a folder of its own


def upload_of(entry: Any, folder: Path) -> Upload:
    """Return one file that a browser says it sent, if it is one."""
    named = entry.get("path") if isinstance(entry, dict) else entry
    path = Path(str(named)).resolve()
    if path.parent.parent != folder.resolve() or not _arrived(path):
        raise NoUpload()
    told = entry.get("orig_name") if isinstance(entry, dict) else None
    return Upload(Path(str(told or path.name)).name, path)


def _arrived(path: Path) -> bool:
    """Wait for a file: Gradio says that it has one before it has put it in its place."""
    until = time.monotonic() + ARRIVAL_SECONDS
    while not path.is_file() and time.monotonic() < until:
        time.sleep(0.02)
    return path.is_file()
