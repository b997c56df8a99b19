"""`metrics.jsonl` → what happened in a run, as columns: losses, rates, evaluations, samples, alarms.

Law: every line that holds a step is kept once, in the order of the file; a line cut off by a crash is left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

Point = tuple[float, float]
Record = Mapping[str, Any]

MEASURES = (
    "loss",
    "learning_rate",
    "tokens_per_second",
    "gradient_norm",
    "held_out_bits_per_character",
    "held_out_nats_per_token",
)
"""What a line may measure; each becomes a curve over the steps."""


@dataclass(frozen=True)
class Records:
    """A run's story so far."""

    curves: Mapping[str, Sequence[Point]]
    best: Point | None
    """The step and the bits per character of the best evaluation."""
    samples: Sequence[Record]
    alarms: Sequence[Record]
    resumed_at: Sequence[int]
    last_step: int
    last_epoch: float


def read_records(path: Path) -> Records:
    """Return everything that `path` tells; a run without a first step has no file yet."""
    return gather(records(path))


def records(path: Path, until_step: float = math.inf) -> Iterator[Record]:
    """Yield the whole lines of `path` up to a step."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if (
                isinstance(record, dict)
                and isinstance(record.get("step"), int)
                and record["step"] <= until_step
            ):
                yield record


def gather(lines: Iterable[Record]) -> Records:
    """Sort the lines into columns."""
    curves: dict[str, list[Point]] = {name: [] for name in MEASURES}
    told: dict[str, list[Record]] = {"sample": [], "alarm": [], "event": []}
    last: Record = {}
    for record in lines:
        step = record["step"]
        for name, value in record.items():
            if name in curves:
                if is_number(value):
                    curves[name].append((step, value))
            elif name in told:
                told[name].append(record)
            elif name == "epoch":
                last = record
    evaluations = curves["held_out_bits_per_character"]
    return Records(
        curves,
        min(evaluations, key=lambda point: point[1], default=None),
        told["sample"],
        told["alarm"],
        [record["step"] for record in told["event"] if record["event"] == "resumed"],
        last.get("step", 0),
        float(last.get("epoch", 0.0)),
    )


def is_number(value: object) -> TypeGuard[float]:
    """Say whether a curve can go through `value`: a loss that became NaN has no place on paper."""
    return isinstance(value, int | float) and math.isfinite(value)
