"""Muon: a matrix moves by its momentum with all singular values brought near one (kellerjordan.github.io/posts/muon).

In: gradients of matrices. Out: the step of `torch.optim.Muon(adjust_lr_fn="match_rms_adamw")`, within what bf16 resolves.
Law: the only state is one fp32 momentum for each matrix. Matrices of one shape go through the products together, which keeps
every core busy; the tall ones lie down first, and GPT-2's joint query, key and value are three matrices.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

MOMENTUM = 0.95
TOGETHER = 8
"""Matrices that share a product: enough for the cores, few enough for the memory."""
_A, _B, _C = 3.4445, -4.7750, 2.0315  # of x -> ax + bx^3 + cx^5, from the post above
_TIMES = 5
_SMALLEST_NORM = 1e-7
_SIZE_OF_ADAMW = 0.2  # the root mean square of an AdamW step, in learning rates (arXiv 2502.16982)


class Muon(torch.optim.Optimizer):
    """For two-dimensional parameters; a group's `blocks` says how many matrices stand side by side in each."""

    def __init__(self, groups: list[dict[str, Any]], lr: float) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": 0.1, "blocks": 1})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every matrix that has a gradient."""
        waiting: dict[tuple[Any, ...], list[tuple[Tensor, Tensor, float]]] = defaultdict(list)
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    for matrix, moved in self._moved(parameter, group["blocks"]):
                        key = (*sorted(matrix.shape), matrix.device)
                        waiting[key].append((matrix, moved, group["lr"]))
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
        for alike in waiting.values():
            for start in range(0, len(alike), TOGETHER):
                _move(alike[start : start + TOGETHER])

    def _moved(self, parameter: Tensor, blocks: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Bring the momentum up to date; give each matrix with the direction it should take (Nesterov's)."""
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if not state:
            state["momentum_buffer"] = torch.zeros_like(gradient, dtype=torch.float32)
        momentum = state["momentum_buffer"].lerp_(gradient.float(), 1 - MOMENTUM)
        direction = gradient.float().lerp(momentum, MOMENTUM).bfloat16()
        return zip(parameter.chunk(blocks, dim=1), direction.chunk(blocks, dim=1), strict=True)


def _move(alike: list[tuple[Tensor, Tensor, float]]) -> None:
    lying = [direction.mT if _is_tall(direction) else direction for _, direction, _ in alike]
    for (matrix, _, rate), update in zip(alike, orthogonal(torch.stack(lying)), strict=True):
        step = rate * _SIZE_OF_ADAMW * math.sqrt(max(matrix.shape))
        matrix.add_(update.mT if _is_tall(matrix) else update, alpha=-step)


def _is_tall(matrix: Tensor) -> bool:
    return matrix.shape[0] > matrix.shape[1]


def orthogonal(wide_NMK: Tensor) -> Tensor:
    """Bring the singular values of bf16 matrices near one, by five Newton-Schulz steps."""
    norms = wide_NMK.flatten(1).norm(dim=1, dtype=torch.float32).clamp(min=_SMALLEST_NORM)
    matrices: Tensor = wide_NMK / norms[:, None, None].bfloat16()
    # where a matrix is twice as wide as high, steps on its small square are cheaper; more than three in a row, and
    # rounding makes what should stay positive negative, and it grows
    legs = (3, 2) if wide_NMK.shape[2] >= 2 * wide_NMK.shape[1] else (1,) * _TIMES
    for steps in legs:
        matrices = _stepped(matrices, steps)
    return matrices


def _stepped(matrices: Tensor, steps: int) -> Tensor:
    """Make `steps` steps at once, by way of the small square XX^T alone."""
    square = torch.bmm(matrices, matrices.mT)
    change = _change(square)
    if steps == 1:
        return _plus(matrices, change, matrices)
    total = change.clone()
    total.diagonal(dim1=1, dim2=2).add_(_A)
    for _ in range(steps - 1):
        turned = _plus(square, change, square)
        square = _plus(turned, turned, change)
        change = _change(square)
        total = _plus(total, change, total)
    return torch.bmm(total, matrices)


def _change(square: Tensor) -> Tensor:
    """Return bS + cS^2; a times the identity is left to `_plus`, which does not round it."""
    change: Tensor = torch.baddbmm(square, square, square, beta=_B, alpha=_C)
    return change


def _plus(kept: Tensor, left: Tensor, right: Tensor) -> Tensor:
    result: Tensor = torch.baddbmm(kept, left, right, beta=_A)
    return result
