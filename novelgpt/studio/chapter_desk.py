"""The chapters of a book of the corpus → as a person wants them: joined, divided, renamed, left out, and taken back.

Laws: each change is one whole file after another, with the former one kept; a change is made to the book that the person
saw, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from novelgpt.errors import InputError
from novelgpt.files import sha256_file
from novelgpt.text.chapter import Chapter, read_chapters
from novelgpt.text.ingesting.mended import mend, steps_of, unmend
from novelgpt.text.mending import left_out, merged, renamed, split_at

Chapters = tuple[Chapter, ...]


class BookChanged(InputError):
    """A book is not the one any more that a person saw when they chose what to change."""


class NothingToTakeBack(InputError):
    """A book stands as it was taken in."""


@dataclass(frozen=True)
class OpenBook:
    """A book on the desk; `version` names this state of it, `steps` counts the fix-ups that can be taken back, `at` is the
    chapter to look at."""

    id: str
    title: str
    chapters: Chapters
    version: str
    steps: int
    at: int = field(default=0, compare=False)


class ChapterDesk:
    """Books by their ids; `path_of` finds a book that may be changed, and `one_hand` keeps others away meanwhile."""

    def __init__(
        self, path_of: Callable[[str], Path], one_hand: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._path_of, self._one_hand = path_of, one_hand

    def open(self, book: str) -> OpenBook:
        """Return a book's chapters as they stand."""
        return _opened(book, self._path_of(book))

    def merge(self, book: str, version: str, index: int) -> OpenBook:
        """Put a chapter at the end of the one before it."""
        return self._change(book, version, index, lambda chapters: merged(chapters, index))

    def split(self, book: str, version: str, index: int, line: int) -> OpenBook:
        """Let a new chapter begin at a line of another's text."""
        return self._change(book, version, index, lambda chapters: split_at(chapters, index, line))

    def rename(self, book: str, version: str, index: int, title: str) -> OpenBook:
        """Give a chapter another heading; '' takes its heading away."""
        return self._change(book, version, index, lambda chapters: renamed(chapters, index, title))

    def leave_out(self, book: str, version: str, index: int) -> OpenBook:
        """Leave a chapter out of the book."""
        return self._change(book, version, index, lambda chapters: left_out(chapters, index))

    def undo(self, book: str, version: str, at: int = 0) -> OpenBook:
        """Take the last fix-up of a book back."""
        with self._one_hand():
            path = self._same(book, version)
            if not unmend(path):
                raise NothingToTakeBack()
            return _opened(book, path, at)

    def _change(
        self, book: str, version: str, index: int, change: Callable[[Chapters], Chapters]
    ) -> OpenBook:
        with self._one_hand():
            path = self._same(book, version)
            before = tuple(read_chapters(path))
            after = change(before)
            mend(path, after)
            return _opened(book, path, index + len(after) - len(before))

    def _same(self, book: str, version: str) -> Path:
        path = self._path_of(book)
        if _version(path) != version:
            raise BookChanged()
        return path


def _opened(book: str, path: Path, at: int = 0) -> OpenBook:
    chapters = tuple(read_chapters(path))
    title = chapters[0].book if chapters else ""
    return OpenBook(book, title or path.stem, chapters, _version(path), len(steps_of(path)), max(at, 0))


def _version(path: Path) -> str:
    return sha256_file(path)[:16]
