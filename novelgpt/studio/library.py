"""The stories as a shelf: a library goes in, stories to choose, search, branch, import and export come out.

Laws: nothing here removes anything; what is exported is the text as it reads now; while a model writes in a story its
text is not changed from here. The store is asked for anew each time, so the library may be closed and opened between.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, get_args

from novelgpt.config import Workspace
from novelgpt.errors import BadValue, ImportTooLarge
from novelgpt.messages import Message
from novelgpt.story.beside import Beside
from novelgpt.story.branches import Branch, Comparison
from novelgpt.story.exporting import docx, epub, kobold
from novelgpt.story.exporting.manuscript import Manuscript, manuscript_of
from novelgpt.story.exporting.plain import to_plain
from novelgpt.story.importing import (
    LARGEST,
    Preview,
    left_out,
    merged,
    passages_of,
    preview_of,
    renamed,
    split_at,
    taken_back,
)
from novelgpt.story.search import find_places, words_of
from novelgpt.story.sections import Cuts, Section, cuts_of, sections_of, volumes_of
from novelgpt.story.store import PassageId, Story, StoryId, StoryStore
from novelgpt.text.ingesting.library import safe_name
from novelgpt.text.mending import LONGEST_TITLE

__all__ = [
    "FORMATS",
    "Exported",
    "Format",
    "Found",
    "Library",
    "Preview",
    "left_out",
    "merged",
    "renamed",
    "split_at",
    "taken_back",
]

Format = Literal["txt", "epub", "docx", "kobold"]
FORMATS: tuple[Format, ...] = get_args(Format)
MOST_FOUND = 100

_MEDIA_TYPES: dict[Format, str] = {
    "txt": "text/plain; charset=utf-8",
    "epub": epub.MEDIA_TYPE,
    "docx": docx.MEDIA_TYPE,
    "kobold": kobold.MEDIA_TYPE,
}
_SUFFIXES: dict[Format, str] = {"txt": ".txt", "epub": ".epub", "docx": ".docx", "kobold": ".json"}
# controls, and the invisible characters that turn a name around or hide its end
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@dataclass(frozen=True)
class Found:
    """One place where words were found."""

    story: StoryId
    title: str
    start: int
    excerpt_before: str
    match: str
    excerpt_after: str


@dataclass(frozen=True)
class Exported:
    """A file ready to be handed out."""

    filename: str
    media_type: str
    data: bytes


class Library:
    """The use cases around whole stories; may be used by several threads at once.

    `hold_still` reserves a story for one change by a person, and refuses while a model writes in it.
    """

    def __init__(
        self,
        store: Callable[[], StoryStore],
        workspace: Workspace,
        hold_still: Callable[[StoryId], AbstractContextManager[None]] = lambda _: contextlib.nullcontext(),
    ) -> None:
        self._opened, self.workspace, self._hold_still = store, workspace, hold_still

    def stories(self, *, archived: bool = False) -> list[Story]:
        """Return the stories in use, or those put away, the one worked on last first."""
        return self._opened().stories(archived=archived)

    def story(self, story: StoryId) -> Story:
        """Return one story, in use or put away."""
        return self._opened().story(story)

    def rename(self, story: StoryId, title: str) -> None:
        """Give a story another title, on one line."""
        self._opened().rename_story(story, _title(title))

    def archive(self, story: StoryId) -> None:
        """Put a story away; nothing of it is removed."""
        with self._hold_still(story):
            self._opened().archive_story(story)

    def bring_back(self, story: StoryId) -> None:
        """List a story among those in use again."""
        self._opened().bring_back_story(story)

    def beside(self, story: StoryId) -> Beside:
        """Return the memory, note and lore that stand beside a story."""
        return self._opened().beside(story)

    def set_beside(self, story: StoryId, beside: Beside) -> None:
        """Let other memory, note and lore stand beside a story."""
        self._opened().set_beside(story, beside)

    def branches(self, story: StoryId) -> list[Branch]:
        """Return the ends a story can go to, newest first."""
        return self._opened().branches(story)

    def compare(self, story: StoryId, one: PassageId | None, other: PassageId | None) -> Comparison:
        """Return what two branches share and how each goes on."""
        return self._opened().compare(story, one, other)

    def go_to(self, story: StoryId, tip: PassageId) -> None:
        """Let a story read as it does at another branch's end; undo comes back."""
        with self._hold_still(story):
            self._opened().go_to(story, tip)

    def chapters(self, story: StoryId) -> list[Section]:
        """Return the volumes and chapters of a story as it reads now."""
        store = self._opened()
        return sections_of(store.text(story), store.cuts(story))

    def search(self, words: str, story: StoryId | None = None) -> list[Found]:
        """Return the first places of any of the words, in the stories in use (or in one) that hold all of them."""
        wanted, store = words_of(words), self._opened()
        if not wanted:
            return []
        found: list[Found] = []
        for entry in [store.story(story)] if story is not None else store.stories():
            for place in find_places(store.text(entry.id), wanted):
                found.append(
                    Found(entry.id, entry.title, place.start, place.before, place.match, place.after)
                )
            if len(found) >= MOST_FOUND:
                break
        return found[:MOST_FOUND]

    def export(
        self, story: StoryId, format: Format, section: int | None = None, *, typography: bool = False
    ) -> Exported:
        """Return a story, or one of its sections (counted from 0; a volume with its chapters), as a file."""
        _require_format(format)
        store = self._opened()
        known, text, cuts = store.story(story), store.text(story), store.cuts(story)
        parts = [] if section is None else _sections(text, cuts, section)
        title = f"{known.title} {parts[0].title}".strip() if parts else known.title
        if format == "kobold":
            passages = [entry.text for entry in store.passages(store.tip(story))]
            data = kobold.to_kobold(
                [text[parts[0].start : parts[-1].end]] if parts else passages, store.beside(story)
            )
        else:
            made = manuscript_of(
                title,
                text,
                started_at=known.created_at,
                written_at=known.updated_at,
                sections=parts,
                cuts=cuts,
                typography=typography,
            )
            data = _laid_out(made, format, typography=typography)
        return Exported(file_name(title, _SUFFIXES[format]), _MEDIA_TYPES[format], data)

    def preview(self, filename: str, data: bytes, *, allow_loss: bool = False) -> Preview:
        """Read a person's own file, to be looked at and put right before it is imported."""
        return preview_of(filename, data, allow_loss=allow_loss)

    def import_book(self, preview: Preview, title: str | None = None) -> StoryId:
        """Make a story of a preview, one passage a chapter; its chapters stay those of the preview."""
        named, chapters = _title(title or preview.title or ""), preview.chapters
        return self._opened().import_story(named, passages_of(chapters), cuts=cuts_of(chapters))

    def import_kobold(self, data: bytes, title: str = "KoboldAI") -> StoryId:
        """Make a story of a KoboldAI story file, with its memory, note and lore."""
        if len(data) > LARGEST:
            raise ImportTooLarge(name="KoboldAI", limit=LARGEST // 2**20)
        read = kobold.read_kobold(data)
        return self._opened().import_story(_title(title), read.passages, read.beside)


def file_name(title: str, suffix: str) -> str:
    """Return a file name that every system accepts and that reads the way it is."""
    seen = "".join(" " if unicodedata.category(sign) in _UNSEEN else sign for sign in title)
    return safe_name(re.sub(r"\s+", " ", seen).strip()) + suffix


def _laid_out(manuscript: Manuscript, format: Format, *, typography: bool) -> bytes:
    if format == "epub":
        return epub.to_epub(manuscript)
    if format == "docx":
        return docx.to_docx(manuscript)
    return to_plain(manuscript, typography=typography)


def _require_format(format: str) -> None:
    if format not in FORMATS:
        raise BadValue(
            name=Message("library.format"),
            value=format,
            allowed=Message("library.formats", {"known": " ".join(FORMATS)}),
        )


def _sections(text: str, cuts: Cuts, number: int) -> list[Section]:
    """Return one section, and below a volume all of its own."""
    known = sections_of(text, cuts)
    if not 0 <= number < len(known):
        allowed = Message("mending.a_chapter", {"last": len(known)})
        raise BadValue(name=Message("mending.chapter"), value=number + 1, allowed=allowed)
    volumes = (volume for volume in volumes_of(known) if volume.heading == (number, known[number]))
    return [section for volume in volumes for _, section in volume.all()] or [known[number]]


def _title(title: str) -> str:
    """Return a title on one line; a story must be called something."""
    named = " ".join(title.split())[:LONGEST_TITLE]
    if not named:
        raise BadValue(name=Message("library.title"), value=title, allowed=Message("library.some_title"))
    return named
