"""What was asked for, a corpus and a machine → the plan of a run, settled once so that resuming never decides anew.

Law: a plan depends on nothing that happens later; a resumed run uses it as it stands, and says what is no longer the same.
"""

from __future__ import annotations

import copy
import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from novelgpt.config import TrainConfig
from novelgpt.errors import BadValue, RunChanged
from novelgpt.files import sha256_file
from novelgpt.messages import Message
from novelgpt.model.folder import Model
from novelgpt.model.learning.learner import Learner
from novelgpt.model.learning.objective import hole_id
from novelgpt.model.learning.schedule import resolve, warmup_of
from novelgpt.model.learning.windows import Windows
from novelgpt.model.networks.adapt import initial_model, with_lora
from novelgpt.model.networks.architectures import choose_preset, new_network
from novelgpt.model.networks.dropout import set_dropout
from novelgpt.model.running.distributed import World
from novelgpt.model.running.events import Notice
from novelgpt.model.running.machine import Machine, faster_dtype, has_compiler, this_machine
from novelgpt.model.running.run_folder import RunPlan
from novelgpt.tokens.shards import Shards
from novelgpt.tokens.vocabulary import Vocabulary

_PROBE_STEPS, _PROBE_SECONDS = 3, 2.0
_WORTH_COMPILING = 300  # steps: below, compiling takes longer than it saves

LENGTH = ("epochs", "steps", "minutes")
"""Settings that may change when a run is made longer."""

_HARMLESS = ("sample_every", "save_every", "keep")
"""Settings that may change at any time: they touch no weight."""

_SHAPE = (
    "preset",
    "layers",
    "width",
    "heads",
    "init",
    "lora",
    "lora_rank",
    "lora_targets",
    "start",
    "context_length",
)
"""Settings that not even a fork may change: the weights would not fit."""


@dataclass(frozen=True)
class Settled:
    """A plan, what it says to a person, and how long a step takes where that was measured."""

    plan: RunPlan
    notices: tuple[Notice, ...] = ()
    seconds_per_step: float | None = None
    network: Any = None
    """One of the plan's shape, to be examined."""


def settle(config: TrainConfig, shards: Shards, base: Model | None = None, *, probe: bool = False) -> Settled:
    """Settle everything that the machine and the corpus decide."""
    machine = this_machine()
    if config.objective == "infill":
        hole_id(shards.tokenizer)  # said now rather than at the first step
    _require_one_way(config, base)
    if base is None:
        preset, why = choose_preset(config.preset, shards.train.characters, machine.on_gpu)
    else:
        preset, why = base.name, Message("train.from_model", {"model": base.name})
    notices = [Notice(why)]
    longest = config.context_length
    if base is not None and base.network.config.max_position_embeddings < longest:
        longest = base.network.config.max_position_embeddings
        notices.append(
            Notice(Message("train.window_of_model", {"asked": config.context_length, "used": longest}))
        )
    windows = Windows(shards.train, longest, config.batch_size, config.seed, config.stride)
    if windows.context_length < longest:
        facts = {"asked": longest, "used": windows.context_length}
        notices.append(Notice(Message("train.window_shrunk", facts)))
    if config.compile == "on" and not has_compiler():
        notices.append(Notice(Message("train.no_compiler")))
    recipe = resolve(config, preset)
    device = torch.device(machine.device)
    plan = RunPlan(
        config=config,
        preset=preset,
        parameters=0,
        dtype=faster_dtype(device) if config.dtype == "auto" else config.dtype,
        compiled=config.compile == "on" and has_compiler(),
        threads=machine.threads,
        machine=" ".join(machine.signature().values()),
        context_length=windows.context_length,
        batch_size=windows.batch_size,
        optimizer=recipe.optimizer,
        schedule=recipe.schedule,
        learning_rate=recipe.learning_rate,
        start=start_of(config, preset, base),
        total_steps=0,
        warmup_steps=0,
        source=shards.source,
        fingerprint=shards.tokenizer.fingerprint,
        base="" if base is None else str(base.folder),
        base_weights="" if base is None else weights_hash(base.folder),
    )
    return _with_steps(plan, shards, windows, machine, notices, base, probe)


def _require_one_way(config: TrainConfig, base: Model | None) -> None:
    """Refuse what cannot be had together."""
    if config.lora and base is None:
        raise BadValue(name="lora", value="on", allowed=Message("train.lora_needs_model"))
    if config.shard and (config.lora or config.optimizer == "muon"):
        raise BadValue(name="shard", value="on", allowed=Message("train.shard_alone"))


def start_of(config: TrainConfig, preset: str, base: Model | None) -> str:
    """Return where the weights come from: a model, counts of the corpus, or chance."""
    if base is not None:
        if config.start == "counts":
            raise BadValue(name="start", value="counts", allowed=Message("train.start_or_init"))
        return "model"
    if config.start == "auto":
        return "counts" if preset.startswith("novel-") else "random"
    return config.start


def network_for(plan: RunPlan, base: Model | None, tokenizer: Vocabulary) -> Any:
    """Return a fresh network of this plan; the same plan gives the same bits."""
    config = replace(plan.config, context_length=plan.context_length)
    if base is not None:
        network = copy.deepcopy(base.network).requires_grad_(True)  # the probe below must not teach it
        set_dropout(network, config.dropout)
        if config.lora:
            return with_lora(network, config.lora_rank, config.lora_targets, config.seed)
        return network
    return new_network(config, plan.preset, tokenizer, tied=plan.start != "counts")


def weights_hash(folder: Path) -> str:
    """Return a fingerprint of the weights in a model folder."""
    sums = [sha256_file(path) for path in sorted(folder.glob("*.safetensors"))]
    return hashlib.sha256(" ".join(sums).encode()).hexdigest()[:16]


def base_model(config: TrainConfig) -> Model | None:
    """Return the model that `--init` names, if any."""
    return None if config.init is None else initial_model(config.init)


def _with_steps(
    plan: RunPlan,
    shards: Shards,
    windows: Windows,
    machine: Machine,
    notices: list[Notice],
    base: Model | None,
    probe: bool,
) -> Settled:
    config, seconds = plan.config, None
    network = network_for(plan, base, shards.tokenizer)
    plan = replace(plan, parameters=sum(p.numel() for p in network.parameters()))
    if config.minutes or probe:
        seconds = seconds_per_step(plan, network, shards)
    steps = steps_for(config, windows, seconds)
    if config.compile == "auto" and steps >= _WORTH_COMPILING and machine.on_gpu and has_compiler():
        plan = replace(plan, compiled=True)
    facts = {
        "steps": steps,
        "epochs": round(steps / windows.batches_per_epoch, 2),
        "dtype": plan.dtype,
        "windows": windows.batch_size,
        "characters": shards.train.characters,
        "held_out": shards.held_out.characters,
    }
    notices.append(Notice(Message("train.plan", facts)))
    plan = replace(plan, total_steps=steps, warmup_steps=warmup_of(config, steps))
    return Settled(plan, tuple(notices), seconds, network)


def steps_for(config: TrainConfig, windows: Windows, seconds: float | None) -> int:
    """Return how many steps a run of this length has."""
    if config.steps:
        return config.steps
    if config.minutes and seconds:
        return max(1, round(config.minutes * 60 / seconds))
    return max(1, math.ceil(config.epochs * windows.batches_per_epoch))


def seconds_per_step(plan: RunPlan, network: Any, shards: Shards) -> float:
    """Time a few steps on a throwaway network."""
    learner = Learner(replace(plan, total_steps=_PROBE_STEPS + 1, compiled=False), network, shards, World())
    learner.step(0)
    began_at, made = time.monotonic(), 0
    while made < _PROBE_STEPS and (not made or time.monotonic() - began_at < _PROBE_SECONDS):
        made += 1
        learner.step(made)
    return (time.monotonic() - began_at) / made


def reconsidered(
    plan: RunPlan, config: TrainConfig, shards: Shards, run_dir: Path, step: int, *, fork: bool
) -> Settled:
    """Return the plan that a resumed run goes on with; refuse what cannot be the same run."""
    notices = list(_other_machine(plan))
    if plan.fingerprint != shards.tokenizer.fingerprint:
        raise RunChanged(path=run_dir, what=Message("train.changed_vocabulary"))
    changed = _changed(plan.config, config)
    if plan.source != shards.source:
        changed["chapters"] = (plan.source, shards.source)
    refused = [name for name in changed if name not in (*LENGTH, *_HARMLESS) and (not fork or name in _SHAPE)]
    if refused:
        only_chapters = refused == ["chapters"]
        what = Message("train.changed_corpus") if only_chapters else _listed(changed, refused)
        raise RunChanged(path=run_dir, what=what)
    if not changed:
        return Settled(plan, tuple(notices))
    new = replace(plan, config=config, source=shards.source)
    if any(name in changed for name in LENGTH):
        new = _longer(plan, new, shards, step)
    if what := _listed(changed, [name for name in changed if name not in _HARMLESS]):
        new = replace(new, history=(*plan.history, f"step {new.extended_from or step}: {what}"))
    recipe = resolve(config, plan.preset)
    new = replace(
        new, optimizer=recipe.optimizer, schedule=recipe.schedule, learning_rate=recipe.learning_rate
    )
    facts = {"before": plan.total_steps, "total": new.total_steps, "step": new.extended_from or step}
    notices.append(Notice(Message("train.goes_on_changed", facts)))
    return Settled(new, tuple(notices))


def _longer(plan: RunPlan, new: RunPlan, shards: Shards, step: int) -> RunPlan:
    """A wsd run goes back to where it began to cool down, as if it had always been meant to be longer."""
    windows = Windows(shards.train, plan.context_length, plan.batch_size, new.config.seed, new.config.stride)
    seconds = None
    if new.config.minutes and not new.config.steps:
        network = network_for(plan, base_model(plan.config), shards.tokenizer)
        seconds = seconds_per_step(plan, network, shards)
    total = max(step, steps_for(new.config, windows, seconds))
    back_to = min(step, plan.cooling_from) if plan.schedule == "wsd" else step
    return replace(new, total_steps=total, extended_from=back_to if total > plan.total_steps else step)


def _other_machine(plan: RunPlan) -> Iterator[Notice]:
    here = " ".join(this_machine().signature().values())
    if here != plan.machine:
        yield Notice(Message("train.other_machine", {"before": plan.machine, "now": here}))
    torch.set_num_threads(plan.threads)  # another number of threads adds in another order


def _changed(old: TrainConfig, new: TrainConfig) -> dict[str, tuple[Any, Any]]:
    before, after = old.to_dict(), new.to_dict()
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def _listed(changed: dict[str, tuple[Any, Any]], names: list[str]) -> str:
    return ", ".join(f"{name}: {changed[name][0]} → {changed[name][1]}" for name in names)
