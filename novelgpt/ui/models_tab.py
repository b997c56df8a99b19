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
from novelgpt.studio.model_shelf import FORMATS, ModelFacts
from novelgpt.ui.handling import QUIET, Handler, Room, Updates, line, problem
from novelgpt.ui.tables import day, labels, model_label, table

LONGEST_NAME = 60
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
    status: Any


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
            parts.export: gr.update(interactive=True),
        }

    def open(self, lang: Lang) -> Iterator[Updates]:
        """Show the models."""
        yield self._models(None, lang)

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
        """Write a model for other programs."""
        parts = self._parts
        if not name:
            yield self._choose_first(lang)
            return
        exporting = line(translate("ui.models.exporting", lang))
        yield {parts.export: gr.update(interactive=False), parts.status: exporting}
        made = self._workshop.export(str(name), str(format_name or ""), replace=bool(replace))
        said = translate("ui.models.exported", lang, path=made["path"], megabytes=made["bytes"] / 2**20)
        yield {parts.export: gr.update(interactive=True), parts.status: line(said)}

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
    return tab.handler(tab.open), [], every


def _lay_out_parts(say: gr.I18n) -> ModelParts:
    models = gr.HTML(elem_id="models-table")
    status = gr.HTML(elem_id="models-status", elem_classes="said")
    with gr.Row():
        picker = gr.Dropdown(
            label=say("ui.workshop.model"), choices=[], interactive=True, elem_id="models-pick"
        )
        choose = gr.Button(say("ui.models.choose"), scale=0, min_width=96, elem_id="models-choose")
    with gr.Row():
        new_name = gr.Textbox(
            label=say("ui.models.new_name"), max_lines=1, max_length=LONGEST_NAME, elem_id="models-new-name"
        )
        rename = gr.Button(say("ui.models.rename"), scale=0, min_width=96, elem_id="models-rename")
    with gr.Row():
        format_name = gr.Dropdown(label=say("ui.models.format"), choices=list(FORMATS), value=FORMATS[0])
        replace = gr.Checkbox(label=say("ui.models.replace"))
        export = gr.Button(say("ui.models.export"), scale=0, min_width=96, elem_id="models-export")
    delete = gr.Button(say("ui.models.delete"), variant="stop", elem_id="models-delete")
    with gr.Row(visible=False) as ask:
        really = gr.Button(say("ui.workshop.really"), variant="stop", elem_id="models-really")
        not_really = gr.Button(say("ui.workshop.not_really"))
    return ModelParts(
        models, picker, choose, new_name, rename, delete, ask, really, not_really, format_name, replace, export,
        status,
    )  # fmt: skip


def _shelf(models: Sequence[ModelFacts], lang: Lang) -> str:
    if not models:
        return line(translate("ui.models.none", lang))
    rows = [
        (
            f"{model_label(model.name, lang)}{' ★' * model.is_default}",
            translate(f"ui.models.origin.{model.origin}", lang, base=model_label(model.base, lang)),
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
