"""Token files → the windows of every step.

Law: the batch of a step is a pure function of (data, seed, step). So a resumed run needs no position to restore and
no windows to skip, and no window is read twice in an epoch. A window begins every `stride` tokens: one context length
unless told otherwise, so that every token is learnt once; less, and windows overlap; more, and some text is passed over.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from novelgpt.errors import TooLittleText
from novelgpt.tokens.shards import Split


class Windows:
    """The training windows: each epoch the chapters are shuffled, joined, cut at a new offset, and shuffled again."""

    def __init__(
        self, split: Split, context_length: int, batch_size: int, seed: int, stride: int | None = None
    ) -> None:
        self._split, self._length, self._seed = split, context_length, seed
        self._stride = context_length if stride is None else stride
        total = len(split.tokens)
        self._slack = min(self._stride, total - context_length)  # how far the cut may be shifted
        if self._slack <= 0:
            raise TooLittleText(tokens=total, context_length=context_length)
        self.count = max(1, (total - context_length) // self._stride)
        self.batch_size = min(batch_size, self.count)
        self.batches_per_epoch = self.count // self.batch_size
        self._epoch: tuple[int, np.ndarray, np.ndarray] | None = None

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of a step (0-based), both [batch, context_length]."""
        epoch, place = divmod(step, self.batches_per_epoch)
        stream, starts = self._cut(epoch)
        chosen = starts[place * self.batch_size : (place + 1) * self.batch_size]
        rows = np.stack([stream[start : start + self._length + 1] for start in chosen]).astype(np.int64)
        windows = torch.from_numpy(rows)
        return windows[:, :-1], windows[:, 1:]

    def _cut(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        if self._epoch is None or self._epoch[0] != epoch:
            # RandomState's stream is frozen for good; numpy's newer generators may change between versions
            random = np.random.RandomState([self._seed, epoch])
            offsets = self._split.offsets
            order = random.permutation(len(offsets) - 1)
            stream = np.concatenate([self._split.tokens[offsets[i] : offsets[i + 1]] for i in order])
            starts = random.randint(self._slack) + self._stride * np.arange(self.count)
            self._epoch = (epoch, stream, random.permutation(starts))
        return self._epoch[1:]


def held_out_windows(split: Split, context_length: int, most: int) -> list[Tensor]:
    """Return at most `most` windows spread evenly over the held-out text, always the same ones."""
    count = max(1, (len(split.tokens) - 1) // context_length)
    places = np.unique(np.linspace(0, count - 1, num=min(most, count)).astype(int))
    cut = (split.tokens[i * context_length : (i + 1) * context_length + 1] for i in places)
    return [torch.from_numpy(window.astype(np.int64)) for window in cut if len(window) > 1]
