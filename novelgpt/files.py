"""Writing that survives a crash: bytes go in, a whole file (or the old one) is on disk afterwards.

Law: whoever reads a path written here sees the complete old content or the complete new content, never a mixture.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from novelgpt.errors import DiskFull


@contextlib.contextmanager
def disk_full_is_said(path: Path) -> Iterator[None]:
    """Turn the operating system's 'no space left' into our sentence about `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(path=path) from error
        raise


@contextlib.contextmanager
def atomic_file(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a temporary neighbour for writing; on leaving it is flushed to disk and takes the name `path`.

    What can be made again at any time need not be `durable`: a power cut may lose it, a crash of the program may not.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with disk_full_is_said(path):
            with temporary.open("wb") as stream:
                yield stream
                stream.flush()
                if durable:
                    os.fsync(stream.fileno())
            temporary.replace(path)
            if durable:
                sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` by `content`, atomically."""
    with atomic_file(path) as stream:
        stream.write(content)


def write_text(path: Path, content: str) -> None:
    """Replace `path` by `content` in UTF-8, atomically."""
    write_bytes(path, content.encode("utf-8"))


def write_synced(path: Path, content: str) -> None:
    """Write a file under a name that nobody reads yet, and flush it to disk, so that it may be renamed later."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with disk_full_is_said(path), path.open("wb") as stream:
        stream.write(content.encode("utf-8"))
        stream.flush()
        os.fsync(stream.fileno())


def write_json(path: Path, content: Any) -> None:
    """Replace `path` by readable JSON, atomically."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut (Windows cannot sync folders and need not)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Flush a file that a library wrote to the disk itself."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def sha256_file(path: Path) -> str:
    """Return the sha256 of a file's bytes as hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def aside(folder: Path, name: str) -> Path:
    """Return a free place in a folder for something that is removed today."""
    folder.mkdir(parents=True, exist_ok=True)
    day = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    stem, suffix = Path(name).stem, Path(name).suffix
    place, count = folder / f"{stem}-{day}{suffix}", 1
    while place.exists():
        count += 1
        place = folder / f"{stem}-{day}-{count}{suffix}"
    return place
