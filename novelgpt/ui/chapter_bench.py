"""The bench where chapters are put right, before an import and in the corpus: chapters go in, controls and a table come out.

Laws: what a person presses names the chapter by its place, and the state of the book that they saw; every text is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from novelgpt.messages import Lang, translate
from novelgpt.text.chapter import Chapter, Kind
from novelgpt.text.mending import LONGEST_TITLE, chapter_at
from novelgpt.ui.handling import Updates
from novelgpt.ui.tables import long_table

MOST_LINES = 1000
LINE_SHOWN = 40
FIRST_WORDS = 30

KINDS: dict[Kind, str] = {
    "front": "ui.bench.kind_front",
    "volume": "ui.bench.kind_volume",
    "chapter": "ui.bench.kind_chapter",
    "extra": "ui.bench.kind_extra",
}
COLUMNS = (
    "ui.bench.col_number",
    "ui.bench.col_kind",
    "ui.bench.col_heading",
    "ui.bench.col_characters",
)


@dataclass(frozen=True)
class BenchParts:
    """The controls of a bench."""

    chapter: Any
    chapter_title: Any
    at_line: Any
    rename_chapter: Any
    split: Any
    merge: Any
    leave_out: Any
    take_back: Any


def lay_out_bench(say: gr.I18n, room: str) -> dict[str, Any]:
    """Lay out the controls inside the current component; return them by the names of `BenchParts`."""
    chapter = gr.Dropdown(
        label=say("ui.bench.chapter"), choices=[], interactive=True, elem_id=f"{room}-chapter"
    )
    with gr.Row():
        chapter_title = gr.Textbox(
            label=say("ui.bench.title"),
            max_lines=1,
            max_length=LONGEST_TITLE,
            elem_id=f"{room}-chapter-title",
        )
        at_line = gr.Dropdown(
            label=say("ui.bench.line"), choices=[], interactive=True, elem_id=f"{room}-line"
        )
    with gr.Row():
        buttons = {
            name: gr.Button(say(f"ui.bench.{key}"), min_width=96, elem_id=f"{room}-{name.replace('_', '-')}")
            for name, key in (
                ("rename_chapter", "rename"),
                ("split", "split"),
                ("merge", "merge"),
                ("leave_out", "leave_out"),
                ("take_back", "undo"),
            )
        }
    return {"chapter": chapter, "chapter_title": chapter_title, "at_line": at_line, **buttons}


def chapters_shown(
    parts: BenchParts, chapters: Sequence[Chapter], index: int, steps: int, value_of: Callable[[int], str]
) -> Updates:
    """Offer all chapters, and show one of them; `steps` counts the changes that can be taken back."""
    index = min(max(index, 0), len(chapters) - 1)
    labels = [
        (f"{number + 1} · {chapter.title or '…'}", value_of(number))
        for number, chapter in enumerate(chapters)
    ]
    return {
        parts.chapter: gr.update(choices=labels, value=value_of(index)),
        parts.take_back: gr.update(interactive=steps > 0),
        **chapter_shown(parts, chapters, index),
    }


def chapter_shown(parts: BenchParts, chapters: Sequence[Chapter], index: int) -> Updates:
    """Show one chapter, to put it right."""
    chapter = chapter_at(chapters, index)
    lines = chapter.text.split("\n")[:MOST_LINES] if chapter.text else []
    choices = [(f"{number + 1} · {text[:LINE_SHOWN]}", str(number)) for number, text in enumerate(lines)]
    return {
        parts.chapter_title: chapter.title,
        parts.at_line: gr.update(choices=choices, value=None),
        parts.split: gr.update(interactive=bool(lines)),
        parts.merge: gr.update(interactive=index > 0),
        parts.leave_out: gr.update(interactive=len(chapters) > 1),
    }


def chapter_list(name: str, chapters: Sequence[Chapter], lang: Lang) -> str:
    """Return a table of chapters: what each is, how long, and how it begins."""
    rows = (
        (
            str(number),
            html.escape(translate(KINDS[chapter.kind], lang)),
            html.escape(chapter.title or "…"),
            f"{len(chapter.text):,}",
            html.escape(" ".join(chapter.text[: 2 * FIRST_WORDS].split())[:FIRST_WORDS]),
        )
        for number, chapter in enumerate(chapters, start=1)
    )
    return long_table(name, (*COLUMNS, "ui.bench.col_begins"), rows, len(chapters), lang)
