"""The stories tab: a studio goes in; the list of stories, their chapters and branches, search, import and export come out.

Law: every control calls one handler of `StoriesDesk`; what is opened here is said to the writing tab by `opened` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from novelgpt.messages import Lang
from novelgpt.text.books import SUFFIXES
from novelgpt.text.mending import LONGEST_TITLE
from novelgpt.ui.chapter_bench import lay_out_bench
from novelgpt.ui.handling import QUIET
from novelgpt.ui.stories_desk import StoriesDesk, StoriesParts

DRAFT_SECONDS = 3600
"""How long the preview of an import waits for a page that was left."""


@dataclass(frozen=True)
class StoriesTab:
    """The tab as the page sees it: where it says which story to open, and how to be shown anew."""

    desk: StoriesDesk
    parts: StoriesParts

    @property
    def opened(self) -> Any:
        """Return the hidden field that holds the story to open; '' means none."""
        return self.parts.opened

    def shown_anew_on(self, event: Any) -> None:
        """Show the list anew whenever `event` happens: the tab is chosen, the page is loaded."""
        parts = self.parts
        reads = [parts.archived, parts.picker, parts.typography]
        event(self.desk.handler(self.desk.refresh), reads, parts.written(), **QUIET)


@dataclass(frozen=True)
class _Buttons:
    open: Any
    rename: Any
    really: Any
    cancel: Any
    compare: Any
    go_there: Any
    find: Any
    take_in: Any


def lay_out(studio: Any, say: gr.I18n, lang_default: Lang = "zh") -> StoriesTab:
    """Build the tab's components inside the current one, and wire them."""
    with gr.Row(elem_id="stories"):
        with gr.Column(scale=4, min_width=280):
            shelf, shelf_buttons = _lay_out_shelf(say)
            search, find = _lay_out_search(say)
        with gr.Column(scale=6, min_width=320):
            status = gr.HTML(elem_id="stories-status")
            story, story_buttons = _lay_out_story(say)
            bench, bench_buttons = _lay_out_import(say)
    opened = gr.Textbox(visible="hidden", elem_id="open-story")
    parts = StoriesParts(opened=opened, status=status, **shelf, **search, **story, **bench)
    buttons = _Buttons(**shelf_buttons, **find, **story_buttons, **bench_buttons)
    desk = StoriesDesk(studio, parts, lang_default)
    _wire_shelf(desk, parts, buttons)
    _wire_import(desk, parts, buttons)
    return StoriesTab(desk, parts)


def _lay_out_shelf(say: gr.I18n) -> tuple[dict[str, Any], dict[str, Any]]:
    picker = gr.Dropdown(
        label=say("ui.stories_list"), choices=[], interactive=True, filterable=True, elem_id="stories-list"
    )
    archived = gr.Checkbox(label=say("ui.stories_archived"), elem_id="stories-archived")
    with gr.Row():
        open_button = gr.Button(
            say("ui.stories_open"), variant="primary", min_width=72, elem_id="stories-open"
        )
        put_away = gr.Button(say("ui.stories_put_away_do"), min_width=72, elem_id="stories-put-away")
        bring_back = gr.Button(
            say("ui.stories_bring_back_do"), min_width=72, visible=False, elem_id="stories-bring-back"
        )
    with gr.Column(visible=False, elem_id="stories-confirm") as confirm:
        gr.Markdown(say("ui.stories_really"))
        with gr.Row():
            really = gr.Button(say("ui.stories_yes"), variant="stop", min_width=72, elem_id="stories-yes")
            cancel = gr.Button(say("ui.stories_no"), min_width=72, elem_id="stories-no")
    with gr.Row(elem_id="stories-title-row"):
        title = gr.Textbox(
            label=say("ui.stories_title"),
            max_lines=1,
            max_length=LONGEST_TITLE,
            scale=3,
            elem_id="stories-title",
        )
        rename = gr.Button(say("ui.stories_rename"), scale=1, min_width=72, elem_id="stories-rename")
    parts = {
        "picker": picker,
        "archived": archived,
        "put_away": put_away,
        "bring_back": bring_back,
        "confirm": confirm,
        "title": title,
    }
    return parts, {"open": open_button, "rename": rename, "really": really, "cancel": cancel}


def _lay_out_search(say: gr.I18n) -> tuple[dict[str, Any], dict[str, Any]]:
    with gr.Row(elem_id="stories-search-row"):
        words = gr.Textbox(
            label=say("ui.stories_words"), max_lines=1, max_length=200, scale=3, elem_id="stories-words"
        )
        find = gr.Button(say("ui.stories_find"), scale=1, min_width=72, elem_id="stories-find")
    found = gr.Radio(
        label=say("ui.stories_places"), choices=[], visible=False, interactive=True, elem_id="stories-found"
    )
    return {"words": words, "found": found}, {"find": find}


def _lay_out_story(say: gr.I18n) -> tuple[dict[str, Any], dict[str, Any]]:
    typography = gr.Checkbox(label=say("ui.stories_typography"), elem_id="stories-typography")
    chapters = gr.HTML(elem_id="stories-chapters")
    with gr.Accordion(say("ui.stories_branches"), open=False, elem_id="stories-branches"):
        one = gr.Dropdown(label=say("ui.stories_one"), choices=[], interactive=True, elem_id="stories-one")
        other = gr.Dropdown(
            label=say("ui.stories_other"), choices=[], interactive=True, elem_id="stories-other"
        )
        with gr.Row():
            compare = gr.Button(say("ui.stories_compare"), elem_id="stories-compare")
            go_there = gr.Button(say("ui.stories_go"), elem_id="stories-go")
        compared = gr.HTML(elem_id="stories-compared")
    parts = {
        "typography": typography,
        "chapters": chapters,
        "one": one,
        "other": other,
        "compared": compared,
    }
    return parts, {"compare": compare, "go_there": go_there}


def _lay_out_import(say: gr.I18n) -> tuple[dict[str, Any], dict[str, Any]]:
    with gr.Accordion(say("ui.stories_import"), open=False, elem_id="stories-import"):
        file = gr.File(
            label=say("ui.stories_file"),
            file_count="single",
            file_types=[*SUFFIXES, ".json"],
            elem_id="stories-file",
        )
        allow_loss = gr.Checkbox(label=say("ui.stories_allow_loss"), elem_id="stories-allow-loss")
        draft = gr.State(None, time_to_live=DRAFT_SECONDS)
        preview = gr.HTML(elem_id="stories-preview")
        with gr.Column(visible=False, elem_id="stories-workbench") as workbench:
            bench = lay_out_bench(say, "stories")
            book_title = gr.Textbox(
                label=say("ui.stories_book_title"),
                max_lines=1,
                max_length=LONGEST_TITLE,
                elem_id="stories-book-title",
            )
            take_in = gr.Button(say("ui.stories_take_in"), variant="primary", elem_id="stories-take-in")
    parts = {
        "file": file,
        "allow_loss": allow_loss,
        "draft": draft,
        "preview": preview,
        "workbench": workbench,
        **bench,
        "book_title": book_title,
    }
    return parts, {"take_in": take_in}


def _wire_shelf(desk: StoriesDesk, parts: StoriesParts, buttons: _Buttons) -> None:
    listed, written = [parts.archived, parts.picker, parts.typography], parts.written()
    one = [parts.picker, parts.typography]
    renaming = [parts.picker, parts.title, parts.archived, parts.typography]
    for event, handler, reads in (
        (parts.archived.input, desk.refresh, listed),
        (parts.picker.input, desk.choose, one),
        (parts.typography.input, desk.choose, one),
        (buttons.open.click, desk.open, [parts.picker]),
        (buttons.rename.click, desk.rename, renaming),
        (parts.title.submit, desk.rename, renaming),
        (parts.put_away.click, desk.ask, [parts.picker]),
        (buttons.really.click, desk.put_away, one),
        (buttons.cancel.click, desk.cancel, []),
        (parts.bring_back.click, desk.bring_back, one),
        (buttons.find.click, desk.search, [parts.words]),
        (parts.words.submit, desk.search, [parts.words]),
        (parts.found.input, desk.open_found, [parts.found]),
        (buttons.compare.click, desk.compare, [parts.picker, parts.one, parts.other]),
        (buttons.go_there.click, desk.go_there, [parts.picker, parts.other, parts.typography]),
    ):
        event(desk.handler(handler), reads, written, **QUIET)


def _wire_import(desk: StoriesDesk, parts: StoriesParts, buttons: _Buttons) -> None:
    draft, written = [parts.draft, parts.chapter], parts.written()
    slow = {**QUIET, "show_progress": "minimal"}
    for event, handler, reads, manner in (
        (parts.file.upload, desk.take_file, [parts.file, parts.allow_loss], slow),
        (parts.allow_loss.input, desk.take_file_again, [parts.file, parts.allow_loss], slow),
        (parts.chapter.input, desk.choose_chapter, draft, QUIET),
        (parts.merge.click, desk.merge, draft, QUIET),
        (parts.split.click, desk.split, [*draft, parts.at_line], QUIET),
        (parts.rename_chapter.click, desk.rename_chapter, [*draft, parts.chapter_title], QUIET),
        (parts.chapter_title.submit, desk.rename_chapter, [*draft, parts.chapter_title], QUIET),
        (parts.leave_out.click, desk.leave_out, draft, QUIET),
        (parts.take_back.click, desk.take_back, draft, QUIET),
        (buttons.take_in.click, desk.take_in, [parts.draft, parts.book_title], slow),
    ):
        event(desk.handler(handler), reads, written, **manner)
