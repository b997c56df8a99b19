"""Files that a person drops → books of the corpus, and the books → a vocabulary.

Laws: how much comes in at once is bounded; a name from a person becomes a file name only after cleaning; a book that is
removed moves aside and can be put back by hand; whatever changes the books has them to itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from novelgpt.config import Workspace
from novelgpt.errors import InputError, NothingIngested
from novelgpt.files import write_bytes
from novelgpt.messages import Lang, Message
from novelgpt.studio.chapter_desk import ChapterDesk
from novelgpt.studio.running import Child, JobState, spoken
from novelgpt.text.books import SUFFIXES
from novelgpt.text.chapter import Chapter, read_chapters, write_chapters
from novelgpt.text.ingest import BookIngested, BookRefused, ingest
from novelgpt.text.ingesting.advice import advice
from novelgpt.text.ingesting.library import safe_name
from novelgpt.text.ingesting.mended import set_aside
from novelgpt.text.ingesting.record import BookLine, read_records
from novelgpt.text.split import split_chapters

MOST_FILES = 500
MOST_BYTES = 500 * 2**20
SHORTEST_STORY = 500
"""Characters below which there is nothing to learn from a story."""

PATIENCE_SECONDS = 3.0
"""How long a person's change waits while others change the books."""

CHAPTERS, MINE = "chapters", "mine"
_LONGEST_STEM = 60


Dropped = tuple[str, bytes | Path]
"""A file as a browser hands it over: the name it had, and its content or where that lies."""


class TooMuchAtOnce(InputError):
    """More files or bytes were dropped than are taken in at once."""


class UnknownBook(InputError):
    """No book of the corpus has that name."""


class StoryTooShort(InputError):
    """A story is too short to be learnt from."""


class OwnStory(InputError):
    """A book is made of a person's own story, and the story is the place to change it."""


class CorpusBusy(InputError):
    """Books are being taken in."""


class VocabularyUnderWay(InputError):
    """A vocabulary is being built."""


@dataclass(frozen=True)
class Book:
    """A book of the corpus; `id` names its file below `corpus/`."""

    id: str
    title: str
    author: str
    chapters: int
    characters: int
    encoding: str
    lost: int
    path: Path


@dataclass(frozen=True)
class Intake:
    """How far taking in is: the books so far, what was left out and why."""

    done: int
    total: int
    books: tuple[BookLine, ...] = ()
    refused: tuple[tuple[str, Message], ...] = ()
    finished: bool = False

    def advice(self) -> list[tuple[str, Message]]:
        """Return what to look at in the books taken in, by title."""
        return [(book.title, message) for book in self.books for message in advice(book)]


class CorpusDesk:
    """The corpus of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._folder = workspace.corpus_dir
        self._lock = threading.Lock()
        self._counted: dict[Path, tuple[tuple[int, int], Book]] = {}
        self.chapters = ChapterDesk(self._taken_in, self._one_hand)

    def ingest(self, files: Sequence[Path | Dropped], *, allow_loss: bool, lang: Lang) -> Iterator[Intake]:
        """Take in files by their paths, or by name and content; what is dropped is kept in `corpus/uploads/`."""
        paths = self._laid_down(files)
        with self._lock:  # one library, one hand
            so_far = Intake(0, len(paths))
            try:
                for event in ingest(paths, self._folder, allow_loss=allow_loss, lang=lang):
                    if isinstance(event, BookIngested | BookRefused):
                        so_far = _with(so_far, event)
                        yield so_far
            except NothingIngested:
                pass  # each refusal has said its own reason
            yield replace(so_far, finished=True)

    def books(self) -> list[Book]:
        """Return every book, by title; one's own stories are among them."""
        lost = {
            line.output: line.lost_characters
            for record in read_records(self._folder)
            for line in record.lines
        }
        paths = [path for part in (CHAPTERS, MINE) for path in (self._folder / part).glob("*.jsonl")]
        found = [self._count(path) for path in paths]
        told = [replace(book, lost=lost.get(book.id.removeprefix(f"{CHAPTERS}/"), 0)) for book in found]
        return sorted(told, key=lambda book: (book.title, book.id))

    def paths(self, ids: Sequence[str]) -> tuple[Path, ...]:
        """Return the files of books by their ids."""
        return tuple(self._path(one) for one in ids)

    def remove_book(self, book: str) -> Path:
        """Move a book out of the corpus and return where it lies now."""
        with self._one_hand():
            return set_aside(self._path(book))

    def keep_story(self, text: str, title: str) -> Path:
        """Write a person's own story as a book and return its file."""
        chapters = [chapter for chapter in split_chapters(text) if chapter.text or chapter.title]
        characters = sum(len(chapter.text) for chapter in chapters)
        if characters < SHORTEST_STORY:
            raise StoryTooShort(characters=characters, needed=SHORTEST_STORY)
        path = self._folder / MINE / f"{safe_name(title)}.jsonl"
        write_chapters(path, (replace(chapter, book=title) for chapter in chapters))
        return path

    def build_vocab(self, size: int, lang: Lang) -> None:
        """Begin to build the workspace's vocabulary from its books, in a process of its own."""
        with self._lock:
            if self._vocab.is_running():
                raise VocabularyUnderWay()
            out = self._workspace.own_vocab_dir.resolve()  # the vocabulary of the command line stays as it is
            arguments = [f"--size={int(size)}", f"--out={out}", "--json", *spoken(self._workspace, lang)]
            self._vocab.start(["vocab", *arguments], size=int(size))

    def vocab(self) -> JobState:
        """Return how building the vocabulary stands."""
        return self._vocab.state()

    @property
    def _vocab(self) -> Child:
        return Child(self._folder / ".workshop", "vocab")

    def _path(self, book: str) -> Path:
        for part in (CHAPTERS, MINE):
            for path in (self._folder / part).glob("*.jsonl"):
                if f"{part}/{path.name}" == book:
                    return path
        raise UnknownBook(book=book)

    def _taken_in(self, book: str) -> Path:
        """Return the file of a book that came from outside."""
        path = self._path(book)
        if path.parent.name == MINE:
            raise OwnStory()
        return path

    @contextmanager
    def _one_hand(self) -> Iterator[None]:
        """Have the books to oneself; what takes long is not waited for."""
        if not self._lock.acquire(timeout=PATIENCE_SECONDS):
            raise CorpusBusy()
        try:
            yield
        finally:
            self._lock.release()

    def _count(self, path: Path) -> Book:
        """Count a book; a file that has not changed is not read again."""
        facts = path.stat()
        stamp = facts.st_mtime_ns, facts.st_size
        known = self._counted.get(path)
        if known is None or known[0] != stamp:
            known = stamp, _counted(path)
            self._counted[path] = known
        return known[1]

    def _laid_down(self, files: Sequence[Path | Dropped]) -> list[Path]:
        """Return every file's path; what came without one is written into the workspace first."""
        size = sum(_size(one if isinstance(one, Path) else one[1]) for one in files)
        if len(files) > MOST_FILES or size > MOST_BYTES:
            facts = {"count": len(files), "megabytes": round(size / 2**20)}
            raise TooMuchAtOnce(**facts, most_files=MOST_FILES, most_megabytes=MOST_BYTES // 2**20)
        return [one if isinstance(one, Path) else self._uploaded(*one) for one in files]

    def _uploaded(self, name: str, content: bytes | Path) -> Path:
        """Write a dropped file under its own name; the same one dropped again takes its former place."""
        given = Path(name.replace("\\", "/")).name
        suffix = Path(given).suffix.lower()
        stem = given[: len(given) - len(suffix)][:_LONGEST_STEM]
        kept = suffix if suffix in SUFFIXES else safe_name(suffix)[:10]
        path = self._folder / "uploads" / f"{safe_name(stem)}{kept}"
        write_bytes(path, content if isinstance(content, bytes) else content.read_bytes())
        return path


def _size(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _with(so_far: Intake, event: BookIngested | BookRefused) -> Intake:
    facts: dict[str, Any] = {"done": event.index + 1, "total": event.total}
    if isinstance(event, BookRefused):
        return replace(so_far, **facts, refused=(*so_far.refused, (Path(event.path).name, event.reason)))
    return replace(so_far, **facts, books=(*so_far.books, event.book))


def _counted(path: Path) -> Book:
    first, chapters, characters = None, 0, 0
    for chapter in read_chapters(path):
        first = first or chapter
        chapters += 1
        characters += len(chapter.title) + len(chapter.text)
    told = first or Chapter("", "")
    title = told.book or path.stem
    book_id = f"{path.parent.name}/{path.name}"
    return Book(book_id, title, told.author, chapters, characters, told.source.encoding, 0, path)
