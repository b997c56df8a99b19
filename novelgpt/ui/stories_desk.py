"""The handlers of the stories tab: what the browser sends goes in, updates of its parts come out.

Law: each handler is one call on the library and a new look at it; nothing is put away before it was asked twice; an error
leaves one sentence in the tab's status line and everything else as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from novelgpt.errors import NothingChosen
from novelgpt.messages import Lang, Message, translate
from novelgpt.story.importing import LARGEST
from novelgpt.story.store import PassageId, StoryId
from novelgpt.studio.library import Library, Preview, left_out, merged, renamed, split_at, taken_back
from novelgpt.studio.proposals import Span
from novelgpt.ui.chapter_bench import BenchParts, chapter_shown, chapters_shown
from novelgpt.ui.handling import Room, Updates, line, problem, story_number, whole_number
from novelgpt.ui.places import heard_place, told_place
from novelgpt.ui.stories_view import (
    branch_label,
    chapter_tree,
    found_label,
    links,
    preview_table,
    side_by_side,
    story_label,
)
from novelgpt.ui.uploads import upload_of


@dataclass(frozen=True)
class StoriesParts(BenchParts):
    """The components that handlers read and write; `opened` tells the writing tab which story to show."""

    opened: Any
    status: Any
    archived: Any
    picker: Any
    title: Any
    put_away: Any
    bring_back: Any
    confirm: Any
    chapters: Any
    typography: Any
    one: Any
    other: Any
    compared: Any
    words: Any
    found: Any
    file: Any
    allow_loss: Any
    draft: Any
    preview: Any
    workbench: Any
    book_title: Any

    def written(self) -> list[Any]:
        """Return everything a handler may change."""
        return list(vars(self).values())


class StoriesDesk(Room):
    """The handlers of one page's stories tab."""

    def __init__(self, studio: Any, parts: StoriesParts, lang_default: Lang = "zh") -> None:
        self._studio, self._parts = studio, parts
        super().__init__(lang_default)

    def _refused(self, sentence: str) -> Updates:
        return {self._parts.status: problem(sentence)}

    @property
    def _library(self) -> Library:
        library: Library = self._studio.library
        return library

    def refresh(self, lang: Lang, archived: Any, picked: Any, typography: Any) -> Iterator[Updates]:
        """Show the list anew, and the story that was chosen in it, else the first."""
        yield self._listed(lang, bool(archived), story_number(picked), bool(typography))

    def choose(self, lang: Lang, picked: Any, typography: Any) -> Iterator[Updates]:
        """Show one story's chapters and branches."""
        yield {**self._shown(_story(picked), lang, bool(typography)), self._parts.status: ""}

    def open(self, lang: Lang, picked: Any) -> Iterator[Updates]:
        """Let the writing tab show the story."""
        yield from self._open(_story(picked))

    def rename(
        self, lang: Lang, picked: Any, title: Any, archived: Any, typography: Any
    ) -> Iterator[Updates]:
        """Give the story another title."""
        self._library.rename(_story(picked), str(title or ""))
        yield self._done("ui.stories_renamed", lang, bool(archived), story_number(picked), bool(typography))

    def ask(self, lang: Lang, picked: Any) -> Iterator[Updates]:
        """Ask before a story is put away."""
        _story(picked)
        yield {self._parts.confirm: gr.update(visible=True)}

    def cancel(self, lang: Lang) -> Iterator[Updates]:
        """Leave the story where it is."""
        yield {self._parts.confirm: gr.update(visible=False)}

    def put_away(self, lang: Lang, picked: Any, typography: Any) -> Iterator[Updates]:
        """Put the story away."""
        self._library.archive(_story(picked))
        yield self._done("ui.stories_put_away", lang, False, None, bool(typography))

    def bring_back(self, lang: Lang, picked: Any, typography: Any) -> Iterator[Updates]:
        """List the story among those in use again."""
        self._library.bring_back(_story(picked))
        yield self._done("ui.stories_brought_back", lang, False, story_number(picked), bool(typography))

    def search(self, lang: Lang, words: Any) -> Iterator[Updates]:
        """Show where the words are."""
        found = self._library.search(str(words or ""))
        choices = [
            (found_label(one), told_place(one.story, (one.start, one.start + len(one.match))))
            for one in found
        ]
        said = line(translate("ui.stories_found", lang, count=len(found)))
        update = gr.update(choices=choices, value=None, visible=bool(found))
        yield {self._parts.found: update, self._parts.status: said}

    def open_found(self, lang: Lang, picked: Any) -> Iterator[Updates]:
        """Let the writing tab show the place that was found."""
        story, place = heard_place(picked)
        yield from self._open(_story(story), place)

    def compare(self, lang: Lang, picked: Any, one: Any, other: Any) -> Iterator[Updates]:
        """Show two branches side by side."""
        found = self._library.compare(_story(picked), _passage(one), _passage(other))
        yield {self._parts.compared: side_by_side(found, lang), self._parts.status: ""}

    def go_there(self, lang: Lang, picked: Any, other: Any, typography: Any) -> Iterator[Updates]:
        """Let the story read as the second branch does."""
        story = _story(picked)
        self._library.go_to(story, _passage(other))
        said = line(translate("ui.stories_gone", lang))
        yield {**self._shown(story, lang, bool(typography)), self._parts.status: said}
        yield from self._open(story)

    def take_file(self, lang: Lang, file: Any, allow_loss: Any) -> Iterator[Updates]:
        """Show what a file would make; a story of KoboldAI's is taken at once."""
        name, data = _file(file, self._studio.workspace.uploads_dir)
        if name.lower().endswith(".json"):
            story = self._library.import_kobold(data, Path(name).stem or name)
            yield {**self._imported(story, lang), self._parts.file: None}
            return
        preview = self._library.preview(name, data, allow_loss=bool(allow_loss))
        title = preview.title or Path(name).stem
        yield {**self._workbench(preview, 0, lang), self._parts.book_title: title}

    def take_file_again(self, lang: Lang, file: Any, allow_loss: Any) -> Iterator[Updates]:
        """Read the same file after the mind was changed about losses; without one there is nothing to do."""
        if file:
            yield from self.take_file(lang, file, allow_loss)

    def choose_chapter(self, lang: Lang, draft: Any, chapter: Any) -> Iterator[Updates]:
        """Show one chapter of the preview, to put it right."""
        yield chapter_shown(self._parts, _preview(draft).chapters, _chosen(chapter, "mending.chapter"))

    def merge(self, lang: Lang, draft: Any, chapter: Any) -> Iterator[Updates]:
        """Put the chapter at the end of the one before."""
        index = _chosen(chapter, "mending.chapter")
        yield self._workbench(merged(_preview(draft), index), index - 1, lang)

    def split(self, lang: Lang, draft: Any, chapter: Any, at_line: Any) -> Iterator[Updates]:
        """Let a new chapter begin at the line."""
        index, place = _chosen(chapter, "mending.chapter"), _chosen(at_line, "mending.line")
        before = _preview(draft)
        after = split_at(before, index, place)
        yield self._workbench(after, index + len(after.chapters) - len(before.chapters), lang)

    def rename_chapter(self, lang: Lang, draft: Any, chapter: Any, title: Any) -> Iterator[Updates]:
        """Give the chapter another heading."""
        index = _chosen(chapter, "mending.chapter")
        yield self._workbench(renamed(_preview(draft), index, str(title or "")), index, lang)

    def leave_out(self, lang: Lang, draft: Any, chapter: Any) -> Iterator[Updates]:
        """Leave the chapter out of the import."""
        index = _chosen(chapter, "mending.chapter")
        yield self._workbench(left_out(_preview(draft), index), index, lang)

    def take_back(self, lang: Lang, draft: Any, chapter: Any) -> Iterator[Updates]:
        """Take the last change of the preview back."""
        yield self._workbench(taken_back(_preview(draft)), whole_number(chapter) or 0, lang)

    def take_in(self, lang: Lang, draft: Any, title: Any) -> Iterator[Updates]:
        """Make a story of the preview."""
        story = self._library.import_book(_preview(draft), str(title or "") or None)
        yield {
            **self._imported(story, lang),
            self._parts.draft: None,
            self._parts.preview: "",
            self._parts.workbench: gr.update(visible=False),
            self._parts.file: None,
        }

    def _open(self, story: StoryId, place: Span | None = None) -> Iterator[Updates]:
        yield {self._parts.opened: ""}  # opening the same story again is a change, too
        yield {self._parts.opened: told_place(story, place)}

    def _done(
        self, what: str, lang: Lang, archived: bool, picked: StoryId | None, typography: bool
    ) -> Updates:
        said = line(translate(what, lang))
        return {**self._listed(lang, archived, picked, typography), self._parts.status: said}

    def _imported(self, story: StoryId, lang: Lang) -> Updates:
        return {
            **self._done("ui.stories_imported", lang, False, story, False),
            self._parts.opened: str(story),
        }

    def _listed(self, lang: Lang, archived: bool, picked: StoryId | None, typography: bool) -> Updates:
        parts, stories = self._parts, self._library.stories(archived=archived)
        known = [story.id for story in stories]
        chosen = picked if picked in known else (known[0] if known else None)
        choices = [(story_label(story), str(story.id)) for story in stories]
        value = None if chosen is None else str(chosen)
        return {
            parts.archived: archived,
            parts.picker: gr.update(choices=choices, value=value),
            parts.put_away: gr.update(visible=not archived, interactive=chosen is not None),
            parts.bring_back: gr.update(visible=archived, interactive=chosen is not None),
            parts.confirm: gr.update(visible=False),
            **(self._shown(chosen, lang, typography) if chosen is not None else self._nothing()),
        }

    def _nothing(self) -> Updates:
        parts = self._parts
        empty = gr.update(choices=[], value=None)
        return {parts.title: "", parts.chapters: "", parts.one: empty, parts.other: empty, parts.compared: ""}

    def _shown(self, story: StoryId, lang: Lang, typography: bool) -> Updates:
        parts, library = self._parts, self._library
        branches = library.branches(story)
        choices = [(branch_label(branch, lang), str(branch.tip)) for branch in branches]
        here = next((str(branch.tip) for branch in branches if branch.is_current), None)
        away = next((str(branch.tip) for branch in branches if not branch.is_current), None)
        table = chapter_tree(story, library.chapters(story), lang, typography=typography)
        return {
            parts.title: library.story(story).title,
            parts.chapters: links(story, lang, typography=typography) + table,
            parts.one: gr.update(choices=choices, value=here),
            parts.other: gr.update(choices=choices, value=away),
            parts.compared: "",
            parts.confirm: gr.update(visible=False),
        }

    def _workbench(self, preview: Preview, index: int, lang: Lang) -> Updates:
        parts = self._parts
        return {
            parts.draft: preview,
            parts.preview: preview_table(preview, lang),
            parts.workbench: gr.update(visible=True),
            **chapters_shown(parts, preview.chapters, index, len(preview.former), str),
            parts.status: "",
        }


def _story(value: Any) -> StoryId:
    return StoryId(_chosen(value, "library.story"))


def _passage(value: Any) -> PassageId:
    return PassageId(_chosen(value, "library.branch"))


def _chosen(value: Any, what: str) -> int:
    number = whole_number(value)
    if number is None:
        raise NothingChosen(what=Message(what))
    return number


def _preview(value: Any) -> Preview:
    if not isinstance(value, Preview):
        raise NothingChosen(what=Message("library.file"))
    return value


def _file(value: Any, folder: Path) -> tuple[str, bytes]:
    """Return an upload's name and bytes."""
    one = upload_of(value, folder)
    with one.path.open("rb") as stream:
        return one.name, stream.read(LARGEST + 1)
