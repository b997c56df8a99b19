"""Books that a person has put right: what each was before, step by step, and how ingest knows that it was.

In: a book's file and the chapters it is to hold. Out: the file written anew, or as it was one step before.
Law: the text before a fix-up is on the disk before the one after it; a file that the last fix-up did not write has no
steps, so that what came from elsewhere is never taken back by mistake.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from novelgpt.files import aside, sha256_file, sync_folder, write_bytes, write_text
from novelgpt.text.chapter import Chapter, chapter_lines

MENDED, REMOVED = "mended", "removed-books"
"""Folders beside `chapters/`: the steps of each book, and books that gave way, to be put back by hand."""
MOST_STEPS = 20
_MARK = "written.sha256"


def steps_of(path: Path) -> list[Path]:
    """Return what a book was before each of its fix-ups, the oldest first."""
    steps = _kept(path)
    if not steps or not path.is_file():
        return []
    now = sha256_file(path)
    if now == _written(path):
        return steps
    # a fix-up that a crash cut short has left a step that equals the book
    return steps[:-1] if sha256_file(steps[-1]) == now else []


def is_mended(path: Path) -> bool:
    """Say whether a book stands as a person has put it right."""
    return bool(steps_of(path))


def mend(path: Path, chapters: Iterable[Chapter]) -> None:
    """Let a book hold other chapters; of very many former states the first and the newest are kept."""
    steps = _tidied(path)
    number = int(steps[-1].stem) + 1 if steps else 1
    numbered = (replace(chapter, index=index) for index, chapter in enumerate(chapters))
    content = chapter_lines(numbered).encode("utf-8")
    write_bytes(_folder(path) / f"{number:06d}.jsonl", path.read_bytes())
    for former in steps[1 : 1 + max(0, len(steps) + 1 - MOST_STEPS)]:
        former.unlink()
    _mark(path, content)  # before the book itself: whatever a crash leaves, `steps_of` knows it
    write_bytes(path, content)


def unmend(path: Path) -> bool:
    """Take a book's last fix-up back; False if there is none."""
    steps = _tidied(path)
    if not steps:
        return False
    content = steps[-1].read_bytes()
    write_bytes(path, content)
    _mark(path, content)
    steps[-1].unlink()
    return True


def set_aside(path: Path) -> Path:
    """Move a book out of the corpus, its steps forgotten, and return where it lies now."""
    place = aside(path.parent.parent / REMOVED, path.name)
    shutil.move(path, place)
    sync_folder(place.parent)
    shutil.rmtree(_folder(path), ignore_errors=True)
    return place


def _tidied(path: Path) -> list[Path]:
    """Return the steps once those that do not count are gone."""
    steps = steps_of(path)
    if stale := set(_kept(path)) - set(steps):
        _mark(path, path.read_bytes())  # first, so that the others still count
        for one in stale:
            one.unlink()
    return steps


def _folder(path: Path) -> Path:
    return path.parent.parent / MENDED / path.parent.name / path.stem


def _kept(path: Path) -> list[Path]:
    return sorted(_folder(path).glob("*.jsonl"))


def _mark(path: Path, content: bytes) -> None:
    write_text(_folder(path) / _MARK, hashlib.sha256(content).hexdigest())


def _written(path: Path) -> str:
    """Return the fingerprint of what the last fix-up wrote."""
    mark = _folder(path) / _MARK
    return mark.read_text(encoding="ascii", errors="replace") if mark.is_file() else ""
