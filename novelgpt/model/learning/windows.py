"""Token files → the windows of every step.

Law: the batch of a step is a pure function of (data, seed, step). So a resumed run needs no position to restore and
no windows to skip, no window is read twice in an epoch, and several processes can each take their own rows of it.
A window begins every `stride` tokens: one context length unless told otherwise, so that every token is learnt once;
less, and windows overlap; more, and some text is passed over. The shuffled text is never laid out: tokens are picked
from where they lie, so memory holds an epoch's order and one batch.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from novelgpt.errors import TooLittleText
from novelgpt.tokens.token_files import Split

SHORTEST = 8
"""A window this long is asked for at least, however little text there is."""


@dataclass(frozen=True)
class _Epoch:
    """One epoch's order: where its shuffled chapters end, how far they were moved, where its windows begin."""

    number: int
    ends: np.ndarray
    moves: np.ndarray
    starts: np.ndarray

    def sources(self, places: np.ndarray) -> np.ndarray:
        """Return where in the token files the tokens at `places` of the shuffled text lie."""
        return np.asarray(places + self.moves[np.searchsorted(self.ends, places, side="right")])


class Windows:
    """The training windows: each epoch the chapters are shuffled, joined, cut at a new offset, and shuffled again.

    `context_length` is what was asked for, or less where the whole text is shorter.
    """

    def __init__(
        self, split: Split, context_length: int, batch_size: int, seed: int, stride: int | None = None
    ) -> None:
        total = len(split.tokens)
        if total - 1 < min(context_length, SHORTEST):
            raise TooLittleText(tokens=total, context_length=min(context_length, SHORTEST))
        self.context_length = min(context_length, total - 1)
        self._split, self._seed = split, seed
        self._stride = self.context_length if stride is None else stride
        spare = total - self.context_length
        self._slack = min(self._stride, spare)  # how far the cut may be shifted
        self.count = max(1, spare // self._stride)
        self.batch_size = min(batch_size, self.count)
        self.batches_per_epoch = self.count // self.batch_size
        self._newest: _Epoch | None = None

    def batch(self, step: int, rows: slice | None = None) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of a step (0-based), both [batch, context_length]; with `rows`, only those rows."""
        number, place = divmod(step, self.batches_per_epoch)
        epoch = self._epoch(number)
        chosen = epoch.starts[place * self.batch_size : (place + 1) * self.batch_size][rows or slice(None)]
        places = chosen[:, None] + np.arange(self.context_length + 1)
        windows = torch.from_numpy(self._split.tokens[epoch.sources(places)].astype(np.int64))
        return windows[:, :-1], windows[:, 1:]

    def epoch_hash(self, epoch: int) -> str:
        """Return a short hash of an epoch's order: equal means the same chapters' lengths, order and windows."""
        order = self._epoch(epoch)
        digest = hashlib.sha256(f"{self.context_length} {self.batch_size}".encode())
        for numbers in (order.ends, order.moves, order.starts):
            digest.update(numbers.astype("<i8").tobytes())
        return digest.hexdigest()[:16]

    def _epoch(self, number: int) -> _Epoch:
        if self._newest is None or self._newest.number != number:
            self._newest = self._ordered(number)
        return self._newest

    def _ordered(self, number: int) -> _Epoch:
        # RandomState's stream is frozen for good; numpy's newer generators may change between versions
        random = np.random.RandomState([self._seed, number])
        begins, lengths = self._split.offsets[:-1], np.diff(self._split.offsets)
        order = random.permutation(len(lengths))
        ends = np.cumsum(lengths[order])
        moves = begins[order] - (ends - lengths[order])
        starts = random.randint(self._slack) + self._stride * np.arange(self.count)
        return _Epoch(number, ends, moves, random.permutation(starts))


def held_out_windows(split: Split, context_length: int, most: int) -> list[Tensor]:
    """Return at most `most` windows spread evenly over the held-out text, always the same ones."""
    count = max(1, (len(split.tokens) - 1) // context_length)
    places = np.unique(np.linspace(0, count - 1, num=min(most, count)).astype(int))
    cut = (split.tokens[i * context_length : (i + 1) * context_length + 1] for i in places)
    return [torch.from_numpy(window.astype(np.int64)) for window in cut if len(window) > 1]
