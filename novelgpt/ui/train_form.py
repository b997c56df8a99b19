"""The form of a training: books, a size, a length, and what few people need → the order that it makes.

Laws: what can be set and within which limits is written in `TrainConfig` alone; an empty field means the usual; and the
more exact length wins: steps before rounds, rounds before minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from novelgpt.config import TrainConfig, dials
from novelgpt.errors import BadValue
from novelgpt.messages import Lang, Message, translate
from novelgpt.studio.training import TrainingOrder, adapters_can_be_trained
from novelgpt.studio.workshop import Workshop

USUAL_MINUTES = 30.0
LONGEST_TITLE = 60
LONGEST_NUMBER = 18
RARE = (
    "lora", "lora_rank", "objective", "learning_rate", "steps", "epochs", "context_length", "batch_size", "dropout",
    "patience", "held_out", "seed",
)  # fmt: skip
"""The settings under "advanced", as they stand on the page."""
_LENGTHS = ("steps", "epochs")
_ABSURD = 10**LONGEST_NUMBER
_NAMED = ("objective", "lora", *_LENGTHS)
"""What an order has a place of its own for."""
_LOOKED_AT = {"evaluate_every": 50, "sample_every": 100}
"""A person who watches wants news more often than a log does."""


def lay_out_form(say: gr.I18n) -> dict[str, Any]:
    """Build the form and return its parts by name, in the order in which `order_from` takes their values."""
    parts: dict[str, Any] = {}
    with gr.Group():
        parts["books"] = gr.CheckboxGroup(label=say("ui.train.books"), choices=[], elem_id="train-books")
        parts["name"] = gr.Textbox(
            label=say("ui.train.name"), max_lines=1, max_length=LONGEST_TITLE, elem_id="train-name"
        )
        parts["preset"] = gr.Dropdown(
            label=say("ui.train.preset"), choices=["auto"], value="auto", elem_id="train-preset"
        )
        parts["base"] = gr.Dropdown(label=say("ui.train.from"), choices=[], elem_id="train-base")
        parts["minutes"] = gr.Number(
            label=say("ui.train.minutes"), value=USUAL_MINUTES, elem_id="train-minutes"
        )
        with gr.Accordion(say("ui.train.advanced"), open=False, elem_id="train-advanced"):
            for start in range(0, len(RARE), 2):
                with gr.Row():
                    for name in RARE[start : start + 2]:
                        parts[name] = _knob(name, say)
    return parts


def _knob(name: str, say: gr.I18n) -> Any:
    """Return the part for a setting of `TrainConfig`."""
    spec, dial = dials(TrainConfig)[name]
    words = {"label": say(f"ui.train.set.{name}"), "elem_id": f"train-{name}", "min_width": 150}
    if spec.type == "bool":
        missing = name == "lora" and not adapters_can_be_trained()
        info = say("ui.train.no_adapters") if missing else None
        return gr.Checkbox(value=bool(spec.default), info=info, interactive=not missing, **words)
    if dial.choices:
        return gr.Dropdown(choices=list(dial.choices), value=spec.default, interactive=True, **words)
    if spec.default is None or name in _LENGTHS:  # a number of Gradio's shows 0 where there is none
        return gr.Textbox(placeholder=say("ui.train.usual"), max_lines=1, max_length=LONGEST_NUMBER, **words)
    return gr.Number(value=spec.default, **words)


def objectives(lang: Lang) -> list[tuple[str, str]]:
    """Return what can be learnt, with words for it."""
    names = dials(TrainConfig)["objective"][1].choices
    return [(translate(f"ui.train.objective.{name}", lang), name) for name in names]


def presets(lang: Lang) -> list[tuple[str, str]]:
    """Return the sizes, with words for the one that is chosen for a person."""
    names = dials(TrainConfig)["preset"][1].choices
    return [(translate("ui.train.auto", lang) if name == "auto" else name, name) for name in names]


def order_from(workshop: Workshop, values: Sequence[Any]) -> TrainingOrder:
    """Return the order that the form's values make; raise what the settings refuse."""
    books, name, preset, base, minutes, *others = values
    asked = {key: _setting(key, value) for key, value in zip(RARE, others, strict=False)}
    exact = any(asked.get(length) is not None for length in _LENGTHS)
    return TrainingOrder(
        str(name or ""),
        workshop.book_paths([str(book) for book in books or ()]),
        preset=str(preset or "auto"),
        minutes=None if exact else minutes_from(minutes, USUAL_MINUTES),
        init=str(base) if base else None,
        **{key: asked.pop(key) for key in _NAMED if key in asked},
        settings={**_LOOKED_AT, **asked},
    )


def _setting(name: str, value: Any) -> Any:
    """Return what a part says of a setting; its limits are looked after by `TrainConfig`."""
    spec, dial = dials(TrainConfig)[name]
    if value in (None, ""):
        return None if name in _LENGTHS else spec.default
    if spec.type == "bool":
        return bool(value)
    return str(value) if dial.choices else _number(name, value, dial.low, dial.high)


def minutes_from(value: Any, usual: float) -> float:
    """Return a length in minutes; an empty field means the usual one."""
    if value in (None, ""):
        return usual
    dial = dials(TrainConfig)["minutes"][1]
    return float(_number("minutes", value, dial.low, dial.high))


def _number(name: str, value: Any, low: float | None, high: float | None) -> float:
    """Return a number that was sent as one, or as a person types it."""
    number = _typed(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or abs(number) > _ABSURD:
        raise BadValue(name=name, value=value, allowed=Message("allowed.range", {"low": low, "high": high}))
    return number


def _typed(text: str) -> float | None:
    if len(text) > LONGEST_NUMBER:
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None
