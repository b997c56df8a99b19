"""The score page: a model is scored beside the desk, all scores stand side by side, and runs are drawn together.

Law: each handler is one call on the workshop; a score is never shown without its signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from novelgpt.errors import BadValue
from novelgpt.messages import Lang, Message, translate
from novelgpt.studio import Studio
from novelgpt.studio.score_board import FIGURES, ScoreRow
from novelgpt.studio.workshop import CHAPTERS_SCORED
from novelgpt.ui.handling import QUIET, Handler, Room, Updates, line, problem
from novelgpt.ui.run_view import curves_svg
from novelgpt.ui.tables import day, labels, model_label, still, table

LOOK_AGAIN_SECONDS = 2.0
MOST_DRAWN = 8
_SHARES = ("distinct.1", "distinct.2", "repetition")


@dataclass(frozen=True)
class ScoreParts:
    """The components of the score page."""

    model: Any
    over: Any
    limit: Any
    start: Any
    status: Any
    scores: Any
    runs: Any
    curves: Any
    timer: Any


class ScoreTab(Room):
    """The handlers of the score page."""

    def __init__(self, studio: Studio, parts: ScoreParts, lang_default: Lang = "zh") -> None:
        self._workshop, self._parts = studio.workshop, parts
        super().__init__(lang_default)

    def _refused(self, sentence: str) -> Updates:
        return {self._parts.status: problem(sentence)}

    def open(self, lang: Lang, model: Any, over: Any) -> Iterator[Updates]:
        """Show what can be scored, the scores, and the curves of the newest runs."""
        parts = self._parts
        models = [one.name for one in self._workshop.models()]
        named = [(model_label(name, lang), name) for name in models]
        held_out = (translate("ui.score.held_out", lang), "")
        books = [(book.title, book.id) for book in self._workshop.books()]
        runs = [run.name for run in self._workshop.runs() if run.held_out]
        yield {
            parts.model: gr.update(choices=named, value=still(model, models, next(iter(models), None))),
            parts.over: gr.update(
                choices=[held_out, *books], value=still(over, [one for _, one in books], "")
            ),
            parts.runs: gr.update(choices=runs, value=runs[:MOST_DRAWN]),
        }
        yield self._scores(lang)
        yield from self.draw(lang, runs[:MOST_DRAWN])

    def start(self, lang: Lang, model: Any, over: Any, limit: Any) -> Iterator[Updates]:
        """Begin to score a model."""
        name = str(model or "")
        self._workshop.score(name, _whole(limit), str(over or "") or None, lang)
        yield {**self._scores(lang), self._parts.status: line(translate("ui.score.started", lang, name=name))}

    def look(self, lang: Lang) -> Iterator[Updates]:
        """See how far the scoring is."""
        yield self._scores(lang)

    def draw(self, lang: Lang, names: Any) -> Iterator[Updates]:
        """Draw the held-out curves of several runs in one picture."""
        chosen = [str(name) for name in names or ()][:MOST_DRAWN]
        curves = [(run.name, run.held_out) for run in self._workshop.runs() if run.name in chosen]
        picture = curves_svg(translate("ui.train.curve_held_out", lang), curves)
        note = f"<p>{escape(translate('ui.score.own_held_out', lang))}</p>" if len(curves) > 1 else ""
        yield {self._parts.curves: picture + note}

    def _scores(self, lang: Lang) -> Updates:
        rows = self._workshop.scores()
        under_way = self._workshop.scoring()
        running = [name for name, state in under_way.items() if state.status == "running"]
        shown = _table(rows, lang) if rows else line(translate("ui.score.none", lang))
        told: Updates = {
            self._parts.scores: shown,
            self._parts.timer: gr.update(active=bool(running)),
        }
        said = []
        for name, state in under_way.items():
            last = state.last_lines[-1] if state.last_lines else "…"
            if state.reason:
                facts = {"name": name, "reason": state.reason}
                said.append(problem(translate("ui.score.failed", lang, **facts)))
            else:
                said.append(line(translate("ui.score.running", lang, name=name, line=last)))
        return {**told, self._parts.status: " ".join(said)}


def lay_out(studio: Studio, say: gr.I18n, lang_default: Lang = "zh") -> tuple[Handler, list[Any], list[Any]]:
    """Build the page; return the handler, inputs and outputs of what is to happen when its tab is opened."""
    with gr.Row():
        model = gr.Dropdown(
            label=say("ui.workshop.model"), choices=[], interactive=True, elem_id="score-model"
        )
        over = gr.Dropdown(label=say("ui.score.over"), choices=[], interactive=True, elem_id="score-over")
        limit = gr.Number(label=say("ui.score.limit"), value=CHAPTERS_SCORED, precision=0, scale=0)
        start = gr.Button(
            say("ui.score.start"), variant="primary", scale=0, min_width=96, elem_id="score-start"
        )
    status = gr.HTML(elem_id="score-status", elem_classes="said")
    scores = gr.HTML(elem_id="score-table")
    runs = gr.CheckboxGroup(label=say("ui.score.runs"), choices=[], interactive=True, elem_id="score-runs")
    curves = gr.HTML(elem_id="score-curves")
    timer = gr.Timer(LOOK_AGAIN_SECONDS, active=False)
    parts = ScoreParts(model, over, limit, start, status, scores, runs, curves, timer)
    tab, every = ScoreTab(studio, parts, lang_default), list(vars(parts).values())
    start.click(tab.handler(tab.start), [model, over, limit], every, **QUIET)
    timer.tick(tab.handler(tab.look), [], every, **QUIET)
    runs.input(tab.handler(tab.draw), [runs], every, **QUIET)
    return tab.handler(tab.open), [model, over], every


def _table(rows: Sequence[ScoreRow], lang: Lang) -> str:
    keys = [
        "ui.workshop.model",
        "ui.score.scored_at",
        "ui.score.over",
        "ui.corpus.chapters",
        *(f"ui.score.figure.{name}" for name in FIGURES),
    ]
    cells = [
        [
            model_label(row.model, lang),
            day(row.scored_at),
            row.text or translate("ui.score.held_out", lang),
            str(row.chapters),
            *(_shown(name, row.figures.get(name)) for name in FIGURES),
        ]
        for row in rows
    ]
    return table(labels(keys, lang), cells) + _signatures(rows, lang)


def _signatures(rows: Sequence[ScoreRow], lang: Lang) -> str:
    told = "".join(
        f"<li>{escape(f'{model_label(row.model, lang)} · {day(row.scored_at)}')}<br>{escape(row.signature)}</li>"
        for row in rows
    )
    title = escape(translate("ui.score.signature", lang))
    return f'<details class="signatures"><summary>{title}</summary><ul>{told}</ul></details>'


def _shown(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1%}" if name in _SHARES else f"{value:,.3f}" if value < 100 else f"{value:,.0f}"


def _whole(value: Any) -> int:
    if value in (None, ""):
        return CHAPTERS_SCORED
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise BadValue(name="limit", value=value, allowed=Message("allowed.whole"))
    return int(value)
