"""What was asked for → the recipe of a run, and from the recipe the learning rate of every step.

Law: a rate is a pure function of its arguments, so resuming has nothing to restore. Where the number of warm-up steps is
settled once and passed in, a `wsd` run that is extended before its cooldown repeats every rate it had.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from novelgpt.config import TrainConfig

COSINE_END = 0.1
"""Of the peak, at the end of the cosine."""
WSD_END = 0.05
"""Of the peak, at the end of the cooldown."""
LOWEST_PLATEAU = 1 / 64
"""Halving stops here: below it a network hardly moves, and a run that has come so far should end instead."""


@dataclass(frozen=True)
class Recipe:
    """How the weights move: settled when a run begins, kept when it is extended."""

    optimizer: str
    schedule: str
    learning_rate: float


@dataclass(frozen=True)
class _Default:
    """What "auto" stands for."""

    optimizer: str
    schedule: str
    muon_rate: float
    adamw_rate: float


# Small sizes: a pilot of ten minutes on two cores (6 layers x 384, 4,096 tokens a step) gave
# 7.41 bits a character with Muon and 7.83 with AdamW on GPT-2, 7.17 and 7.18 on Qwen3; the wider ones follow width by custom.
# wsd loses nothing to a cosine and can be extended.
_SIZES = {
    "tiny": _Default("muon", "wsd", 1.5e-3, 1e-3),
    "small": _Default("muon", "wsd", 1.2e-3, 8e-4),
    "base": _Default("muon", "wsd", 1e-3, 6e-4),
    "medium": _Default("muon", "wsd", 8e-4, 4e-4),
    "large": _Default("muon", "wsd", 6e-4, 3e-4),
    "xl": _Default("muon", "wsd", 5e-4, 2e-4),
}
# Weights that were learnt with AdamW go on with AdamW, gently; adapters are few and begin at nothing, so they may move faster.
_INIT = _Default("adamw", "cosine", 1e-4, 1e-4)
_LORA = _Default("adamw", "cosine", 5e-4, 5e-4)


def resolve(config: TrainConfig, preset: str) -> Recipe:
    """Turn every "auto" into a value; what was asked for by name stays."""
    default = _default(config, preset)
    kind = "adamw" if config.shard else default.optimizer  # Muon needs a matrix whole
    optimizer = kind if config.optimizer == "auto" else config.optimizer
    rate = default.muon_rate if optimizer == "muon" else default.adamw_rate
    return Recipe(
        optimizer=optimizer,
        schedule=default.schedule if config.schedule == "auto" else config.schedule,
        learning_rate=rate if config.learning_rate is None else config.learning_rate,
    )


def _default(config: TrainConfig, preset: str) -> _Default:
    if config.lora:
        return _LORA
    return _INIT if config.init else _SIZES.get(preset.rpartition("-")[2], _INIT)


def learning_rate(
    step: int,
    total_steps: int,
    config: TrainConfig,
    schedule: str,
    peak: float,
    warmup_steps: int | None = None,
) -> float:
    """Return the rate of a step (0-based); `plateau` stays level, for the caller to multiply by `plateau_factor`."""
    warmup = warmup_of(config, total_steps) if warmup_steps is None else warmup_steps
    if step < warmup:
        return peak * ((step + 1) / warmup)
    if schedule == "plateau":
        return peak
    last = min(step, total_steps - 1)
    if schedule == "wsd":
        return peak * _cooled(last, total_steps, max(warmup, cooldown_begins(config, total_steps)))
    return peak * _SHAPES[schedule]((last - warmup) / max(1, total_steps - warmup))


def warmup_of(config: TrainConfig, total_steps: int) -> int:
    """Return how many steps the warm-up of a plan takes; an extended run keeps the number of its first plan."""
    return max(1, round(config.warmup * total_steps))


def cooldown_begins(config: TrainConfig, total_steps: int) -> int:
    """Return the step at which a `wsd` run starts to cool: until then it may be extended without a trace."""
    return round(total_steps * (1 - config.cooldown))


def _cooled(step: int, total_steps: int, begin: int) -> float:
    """Stay level, then go down by one minus the root of the time gone by, the best of the shapes in arXiv 2405.18392."""
    if step < begin:
        return 1.0
    return WSD_END + (1 - WSD_END) * (1 - math.sqrt((step + 1 - begin) / (total_steps - begin)))


_SHAPES: dict[str, Callable[[float], float]] = {
    "cosine": lambda done: COSINE_END + (1 - COSINE_END) * 0.5 * (1 + math.cos(math.pi * done)),
    "linear": lambda done: 1 - done,
}


def plateau_factor(history: Sequence[float], patience: int) -> float:
    """Halve once for every `patience` values in a row without a new best one."""
    best, waited, factor = math.inf, 0, 1.0
    for value in history:
        better = value < best
        best, waited = (value, 0) if better else (best, waited + 1)
        if waited >= max(1, patience):
            factor, waited = factor / 2, 0
    return max(factor, LOWEST_PLATEAU)
