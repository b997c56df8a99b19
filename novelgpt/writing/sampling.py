"""The logits of one step go in, one token id comes out: small pure functions, composed once from a `SampleConfig`.

Law: a filter only ever sets logits to -inf, never all of them, and does not care in which order the ids stand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import torch
from torch import Tensor

from novelgpt.config import SampleConfig

Choose = Callable[[Tensor, Sequence[int]], int]
"""Logits of the next token, and all ids so far → the next id."""

PENALTY_SPAN = 256
"""How many of the newest tokens the repetition penalty looks at."""

_COLDEST = 1e-6
_FEW = 256


def compose(sample: SampleConfig, spared: Collection[int], generator: torch.Generator) -> Choose:
    """Return the whole choice; ids in `spared` (punctuation, say) may repeat without penalty."""

    def choose(logits: Tensor, seen: Sequence[int]) -> int:
        repeated = set(seen[-PENALTY_SPAN:]).difference(spared)
        logits = penalize(logits, repeated, sample.repetition_penalty)
        if sample.temperature == 0:
            return int(logits.argmax())
        logits = cool(logits, sample.temperature)
        return draw(keep_top_p(keep_top_k(logits, sample.top_k), sample.top_p), generator)

    return choose


def penalize(logits: Tensor, repeated: Collection[int], penalty: float) -> Tensor:
    """Make the `repeated` ids less likely: divide a positive logit, multiply a negative one."""
    if penalty == 1 or not repeated:
        return logits
    ids = torch.tensor(sorted(repeated), device=logits.device)
    found = logits[ids]
    return logits.index_copy(0, ids, torch.where(found > 0, found / penalty, found * penalty))


def cool(logits: Tensor, temperature: float) -> Tensor:
    """Sharpen (below 1) or flatten (above 1) the distribution."""
    if temperature == 1:
        return logits
    # the best becomes 0 first, so that no temperature, however small, can overflow
    return (logits - logits.max()) / max(temperature, _COLDEST)


def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the `k` best tokens and whatever ties with the last of them; 0 keeps all."""
    if not 0 < k < logits.numel():
        return logits
    return logits.masked_fill(logits < logits.topk(k).values[-1], -torch.inf)


def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the likeliest tokens that together reach the probability `p`, the one that crosses it included."""
    if p >= 1:
        return logits
    chances = logits.softmax(dim=-1)
    best = chances.topk(min(_FEW, chances.numel())).values
    if best.sum() < p:  # a full sort is ten times slower and seldom needed
        best = chances.sort(descending=True).values
    # the token that crosses p stands after all those whose sum is still below it
    crossing = min(int((best.cumsum(dim=0) < p).sum()), best.numel() - 1)
    return logits.masked_fill(chances < best[crossing], -torch.inf)


def draw(logits: Tensor, generator: torch.Generator) -> int:
    """Draw an id with the probabilities that the logits stand for."""
    ids = logits.isfinite().nonzero().squeeze(-1)  # drawing among the few that are left is much faster
    return int(ids[torch.multinomial(logits[ids].softmax(dim=-1), 1, generator=generator)])
