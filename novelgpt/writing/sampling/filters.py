"""Logits go in, the positions of the tokens that stay come out, ascending; the logits themselves are left as they are.

Law: at least one token stays, none at -inf does, the neutral setting keeps all others, and tokens that tie stay together.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from novelgpt.writing.sampling.reach import Heights, reaching

_FEW = 256


def top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the `k` best tokens and whatever ties with the last of them; 0 keeps all."""
    heights = Heights(logits)
    return heights.reaching(float(heights.highest(k)[-1]) if k else -math.inf)


def top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the likeliest tokens that together reach the probability `p`, the one that crosses it included; 1 keeps all."""
    if p >= 1:
        return reaching(logits, -math.inf)
    chances = logits.softmax(dim=-1)
    heights = Heights(chances)
    best = heights.highest(_FEW)
    if best.sum() < p:
        # tokens below this cannot make up 1 - p, not even all of them together
        able = chances[heights.reaching((1 - p) / chances.numel())]
        best = torch.from_numpy(np.sort(able.numpy())[::-1].copy())  # numpy sorts three times faster
    return heights.reaching(float(best[_crossing(best, p)]))


def min_p(logits: Tensor, share: float) -> Tensor:
    """Keep the tokens that have at least this share of the likeliest one's probability; 0 keeps all."""
    return reaching(logits, float(logits.amax()) + math.log(share) if share else -math.inf)


def typical(logits: Tensor, mass: float) -> Tensor:
    """Keep the tokens whose surprise is nearest to the average surprise, up to the probability `mass`; 1 keeps all."""
    able = reaching(logits, -math.inf)
    if mass >= 1:
        return able
    logprobs = logits[able].log_softmax(dim=-1)
    chances = logprobs.exp()
    entropy = -(chances * logprobs).sum()
    distances = (-logprobs - entropy).abs()
    nearest, order = distances.sort()
    return able[distances <= nearest[_crossing(chances[order], mass)]]


def leave_out_likeliest(logits: Tensor, threshold: float, safe: Tensor) -> Tensor:
    """Leave out all tokens of at least this probability but the least likely of them (XTC); the `safe` ones take no part."""
    chances = logits.softmax(dim=-1)
    choices = (chances >= threshold) & ~safe & (chances > 0)
    if not choices.any():
        return reaching(logits, -math.inf)
    return ((~choices | (chances == chances[choices].amin())) & (chances > 0)).nonzero().squeeze(-1)


def _crossing(chances: Tensor, mass: float) -> int:
    """Return the place of the token with which a growing sum reaches `mass`."""
    sums = chances.double().cumsum(dim=0).numpy()
    return min(int(sums.searchsorted(mass)), len(sums) - 1)
