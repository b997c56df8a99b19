"""Losses and samples → alarms: what happened, and what to try.

Law: an alarm is a pure function of what was seen, and `Watch.from_dict(watch.to_dict())` goes on as if nothing had
been written down. A normal warm-up, and the noise of small batches, say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from novelgpt.messages import Message
from novelgpt.tokens.vocabulary import Vocabulary

_DECAY = 0.98  # a running mean over about 50 steps: a tenth of one step's noise is left
_SETTLED = 50  # steps before the mean means something
_RISE = 1.0  # nats above its best
_RISEN_FOR = 50  # steps

RUN = 20
"""So many tokens in a row, word for word, are no accident."""

_MOST_COPIED = 0.3
_TOKENS_AT_ONCE = 2**17  # what is computed from them fits the cache: three times as fast as a million
_SPREAD, _MIX = np.uint32(2_654_435_761), np.uint32(2_246_822_519)  # odd: no bit of a token is lost
_SLOTS = np.uint32(2**16 - 1)

_LEVELS = (
    (8.5, "reading.letters"),
    (6.5, "reading.words"),
    (5.0, "reading.phrases"),
    (3.5, "reading.passages"),
    (1.5, "reading.close"),
)
"""At least so many bits per character → what a text written by such a network looks like."""

_GUESSING = 0.97  # of ln V


@dataclass
class Watch:
    """What is remembered of the losses."""

    seen: int = 0
    mean: float = 0.0
    best: float | None = None
    risen_for: int = 0
    not_a_number: bool = False

    def saw(self, step: int, loss: float) -> Message | None:
        """Take note of a step's loss; return an alarm when one is due, once until things are well again."""
        if not math.isfinite(loss):
            first, self.not_a_number = not self.not_a_number, True
            return Message("watch.not_a_number", {"step": step, "loss": loss}) if first else None
        self.not_a_number = False
        self.seen += 1
        # an average of the first steps, until they are as many as the running mean looks back on
        self.mean += max(1 - _DECAY, 1 / self.seen) * (loss - self.mean)
        if self.seen < _SETTLED:
            return None
        self.best = self.mean if self.best is None else min(self.best, self.mean)
        self.risen_for = self.risen_for + 1 if self.mean > self.best + _RISE else 0
        if self.risen_for != _RISEN_FOR:
            return None
        return Message("watch.rising", {"step": step, "mean": self.mean, "best": self.best})

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Watch:
        """Return the watch that `to_dict` was asked of; an empty state is a fresh one."""
        return cls(**state)


@dataclass(frozen=True)
class Copies:
    """The training tokens, for finding out what a sample took from them."""

    tokens: np.ndarray = field(repr=False)
    vocabulary: Vocabulary = field(repr=False)

    def share_of(self, text: str) -> float:
        """Return how much of a text stands in the corpus word for word."""
        return copied_share(self.vocabulary.encode(text), self.tokens)


def copied_share(sample: Sequence[int], corpus: np.ndarray) -> float:
    """Return the share of a sample's tokens that lie in runs of at least `RUN` found in the corpus."""
    if len(sample) < RUN:
        return 0.0
    covered = np.zeros(len(sample), dtype=bool)
    for place in _runs_found(np.array(sample, dtype=np.uint32), corpus):
        covered[place : place + RUN] = True
    return float(covered.mean())


def copy_alarm(share: float) -> Message | None:
    """Return an alarm when a sample is copied rather than written."""
    return Message("watch.copying", {"share": share, "run": RUN}) if share >= _MOST_COPIED else None


def _runs_found(sample: np.ndarray, corpus: np.ndarray) -> Iterator[int]:
    """Yield where in the sample a run begins that the corpus holds: looked for by hash, then compared token by token."""
    hashes = _run_hashes(sample)
    wanted: dict[bytes, list[int]] = {}
    for place in range(len(hashes)):
        wanted.setdefault(sample[place : place + RUN].tobytes(), []).append(place)
    likely = np.zeros(int(_SLOTS) + 1, dtype=bool)
    likely[hashes & _SLOTS] = True
    for begin in range(0, len(corpus) - RUN + 1, _TOKENS_AT_ONCE):
        part = corpus[begin : begin + _TOKENS_AT_ONCE + RUN - 1].astype(np.uint32)
        for place in np.flatnonzero(likely[_run_hashes(part) & _SLOTS]).tolist():
            yield from wanted.pop(part[place : place + RUN].tobytes(), ())


def _run_hashes(tokens: np.ndarray) -> np.ndarray:
    """Hash every run of `RUN` tokens, which is 16 and 4: runs of twice the length come from two of half."""
    spread = tokens * _SPREAD
    runs = {1: spread ^ (spread >> np.uint32(15))}
    for length in (1, 2, 4, 8):
        runs[2 * length] = _joined(runs[length], runs[length], length)
    whole = _joined(runs[16], runs[4], 16)
    return np.asarray(whole ^ (whole >> np.uint32(16)))


def _joined(left: np.ndarray, right: np.ndarray, distance: int) -> np.ndarray:
    """Hash runs that consist of one and, `distance` tokens on, another."""
    count = len(right) - distance
    return np.asarray(left[:count] * _MIX + (right[distance:] ^ (right[distance:] >> np.uint32(13))))


def reading(loss: float, characters_per_token: float, pieces: int) -> Message:
    """Say in plain words what a loss in nats per token means for a vocabulary of so many pieces."""
    bits = loss / math.log(2) / characters_per_token
    guessing = loss >= _GUESSING * math.log(pieces)
    level = "reading.guessing" if guessing else _level(bits)
    return Message("reading.loss", {"loss": loss, "bits": bits, "level": Message(level)})


def _level(bits: float) -> str:
    return next((level for least, level in _LEVELS if bits >= least), "reading.by_heart")
