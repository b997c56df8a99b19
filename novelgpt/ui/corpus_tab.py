"""The corpus page: files dropped on it become books, books are looked at and removed, a vocabulary is made of them.

Law: each handler is one call on the workshop; what it says is in the visitor's language, and an error is one sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from novelgpt.config import PIECES
from novelgpt.messages import Lang, translate
from novelgpt.studio import Studio
from novelgpt.studio.corpus_desk import Book, Intake
from novelgpt.text.books import SUFFIXES
from novelgpt.ui.corpus_chapters import lay_out_chapters
from novelgpt.ui.handling import QUIET, Handler, Room, Updates, line, problem
from novelgpt.ui.tables import labels, table, titled_list
from novelgpt.ui.uploads import uploads

LOOK_AGAIN_SECONDS = 2.0

_BOOK = ("title", "author", "chapters", "characters", "encoding", "lost")
_TAKEN = ("title", "author", "chapters", "characters", "encoding", "removed_signs", "lost")


@dataclass(frozen=True)
class CorpusParts:
    """The components of the corpus page."""

    drop: Any
    allow_loss: Any
    take_in: Any
    status: Any
    report: Any
    books: Any
    picker: Any
    remove: Any
    ask: Any
    really: Any
    not_really: Any
    size: Any
    build: Any
    vocab: Any
    timer: Any


class CorpusTab(Room):
    """The handlers of the corpus page."""

    def __init__(self, studio: Studio, parts: CorpusParts, lang_default: Lang = "zh") -> None:
        self._workshop, self._parts = studio.workshop, parts
        self._uploads_dir = studio.workspace.uploads_dir
        super().__init__(lang_default)

    def _refused(self, sentence: str) -> Updates:
        parts = self._parts
        return {
            parts.status: problem(sentence),
            parts.take_in: gr.update(interactive=True),
            parts.ask: gr.update(visible=False),
        }

    def open(self, lang: Lang) -> Iterator[Updates]:
        """Show the books, and how the vocabulary stands."""
        yield {**self._books(lang), **self._vocab(lang)}

    def take_in(self, lang: Lang, files: Any, allow_loss: Any) -> Iterator[Updates]:
        """Take in what was dropped, telling how far that is."""
        parts = self._parts
        if not files:
            yield {parts.status: problem(translate("ui.corpus.nothing_dropped", lang))}
            return
        yield {parts.take_in: gr.update(interactive=False), parts.report: ""}
        with uploads(files, self._uploads_dir) as found:
            dropped = [(one.name, one.path) for one in found]
            for intake in self._workshop.ingest(dropped, allow_loss=bool(allow_loss), lang=lang):
                if not intake.finished:
                    said = translate("ui.corpus.progress", lang, done=intake.done, total=intake.total)
                    yield {parts.status: line(said)}
        yield {
            **self._books(lang),
            parts.status: line(_summary(intake, lang)),
            parts.report: _report(intake, lang),
            parts.drop: None,
            parts.take_in: gr.update(interactive=True),
        }

    def count_anew(self, lang: Lang) -> Iterator[Updates]:
        """Show the books as they are by now, and leave the one that is chosen chosen."""
        yield {self._parts.books: _shelf(self._workshop.books(), lang)}

    def ask(self, lang: Lang, book: Any) -> Iterator[Updates]:
        """Ask before a book is removed."""
        if not book:
            yield {self._parts.status: problem(translate("ui.workshop.choose_first", lang))}
        else:
            yield {self._parts.ask: gr.update(visible=True)}

    def keep(self, lang: Lang) -> Iterator[Updates]:
        """Take the question away."""
        yield {self._parts.ask: gr.update(visible=False)}

    def remove(self, lang: Lang, book: Any) -> Iterator[Updates]:
        """Move a book out of the corpus."""
        place = self._workshop.remove_book(str(book or ""))
        yield {
            **self._books(lang),
            self._parts.ask: gr.update(visible=False),
            self._parts.status: line(translate("ui.corpus.removed", lang, path=place)),
        }

    def build(self, lang: Lang, size: Any) -> Iterator[Updates]:
        """Begin to build the vocabulary."""
        self._workshop.build_vocab(int(size or PIECES), lang)
        yield self._vocab(lang)

    def look(self, lang: Lang) -> Iterator[Updates]:
        """See how far the vocabulary is."""
        yield self._vocab(lang)

    def _books(self, lang: Lang) -> Updates:
        books = self._workshop.books()
        choices = [(f"{book.title} · {book.characters:,}", book.id) for book in books]
        return {
            self._parts.books: _shelf(books, lang),
            self._parts.picker: gr.update(choices=choices, value=None),
        }

    def _vocab(self, lang: Lang) -> Updates:
        state = self._workshop.vocab()
        said = ""
        if state.status == "running":
            last = state.last_lines[-1] if state.last_lines else "…"
            said = line(translate("ui.corpus.vocab_running", lang, line=last))
        elif state.status == "finished":
            facts = {"size": state.result.get("size", 0), "fingerprint": state.result.get("fingerprint", "")}
            said = line(translate("ui.corpus.vocab_done", lang, **facts))
        elif state.reason:
            said = problem(state.reason.text(lang))
        running = state.status == "running"
        return {
            self._parts.vocab: said,
            self._parts.build: gr.update(interactive=not running),
            self._parts.timer: gr.update(active=running),
        }


def lay_out(studio: Studio, say: gr.I18n, lang_default: Lang = "zh") -> tuple[Handler, list[Any], list[Any]]:
    """Build the page; return the handler, inputs and outputs of what is to happen when its tab is opened."""
    parts, changes = _lay_out_parts(studio, say, lang_default)
    tab = CorpusTab(studio, parts, lang_default)
    _wire(tab, parts)
    for change in changes:
        change.then(tab.handler(tab.count_anew), [], [parts.books], **QUIET)
    return tab.handler(tab.open), [], list(vars(parts).values())


def _lay_out_parts(studio: Studio, say: gr.I18n, lang_default: Lang) -> tuple[CorpusParts, list[Any]]:
    drop = gr.File(
        label=say("ui.corpus.drop"),
        file_count="multiple",
        file_types=sorted(SUFFIXES),
        elem_id="corpus-drop",
        height=160,
    )
    with gr.Row():
        take_in = gr.Button(say("ui.corpus.take_in"), variant="primary", elem_id="corpus-take-in")
        allow_loss = gr.Checkbox(label=say("ui.corpus.allow_loss"), container=False)
    status = gr.HTML(elem_id="corpus-status", elem_classes="said")
    report = gr.HTML(elem_id="corpus-report")
    books = gr.HTML(elem_id="corpus-books")
    with gr.Row():
        picker = gr.Dropdown(label=say("ui.corpus.book"), choices=[], interactive=True, elem_id="corpus-book")
        remove = gr.Button(say("ui.corpus.remove"), scale=0, min_width=140, elem_id="corpus-remove")
    with gr.Row(visible=False) as ask:
        really = gr.Button(say("ui.workshop.really"), variant="stop", elem_id="corpus-really")
        not_really = gr.Button(say("ui.workshop.not_really"))
    changes = lay_out_chapters(studio, say, picker, lang_default)
    with gr.Accordion(say("ui.corpus.vocab"), open=False), gr.Row():
        size = gr.Number(label=say("ui.corpus.vocab_size"), value=PIECES, precision=0, scale=0)
        build = gr.Button(say("ui.corpus.build_vocab"), elem_id="corpus-build")
        vocab = gr.HTML(elem_id="corpus-vocab", elem_classes="said")
    timer = gr.Timer(LOOK_AGAIN_SECONDS, active=False)
    parts = CorpusParts(
        drop, allow_loss, take_in, status, report, books, picker, remove, ask, really, not_really, size, build,
        vocab, timer,
    )  # fmt: skip
    return parts, changes


def _wire(tab: CorpusTab, parts: CorpusParts) -> None:
    every = list(vars(parts).values())
    parts.take_in.click(tab.handler(tab.take_in), [parts.drop, parts.allow_loss], every, **QUIET)
    parts.remove.click(tab.handler(tab.ask), [parts.picker], every, **QUIET)
    parts.not_really.click(tab.handler(tab.keep), [], every, **QUIET)
    parts.really.click(tab.handler(tab.remove), [parts.picker], every, **QUIET)
    parts.build.click(tab.handler(tab.build), [parts.size], every, **QUIET)
    parts.timer.tick(tab.handler(tab.look), [], every, **QUIET)


def _shelf(books: Sequence[Book], lang: Lang) -> str:
    if not books:
        return line(translate("ui.corpus.no_books", lang))
    rows = [
        (
            book.title,
            book.author,
            f"{book.chapters:,}",
            f"{book.characters:,}",
            book.encoding,
            f"{book.lost:,}" if book.lost else "",
        )
        for book in books
    ]
    return table(labels([f"ui.corpus.{name}" for name in _BOOK], lang), rows)


def _summary(intake: Intake, lang: Lang) -> str:
    return translate(
        "ui.corpus.taken",
        lang,
        books=len(intake.books),
        chapters=sum(book.chapters for book in intake.books),
        characters=sum(book.characters for book in intake.books),
        refused=len(intake.refused),
    )


def _report(intake: Intake, lang: Lang) -> str:
    rows = [
        (
            book.title,
            book.author,
            f"{book.chapters:,}",
            f"{book.characters:,}",
            book.encoding,
            f"{book.removed_characters:,}" if book.removed_characters else "",
            f"{book.lost_characters:,}" if book.lost_characters else "",
        )
        for book in intake.books
    ]
    heads = labels([f"ui.corpus.{name}" for name in _TAKEN], lang)
    advice = [f"{title}: {message.text(lang)}" for title, message in intake.advice()]
    refused = [f"{name}: {reason.text(lang)}" for name, reason in intake.refused]
    parts = [
        table(heads, rows) if rows else "",
        titled_list(translate("ui.corpus.look_at", lang), advice),
        titled_list(translate("ui.corpus.left_out", lang), refused),
    ]
    return "".join(parts)
