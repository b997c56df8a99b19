"""Shards → weights: the training loop, as a stream of events.

Law: killed at any instant and resumed, a run ends in the same weights and losses, bit for bit, as one never stopped
(same machine, threads and arithmetic). It holds because everything random is a pure function of (seed, step): the
order of the data in `windows`, dropout by reseeding before each step, and the learning rate.
Stopping is leaving the loop: the `finally` makes the last save.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from novelgpt.config import TrainConfig
from novelgpt.errors import NoValidCheckpoint, RunChanged, RunExists
from novelgpt.files import write_json
from novelgpt.messages import Message
from novelgpt.model.architectures import choose_preset, new_network
from novelgpt.model.card import model_card
from novelgpt.model.checkpoint import newest_valid, repair_names, rotate, steps_in, write_folder
from novelgpt.model.folder import save_model, trained_tensors
from novelgpt.model.loss import cross_entropy
from novelgpt.model.run_folder import RunPlan, keep_metrics_until, read_plan, write_plan
from novelgpt.model.windows import Windows, held_out_windows
from novelgpt.tokens.shards import Shards

_HELD_OUT_WINDOWS = 128
_FINAL_RATE = 0.1  # of the peak learning rate, at the end of the cosine
_PROBE_STEPS = 3
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # names and numbers of glibc's malloc.h


@dataclass(frozen=True)
class Notice:
    """Something worth a line: which preset and why, what was resumed, what was set aside."""

    message: Message


@dataclass(frozen=True)
class Step:
    """One optimiser step was made."""

    step: int
    total_steps: int
    epoch: float
    loss: float
    learning_rate: float
    tokens_per_second: float
    remaining_seconds: float


@dataclass(frozen=True)
class Evaluated:
    """The held-out text was read; bits per character compare across vocabularies."""

    step: int
    bits_per_character: float
    nats_per_token: float
    best: bool


@dataclass(frozen=True)
class Saved:
    """A checkpoint is on disk, whole."""

    step: int
    folder: Path


@dataclass(frozen=True)
class Finished:
    """The run is done; `final` and `best` hold its models."""

    steps: int
    final_dir: Path
    best_bits_per_character: float


TrainEvent = Notice | Step | Evaluated | Saved | Finished


@dataclass
class _Progress:
    """What changes as a run goes on, besides the tensors."""

    step: int = 0
    best_bits: float = math.inf
    best_step: int = 0
    last_bits: float = math.inf


def train(
    config: TrainConfig, shards: Shards, run_dir: Path, *, resume: bool = False
) -> Generator[TrainEvent, None, None]:
    """Train, yielding what happens. With `resume`, go on from the newest checkpoint that verifies."""
    keep_memory()
    run_dir.mkdir(parents=True, exist_ok=True)
    for folder in (run_dir, run_dir / "checkpoints"):
        repair_names(folder)
    plan = read_plan(run_dir)
    if plan is not None and not resume:
        raise RunExists(path=run_dir)
    if plan is None:
        plan, notices = _plan(config, shards)
        yield from notices
        write_plan(run_dir, plan)
    else:
        _refuse_changes(plan, config, shards, run_dir)
    run = _Run(plan, shards, run_dir)
    yield from run.restore()
    yield from run.fit()


def _plan(config: TrainConfig, shards: Shards) -> tuple[RunPlan, list[Notice]]:
    """Settle everything that the machine and the corpus decide, once, so that resuming never decides anew."""
    device = _device()
    preset, why = choose_preset(config.preset, shards.train.characters, device.type == "cuda")
    windows = Windows(shards.train, config.context_length, config.batch_size, config.seed)
    dtype = _faster_dtype(device) if config.dtype == "auto" else config.dtype
    plan = RunPlan(config, preset, dtype, windows.batch_size, 1, shards.source, shards.tokenizer.fingerprint)
    seconds = _probe_seconds(plan, shards) if config.minutes else 0.0
    if config.steps:
        steps = config.steps
    elif config.minutes:
        steps = max(1, round(config.minutes * 60 / seconds))
    else:
        steps = max(1, math.ceil(config.epochs * windows.batches_per_epoch))
    facts = {
        "steps": steps,
        "epochs": round(steps / windows.batches_per_epoch, 2),
        "dtype": dtype,
        "windows": windows.batch_size,
        "characters": shards.train.characters,
        "held_out": shards.held_out.characters,
    }
    return replace(plan, total_steps=steps), [Notice(why), Notice(Message("train.plan", facts))]


def _refuse_changes(plan: RunPlan, config: TrainConfig, shards: Shards, run_dir: Path) -> None:
    if plan.source != shards.source:
        same_words = plan.fingerprint == shards.tokenizer.fingerprint
        what = Message("train.changed_corpus" if same_words else "train.changed_vocabulary")
        raise RunChanged(path=run_dir, what=what)
    changed = {
        name: (old, new)
        for (name, old), new in zip(plan.config.to_dict().items(), config.to_dict().values(), strict=True)
        if old != new
    }
    if changed:
        said = ", ".join(f"{name}: {old} → {new}" for name, (old, new) in changed.items())
        raise RunChanged(path=run_dir, what=said)


class _Run:
    """One run's tensors, and the steps of its loop."""

    def __init__(self, plan: RunPlan, shards: Shards, run_dir: Path) -> None:
        config = plan.config
        self.plan, self.config, self.shards, self.run_dir = plan, config, shards, run_dir
        self.device = _device()
        self.dtype = torch.bfloat16 if plan.dtype == "bf16" else torch.float32
        self.network = new_network(config, plan.preset, shards.tokenizer).to(self.device).train()
        self.optimizers = new_optimizers(self.network, config)
        self.windows = Windows(shards.train, config.context_length, plan.batch_size, config.seed)
        self.progress = _Progress()
        self.saved_step = -1
        self.between_steps = True

    @property
    def checkpoints_dir(self) -> Path:
        return self.run_dir / "checkpoints"

    def restore(self) -> Iterator[TrainEvent]:
        """Load the newest checkpoint that verifies; say what was found."""
        had_any = bool(steps_in(self.checkpoints_dir))
        folder, damaged = newest_valid(self.checkpoints_dir)
        for path, detail in damaged:
            yield Notice(Message("train.set_aside", {"path": path, "detail": detail}))
        if folder is None and had_any:
            raise NoValidCheckpoint(path=self.checkpoints_dir, detail=damaged[0][1])
        if folder is not None:
            self._load(folder)
            yield Notice(
                Message("train.resumed", {"step": self.progress.step, "total": self.plan.total_steps})
            )
        keep_metrics_until(self.run_dir, self.progress.step)

    def fit(self) -> Iterator[TrainEvent]:
        """Step until the plan is fulfilled, then write the final model."""
        total, began_at, began_step = self.plan.total_steps, time.monotonic(), self.progress.step
        try:
            with (self.run_dir / "metrics.jsonl").open("a", encoding="utf-8") as metrics:
                while self.progress.step < total:
                    # 1. one optimiser step
                    loss, rate = self.step()
                    step = self.progress.step
                    metrics.write(json.dumps({"step": step, "loss": loss, "learning_rate": rate}) + "\n")
                    # 2. how fast, how far
                    pace = (time.monotonic() - began_at) / (step - began_step)
                    tokens = self.windows.batch_size * self.config.context_length / pace
                    epoch = step / self.windows.batches_per_epoch
                    yield Step(step, total, epoch, loss, rate, tokens, pace * (total - step))
                    # 3. the held-out text, now and then and at the end
                    if step % self.config.evaluate_every == 0 or step == total:
                        evaluated = self.evaluate()
                        record = {"step": step, "held_out_bits_per_character": evaluated.bits_per_character}
                        metrics.write(json.dumps(record) + "\n")
                        yield evaluated
                    metrics.flush()
                    # 4. a checkpoint, now and then and at the end
                    if step % self.config.save_every == 0 or step == total:
                        yield self.save()
            final_dir = self.run_dir / "final"
            self._export(final_dir, self.progress.last_bits)
            yield Finished(total, final_dir, self.progress.best_bits)
        finally:
            # an interrupt inside a step leaves half-updated tensors: those are never saved
            if self.between_steps and self.progress.step > max(self.saved_step, 0):
                self.save()

    def step(self) -> tuple[float, float]:
        """Make one optimiser step; return its loss and learning rate."""
        number, self.between_steps = self.progress.step, False
        rate = learning_rate(number, self.plan.total_steps, self.config)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate * group["scale"]
        torch.manual_seed(self.config.seed * 1_000_003 + number)
        inputs, targets = (part.to(self.device) for part in self.windows.batch(number))
        loss = self._loss(inputs, targets)
        self.network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.config.clip:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip)
        for optimizer in self.optimizers:
            optimizer.step()
        self.progress.step, self.between_steps = number + 1, True
        return loss.item(), rate

    def _loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.dtype is torch.bfloat16):
            hidden = self.network.transformer(input_ids=inputs, use_cache=False).last_hidden_state
        return cross_entropy(hidden.flatten(0, 1), self.network.lm_head.weight, targets.flatten(), self.dtype)

    def evaluate(self) -> Evaluated:
        """Read the held-out windows; the best model so far goes to `best/`."""
        windows = held_out_windows(self.shards.held_out, self.config.context_length, _HELD_OUT_WINDOWS)
        nats, tokens, characters = 0.0, 0, 0
        self.network.eval()
        with torch.no_grad():
            for window in windows:
                inputs, targets = window[None, :-1].to(self.device), window[None, 1:].to(self.device)
                nats += self._loss(inputs, targets).item() * targets.numel()
                tokens += targets.numel()
                characters += len(self.shards.tokenizer.decode(window[1:].tolist()))
        self.network.train()
        bits = nats / math.log(2) / max(characters, 1)
        best = bits < self.progress.best_bits
        self.progress.last_bits = bits
        if best:
            self.progress.best_bits, self.progress.best_step = bits, self.progress.step
            self._export(self.run_dir / "best", bits)
        return Evaluated(self.progress.step, bits, nats / tokens, best)

    def save(self) -> Saved:
        """Write a checkpoint and let the oldest go."""
        folder = self.checkpoints_dir / f"step-{self.progress.step}"
        if folder.exists():  # the same step was saved by a run that was killed right after
            self.saved_step = self.progress.step
            return Saved(self.progress.step, folder)
        write_folder(folder, self._fill)
        self.saved_step = self.progress.step
        rotate(self.checkpoints_dir, self.config.keep)
        return Saved(self.progress.step, folder)

    def _fill(self, folder: Path) -> None:
        names = {id(value): name for name, value in trained_tensors(self.network).items()}
        save_file(_contiguous(trained_tensors(self.network)), folder / "weights.safetensors")
        moments = {
            f"{names[id(parameter)]}:{key}": value
            for optimizer in self.optimizers
            for parameter, state in optimizer.state.items()
            for key, value in state.items()
        }
        save_file(_contiguous(moments), folder / "optimizer.safetensors")
        write_json(folder / "state.json", {**asdict(self.progress), "source": self.plan.source})

    def _load(self, folder: Path) -> None:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        self.progress = _Progress(**{name: state[name] for name in asdict(self.progress)})
        self.saved_step = self.progress.step
        moments = load_file(folder / "optimizer.safetensors")
        with torch.no_grad():
            for name, value in load_file(folder / "weights.safetensors").items():
                self.network.get_parameter(name).copy_(value)
        for full_name, value in moments.items():
            name, key = full_name.rsplit(":", 1)
            parameter = self.network.get_parameter(name)
            self._optimizer_of(parameter).state[parameter][key] = value.to(self.device)

    def _optimizer_of(self, parameter: Tensor) -> torch.optim.Optimizer:
        homes = (
            o
            for o in self.optimizers
            for group in o.param_groups
            if any(p is parameter for p in group["params"])
        )
        return next(homes)

    def _export(self, folder: Path, bits: float) -> None:
        card = model_card(self.plan, self.shards, self.progress.step, bits)
        write_folder(folder, lambda inner: save_model(inner, self.network, self.shards.tokenizer, card))


def learning_rate(step: int, total_steps: int, config: TrainConfig) -> float:
    """Warm up in a line, then follow a cosine down to a tenth."""
    warmup = max(1, round(config.warmup * total_steps))
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(1, total_steps - warmup)
    return config.learning_rate * (_FINAL_RATE + (1 - _FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * done)))


def new_optimizers(network: Any, config: TrainConfig) -> list[torch.optim.Optimizer]:
    """Return AdamW for everything, or Muon for the layers' matrices and AdamW for the rest.

    Each group's learning rate is the schedule's times its `scale`.
    """
    inside = [p for name, p in network.named_parameters() if p.dim() >= 2 and ".h." in name]
    outside = [p for name, p in network.named_parameters() if p.dim() >= 2 and ".h." not in name]
    rest = [p for p in network.parameters() if p.dim() < 2]
    with_muon = config.optimizer == "muon"
    decay = {"weight_decay": config.weight_decay, "scale": 1.0}
    groups = [
        {"params": outside if with_muon else [*outside, *inside], **decay},
        {"params": rest, "weight_decay": 0.0, "scale": 1.0},
    ]
    adamw = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.95), fused=True)
    if not with_muon:
        return [adamw]
    # its updates are scaled to the size of AdamW's; measured best at twice AdamW's rate
    matrices = [{"params": inside, "weight_decay": config.weight_decay, "scale": 2.0}]
    return [torch.optim.Muon(matrices, lr=config.learning_rate, adjust_lr_fn="match_rms_adamw"), adamw]


def _contiguous(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().contiguous().cpu() for name, value in tensors.items()}


def keep_memory() -> None:
    """Tell glibc to keep freed memory: giving it back and taking it anew at every step costs more than the arithmetic."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            libc.mallopt(_M_MMAP_MAX, 0)
            libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
            libc.mallopt(_M_TOP_PAD, 2**28)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _faster_dtype(device: torch.device) -> str:
    """Multiply two matrices both ways and take the faster: some processors are slower in bf16."""
    seconds = {}
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        left = torch.ones(1024, 512, dtype=dtype, device=device)
        (left @ left.T).sum().item()  # the first product sets up kernels
        began_at = time.monotonic()
        for _ in range(5):
            (left @ left.T).sum().item()
        seconds[name] = time.monotonic() - began_at
    return "bf16" if seconds["bf16"] < 0.9 * seconds["fp32"] else "fp32"


def _probe_seconds(plan: RunPlan, shards: Shards) -> float:
    """Time a few steps on a throwaway network, so that minutes become steps once and for all."""
    run = _Run(replace(plan, total_steps=_PROBE_STEPS + 1), shards, Path())
    run.step()
    began_at = time.monotonic()
    for _ in range(_PROBE_STEPS):
        run.step()
    return (time.monotonic() - began_at) / _PROBE_STEPS
