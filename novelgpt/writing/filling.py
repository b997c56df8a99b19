"""A text before a gap and a text after it → what could stand in between, the best first.

A model that has learnt to fill gaps is asked directly; any other writes on after the first text several times, and what makes
the second text likeliest is best. Law: the order is that of `fit`, the mean log probability of the text after the gap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from novelgpt.config import SampleConfig
from novelgpt.model.learning.objective import hole_id, infill_prompt
from novelgpt.writing.manner import as_learnt
from novelgpt.writing.pieces import Continuation
from novelgpt.writing.writer import Writer

FOLLOWING = 64
"""Tokens after the gap that what stands in it is judged by."""
_CANDIDATES = 4
_SHARE_AFTER = 0.25


@dataclass(frozen=True)
class Filling:
    """What could stand in the gap."""

    continuation: Continuation
    fit: float
    """Mean natural log probability of the tokens after the gap."""


Several = Callable[..., list[Continuation]]
"""How several continuations are written; `Writer.write_several` is one way."""


def fill(
    writer: Writer, before: str, after: str, sample: SampleConfig, several: Several | None = None
) -> list[Filling]:
    """Return `sample.n` fillings (a model that has not learnt it always tries a few), the best first."""
    several = several or writer.write_several
    if writer.model.objective == "infill":
        found = _asked(writer, before, after, sample, several)
    else:
        found = several(before, replace(sample, n=max(sample.n, _CANDIDATES)))
    judged = [Filling(one, fit(writer, before + one.text, after)) for one in found]
    return sorted(judged, key=lambda filling: -filling.fit)[: max(1, sample.n)]


def _asked(
    writer: Writer, before: str, after: str, sample: SampleConfig, several: Several
) -> list[Continuation]:
    tokenizer = writer.model.tokenizer
    most = int(writer.longest * _SHARE_AFTER)
    follows = tokenizer.encode(as_learnt(after))[:most]
    room = max(1, writer.longest * 3 // 4 - len(follows) - 2)
    ids = infill_prompt(writer.read(before)[-room:], follows, tokenizer)
    free = replace(sample, whole_sentences=False)
    return several(ids, free, gap_id=hole_id(tokenizer), page=before)


def fit(writer: Writer, before: str, after: str) -> float:
    """Return how well `after` follows `before`."""
    follows = writer.model.tokenizer.encode(as_learnt(after))[: min(FOLLOWING, writer.longest // 2)]
    if not follows:
        return 0.0
    ids = [*writer.read(before)[-(writer.longest - len(follows)) :], *follows]
    chances = writer.engine.logits_of(ids, len(follows)).log_softmax(1)
    return float(chances.gather(1, torch.tensor(follows)[:, None]).mean())
