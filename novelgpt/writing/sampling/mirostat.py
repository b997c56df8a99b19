"""Logits go in, an id comes out, and the next call knows how surprising it was: surprise is steered to a target.

Law: the average surprise of what is drawn, in bits under the logits given, comes near `tau` where that is possible at all.
After Basu et al. 2021 (arXiv 2007.14966); version 1 guesses from the likeliest tokens how many to keep, version 2
keeps those below a surprise. The state belongs to one row of writing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from novelgpt.writing.sampling.filters import top_k
from novelgpt.writing.sampling.reach import Heights, reaching

_MEASURED = 100
"""How many of the likeliest tokens version 1 looks at to see how fast probabilities fall."""
_WIDEST = 24.0
"""Bits; no bound needs to be wider, and one that grew without end would take as long to come back."""


class Mirostat:
    """Choose so that each token is about `tau` bits of a surprise."""

    def __init__(self, version: int, tau: float, eta: float, draw: Callable[[Tensor], int]) -> None:
        self._keep = _by_rank if version == 1 else _by_surprise
        self._tau, self._eta, self._draw = tau, eta, draw
        self.bound = 2 * tau
        """The surprise allowed, which the target follows."""

    def __call__(self, logits: Tensor, seen: Sequence[int]) -> int:
        """Return the next id."""
        bits = logits.log_softmax(dim=-1) / -math.log(2)
        kept = self._keep(bits, self.bound)
        chosen = int(kept[self._draw(logits[kept])])
        self.bound -= self._eta * (float(bits[chosen]) - self._tau)
        self.bound = min(max(self.bound, 0.0), _WIDEST)
        return chosen


def _by_surprise(bits: Tensor, bound: float) -> Tensor:
    return reaching(-bits, -max(bound, float(bits.amin())))


def _by_rank(bits: Tensor, bound: float) -> Tensor:
    return top_k(-bits, rank(Heights(-bits).highest(_MEASURED) * math.log(2), bits.numel(), bound))


def rank(logprobs: Tensor, size: int, bound: float) -> int:
    """Return how many tokens to keep for a surprise of `bound` bits, if probabilities fall by Zipf's law.

    `logprobs` are those of the likeliest tokens, the best first, `size` is how many tokens there are.
    """
    if logprobs.numel() < 2:
        return 1
    ranks = torch.arange(1, logprobs.numel() + 1, dtype=torch.float64).log().diff()
    falls = -logprobs.double().diff()
    steepness = float((ranks * falls).sum() / ranks.square().sum())
    excess = steepness - 1
    # the sum of 1 / n ** steepness over all ranks, taken as an integral; its limit is ln(size) where steepness is 1
    total = math.log(size) if abs(excess) < 1e-6 else (1 - size**-excess) / excess
    bits = bound - math.log2(total)
    return max(1, min(size, round(2 ** min(bits / max(steepness, 1e-6), 40))))
