"""Stopped after any step and resumed, with everything switched on that has a state: the same bits as never stopped."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from novelgpt.config import TrainConfig
from novelgpt.errors import RunChanged
from novelgpt.model.running.checkpoint import steps_in
from novelgpt.model.running.events import Evaluated
from novelgpt.model.running.machine import has_compiler
from novelgpt.model.running.run_folder import read_plan
from novelgpt.model.train import train
from novelgpt.tokens.shards import Shards
from tests.model.runs import (
    finish,
    losses,
    reseal,
    same_weights,
    steps_of,
    stop_after,
    tiny_config,
    tiny_shards,
    told,
)

STEPS = 8


def everything(**changes: object) -> TrainConfig:
    """Muon, averages, accumulation, dropout, bf16, halving on a plateau, holes: over several epochs."""
    settings: dict[str, object] = {
        "steps": STEPS,
        "batch_size": 27,
        "micro_batch": 10,
        "optimizer": "muon",
        "ema": 0.8,
        "dtype": "bf16",
        "schedule": "plateau",
        "learning_rate": 0.02,
        "objective": "infill",
        "evaluate_every": 1,
    }
    return tiny_config(**{**settings, **changes})


RECIPES = {
    "gpt2": everything(),
    "novel": everything(preset="novel-tiny", start="counts", dropout=0.0),
    "adamw": everything(optimizer="adamw", schedule="wsd", dtype="fp32", objective="causal"),
}


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Shards:
    return tiny_shards(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module", params=sorted(RECIPES))
def recipe(request: pytest.FixtureRequest) -> TrainConfig:
    return RECIPES[request.param]


@pytest.fixture(scope="module")
def unbroken(recipe: TrainConfig, shards: Shards, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = tmp_path_factory.mktemp("unbroken") / "run"
    finish(recipe, shards, run_dir)
    return run_dir


def assert_same(run_dir: Path, expected: Path) -> None:
    assert told(run_dir) == told(expected)
    assert same_weights(run_dir / "final", expected / "final")
    assert same_weights(run_dir / "best", expected / "best")


def test_the_run_goes_through_several_epochs(recipe: TrainConfig, unbroken: Path) -> None:
    lines = [json.loads(line) for line in (unbroken / "metrics.jsonl").read_text().splitlines()]
    assert max(line.get("epoch", 0) for line in lines) > 2


@pytest.mark.parametrize("stop_at", range(1, STEPS))
def test_stopped_after_any_step_it_ends_in_the_same_bits(
    stop_at: int, recipe: TrainConfig, shards: Shards, unbroken: Path, tmp_path: Path
) -> None:
    stop_after(recipe, shards, tmp_path / "run", stop_at)
    events = finish(recipe, shards, tmp_path / "run", resume=True)
    assert steps_of(events) == list(range(stop_at + 1, STEPS + 1))
    assert_same(tmp_path / "run", unbroken)


def test_stopped_after_every_step_it_ends_in_the_same_bits(
    recipe: TrainConfig, shards: Shards, unbroken: Path, tmp_path: Path
) -> None:
    for step in range(1, STEPS):
        stop_after(recipe, shards, tmp_path / "run", step, resume=True)
        stop_at_evaluation(recipe, shards, tmp_path / "run")
    finish(recipe, shards, tmp_path / "run", resume=True)
    assert_same(tmp_path / "run", unbroken)


def stop_at_evaluation(config: TrainConfig, shards: Shards, run_dir: Path) -> None:
    """Leave a run that goes on when it has evaluated what was still to do, before its next step."""
    events = train(config, shards, run_dir, resume=True)
    next(event for event in events if isinstance(event, Evaluated))
    events.close()


def _tensors(file: str, ending: str) -> Callable[[Path], None]:
    def forget(folder: Path) -> None:
        path = folder / f"{file}.safetensors"
        tensors = load_file(path)
        names = [name for name in tensors if name.endswith(ending)]
        assert names
        save_file({n: torch.zeros_like(v) if n in names else v for n, v in tensors.items()}, path)

    return forget


def _number(name: str, value: Any) -> Callable[[Path], None]:
    def forget(folder: Path) -> None:
        path = folder / "state.json"
        state = json.loads(path.read_text())
        assert state[name] != value
        path.write_text(json.dumps({**state, name: value}))

    return forget


FORGOTTEN = {
    "weights": _tensors("weights", ""),
    "momentum of Muon": _tensors("optimizer", ":momentum_buffer"),
    "first moment of AdamW": _tensors("optimizer", ":exp_avg"),
    "second moment of AdamW": _tensors("optimizer", ":exp_avg_sq"),
    "steps of AdamW": _tensors("optimizer", ":step"),
    "averages": _tensors("average", ""),
    "step": _number("step", 4),
    "windows at once": _number("micro_batch", 1),
    "held-out history": _number("held_out", []),
    "best so far": _number("best_bits", math.inf),
}


@pytest.mark.parametrize("item", sorted(FORGOTTEN))
def test_forgetting_any_one_thing_would_be_noticed(item: str, shards: Shards, tmp_path: Path) -> None:
    """The negative control of the tests above."""
    config = everything(learning_rate=0.3)  # too high on purpose: no progress, so that the rate is halved
    finish(config, shards, tmp_path / "whole")
    stop_after(config, shards, tmp_path / "run", 5)
    (_, newest) = steps_in(tmp_path / "run" / "checkpoints")[-1]
    FORGOTTEN[item](newest)
    reseal(newest)
    finish(config, shards, tmp_path / "run", resume=True)
    with pytest.raises(AssertionError):
        assert_same(tmp_path / "run", tmp_path / "whole")


def test_a_longer_wsd_run_is_the_run_that_was_always_meant_to_be_longer(
    shards: Shards, tmp_path: Path
) -> None:
    short = everything(schedule="wsd", steps=6, warmup=0.2)
    long = everything(schedule="wsd", steps=12, warmup=0.1)  # as many steps of warm-up
    finish(long, shards, tmp_path / "long")
    finish(short, shards, tmp_path / "run")
    assert not same_weights(tmp_path / "run" / "final", tmp_path / "long" / "final")
    events = finish(everything(schedule="wsd", steps=12, warmup=0.2), shards, tmp_path / "run", resume=True)
    assert steps_of(events) == list(range(5, 13))
    assert losses(tmp_path / "run") == losses(tmp_path / "long")
    assert same_weights(tmp_path / "run" / "final", tmp_path / "long" / "final")
    plan = read_plan(tmp_path / "run")
    assert plan is not None
    assert plan.history == ("step 4: steps: 6 → 12",)


def test_a_run_is_made_longer_by_more_epochs_too(shards: Shards, tmp_path: Path) -> None:
    config = tiny_config(steps=None, epochs=1.0)
    finish(config, shards, tmp_path / "run")
    first = read_plan(tmp_path / "run")
    events = finish(tiny_config(steps=None, epochs=2.0), shards, tmp_path / "run", resume=True)
    assert first is not None
    assert steps_of(events) == list(range(first.total_steps + 1, 2 * first.total_steps + 1))


def test_a_fork_goes_on_with_other_chapters_and_rates_and_notes_it(shards: Shards, tmp_path: Path) -> None:
    stop_after(tiny_config(), shards, tmp_path / "run", 2)
    (tmp_path / "more").mkdir()
    more = tiny_shards(tmp_path / "more", copies=9)
    changed = tiny_config(learning_rate=1e-4)
    with pytest.raises(RunChanged, match=r"learning_rate: None → 0\.0001, chapters"):
        finish(changed, more, tmp_path / "run", resume=True)
    events = list(train(changed, more, tmp_path / "run", resume=True, fork=True))
    assert steps_of(events) == [3, 4, 5, 6]
    plan = read_plan(tmp_path / "run")
    assert plan is not None
    assert plan.source == more.source
    assert plan.history[0].startswith("step 2: learning_rate: None → 0.0001, chapters")


@pytest.mark.parametrize("changes", [{"layers": 3}, {"context_length": 24}, {"preset": "novel-tiny"}])
def test_not_even_a_fork_changes_the_shape(changes: dict[str, Any], shards: Shards, tmp_path: Path) -> None:
    stop_after(tiny_config(), shards, tmp_path / "run", 2)
    with pytest.raises(RunChanged, match=next(iter(changes))):
        list(train(tiny_config(**changes), shards, tmp_path / "run", resume=True, fork=True))


def test_saving_and_sampling_more_often_is_no_other_run(shards: Shards, tmp_path: Path) -> None:
    stop_after(tiny_config(), shards, tmp_path / "run", 2)
    finish(tiny_config(save_every=1, sample_every=1, keep=3), shards, tmp_path / "run", resume=True)
    assert [step for step, _ in steps_in(tmp_path / "run" / "checkpoints")] == [4, 5, 6]


def test_early_stopping_ends_a_run_that_makes_no_progress_and_resuming_leaves_it_so(
    shards: Shards, tmp_path: Path
) -> None:
    config = tiny_config(steps=40, learning_rate=0.5, evaluate_every=1, patience=2)
    events = finish(config, shards, tmp_path / "run")
    assert 3 <= len(steps_of(events)) < 40
    copy = shutil.copytree(tmp_path / "run", tmp_path / "copy")
    assert not steps_of(finish(config, shards, copy, resume=True))
    assert same_weights(copy / "final", tmp_path / "run" / "final")


@pytest.mark.skipif(not has_compiler(), reason="torch.compile needs a C++ compiler")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inductor still imports torch.jit
def test_a_compiled_run_resumes_exactly_and_saves_plain_names(shards: Shards, tmp_path: Path) -> None:
    config = tiny_config(compile="on", layers=1, steps=4, evaluate_every=4)
    finish(config, shards, tmp_path / "whole")
    stop_after(config, shards, tmp_path / "run", 2)
    finish(config, shards, tmp_path / "run", resume=True)
    assert_same(tmp_path / "run", tmp_path / "whole")
    assert not any(
        "_orig_mod" in name for name in load_file(tmp_path / "run" / "final" / "model.safetensors")
    )
