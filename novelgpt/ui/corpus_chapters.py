"""Below the books of the corpus: the chapters of the one that is chosen, put right by hand.

Law: each handler is one call on the workshop; a change goes to the book as the person saw it, and after an error the book
is shown as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from novelgpt.errors import NothingChosen
from novelgpt.messages import Lang, Message, translate
from novelgpt.studio import Studio
from novelgpt.studio.chapter_desk import BookChanged, OpenBook
from novelgpt.ui.chapter_bench import (
    BenchParts,
    chapter_list,
    chapter_shown,
    chapters_shown,
    lay_out_bench,
)
from novelgpt.ui.handling import QUIET, Room, Updates, line, problem, whole_number


@dataclass(frozen=True)
class ChaptersParts(BenchParts):
    """The components; `bench` holds all that is hidden while no book is chosen."""

    status: Any
    bench: Any
    facts: Any
    table: Any

    def written(self) -> list[Any]:
        """Return everything a handler may change."""
        return list(vars(self).values())


class CorpusChapters(Room):
    """The handlers; a chapter is named by the state of its book and its place in it."""

    def __init__(self, studio: Studio, parts: ChaptersParts, lang_default: Lang = "zh") -> None:
        self._books, self._parts = studio.workshop.chapters, parts
        super().__init__(lang_default)

    def _refused(self, sentence: str) -> Updates:
        return {self._parts.status: problem(sentence)}

    def choose_book(self, lang: Lang, book: Any) -> Iterator[Updates]:
        """Show the chapters of a book; without one, nothing."""
        yield {self._parts.status: "", self._parts.bench: gr.update(visible=False)}
        if book:
            yield self._shown(self._books.open(str(book)), lang)

    def choose_chapter(self, lang: Lang, book: Any, chapter: Any) -> Iterator[Updates]:
        """Show one chapter, to put it right."""
        opened, (version, index) = self._books.open(str(book or "")), _chosen(chapter)
        if opened.version != version:
            yield self._shown(opened, lang)
            raise BookChanged()
        yield chapter_shown(self._parts, opened.chapters, index)

    def rename(self, lang: Lang, book: Any, chapter: Any, title: Any) -> Iterator[Updates]:
        """Give the chapter another heading."""
        version, index = _chosen(chapter)
        yield from self._done(
            lang, book, lambda name: self._books.rename(name, version, index, str(title or ""))
        )

    def split(self, lang: Lang, book: Any, chapter: Any, at_line: Any) -> Iterator[Updates]:
        """Let a new chapter begin at the line."""
        version, index = _chosen(chapter)
        place = whole_number(at_line)
        if place is None:
            raise NothingChosen(what=Message("mending.line"))
        yield from self._done(lang, book, lambda name: self._books.split(name, version, index, place))

    def merge(self, lang: Lang, book: Any, chapter: Any) -> Iterator[Updates]:
        """Put the chapter at the end of the one before."""
        version, index = _chosen(chapter)
        yield from self._done(lang, book, lambda name: self._books.merge(name, version, index))

    def leave_out(self, lang: Lang, book: Any, chapter: Any) -> Iterator[Updates]:
        """Leave the chapter out of the book."""
        version, index = _chosen(chapter)
        yield from self._done(lang, book, lambda name: self._books.leave_out(name, version, index))

    def take_back(self, lang: Lang, book: Any, chapter: Any) -> Iterator[Updates]:
        """Take the last fix-up of the book back."""
        version, index = _chosen(chapter)
        yield from self._done(
            lang, book, lambda name: self._books.undo(name, version, index), "ui.corpus.taken_back"
        )

    def _done(
        self,
        lang: Lang,
        book: Any,
        change: Callable[[str], OpenBook],
        said: str = "ui.corpus.put_right",
    ) -> Iterator[Updates]:
        name = str(book or "")
        try:
            opened = change(name)
        except BookChanged:
            yield self._shown(self._books.open(name), lang)
            raise
        status = line(translate(said, lang))
        yield {**self._shown(opened, lang), self._parts.status: status}

    def _shown(self, opened: OpenBook, lang: Lang) -> Updates:
        parts, chapters = self._parts, opened.chapters
        facts = translate(
            "ui.corpus.chapters_of",
            lang,
            title=opened.title,
            chapters=len(chapters),
            characters=sum(len(chapter.whole()) for chapter in chapters),
            steps=opened.steps,
        )
        return {
            parts.bench: gr.update(visible=True),
            parts.facts: line(facts),
            parts.table: chapter_list("preview", chapters, lang),
            **chapters_shown(parts, chapters, opened.at, opened.steps, lambda at: f"{opened.version}:{at}"),
        }


def lay_out_chapters(studio: Studio, say: gr.I18n, picker: Any, lang_default: Lang = "zh") -> list[Any]:
    """Build the bench inside the current component; it shows the book that `picker` names. Return what changes books."""
    status = gr.HTML(elem_id="corpus-chapters-status", elem_classes="said")
    with gr.Column(visible=False, elem_id="corpus-chapters", elem_classes="bench") as bench:
        facts = gr.HTML(elem_classes="said")
        table = gr.HTML(elem_id="corpus-chapter-list")
        controls = lay_out_bench(say, "corpus")
    parts = ChaptersParts(status=status, bench=bench, facts=facts, table=table, **controls)
    room = CorpusChapters(studio, parts, lang_default)
    chosen = [picker, parts.chapter]
    picker.change(room.handler(room.choose_book), [picker], parts.written(), **QUIET)
    parts.chapter.input(room.handler(room.choose_chapter), chosen, parts.written(), **QUIET)
    changes = (
        (parts.rename_chapter.click, room.rename, [*chosen, parts.chapter_title]),
        (parts.chapter_title.submit, room.rename, [*chosen, parts.chapter_title]),
        (parts.split.click, room.split, [*chosen, parts.at_line]),
        (parts.merge.click, room.merge, chosen),
        (parts.leave_out.click, room.leave_out, chosen),
        (parts.take_back.click, room.take_back, chosen),
    )
    return [
        event(room.handler(handler), reads, parts.written(), **QUIET) for event, handler, reads in changes
    ]


def _chosen(chapter: Any) -> tuple[str, int]:
    """Return the state of the book that a person saw, and the place of the chapter that they chose."""
    version, _, place = str(chapter or "").partition(":")
    index = whole_number(place)
    if index is None:
        raise NothingChosen(what=Message("mending.chapter"))
    return version, index
