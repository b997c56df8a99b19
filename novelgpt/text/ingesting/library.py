"""The books already taken in: under which names they stand, which file each came from, and which of them are one book.

Laws: a file that is taken in again overwrites its own chapters and nothing else; of two copies of one book the fuller
stays. What a person has put right stays as long as the text it was made of does, and then lies aside, which is said.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from novelgpt.errors import FolderUnwritable
from novelgpt.files import sync_folder
from novelgpt.messages import Message
from novelgpt.text.chapter import read_chapters
from novelgpt.text.ingesting.duplicates import Shelf
from novelgpt.text.ingesting.intake import Laid, Taken
from novelgpt.text.ingesting.mended import is_mended, set_aside
from novelgpt.text.ingesting.record import (
    RECORDS,
    BookLine,
    FileRecord,
    read_records,
    record_path,
    write_record,
)

LONGEST_NAME = 80
SHORTEST_BOOK = 1000
"""Characters below which two texts may be alike by chance."""
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$", re.I)


@dataclass(frozen=True)
class Holding:
    """A book on the shelf: the file it came from, the bytes it was made of, and how much it tells."""

    source: str
    sha256: str
    characters: int


class Library:
    """The chapters folder, seen through its records; with `keep` off nothing on disk is changed."""

    def __init__(self, out_dir: Path, *, keep: bool) -> None:
        self.out_dir, self.keep = out_dir, keep
        self.holdings: dict[str, Holding] = {}
        self._superseded: dict[tuple[str, str], str] = {}
        self._claimed: set[str] = set()
        self._shelf = Shelf()
        if keep:
            _make_room(out_dir)
        for record in read_records(out_dir):
            for line in record.lines:
                if line.reason is None and (out_dir / "chapters" / line.output).is_file():
                    self._put(line, record.path)
        self._recorded = {name: holding.sha256 for name, holding in self.holdings.items()}

    def still_holds(self, taken: Taken) -> bool:
        """Say whether what an old record left out as another copy is still here under that name."""
        return all(not laid.line.same_as or laid.line.same_as in self.holdings for laid in taken.books)

    def accept(self, taken: Taken, fingerprint: str) -> list[BookLine]:
        """Give every book of a file its name and place, or refuse it as a copy; return the lines as they stand."""
        if not taken.fresh:
            self._claimed.update(laid.line.output.casefold() for laid in taken.books)
            return [laid.line for laid in taken.books]
        source = str(taken.path.resolve())
        mine = {name for name, holding in self.holdings.items() if holding.source == source}
        for name in mine:
            self._forget(name)
        lines = [self._accept(laid, source) for laid in taken.books]
        if self.keep:
            for name in sorted(mine - {line.output for line in lines}):
                # the file changed its title, or holds fewer books than before
                lines[:1] = [_noted(line, self._delete(name)) for line in lines[:1]]
            if taken.sha256:
                record = FileRecord(source, taken.sha256, fingerprint, tuple(lines))
                write_record(record_path(self.out_dir, taken.path), record)
        return lines

    def settled(self, line: BookLine) -> BookLine:
        """Return a line as it stands at the end of a run, when a fuller copy may have taken its place."""
        fuller = self._superseded.get((line.output, line.sha256))
        if fuller is None or line.reason is not None:
            return line
        return BookLine(line.path, Message("text.superseded", {"title": line.title, "path": fuller}))

    def _accept(self, laid: Laid, source: str) -> BookLine:
        line = laid.line
        if line.reason is not None:
            return line
        twin = self._shelf.same_book(np.array(line.sketch, np.uint32))
        if twin is not None and line.characters >= SHORTEST_BOOK:
            held = self.holdings[twin[0]]
            moved = held.sha256 == line.sha256 and not Path(held.source).exists()
            if not moved and line.characters <= held.characters:
                return self._refuse(laid, twin[0], twin[1], held)
            self._forget(twin[0])
            line = _noted(line, self._delete(twin[0]))
            if not moved:
                self._superseded[twin[0], held.sha256] = line.path
        line = replace(line, output=self._claim(safe_name(line.title), Path(line.path).name))
        if self.keep:
            line = _noted(line, self._give_place(laid, line))
        self._put(line, source)
        return line

    def _refuse(self, laid: Laid, name: str, likeness: float, held: Holding) -> BookLine:
        _drop(laid)
        output = str(self.out_dir / "chapters" / name)
        facts = {
            "path": held.source,
            "percent": round(100 * likeness),
            "kept": held.characters,
            "output": output,
        }
        return BookLine(laid.line.path, Message("text.same_book", facts), same_as=name)

    def _put(self, line: BookLine, source: str) -> None:
        self.holdings[line.output] = Holding(source, line.sha256, line.characters)
        self._shelf.add(line.output, np.array(line.sketch, np.uint32))

    def _forget(self, name: str) -> None:
        del self.holdings[name]
        self._shelf.discard(name)

    def _claim(self, wanted: str, file_name: str) -> str:
        """Return a file name for a book: `wanted`, with a number added while another book holds it."""
        name, count = f"{wanted}.jsonl", 1
        while name.casefold() in self._claimed or self._is_anothers(name, file_name):
            count += 1
            name = f"{wanted}-{count}.jsonl"
        self._claimed.add(name.casefold())
        return name

    def _is_anothers(self, name: str, file_name: str) -> bool:
        """A name is taken if the shelf knows it, or if chapters of another file stand there that no record speaks of."""
        if name in self.holdings:
            return True
        if name in self._recorded or not (self.out_dir / "chapters" / name).exists():
            return False
        first = next(read_chapters(self.out_dir / "chapters" / name), None)
        return first is not None and first.source.file != file_name

    def _give_place(self, laid: Laid, line: BookLine) -> list[Message]:
        """Put a book in its place; one that a person has put right gives way only to another text."""
        if not is_mended(self.out_dir / "chapters" / line.output):
            self._place(laid, line.output)
            return []
        if self._recorded.get(line.output) == line.sha256:
            _drop(laid)
            return [Message("text.advice.mended_stays")]
        said = self._delete(line.output)
        self._place(laid, line.output)
        return said

    def _place(self, laid: Laid, name: str) -> None:
        """Move what was laid ready to its name; the removal log first, so that chapters never stand without it."""
        for ready, folder in ((laid.removals, "removed"), (laid.chapters, "chapters")):
            target = self.out_dir / folder / name
            if ready is None:
                target.unlink(missing_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            ready.replace(target)
            sync_folder(target.parent)

    def _delete(self, name: str) -> list[Message]:
        """Make a name free; what a person has put right there is moved aside, and what to say of that is returned."""
        if not self.keep:
            return []
        chapters, said = self.out_dir / "chapters" / name, []
        if is_mended(chapters):
            said = [Message("text.advice.mended_aside", {"path": str(set_aside(chapters))})]
        for path in (chapters, self.out_dir / "removed" / name):
            path.unlink(missing_ok=True)
        return said


def safe_name(title: str) -> str:
    """Return a file name that every system accepts."""
    name = _UNSAFE.sub("_", title).strip(" .")
    while len(name.encode()) > 2 * LONGEST_NAME:
        name = name[:-1]
    return f"_{name}" if not name or _DEVICES.match(name) else name


def _noted(line: BookLine, said: list[Message]) -> BookLine:
    """Return a line that says something more; of a refused book only the reason is shown, so it says it there."""
    if not said:
        return line
    if line.reason is not None:
        return replace(line, reason=Message("text.refused_and", {"reason": line.reason, "more": said[0]}))
    return replace(line, notes=(*line.notes, *said))


def _drop(laid: Laid) -> None:
    for path in (laid.chapters, laid.removals):
        if path is not None:
            path.unlink(missing_ok=True)


def _make_room(out_dir: Path) -> None:
    """Clear what a run that died left half made, and prove that the folder can be written."""
    ready = out_dir / RECORDS / "ready"
    try:
        shutil.rmtree(ready, ignore_errors=True)
        ready.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderUnwritable(path=out_dir, detail=error.strerror or error) from None
