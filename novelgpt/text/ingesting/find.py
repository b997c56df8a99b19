"""Paths as a person names them (files, folders, patterns) → the files to read. Law: each file once, in a stable order."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from novelgpt.errors import FileMissing, NothingToRead
from novelgpt.text.books import SUFFIXES

ABOUT = ("readme", "license", "ingest-report.")
"""How files begin that tell of a folder and are no novel; named outright they are read all the same."""


def find_books(paths: Sequence[Path | str]) -> list[Path]:
    """Return the files asked for: named ones as they are, globs and folders opened, each file once, in a stable order."""
    found: dict[Path, Path] = {}
    for asked in paths:
        for path in _opened(Path(asked)):
            found.setdefault(path.resolve(), path)
    if not found:
        raise NothingToRead(path=" ".join(str(path) for path in paths))
    return list(found.values())


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
    """Say whether a file met in a folder is meant: not hidden, not about the folder, not made by us."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in file.relative_to(folder).parts)
    about = file.name.lower().startswith(ABOUT)
    return file.suffix.lower() in SUFFIXES and not hidden and not about and file.is_file()
