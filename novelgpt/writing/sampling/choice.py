"""A `SampleConfig` goes in, the function that chooses every next token comes out.

The order: penalties and biases, top-k, temperature, top-p, typical, min-p, XTC, the draw. Mirostat takes the place of
all filters; with temperature 0 the likeliest token after the penalties is taken.
Law: the same logits, ids and generator give the same choice; each draw takes one random number, XTC one more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from novelgpt.config import Dial, SampleConfig
from novelgpt.writing.sampling.filters import leave_out_likeliest, min_p, top_k, top_p, typical
from novelgpt.writing.sampling.known import Known
from novelgpt.writing.sampling.mirostat import Mirostat
from novelgpt.writing.sampling.penalties import charge, forbid, newest, penalize, shift
from novelgpt.writing.sampling.runs import completing, dry

Choose = Callable[[Tensor, Sequence[int]], int]
"""Logits of the next token (float32, on the CPU), and all ids so far → the next id."""

_Change = Callable[[Tensor, Sequence[int]], Tensor]
_Filter = Callable[[Tensor], Tensor]
_COLDEST = 1e-6
_BIAS = Dial("", low=-100.0, high=100.0)
"""Beyond this there is nothing to gain: a token is certain or impossible already."""


def compose(sample: SampleConfig, known: Known | Collection[int], generator: torch.Generator) -> Choose:
    """Return the whole choice for one row of writing; plain ids in place of `known` are those to spare."""
    known = known if isinstance(known, Known) else Known(spared=frozenset(known))
    changes = list(_changes(sample, known))
    pick = _picker(sample, known, generator)

    def choose(logits: Tensor, seen: Sequence[int]) -> int:
        for change in changes:
            logits = change(logits, seen)
        return pick(logits, seen)

    return choose


def cool(logits: Tensor, temperature: float) -> Tensor:
    """Sharpen (below 1) or flatten (above 1) the distribution."""
    if temperature == 1:
        return logits
    # the best becomes 0 first, so that no temperature, however small, can overflow
    return logits.sub(logits.amax()).div_(max(temperature, _COLDEST))


def draw(logits: Tensor, generator: torch.Generator) -> int:
    """Draw a position with the probabilities that the logits stand for, by one random number."""
    sums = logits.softmax(dim=-1).double().cumsum(dim=0).numpy()
    drawn = torch.rand((), generator=generator, dtype=torch.float64).item() * sums[-1]
    # what has no chance adds nothing to the sums, so the first sum above the number is never its own
    place = int(sums.searchsorted(drawn, side="right"))
    return place if place < len(sums) else int(logits.argmax())


def _changes(sample: SampleConfig, known: Known) -> Iterator[_Change]:
    """Yield what is to be done to the logits, of all that is switched on."""
    for _, amount in sample.bias:
        _BIAS.check("bias", amount)
    if sample.repetition_penalty != 1 or sample.frequency_penalty or sample.presence_penalty:
        yield partial(_without_repetition, sample, known)
    if sample.dry_multiplier:
        yield partial(_without_runs, sample, known)
    if sample.bias:
        yield partial(_biased, dict(sample.bias))
    if sample.no_repeat_ngram:
        # punctuation has to stand after the same words again, and a name after the same title
        yield lambda logits, seen: forbid(logits, completing(seen, sample.no_repeat_ngram) - known.spared)


def _without_repetition(sample: SampleConfig, known: Known, logits: Tensor, seen: Sequence[int]) -> Tensor:
    counts = Counter(newest(seen, sample.repetition_range))
    for token in known.spared.intersection(counts):
        del counts[token]
    logits = penalize(logits, counts, sample.repetition_penalty)
    if sample.frequency_penalty or sample.presence_penalty:
        logits = shift(logits, charge(counts, sample.frequency_penalty, sample.presence_penalty))
    return logits


def _without_runs(sample: SampleConfig, known: Known, logits: Tensor, seen: Sequence[int]) -> Tensor:
    penalties = dry(
        newest(seen, sample.dry_range),
        known.breakers,
        multiplier=sample.dry_multiplier,
        base=sample.dry_base,
        allowed_length=sample.dry_allowed_length,
    )
    return shift(logits, {token: -cost for token, cost in penalties.items() if token not in known.spared})


def _biased(bias: dict[int, float], logits: Tensor, seen: Sequence[int]) -> Tensor:
    for token in (min(bias), max(bias)):
        Dial("", low=0, high=logits.numel() - 1).check("bias", token)
    return shift(logits, bias)


def _picker(sample: SampleConfig, known: Known, generator: torch.Generator) -> Choose:
    """Return the choice among logits that are penalized already."""
    if sample.temperature == 0:
        return lambda logits, seen: int(logits.argmax())
    if sample.mirostat:
        steer = Mirostat(
            sample.mirostat, sample.mirostat_tau, sample.mirostat_eta, partial(draw, generator=generator)
        )
        return lambda logits, seen: steer(cool(logits, sample.temperature), seen)
    return _sampling(sample, known, generator)


def _sampling(sample: SampleConfig, known: Known, generator: torch.Generator) -> Choose:
    usual = list(_filters(sample, sample.top_p))
    opening = usual if sample.newline_top_p is None else list(_filters(sample, sample.newline_top_p))
    turns = torch.tensor(sorted(known.turns), dtype=torch.long)

    def pick(logits: Tensor, seen: Sequence[int]) -> int:
        # top-k comes out the same at any temperature; before it, there is less to cool
        ids = top_k(logits, sample.top_k) if sample.top_k else None
        logits = cool(logits if ids is None else logits[ids], sample.temperature)
        # the first filter goes through the whole vocabulary, the others through what it left
        for keep in opening if seen and seen[-1] in known.newlines else usual:
            kept = keep(logits)
            logits, ids = logits[kept], kept if ids is None else ids[kept]
        if sample.xtc_probability and torch.rand((), generator=generator) < sample.xtc_probability:
            ids = torch.arange(logits.numel()) if ids is None else ids
            kept = leave_out_likeliest(logits, sample.xtc_threshold, torch.isin(ids, turns))
            logits, ids = logits[kept], ids[kept]
        place = draw(logits, generator)
        return place if ids is None else int(ids[place])

    return pick


def _filters(sample: SampleConfig, p: float) -> Iterator[_Filter]:
    """Yield the filters that are switched on and look at probabilities."""
    if p < 1:
        yield partial(top_p, p=p)
    if sample.typical < 1:
        yield partial(typical, mass=sample.typical)
    if sample.min_p:
        yield partial(min_p, share=sample.min_p)
