"""Steps and a clock → how fast a run is, when it will end, and how much of the machine it uses.

Law: what is measured here is shown and never enters a result.
"""

from __future__ import annotations

import time
from typing import Any

import torch

from novelgpt.model.learning.learner import Learner
from novelgpt.model.networks.adapt import stock
from novelgpt.model.running.machine import products_per_second
from novelgpt.model.running.run_folder import RunPlan

_SIDE_ON_GPU, _SIDE_ON_CPU = 4096, 1024  # of the square matrices whose product tells what a machine can do


class Pace:
    """How fast this run has been since it was begun or resumed."""

    def __init__(self, plan: RunPlan, learner: Learner, step: int) -> None:
        self._began_at, self._began_step, self._total = time.monotonic(), step, plan.total_steps
        self._tokens = plan.batch_size * plan.context_length
        self._per_token = operations_per_token(learner.network, plan.context_length)
        self._possible = possible_operations(learner.device, plan.dtype) * learner.world.size

    def after(self, step: int) -> tuple[float, float, float]:
        """Return tokens per second, the seconds that remain, and the share of the possible arithmetic done."""
        seconds = (time.monotonic() - self._began_at) / max(1, step - self._began_step)
        speed = self._tokens / max(seconds, 1e-9)
        return speed, seconds * (self._total - step), speed * self._per_token / self._possible


def possible_operations(device: torch.device, dtype: str) -> float:
    """Return how many operations a second this machine makes of a large product of matrices."""
    side = _SIDE_ON_GPU if device.type == "cuda" else _SIDE_ON_CPU
    kind = torch.bfloat16 if dtype == "bf16" else torch.float32
    return 2 * side**3 * products_per_second(device, kind, side, repeats=2)


def operations_per_token(network: Any, context_length: int) -> float:
    """Return the operations of matrix products that learning one token takes: six per weight, and the attention."""
    config = stock(network).config
    inner = sum(p.numel() for name, p in stock(network).base_model.named_parameters() if p.dim() == 2)
    looked_up = stock(network).get_input_embeddings().weight.numel()
    positions = getattr(config, "n_positions", 0) * config.hidden_size if config.model_type == "gpt2" else 0
    output = network.get_output_embeddings().weight.numel()
    attention = (
        6 * config.num_hidden_layers * config.hidden_size * context_length
    )  # half of the square is masked
    return 6.0 * float(inner - looked_up - positions + output) + float(attention)
