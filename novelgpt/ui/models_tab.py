"""The model page: which models there are and where they came from; renamed, moved aside, exported.

Law: each handler is one call on the workshop; nothing is deleted without a question, and even then it only moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from novelgpt.messages import Lang, translate
from novelgpt.model.reporting.outcome import short_count
from novelgpt.studio import Studio
from novelgpt.studio.export_bench import FORMATS, ExportState
from novelgpt.studio.model_shelf import ModelFacts
from novelgpt.ui.handling import QUIET, Handler, Room, Updates, line, problem
from novelgpt.ui.tables import bar, day, labels, model_label, table

LONGEST_NAME = 60
LOOK_AGAIN_SECONDS = 1.0
_HEADS = ("name", "origin", "parameters", "context", "bits", "trained_on", "date")


@dataclass(frozen=True)
class ModelParts:
    """The components of the model page."""

    models: Any
    picker: Any
    choose: Any
    new_name: Any
    rename: Any
    delete: Any
    ask: Any
    really: Any
    not_really: Any
    format: Any
    replace: Any
    export: Any
    cancel: Any
    progress: Any
    status: Any
    timer: Any


class ModelsTab(Room):
    """The handlers of the model page."""

    def __init__(self, studio: Studio, parts: ModelParts, lang_default: Lang = "zh") -> None:
        self._workshop, self._parts = studio.workshop, parts
        super().__init__(lang_default)

    def _refused(self, sentence: str) -> Updates:
        parts = self._parts
        return {
            parts.status: problem(sentence),
            parts.ask: gr.update(visible=False),
        }

    def open(self, lang: Lang) -> Iterator[Updates]:
        """Show the models, and an export that is under way."""
        yield {**self._models(None, lang), **self._export(self._workshop.exporting(), lang)}

    def choose(self, lang: Lang, name: Any) -> Iterator[Updates]:
        """Let a model write where no other is asked for."""
        if not name:
            yield self._choose_first(lang)
            return
        self._workshop.choose(str(name))
        said = translate("ui.models.chosen", lang, name=model_label(str(name), lang))
        yield {**self._models(str(name), lang), self._parts.status: line(said)}

    def rename(self, lang: Lang, name: Any, new: Any) -> Iterator[Updates]:
        """Give a model another name."""
        if not name:
            yield self._choose_first(lang)
            return
        called = self._workshop.rename(str(name), str(new or ""))
        said = line(translate("ui.models.renamed", lang, name=called))
        yield {**self._models(called, lang), self._parts.status: said, self._parts.new_name: ""}

    def ask(self, lang: Lang, name: Any) -> Iterator[Updates]:
        """Ask before a model is deleted."""
        yield {self._parts.ask: gr.update(visible=True)} if name else self._choose_first(lang)

    def keep(self, lang: Lang) -> Iterator[Updates]:
        """Take the question away."""
        yield {self._parts.ask: gr.update(visible=False)}

    def delete(self, lang: Lang, name: Any) -> Iterator[Updates]:
        """Move a model aside."""
        place = self._workshop.delete(str(name or ""))
        said = line(translate("ui.models.deleted", lang, path=place))
        yield {
            **self._models(None, lang),
            self._parts.ask: gr.update(visible=False),
            self._parts.status: said,
        }

    def export(self, lang: Lang, name: Any, format_name: Any, replace: Any) -> Iterator[Updates]:
        """Begin to write a model for other programs."""
        if not name:
            yield self._choose_first(lang)
            return
        self._workshop.export(str(name), str(format_name or ""), replace=bool(replace), lang=lang)
        yield {**self._export(self._workshop.exporting(), lang), self._parts.status: ""}

    def cancel(self, lang: Lang) -> Iterator[Updates]:
        """Ask the export to end."""
        self._workshop.cancel_export()
        cancelling = line(translate("ui.models.cancelling", lang))
        yield {self._parts.cancel: gr.update(interactive=False), self._parts.status: cancelling}

    def look(self, lang: Lang) -> Iterator[Updates]:
        """See how far the export is, and say how it ended."""
        state = self._workshop.exporting()
        shown = self._export(state, lang)
        if state.status == "running":
            yield shown
        else:
            yield {**shown, self._parts.status: _ended(state, lang)}

    def _export(self, state: ExportState, lang: Lang) -> Updates:
        parts, running = self._parts, state.status == "running"
        return {
            parts.progress: _progress(state, lang) if running else "",
            parts.export: gr.update(interactive=not running),
            parts.cancel: gr.update(visible=running, interactive=True),
            parts.timer: gr.update(active=running),
        }

    def _choose_first(self, lang: Lang) -> Updates:
        return {self._parts.status: problem(translate("ui.workshop.choose_first", lang))}

    def _models(self, chosen: str | None, lang: Lang) -> Updates:
        models = self._workshop.models()
        names = [model.name for model in models]
        named = [(model_label(name, lang), name) for name in names]
        return {
            self._parts.models: _shelf(models, lang),
            self._parts.picker: gr.update(choices=named, value=chosen if chosen in names else None),
        }


def lay_out(studio: Studio, say: gr.I18n, lang_default: Lang = "zh") -> tuple[Handler, list[Any], list[Any]]:
    """Build the page; return the handler, inputs and outputs of what is to happen when its tab is opened."""
    parts = _lay_out_parts(say)
    tab, every = ModelsTab(studio, parts, lang_default), list(vars(parts).values())
    parts.choose.click(tab.handler(tab.choose), [parts.picker], every, **QUIET)
    for event in (parts.rename.click, parts.new_name.submit):
        event(tab.handler(tab.rename), [parts.picker, parts.new_name], every, **QUIET)
    parts.delete.click(tab.handler(tab.ask), [parts.picker], every, **QUIET)
    parts.not_really.click(tab.handler(tab.keep), [], every, **QUIET)
    parts.really.click(tab.handler(tab.delete), [parts.picker], every, **QUIET)
    parts.export.click(tab.handler(tab.export), [parts.picker, parts.format, parts.replace], every, **QUIET)
    parts.cancel.click(tab.handler(tab.cancel), [], every, **QUIET)
    parts.timer.tick(tab.handler(tab.look), [], every, **QUIET)
    return tab.handler(tab.open), [], every


def _lay_out_parts(say: gr.I18n) -> ModelParts:
    models = gr.HTML(elem_id="models-table")
    status = gr.HTML(elem_id="models-status", elem_classes="said")
    with gr.Row():
        picker = gr.Dropdown(
            label=say("ui.workshop.model"), choices=[], interactive=True, elem_id="models-pick"
        )
        choose = gr.Button(say("ui.models.choose"), scale=0, min_width=140, elem_id="models-choose")
    with gr.Row():
        new_name = gr.Textbox(
            label=say("ui.models.new_name"), max_lines=1, max_length=LONGEST_NAME, elem_id="models-new-name"
        )
        rename = gr.Button(say("ui.models.rename"), scale=0, min_width=96, elem_id="models-rename")
    with gr.Row():
        format_name = gr.Dropdown(label=say("ui.models.format"), choices=list(FORMATS), value=FORMATS[0])
        replace = gr.Checkbox(label=say("ui.models.replace"))
        export = gr.Button(say("ui.models.export"), scale=0, min_width=96, elem_id="models-export")
        cancel = gr.Button(
            say("ui.models.cancel"), visible=False, scale=0, min_width=140, elem_id="models-cancel"
        )
    progress = gr.HTML(elem_id="models-progress", elem_classes="said")
    delete = gr.Button(say("ui.models.delete"), variant="stop", elem_id="models-delete")
    with gr.Row(visible=False) as ask:
        really = gr.Button(say("ui.workshop.really"), variant="stop", elem_id="models-really")
        not_really = gr.Button(say("ui.workshop.not_really"))
    timer = gr.Timer(LOOK_AGAIN_SECONDS, active=False)
    return ModelParts(
        models, picker, choose, new_name, rename, delete, ask, really, not_really, format_name, replace, export,
        cancel, progress, status, timer,
    )  # fmt: skip


def _shelf(models: Sequence[ModelFacts], lang: Lang) -> str:
    if not models:
        return line(translate("ui.models.none", lang))
    rows = [
        (
            f"{model_label(model.name, lang)}{' ★' * model.is_default}",
            _origin(model, lang),
            short_count(model.parameters) if model.parameters else "",
            f"{model.context_length:,}" if model.context_length else "",
            f"{model.bits_per_character:.3f}" if model.bits_per_character else "",
            " ".join(model.trained_on),
            day(model.changed_at),
        )
        for model in models
    ]
    legend = f"<p><small>★ {translate('ui.models.default', lang)}</small></p>"
    return table(labels([f"ui.models.{name}" for name in _HEADS], lang), rows) + legend


def _progress(state: ExportState, lang: Lang) -> str:
    """Return how far an export is: what was written so far, of what it will be about."""
    facts = {
        "name": model_label(state.model, lang),
        "format": state.format,
        "seconds": round(state.seconds),
        "megabytes": state.written_bytes / 2**20,
        "expected": state.expected_bytes / 2**20,
    }
    share = min(99, 100 * state.written_bytes // state.expected_bytes) if state.expected_bytes else 0
    return bar(share) + line(translate("ui.models.exporting", lang, **facts))


def _ended(state: ExportState, lang: Lang) -> str:
    """Return how an export ended."""
    if state.reason:
        return problem(translate("ui.models.not_exported", lang, reason=state.reason))
    if state.status == "cancelled":
        return line(translate("ui.models.cancelled", lang))
    if state.status == "none":
        return ""
    facts = {"path": state.result.get("path", ""), "megabytes": state.result.get("bytes", 0) / 2**20}
    return line(translate("ui.models.exported", lang, **facts))


def _origin(model: ModelFacts, lang: Lang) -> str:
    told = translate(f"ui.models.origin.{model.origin}", lang, base=model_label(model.base, lang))
    if model.best_step is None:
        return told
    return f"{told}\n{translate('ui.models.best_used', lang, step=model.best_step)}"
