"""A moving average of the trained weights, to evaluate and to export.

In: the network after each step. Out: for the length of a `with`, the network with the average in the place of its weights.
Law: leaving the `with` gives every weight back bit for bit; the state is tensors by name and a pure function of the weights seen,
so that a run that is stopped and resumed averages as one that was not.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from novelgpt.model.folder import trained_tensors
from novelgpt.model.running.sharding import share_of


class Ema:
    """Averages in fp32; young ones forget faster, so that where training began leaves no trace."""

    def __init__(self, network: Any, decay: float) -> None:
        self.decay = decay
        self._averages = {
            name: value.detach().float().clone() for name, value in trained_tensors(network).items()
        }

    @torch.no_grad()
    def update(self, network: Any, step: int) -> None:
        """Take in the weights after step `step` (0-based); step 0 replaces what was there."""
        share = 1 - decay_at(step, self.decay)
        for name, value in trained_tensors(network).items():
            self._averages[name].lerp_(value.float(), share)

    @contextlib.contextmanager
    def applied(self, network: Any) -> Iterator[None]:
        """Put the averages in, and whatever happens, the weights back."""
        weights = {name: value.detach().clone() for name, value in trained_tensors(network).items()}
        try:
            _fill(network, self._averages)
            yield
        finally:
            _fill(network, weights)

    def tensors(self) -> dict[str, Tensor]:
        """Return the averages by the names of the weights, for a checkpoint."""
        return dict(self._averages)

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take the averages from a checkpoint; other names or shapes are a `KeyError` or a `RuntimeError`."""
        if tensors.keys() != self._averages.keys():
            raise KeyError(f"averages differ: {sorted(tensors.keys() ^ self._averages.keys())[:3]}")
        for name, value in tensors.items():
            self._averages[name].copy_(share_of(value, self._averages[name]))


def decay_at(step: int, decay: float) -> float:
    """Return how much of the average stays at a step: the bias-corrected decay, nothing at first and `decay` in the end."""
    return decay * (1 - decay**step) / (1 - decay ** (step + 1))


@torch.no_grad()
def _fill(network: Any, values: Mapping[str, Tensor]) -> None:
    for name, parameter in trained_tensors(network).items():
        parameter.copy_(values[name])
