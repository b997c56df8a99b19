"""The records and the facts of a run → what is worth telling a person, in their language, not yet on paper.

Law: it is a pure function of its arguments, and every number in it carries its unit. Nothing here is escaped: whoever
puts it on paper does that.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from novelgpt.config import TrainConfig
from novelgpt.messages import Lang, Message, translate
from novelgpt.model.reporting.curves import Chart, Line, smooth, thin
from novelgpt.model.reporting.facts import Facts
from novelgpt.model.running.records import Point, Record, Records

MOST_SAMPLES = 12
_LARGEST_EXPONENT = 50.0

Row = tuple[str, str]

_SETTLED = (
    "preset", "family", "base", "parameters", "trainable", "shape", "start", "objective", "context_length", "batch_size",
    "micro_batch", "optimizer", "schedule", "learning_rate", "dtype", "compiled", "threads", "machine", "training",
    "held_out", "vocabulary", "history",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A text the model wrote, and when."""

    step: int
    text: str
    copied_share: float | None
    bits: float | None
    """Held-out bits per character at the last evaluation before it."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    title: str
    status: str
    figures: Sequence[Row]
    alarms: Sequence[tuple[int, str]]
    comparison: Sequence[tuple[str, str, str]]
    """Rows of name, before, after; empty unless the run began from a model."""
    charts: Sequence[Chart]
    samples: Sequence[Told]
    commands: Sequence[Row]
    settled: Sequence[Row]
    settings: Sequence[tuple[str, str, bool]]
    """Flag, value, and whether it is the default."""
    signature: str


def outcome_of(records: Records, facts: Facts, lang: Lang) -> Outcome:
    """Put everything together."""
    name = str(facts.get("name", ""))
    return Outcome(
        translate("run_report.title", lang, name=name),
        _status(records, facts, lang),
        _figures(records, facts, lang),
        [(record["step"], alarm_text(record["alarm"], lang)) for record in records.alarms],
        _comparison(records, facts, lang),
        charts_of(records, facts),
        _samples(records),
        _commands(facts, lang),
        _settled(facts, lang),
        _settings(facts.get("config", {})),
        signature(facts),
    )


def alarm_text(alarm: Mapping[str, Any], lang: Lang) -> str:
    """Return an alarm's sentence; one that another version of this program wrote is shown by its name."""
    try:
        return Message(alarm["key"], dict(alarm.get("facts", {}))).text(lang)
    except (KeyError, ValueError, IndexError):
        return str(alarm.get("key", alarm))


def signature(facts: Facts) -> str:
    """Return in one line what has to be the same for the same result."""
    config = facts.get("config", {})
    values = {
        "novelgpt": facts.get("version"),
        "model": facts.get("preset"),
        "base": facts.get("base_weights") or None,
        "data": facts.get("source"),
        "vocabulary": facts.get("fingerprint"),
        "seed": config.get("seed"),
        "steps": facts.get("total_steps"),
        "optimizer": facts.get("optimizer"),
        "schedule": facts.get("schedule"),
        "dtype": facts.get("dtype"),
        "threads": facts.get("threads"),
        "machine": plain(facts.get("machine")) or None,
    }
    return "|".join(f"{name}:{value}" for name, value in values.items() if value is not None)


def charts_of(records: Records, facts: Facts) -> list[Chart]:
    """Return the charts of a run; those without a point are left out."""
    curves = records.curves
    nats, bits = curves["held_out_nats_per_token"], curves["held_out_bits_per_character"]
    perplexity = [(step, math.exp(value)) for step, value in nats if value < _LARGEST_EXPONENT]
    norms = [point for point in curves["gradient_norm"] if point[1] > 0]
    loss = [
        *_noisy("training", "blue", curves["loss"]),
        _dots(nats),
        *_level("unigram", facts.get("unigram_nats"), records),
    ]
    charts = [
        Chart("loss", loss),
        Chart("bits", [_dots(bits)], best=records.best),
        Chart("perplexity", [_dots(perplexity)], logarithmic=True),
        Chart("learning_rate", [Line("", "gold", thin(curves["learning_rate"]))]),
        Chart("speed", _noisy("", "green", curves["tokens_per_second"])),
        Chart("gradient_norm", _noisy("", "gold", norms), logarithmic=True),
    ]
    return [
        replace(chart, lines=[line for line in chart.lines if line.points])
        for chart in charts
        if not chart.is_empty
    ]


def _noisy(name: str, colour: str, points: Sequence[Point]) -> list[Line]:
    """A curve that jumps at every step is shown twice: faint as it is, and smoothed."""
    return [Line("", colour, thin(points), "raw"), Line(name, colour, thin(smooth(points)))]


def _dots(points: Sequence[Point]) -> Line:
    return Line("held_out", "red", thin(points), "dots")


def _level(name: str, value: float | None, records: Records) -> list[Line]:
    if value is None:
        return []
    return [Line(name, "soft", [(0.0, value), (float(max(1, records.last_step)), value)], "level")]


def _status(records: Records, facts: Facts, lang: Lang) -> str:
    total = int(facts.get("total_steps", records.last_step))
    status = facts.get("status") or ("finished" if records.last_step >= total else "stopped")
    return translate(f"run_report.status.{status}", lang, step=records.last_step, total=total)


def _figures(records: Records, facts: Facts, lang: Lang) -> list[Row]:
    values: dict[str, str] = {}
    if records.best:
        nats = dict(records.curves["held_out_nats_per_token"]).get(records.best[0])
        values["best"] = f"{records.best[1]:.3f}"
        if nats is not None and nats < _LARGEST_EXPONENT:
            values["perplexity"] = f"{math.exp(nats):,.1f}"
        values["best_step"] = f"{int(records.best[0]):,}"
    values["steps"] = f"{records.last_step:,} / {int(facts.get('total_steps', records.last_step)):,}"
    values["epochs"] = f"{records.last_epoch:.2f}"
    if "parameters" in facts:
        values["parameters"] = short_count(facts["parameters"])
    if speeds := [speed for _, speed in records.curves["tokens_per_second"]]:
        values["speed"] = f"{median(speeds):,.0f}"
    return [(value, translate(f"run_report.figure.{name}", lang)) for name, value in values.items()]


def _comparison(records: Records, facts: Facts, lang: Lang) -> list[tuple[str, str, str]]:
    before = facts.get("before")
    if not before:
        return []
    after: dict[str, Any] = {
        "bits_per_character": records.best[1] if records.best else None,
        "sample": records.samples[-1]["sample"] if records.samples else None,
        **facts.get("after", {}),
    }
    return [
        (translate(f"run_report.compared.{name}", lang), _shown(before.get(name)), _shown(after.get(name)))
        for name in ("bits_per_character", "sample")
    ]


def _shown(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def _samples(records: Records) -> list[Told]:
    """Return a few samples, evenly spread from the first to the last."""
    count = min(MOST_SAMPLES, len(records.samples))
    chosen = [
        records.samples[place * (len(records.samples) - 1) // max(1, count - 1)] for place in range(count)
    ]
    return [_told(record, records.curves["held_out_bits_per_character"]) for record in chosen]


def _told(record: Record, evaluations: Sequence[Point]) -> Told:
    bits = [value for step, value in evaluations if step <= record["step"]]
    return Told(record["step"], str(record["sample"]), record.get("copied_share"), bits[-1] if bits else None)


def _commands(facts: Facts, lang: Lang) -> list[Row]:
    name, total = shlex.quote(str(facts.get("name", "default"))), int(facts.get("total_steps", 0))
    lines = {
        "resume": f"novelgpt train --resume --name {name}",
        "longer": f"novelgpt train --resume --name {name} --steps {2 * total}",
        "generate": f'novelgpt generate "话说" --model {name}',
        "score": f"novelgpt score --model {name}",
    }
    return [(line, translate(f"run_report.command.{kind}", lang)) for kind, line in lines.items()]


def _settled(facts: Facts, lang: Lang) -> list[Row]:
    values = {**facts, **_told_together(facts, lang)}
    rows = [(translate(f"run_report.fact.{name}", lang), plain(values.get(name))) for name in _SETTLED]
    return [(name, value) for name, value in rows if value]


def _told_together(facts: Facts, lang: Lang) -> dict[str, str]:
    """Return what is said of several facts at once, and what only means something beside another."""
    told: dict[str, str] = {"objective": facts.get("config", {}).get("objective", "")}
    if {"layers", "width", "heads"} <= facts.keys():
        told["shape"] = f"{facts['layers']} × {facts['width']} × {facts['heads']}"
    if facts.get("trainable") == facts.get("parameters"):
        told["trainable"] = ""
    for side in ("training", "held_out"):
        if f"{side}_characters" in facts:
            amounts = {unit: facts.get(f"{side}_{unit}", 0) for unit in ("characters", "tokens")}
            told[side] = translate("run_report.amount", lang, **amounts)
    if "vocabulary" in facts:
        told["vocabulary"] = translate(
            "run_report.pieces", lang, size=facts["vocabulary"], fingerprint=facts.get("fingerprint", "")
        )
    return told


def _settings(config: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    usual = TrainConfig().to_dict()
    return [
        (f"--{name.replace('_', '-')}", plain(value) or "–", name in usual and usual[name] == value)
        for name, value in config.items()
    ]


def plain(value: Any) -> str:
    """Return a fact as a person writes it; nothing for what is not known."""
    match value:
        case None | "":
            return ""
        case bool():
            return "✓" if value else ""
        case int():
            return f"{value:,}"
        case float():
            return f"{value:g}"
        case Mapping():
            return " · ".join(f"{name} {plain(inner)}" for name, inner in value.items() if plain(inner))
        case list() | tuple():
            return " · ".join(map(plain, value))
    return str(value)


def short_count(number: float) -> str:
    """Return a large count as three digits and a letter: 8.97M."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:g}"
