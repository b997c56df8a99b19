"""A network and what trains it: one optimiser step at a time, and everything that a checkpoint must hold.

Law: a step is a pure function of (plan, tensors, step number): the rows are the windows' business, dropout is seeded by
(seed, step, row), the rate by the schedule. So tensors and the step number are all the state there is.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from novelgpt.errors import MachineError
from novelgpt.model.folder import trained_tensors
from novelgpt.model.learning.ema import Ema
from novelgpt.model.learning.loss import IGNORED, cross_entropy
from novelgpt.model.learning.objective import rows_for
from novelgpt.model.learning.optimizers import new_optimizers
from novelgpt.model.learning.schedule import learning_rate
from novelgpt.model.learning.windows import Windows
from novelgpt.model.networks.activation import fuse_activations
from novelgpt.model.networks.adapt import merged, stock
from novelgpt.model.networks.attention import attend_in_blocks
from novelgpt.model.running.distributed import World
from novelgpt.model.running.machine import is_out_of_memory, place
from novelgpt.model.running.run_folder import RunPlan
from novelgpt.model.running.sharding import joined_for_reading, plain_copy, shard, share_of, whole
from novelgpt.tokens.shards import Shards

COUNTED_SCALE = 1 / 3
"""Of the learning rate, for embeddings that know something already when training begins."""


class OutOfMemory(MachineError):
    """Not even one window at a time fits into memory."""


@dataclass(frozen=True)
class StepMade:
    """What one optimiser step was like."""

    loss: float
    gradient_norm: float
    learning_rate: float

    @property
    def finite(self) -> bool:
        """Whether it could be made: else no tensor was touched."""
        return math.isfinite(self.loss) and math.isfinite(self.gradient_norm)


class _Lesson(nn.Module):
    """Inputs and targets in, loss out: the part that is compiled and wrapped."""

    def __init__(self, network: Any, dtype: torch.dtype) -> None:
        super().__init__()
        self.network, self.dtype = network, dtype

    def forward(self, inputs: Tensor, targets: Tensor, divisor: int) -> Tensor:
        with torch.autocast(inputs.device.type, dtype=torch.bfloat16, enabled=self.dtype is torch.bfloat16):
            hidden = stock(self.network).base_model(input_ids=inputs, use_cache=False).last_hidden_state
        weight = self.network.get_output_embeddings().weight
        return cross_entropy(hidden.flatten(0, 1), weight, targets.flatten(), self.dtype, divisor=divisor)


class Learner:
    """One process's share of the training: its tensors and its steps."""

    def __init__(self, plan: RunPlan, network: Any, shards: Shards, world: World | None = None) -> None:
        self.plan, self.shards, self.world = plan, shards, world or World()
        self.device = place()
        self.network = network.to(self.device).train()
        if self.device.type == "cpu":
            # the same functions, faster on a CPU
            attend_in_blocks(stock(self.network))
            fuse_activations(stock(self.network))
        dtype = torch.bfloat16 if plan.dtype == "bf16" else torch.float32
        lesson: nn.Module = _Lesson(self.network, dtype)
        if plan.compiled:
            torch._dynamo.config.suppress_errors = True  # what cannot be compiled runs as it is
            stock(self.network).base_model.compile(dynamic=False)
        self.lesson = lesson
        self.sharded = plan.config.shard and self.world.size > 1
        if self.sharded:
            shard(lesson, self.network, self.world.size, self.device)
            nothing = torch.zeros(1, 1, dtype=torch.long)
            self.loss_of(
                nothing, nothing
            )  # only a first call of the whole tells its parts that they are parts
        self.wrapped = lesson if self.sharded else self.world.wrap(lesson)
        outer_scale = COUNTED_SCALE if plan.start == "counts" else 1.0
        self.optimizers = new_optimizers(
            self.network, plan.optimizer, plan.learning_rate, plan.config, outer_scale=outer_scale
        )
        self.ema = Ema(self.network, plan.config.ema) if plan.config.ema else None
        self.windows = Windows(
            shards.train, plan.context_length, plan.batch_size, plan.config.seed, plan.config.stride
        )
        self.rows = self.world.share(plan.batch_size)
        self.micro_batch = min(plan.config.micro_batch or plan.batch_size, self.rows.stop - self.rows.start)

    def step(self, number: int, factor: float = 1.0) -> StepMade:
        """Make the optimiser step `number` (0-based); a loss or gradient that is no number changes nothing."""
        plan = self.plan
        rate = factor * learning_rate(
            number, plan.total_steps, plan.config, plan.schedule, plan.learning_rate, plan.warmup_steps
        )
        loss = self._gradients(number)
        parameters = [p for p in self.network.parameters() if p.grad is not None]
        norm = torch.nn.utils.clip_grad_norm_(parameters, self.plan.config.clip or math.inf)
        made = StepMade(loss, float(whole(norm)), rate)
        if made.finite:
            for optimizer in self.optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = rate * group["scale"]
                optimizer.step()
            if self.ema:
                self.ema.update(self.network, number)
        return made

    def _gradients(self, number: int) -> float:
        """Leave the gradients of the whole batch in the network; return its mean loss."""
        inputs, targets = self.batch(number)
        divisor = int((targets != IGNORED).sum())
        while True:
            try:
                return self._accumulated(number, inputs[self.rows], targets[self.rows], divisor)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._halve()

    def batch(self, number: int) -> tuple[Tensor, Tensor]:
        """Return what all ranks read in a step."""
        inputs, targets = self.windows.batch(number)
        return rows_for(self.plan.config, number, inputs, targets, self.shards.tokenizer)

    def _accumulated(self, number: int, inputs: Tensor, targets: Tensor, divisor: int) -> float:
        self.network.zero_grad(set_to_none=True)
        loss, rows = 0.0, len(inputs)
        for start in range(0, rows, self.micro_batch):
            end = min(start + self.micro_batch, rows)
            self._seed(number, self.rows.start + start)
            with self.world.accumulating(self.wrapped, last=end == rows):
                # gradients are averaged over the ranks, so each counts its share `size` times
                part = self.wrapped(
                    inputs[start:end].to(self.device), targets[start:end].to(self.device), divisor
                )
                (part * self.world.size).backward()
            loss += part.item()
        return self.world.total(loss)

    def _seed(self, number: int, row: int) -> None:
        torch.manual_seed((self.plan.config.seed * 1_000_003 + number) * 65_537 + row)

    def _halve(self) -> None:
        self.network.zero_grad(set_to_none=True)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        if self.micro_batch == 1:
            raise OutOfMemory(context_length=self.plan.context_length, preset=self.plan.preset)
        self.micro_batch //= 2

    @contextlib.contextmanager
    def at_rest(self) -> Iterator[Any]:
        """Lend the network for reading: dropout off, averaged weights in where there are any."""
        self.network.eval()
        try:
            averaged = self.ema.applied(self.network) if self.ema else contextlib.nullcontext()
            with averaged, torch.no_grad(), joined_for_reading(self.lesson):
                yield self.network
        finally:
            self.network.train()

    @property
    def takes_part(self) -> bool:
        """Whether this process is needed when the network is read or saved."""
        return self.world.leads or self.sharded

    @contextlib.contextmanager
    def finished(self) -> Iterator[Any]:
        """Lend a stock network to be exported: averaged weights in, adapters worked in, nothing split."""
        with self.at_rest() as network:
            yield plain_copy(network) if self.sharded else merged(network)

    def loss_of(self, inputs: Tensor, targets: Tensor) -> float:
        """Return the summed loss of some windows, without gradients; not worth compiling for another shape."""
        with torch.no_grad(), torch.compiler.set_stance("force_eager"):
            return float(self.lesson(inputs.to(self.device), targets.to(self.device), 1).item())

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """Return all state that is not a number, by the file of the checkpoint it belongs in; all who take part must ask."""
        trained = trained_tensors(self.network)
        names = {id(value): name for name, value in trained.items()}
        moments = {
            f"{names[id(parameter)]}:{key}": value
            for optimizer in self.optimizers
            for parameter, state in optimizer.state.items()
            for key, value in state.items()
        }
        averages = self.ema.tensors() if self.ema else {}
        files = {"weights": trained, "optimizer": moments, "average": averages}
        return {file: _at_home(tensors) for file, tensors in files.items() if tensors}

    def restore(self, files: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Take back what `tensors` returned."""
        trained = trained_tensors(self.network)
        with torch.no_grad():
            for name, value in files["weights"].items():
                trained[name].copy_(share_of(value, trained[name]))
        homes = {
            id(parameter): optimizer
            for optimizer in self.optimizers
            for group in optimizer.param_groups
            for parameter in group["params"]
        }
        for full_name, value in files.get("optimizer", {}).items():
            name, key = full_name.rsplit(":", 1)
            state = homes[id(trained[name])].state[trained[name]]
            # AdamW keeps its step count where the fused kernel wants it: on the CPU only there
            state[key] = share_of(value, trained[name])
        if self.ema:
            self.ema.restore(files.get("average", {}))


def _at_home(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: whole(value.detach()).contiguous().cpu() for name, value in tensors.items()}
