"""The text that is never learnt from → how well it is foreseen.

In: a learner and its held-out windows. Out: bits per character, which compare across vocabularies, and nats per token.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from novelgpt.model.learning.learner import Learner
from novelgpt.model.learning.windows import held_out_windows
from novelgpt.tokens.shards import Shards

MOST_WINDOWS = 128
_AT_ONCE_ON_A_GPU = 8


@dataclass(frozen=True)
class HeldOut:
    """What was read."""

    bits_per_character: float
    nats_per_token: float


class HeldOutText:
    """The same windows at every evaluation, cut once."""

    def __init__(self, shards: Shards, context_length: int) -> None:
        self.windows = held_out_windows(shards.held_out, context_length, MOST_WINDOWS)
        self.tokens = sum(len(window) - 1 for window in self.windows)
        texts = (shards.tokenizer.decode(window[1:].tolist()) for window in self.windows)
        self.characters = max(1, sum(map(len, texts)))

    def read(self, learner: Learner) -> HeldOut:
        """Return what the learner, as it is now, makes of them."""
        nats = sum(learner.loss_of(rows[:, :-1], rows[:, 1:]) for rows in self._batches(learner.device))
        return HeldOut(nats / math.log(2) / self.characters, nats / max(1, self.tokens))

    def _batches(self, device: torch.device) -> list[torch.Tensor]:
        """One window at a time: on a CPU several at once are no faster, and the last may be shorter."""
        if device.type == "cpu":
            return [window[None] for window in self.windows]
        length = max(map(len, self.windows))
        whole = [window for window in self.windows if len(window) == length]
        shorter = [window[None] for window in self.windows if len(window) != length]
        groups = [whole[i : i + _AT_ONCE_ON_A_GPU] for i in range(0, len(whole), _AT_ONCE_ON_A_GPU)]
        return [*(torch.stack(group) for group in groups), *shorter]
