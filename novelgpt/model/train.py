"""Shards → weights: the training loop, as a stream of events.

Law: killed at any instant and resumed, a run ends in the same weights and losses, bit for bit, as one never stopped
(same machine, threads and arithmetic). It holds because everything random is a pure function of (seed, step), so that a
checkpoint needs tensors and a few numbers only. Stopping is leaving the loop: the `finally` makes the last save.
"""

from __future__ import annotations

import contextlib
import errno
import math
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from novelgpt.config import TrainConfig
from novelgpt.errors import DiskFull, FolderUnwritable, RunChanged, RunExists, TrainingError
from novelgpt.messages import Lang, Message
from novelgpt.model.folder import Model
from novelgpt.model.learning.held_out import HeldOutText
from novelgpt.model.learning.learner import Learner
from novelgpt.model.learning.samples import write_sample
from novelgpt.model.learning.schedule import plateau_factor
from novelgpt.model.learning.watch import Copies, Watch, copy_alarm, reading
from novelgpt.model.networks.counts import counting_message, start_from_counts
from novelgpt.model.reporting.card import model_card
from novelgpt.model.reporting.facts import run_facts
from novelgpt.model.reporting.preflight import examine
from novelgpt.model.reporting.report import write_training_report
from novelgpt.model.running.checkpoint import repair_names
from novelgpt.model.running.distributed import World
from novelgpt.model.running.events import (
    Alarmed,
    Evaluated,
    Finished,
    Notice,
    Paused,
    Sampled,
    Saved,
    Step,
    Stopped,
    TrainEvent,
)
from novelgpt.model.running.machine import keep_memory, this_machine
from novelgpt.model.running.pace import Pace
from novelgpt.model.running.plan import Settled, base_model, network_for, reconsidered, settle, weights_hash
from novelgpt.model.running.progress import Progress
from novelgpt.model.running.run_folder import RunPlan, read_plan, write_plan
from novelgpt.model.running.run_log import RunLog
from novelgpt.model.running.saving import Saver, read_state
from novelgpt.tokens.shards import Shards

_WAIT_SECONDS = 20.0  # between two looks at a full disk
_PLATEAU = 2  # evaluations without progress that halve the rate
_SAMPLE_CHARACTERS, _PROMPT_TOKENS = 120, 24


@dataclass(frozen=True)
class Surroundings:
    """What a run has around it, besides its plan."""

    run_dir: Path
    shards: Shards
    base: Model | None
    world: World
    lang: Lang
    wait_seconds: float


class LossDiverged(TrainingError):
    """The loss is no number any more; the last checkpoint was made before that."""


def train(
    config: TrainConfig,
    shards: Shards,
    run_dir: Path,
    *,
    resume: bool = False,
    fork: bool = False,
    dry_run: bool = False,
    stop: Callable[[], bool] | None = None,
    world: World | None = None,
    lang: Lang = "zh",
    wait_seconds: float = _WAIT_SECONDS,
) -> Generator[TrainEvent, None, None]:
    """Train, yielding what happens. With `resume`, go on from the newest checkpoint that verifies.

    `stop` is asked after every step; `fork` goes on although chapters or settings have changed; `dry_run` ends after
    the examination. The report is written in `lang`.
    """
    keep_memory()
    around = Surroundings(run_dir, shards, base_model(config), world or World(), lang, wait_seconds)
    plan = yield from _settled(config, around, resume=resume, fork=fork, dry_run=dry_run)
    if not dry_run:
        run = _Run(plan, around, stop or _never)
        yield from run.begin()
        yield from run.fit()


def _never() -> bool:
    return False


def _prepare(run_dir: Path) -> None:
    try:
        for folder in (run_dir, run_dir / "checkpoints"):
            folder.mkdir(parents=True, exist_ok=True)
            repair_names(folder)
    except OSError as error:
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise FolderUnwritable(path=run_dir, detail=error.strerror) from None
        raise


def _settled(
    config: TrainConfig, around: Surroundings, *, resume: bool, fork: bool, dry_run: bool
) -> Generator[TrainEvent, None, RunPlan]:
    """Return the plan to follow; the first process settles it for all."""
    world, run_dir, shards, base = around.world, around.run_dir, around.shards, around.base
    if not world.leads:
        return RunPlan.from_json(world.text_from_first(""))
    former = read_plan(run_dir)
    if former is not None and not (resume or dry_run):
        raise RunExists(path=run_dir)
    if former is None or dry_run:
        settled = settle(config, shards, base, probe=True)
        yield from settled.notices
        yield from (Notice(message) for message in examine(_known_before(settled, around)).messages())
    else:
        settled = yield from _gone_on_with(former, config, around, fork=fork)
    if not dry_run and settled.plan != former:
        _prepare(run_dir)
        write_plan(run_dir, settled.plan)
    world.text_from_first(settled.plan.to_json())
    return settled.plan


def _known_before(settled: Settled, around: Surroundings) -> dict[str, Any]:
    """Return what the examination may look at."""
    machine, place = this_machine(), around.run_dir
    while not place.exists():
        place = place.parent
    return run_facts(
        settled.plan,
        around.shards,
        settled.network,
        name=around.run_dir.name,
        seconds_per_step=settled.seconds_per_step,
        free_disk_bytes=shutil.disk_usage(place).free,
        memory_bytes=machine.memory,
        on_gpu=machine.on_gpu,
        processes=around.world.size,
    )


def _gone_on_with(
    former: RunPlan, config: TrainConfig, around: Surroundings, *, fork: bool
) -> Generator[TrainEvent, None, Settled]:
    """Return the plan of a run that is resumed."""
    _prepare(around.run_dir)
    base = around.base
    if base is not None and weights_hash(base.folder) != former.base_weights:
        raise RunChanged(path=around.run_dir, what=Message("train.changed_base", {"model": base.folder}))
    newest, notices = Saver(around.run_dir, former).newest()
    yield from notices
    step = 0 if newest is None else int(read_state(newest)["step"])
    settled = reconsidered(former, config, around.shards, around.run_dir, step, fork=fork)
    yield from settled.notices
    return settled


class _Run:
    """One run: its learner, its folders, and the steps of its loop."""

    def __init__(self, plan: RunPlan, around: Surroundings, stop: Callable[[], bool]) -> None:
        self.plan, self.config, self.stop = plan, plan.config, stop
        self.shards, self.run_dir, self.base = around.shards, around.run_dir, around.base
        self.world, self.lang, self.wait_seconds = around.world, around.lang, around.wait_seconds
        self.saver = Saver(self.run_dir, plan)
        self.progress = Progress()
        self.between_steps = True

    def begin(self) -> Iterator[TrainEvent]:
        """Make the learner: fresh, or from the newest checkpoint that verifies."""
        folder, notices = self.saver.newest() if self.world.leads else (None, [])
        yield from notices
        fresh = not self.world.any(folder is not None)
        network = network_for(self.plan, self.base, self.shards.tokenizer)
        if fresh and self.world.leads and self.plan.start == "counts":
            # the first process's weights go to all others when the learner is made
            yield Notice(counting_message(self.shards.train))
            yield Notice(start_from_counts(network, self.shards.train, self.config.seed).message())
        self.learner = Learner(self.plan, network, self.shards, self.world)
        if not fresh:
            self.progress = self.saver.restore(self.learner, folder)
            facts = {"step": self.progress.step, "total": self.plan.total_steps}
            yield Notice(Message("train.resumed", facts))
        self.progress.micro_batch = self.learner.micro_batch
        self.watch = Watch.from_dict(self.progress.watch)
        self.held_out = HeldOutText(self.shards, self.plan.context_length)
        self.copies = Copies(self.shards.train.tokens, self.shards.tokenizer)
        self.known = run_facts(self.plan, self.shards, self.learner.network, name=self.run_dir.name)
        if fresh and self.base is not None and self.learner.takes_part:
            self.progress.before = {"bits_per_character": self._bits()[0], "sample": self._written()}

    def fit(self) -> Iterator[TrainEvent]:
        """Step until the plan is fulfilled, then write the final model."""
        self.log = RunLog(self.run_dir, self.progress, self.lang) if self.world.leads else None
        try:
            for event in self._steps():
                if self.log:
                    self.log.add(event)
                    yield from self._patiently(self.log.flush)
                yield event
        finally:
            if self.log:
                self._leave(self.log)

    def _leave(self, log: RunLog) -> None:
        """Save what is not saved yet, and write the report."""
        try:
            # an interrupt inside a step leaves half-updated tensors: those are never saved
            unsaved = self.between_steps and self.progress.step > max(self.saver.saved_step, 0)
            if unsaved and not self.learner.sharded:  # what is split cannot be joined by one process
                self._written_down(self.learner.tensors())
        finally:
            with contextlib.suppress(DiskFull):
                log.close()
                write_training_report(self.run_dir, self._facts(), self.lang)

    def _steps(self) -> Iterator[TrainEvent]:
        pace = Pace(self.plan, self.learner, self.progress.step)
        yield from self._look()  # a run that was left right after a step has this still to do
        while not self._is_over():
            # 1. one optimiser step
            yield from self._step(pace)
            # 2. the held-out text, a sample, a checkpoint: now and then, and at the end
            yield from self._look()
            if self._is_time_for(self.config.save_every):
                yield from self._save()
            # 3. a person may want to stop
            if not self._is_over() and self.world.any(self.stop()):
                yield from self._save()
                yield Stopped(self.progress.step)
                return
        yield from self._finish()

    def _look(self) -> Iterator[TrainEvent]:
        """Evaluate and sample where it is time and not done yet."""
        step = self.progress.step
        if step > self.progress.evaluated_step and self._is_time_for(self.config.evaluate_every):
            yield from self._evaluate()
        if step > self.progress.sampled_step and self._is_time_for(self.config.sample_every):
            yield from self._sample()

    def _is_over(self) -> bool:
        return self.progress.step >= self.plan.total_steps or self.progress.without_progress(
            self.config.patience
        )

    def _is_time_for(self, every: int) -> bool:
        return self.progress.step % every == 0 or self._is_over()

    def _step(self, pace: Pace) -> Iterator[TrainEvent]:
        """Make one optimiser step; raise rather than learn from a loss that is no number."""
        number, self.between_steps = self.progress.step, False
        made = self.learner.step(number, self._factor())
        if not made.finite:  # the weights may be spoilt already: they are not saved
            raise LossDiverged(step=number + 1, loss=made.loss, saved=max(self.saver.saved_step, 0))
        if self.learner.micro_batch < self.progress.micro_batch:
            yield Alarmed(number + 1, Message("train.halved", {"windows": self.learner.micro_batch}))
        self.progress.step, self.progress.micro_batch = number + 1, self.learner.micro_batch
        self.between_steps = True
        alarm = self.watch.saw(number + 1, made.loss)
        speed, remaining, utilisation = pace.after(number + 1)
        yield Step(
            step=number + 1,
            total_steps=self.plan.total_steps,
            epoch=(number + 1) / self.learner.windows.batches_per_epoch,
            loss=made.loss,
            learning_rate=made.learning_rate,
            gradient_norm=made.gradient_norm,
            tokens_per_second=speed,
            remaining_seconds=remaining,
            utilisation=utilisation,
        )
        if alarm:
            yield Alarmed(number + 1, alarm)

    def _factor(self) -> float:
        return plateau_factor(self.progress.held_out, _PLATEAU) if self.plan.schedule == "plateau" else 1.0

    def _bits(self) -> tuple[float, float]:
        with self.learner.at_rest():
            read = self.held_out.read(self.learner)
        return read.bits_per_character, read.nats_per_token

    def _evaluate(self) -> Iterator[TrainEvent]:
        """Read the held-out windows; the best model so far goes to `best/`."""
        bits, nats = self._bits() if self.learner.takes_part else (0.0, 0.0)
        bits = self.world.from_first(bits)  # what may end a run must be the same number everywhere
        best = bits < self.progress.best_bits
        if best:
            yield from self._export("best", bits)
        self.progress.evaluated(bits)
        yield Evaluated(self.progress.step, bits, nats, best)

    def _written(self) -> str:
        """Return a few lines that go on from the beginning of the held-out text."""
        tokenizer, seed = self.shards.tokenizer, self.config.seed + self.progress.step
        prompt = tokenizer.decode(self.shards.held_out.tokens[:_PROMPT_TOKENS].tolist())
        with self.learner.at_rest() as network:
            return write_sample(network, tokenizer, prompt, _SAMPLE_CHARACTERS, seed)

    def _sample(self) -> Iterator[TrainEvent]:
        """Let the network write, and see whether it copies."""
        text = self._written() if self.learner.takes_part else ""
        if self.world.leads:
            copied = self.copies.share_of(text)
            self.progress.sampled_step = self.progress.step
            yield Sampled(self.progress.step, text, copied)
            if alarm := copy_alarm(copied):
                yield Alarmed(self.progress.step, alarm)

    def _finish(self) -> Iterator[TrainEvent]:
        """Write what is left to write."""
        if self.progress.step < self.plan.total_steps:
            facts = {"step": self.progress.step, "patience": self.config.patience}
            yield Notice(Message("train.stopped_early", facts))
        if self.saver.saved_step != self.progress.step:
            yield from self._save()
        last = self.progress.held_out[-1] if self.progress.held_out else math.inf
        yield from self._export("final", last)
        if math.isfinite(last):
            held_out = self.held_out
            per_token = held_out.characters / max(1, held_out.tokens)
            yield Notice(reading(last * math.log(2) * per_token, per_token, self.shards.tokenizer.size))
        yield Finished(self.progress.step, self.run_dir / "final", self.progress.best_bits)

    def _save(self) -> Iterator[TrainEvent]:
        """Write a checkpoint, when the disk has room for it."""
        files = self.learner.tensors() if self.learner.takes_part else {}
        if self.log:
            yield from self._patiently(lambda: self._written_down(files))
        self.saver.saved_step = self.progress.step

    def _written_down(self, files: Mapping[str, dict[str, Tensor]]) -> Saved:
        assert self.log is not None
        self.log.flush(durable=True)  # what a checkpoint has behind it must be readable after a power cut too
        self.progress.watch = self.watch.to_dict()
        return self.saver.save(files, self.learner.windows, self.progress)

    def _export(self, name: str, bits: float) -> Iterator[TrainEvent]:
        """Write a model folder, when the disk has room for it."""
        if not self.learner.takes_part:
            return
        with self.learner.finished() as network:
            if self.world.leads:
                card = model_card({**self._facts(), "bits": bits})
                tokenizer = self.shards.tokenizer
                yield from self._patiently(lambda: self.saver.export(name, network, tokenizer, card))

    def _facts(self) -> dict[str, Any]:
        """Return what the report and the model card may say."""
        progress = self.progress
        last = progress.held_out[-1] if progress.held_out else None
        after = {} if last is None else {"bits_per_character": last}
        facts = {
            "step": progress.step,
            "micro_batch": progress.micro_batch,
            "before": progress.before or None,
        }
        return {**self.known, **facts, "after": after}

    def _patiently(self, action: Callable[[], TrainEvent | Path | None]) -> Iterator[TrainEvent]:
        """Do it; while the disk is full say so, wait and try again. Nothing is lost: it is all in memory."""
        while True:
            try:
                done = action()
                if isinstance(done, Saved):
                    yield done
                return
            except DiskFull as full:
                facts = {"path": full.facts["path"], "seconds": self.wait_seconds}
                yield Paused(self.progress.step, Message("train.paused", facts))
                time.sleep(self.wait_seconds)
