"""Laws of the learning rate, and what "auto" comes to."""

import dataclasses
import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.config import GPT2_PRESETS, NOVEL_PRESETS, TrainConfig
from novelgpt.model.learning.schedule import (
    COSINE_END,
    LOWEST_PLATEAU,
    WSD_END,
    cooldown_begins,
    learning_rate,
    plateau_factor,
    resolve,
    warmup_of,
)

PEAK = 1e-3
SCHEDULES = ("cosine", "wsd", "linear", "plateau")


def shape_of(warmup: float = 0.1, cooldown: float = 0.4) -> TrainConfig:
    return TrainConfig(warmup=warmup, cooldown=cooldown)


KNOWN = [
    ("cosine", 0, PEAK / 10),
    ("cosine", 9, PEAK),
    ("cosine", 10, PEAK),
    ("cosine", 55, PEAK * (1 + COSINE_END) / 2),
    ("linear", 4, PEAK / 2),
    ("linear", 55, PEAK / 2),
    ("linear", 99, PEAK / 90),
    ("wsd", 0, PEAK / 10),
    ("wsd", 10, PEAK),
    ("wsd", 59, PEAK),
    ("wsd", 69, PEAK * (WSD_END + (1 - WSD_END) / 2)),
    ("wsd", 99, PEAK * WSD_END),
    ("wsd", 500, PEAK * WSD_END),
    ("plateau", 99, PEAK),
]


@pytest.mark.parametrize(("schedule", "step", "expected"), KNOWN)
def test_known_rates_of_a_hundred_steps(schedule: str, step: int, expected: float) -> None:
    assert learning_rate(step, 100, shape_of(), schedule, PEAK) == pytest.approx(expected)


plans = st.tuples(
    st.sampled_from(SCHEDULES),
    st.integers(1, 400),
    st.floats(0.0, 0.9),
    st.floats(0.0, 1.0),
)


@settings(deadline=None, max_examples=50)
@given(plans)
def test_every_rate_is_positive_and_the_peak_is_reached_and_never_passed(
    plan: tuple[str, int, float, float],
) -> None:
    schedule, total, warmup, cooldown = plan
    shape = shape_of(warmup, cooldown)
    rates = [learning_rate(step, total, shape, schedule, PEAK) for step in range(total)]
    assert all(rate > 0 for rate in rates)
    assert max(rates) == PEAK


@settings(deadline=None, max_examples=50)
@given(plans)
def test_no_rate_jumps_further_than_its_shape_allows(plan: tuple[str, int, float, float]) -> None:
    """What a curve may do in one step goes to nothing as the plan grows: there is no break in it."""
    schedule, total, warmup, cooldown = plan
    shape = shape_of(warmup, cooldown)
    after = max(1, total - warmup_of(shape, total))
    cooling = max(1, min(after, total - cooldown_begins(shape, total)))
    down = {
        "cosine": math.pi / 2 / after,
        "linear": 1 / after,
        "wsd": math.sqrt(1 / cooling),
        "plateau": 0.0,
    }[schedule]
    largest = PEAK * max(down, 1 / warmup_of(shape, total)) * (1 + 1e-9)
    rates = [learning_rate(step, total, shape, schedule, PEAK) for step in range(total)]
    assert all(abs(b - a) <= largest for a, b in itertools.pairwise(rates))


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 400), st.integers(0, 400), st.floats(0.0, 0.9), st.floats(0.0, 1.0))
def test_extending_a_wsd_run_changes_nothing_before_its_cooldown(
    total: int, more: int, warmup: float, cooldown: float
) -> None:
    shape = shape_of(warmup, cooldown)
    settled = warmup_of(shape, total)
    before = range(cooldown_begins(shape, total))
    assert [learning_rate(step, total, shape, "wsd", PEAK, settled) for step in before] == [
        learning_rate(step, total + more, shape, "wsd", PEAK, settled) for step in before
    ]


def test_extending_a_cosine_changes_its_past() -> None:
    """The negative control of the law above, and the reason for wsd."""
    rates = [learning_rate(50, total, shape_of(), "cosine", PEAK, 10) for total in (100, 200)]
    assert rates[0] != rates[1]


HISTORIES: list[tuple[list[float], int, float]] = [
    ([], 2, 1.0),
    ([3.0, 2.0, 1.0], 1, 1.0),
    ([1.0, 2.0], 2, 1.0),
    ([1.0, 2.0, 2.0], 2, 0.5),
    ([1.0, 1.0, 1.0], 2, 0.5),
    ([1.0, 2.0, 0.5, 2.0], 2, 1.0),
    ([1.0, 2.0, 2.0, 0.5], 2, 0.5),
    ([1.0, 2.0, 2.0, 2.0, 2.0], 2, 0.25),
    ([1.0, math.nan, math.nan], 2, 0.5),
    ([1.0] * 1000, 1, LOWEST_PLATEAU),
    ([1.0, 1.0], 0, 0.5),
]


@pytest.mark.parametrize(("history", "patience", "expected"), HISTORIES)
def test_the_rate_is_halved_when_nothing_gets_better(
    history: list[float], patience: int, expected: float
) -> None:
    assert plateau_factor(history, patience) == expected


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0.0, 9.0), max_size=40), st.floats(0.0, 9.0), st.integers(1, 5))
def test_one_more_value_halves_at_most_once_and_never_raises_the_rate(
    history: list[float], value: float, patience: int
) -> None:
    before, after = plateau_factor(history, patience), plateau_factor([*history, value], patience)
    assert after in {before, max(before / 2, LOWEST_PLATEAU)}


RESOLVED = [
    ({}, "gpt2-tiny", "muon", "wsd"),
    ({}, "novel-base", "muon", "wsd"),
    ({"optimizer": "adamw"}, "novel-tiny", "adamw", "wsd"),
    ({"schedule": "linear"}, "novel-tiny", "muon", "linear"),
    ({"init": "somewhere"}, "gpt2-base", "adamw", "cosine"),
    ({"init": "somewhere", "lora": True}, "gpt2-base", "adamw", "cosine"),
    ({"init": "somewhere", "optimizer": "muon"}, "of its own", "muon", "cosine"),
]


@pytest.mark.parametrize(("asked", "preset", "optimizer", "schedule"), RESOLVED)
def test_auto_becomes_a_value_and_a_wish_stays(
    asked: dict[str, object], preset: str, optimizer: str, schedule: str
) -> None:
    recipe = resolve(TrainConfig(**asked), preset)  # type: ignore[arg-type]
    assert (recipe.optimizer, recipe.schedule) == (optimizer, schedule)
    assert recipe.learning_rate > 0
    wished = resolve(TrainConfig(**asked, learning_rate=0.007), preset)  # type: ignore[arg-type]
    assert wished == dataclasses.replace(recipe, learning_rate=0.007)


@pytest.mark.parametrize("preset", [*GPT2_PRESETS, *NOVEL_PRESETS])
def test_every_preset_has_a_recipe_of_its_own(preset: str) -> None:
    """A preset missing from the table would be taken for weights from elsewhere."""
    fresh = resolve(TrainConfig(), preset)
    assert fresh.schedule == "wsd"
    assert fresh.learning_rate > resolve(TrainConfig(init="x"), preset).learning_rate
