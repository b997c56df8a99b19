"""The training page: books and a size go in, a run is examined, begun and watched; three clicks let a model learn a story.

Laws: each handler is one call on the workshop; the page only watches, so closing it changes nothing; and the clock that
asks for news ticks only while something runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from novelgpt.errors import UnknownStory
from novelgpt.messages import Lang, translate
from novelgpt.story.store import StoryId
from novelgpt.studio import Studio
from novelgpt.studio.run_watch import RunState
from novelgpt.studio.workshop import MINUTES_FOR_A_STORY
from novelgpt.ui.handling import QUIET, Handler, Room, Updates, line, problem
from novelgpt.ui.run_view import comparison_view, run_view
from novelgpt.ui.tables import model_label, still, titled_list
from novelgpt.ui.train_form import RARE, lay_out_form, minutes_from, objectives, order_from, presets

LOOK_AGAIN_SECONDS = 2.0
_UNDER_WAY = ("waiting", "running")


@dataclass(frozen=True)
class TrainParts:
    """The components of the training page."""

    books: Any
    name: Any
    preset: Any
    base: Any
    minutes: Any
    objective: Any
    lora: Any
    lora_rank: Any
    steps: Any
    epochs: Any
    context_length: Any
    batch_size: Any
    learning_rate: Any
    dropout: Any
    patience: Any
    held_out: Any
    seed: Any
    examine: Any
    start: Any
    story: Any
    learner: Any
    learn_minutes: Any
    learn: Any
    status: Any
    examined: Any
    run: Any
    pause: Any
    resume: Any
    stop: Any
    view: Any
    compared: Any
    timer: Any


class TrainTab(Room):
    """The handlers of the training page."""

    def __init__(self, studio: Studio, parts: TrainParts, lang_default: Lang = "zh") -> None:
        self._studio, self._workshop, self._parts = studio, studio.workshop, parts
        super().__init__(lang_default)

    def _refused(self, sentence: str) -> Updates:
        return {self._parts.status: problem(sentence), **self._ready(True)}

    def _ready(self, ready: bool) -> Updates:
        parts = self._parts
        return {part: gr.update(interactive=ready) for part in (parts.examine, parts.start, parts.learn)}

    def open(
        self, lang: Lang, run: Any, chosen: Any, base: Any, story: Any, learner: Any
    ) -> Iterator[Updates]:
        """Show what can be chosen, keep what was, and show the run that was watched or came last."""
        parts = self._parts
        books = [(book.title, book.id) for book in self._workshop.books()]
        stories = [(story.title, str(story.id)) for story in self._studio.stories()]
        models = [model.name for model in self._workshop.models()]
        named = [(model_label(name, lang), name) for name in models]
        nothing = (translate("ui.train.from_nothing", lang), "")
        ids, numbers = [one for _, one in books], [one for _, one in stories]
        yield {
            parts.books: gr.update(choices=books, value=[one for one in chosen or () if one in ids] or ids),
            parts.base: gr.update(choices=[nothing, *named], value=still(base, models, "")),
            parts.story: gr.update(choices=stories, value=still(story, numbers, next(iter(numbers), None))),
            parts.learner: gr.update(choices=named, value=still(learner, models, next(iter(models), None))),
            parts.preset: gr.update(choices=presets(lang)),
            parts.objective: gr.update(choices=objectives(lang)),
        }
        yield self._watched(str(run or ""), lang)

    def examine(self, lang: Lang, *asked: Any) -> Iterator[Updates]:
        """Say what the training would cost and what to expect."""
        order = order_from(self._workshop, asked)
        yield {
            **self._ready(False),
            self._parts.status: line(translate("ui.train.examining", lang)),
            self._parts.examined: "",
        }
        sentences = self._workshop.preflight(order, lang)
        shown = titled_list(translate("ui.train.examine", lang), sentences)
        yield {**self._ready(True), self._parts.examined: shown, self._parts.status: ""}

    def start(self, lang: Lang, *asked: Any) -> Iterator[Updates]:
        """Begin a training, and watch it."""
        order = order_from(self._workshop, asked)
        self._workshop.start(order, lang)
        yield self._begun(order.name, lang)

    def learn(self, lang: Lang, story: Any, model: Any, minutes: Any) -> Iterator[Updates]:
        """Let a model learn a story, and watch it."""
        titles = {str(one.id): one.title for one in self._studio.stories()}
        if story not in titles:
            raise UnknownStory(story=story)
        text = self._studio.text(StoryId(int(story)))
        length = minutes_from(minutes, MINUTES_FOR_A_STORY)
        name = self._workshop.learn_my_story(text, titles[story], length, model or None, lang)
        yield self._begun(name, lang)

    def watch(self, lang: Lang, run: Any) -> Iterator[Updates]:
        """Show how a run stands; what was said of its beginning goes when it has come to an end."""
        shown = self._watched(str(run or ""), lang)
        yield shown if shown[self._parts.timer]["active"] else {**shown, self._parts.status: ""}

    def pause(self, lang: Lang, run: Any) -> Iterator[Updates]:
        """Let a run save and rest."""
        self._workshop.pause(str(run or ""))
        yield {**self._watched(str(run), lang), self._parts.status: line(translate("ui.train.ending", lang))}

    def stop(self, lang: Lang, run: Any) -> Iterator[Updates]:
        """Let a run save and end."""
        self._workshop.stop(str(run or ""))
        yield {**self._watched(str(run), lang), self._parts.status: line(translate("ui.train.ending", lang))}

    def resume(self, lang: Lang, run: Any) -> Iterator[Updates]:
        """Go on with a run."""
        self._workshop.resume(str(run or ""), lang)
        said = line(translate("ui.train.going_on", lang))
        yield {**self._watched(str(run), lang), self._parts.status: said}

    def _begun(self, name: str, lang: Lang) -> Updates:
        said = line(translate("ui.train.started", lang, name=name))
        return {**self._watched(name, lang), self._parts.status: said, self._parts.examined: ""}

    def _watched(self, wanted: str, lang: Lang) -> Updates:
        """Show the run that is wanted, else the newest; the clock ticks while it, or any, is under way."""
        parts, runs = self._parts, self._workshop.runs()
        shown = next((run for run in runs if run.name == wanted), runs[0] if runs else None)
        if shown is None:
            return {
                **self._buttons(None),
                parts.view: line(translate("ui.train.no_runs", lang)),
                parts.run: gr.update(choices=[], value=None),
                parts.compared: "",
                parts.timer: gr.update(active=False),
            }
        choices = [
            (f"{run.name} · {translate(f'ui.train.status.{run.status}', lang)}", run.name) for run in runs
        ]
        return {
            **self._buttons(shown),
            parts.run: gr.update(choices=choices, value=shown.name),
            parts.view: run_view(shown, lang),
            parts.compared: comparison_view(self._workshop.comparison(shown.name), lang),
            parts.timer: gr.update(active=any(run.status in _UNDER_WAY for run in runs)),
        }

    def _buttons(self, run: RunState | None) -> Updates:
        parts = self._parts
        under_way = run is not None and run.status in _UNDER_WAY and run.can_be_asked
        resting = run is not None and run.status in ("paused", "stopped", "failed")
        return {
            parts.pause: gr.update(interactive=under_way),
            parts.stop: gr.update(interactive=under_way),
            parts.resume: gr.update(interactive=resting),
        }


def lay_out(studio: Studio, say: gr.I18n, lang_default: Lang = "zh") -> tuple[Handler, list[Any], list[Any]]:
    """Build the page; return the handler, inputs and outputs of what is to happen when its tab is opened."""
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            order = _lay_out_order(say)
        with gr.Column(scale=6, min_width=320):
            view = _lay_out_view(say)
    parts = TrainParts(**order, **view, timer=gr.Timer(LOOK_AGAIN_SECONDS, active=False))
    tab = TrainTab(studio, parts, lang_default)
    _wire(tab, parts)
    kept = [parts.run, parts.books, parts.base, parts.story, parts.learner]
    return tab.handler(tab.open), kept, list(vars(parts).values())


def _lay_out_order(say: gr.I18n) -> dict[str, Any]:
    parts = lay_out_form(say)
    with gr.Row():
        parts["examine"] = gr.Button(say("ui.train.examine"), elem_id="train-examine")
        parts["start"] = gr.Button(say("ui.train.start"), variant="primary", elem_id="train-start")
    with gr.Accordion(say("ui.train.learn"), open=True, elem_id="train-mine"):
        parts["story"] = gr.Dropdown(label=say("ui.train.story"), choices=[], elem_id="train-story")
        parts["learner"] = gr.Dropdown(label=say("ui.train.from"), choices=[], elem_id="train-learner")
        parts["learn_minutes"] = gr.Number(label=say("ui.train.minutes"), value=MINUTES_FOR_A_STORY)
        parts["learn"] = gr.Button(say("ui.train.learn_start"), variant="primary", elem_id="train-learn")
    return parts


def _lay_out_view(say: gr.I18n) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "status": gr.HTML(elem_id="train-status", elem_classes="said"),
        "examined": gr.HTML(elem_id="train-examined"),
        "run": gr.Dropdown(label=say("ui.train.watch"), choices=[], interactive=True, elem_id="train-run"),
    }
    with gr.Row():
        for name in ("pause", "resume", "stop"):
            parts[name] = gr.Button(
                say(f"ui.train.{name}"), interactive=False, min_width=64, elem_id=f"train-{name}"
            )
    parts["view"] = gr.HTML(elem_id="train-view")
    parts["compared"] = gr.HTML(elem_id="train-compared")
    return parts


def _wire(tab: TrainTab, parts: TrainParts) -> None:
    every = list(vars(parts).values())
    order = [parts.books, parts.name, parts.preset, parts.base, parts.minutes]
    order += [getattr(parts, name) for name in RARE]
    parts.examine.click(tab.handler(tab.examine), order, every, **QUIET)
    parts.start.click(tab.handler(tab.start), order, every, **QUIET)
    mine = [parts.story, parts.learner, parts.learn_minutes]
    parts.learn.click(tab.handler(tab.learn), mine, every, **QUIET)
    for event, handler in (
        (parts.run.input, tab.watch),
        (parts.timer.tick, tab.watch),
        (parts.pause.click, tab.pause),
        (parts.resume.click, tab.resume),
        (parts.stop.click, tab.stop),
    ):
        event(tab.handler(handler), [parts.run], every, **QUIET)
