"""Token ids go in, token ids come out, one at a time and without end; it knows no text.

Law: each step's logits are those of one full forward pass over the window, though only new tokens are computed.
The window grows to the longest the network was made for; then its newest half is read again and it grows on from there.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from novelgpt.writing.sampling import Choose


def generate(network: Any, prompt_ids: Sequence[int], choose: Choose) -> Generator[int, None, None]:
    """Yield chosen ids after `prompt_ids` (at least one) for as long as the caller asks; nothing runs in between."""
    ids = list(prompt_ids)
    window = Window(network)
    while True:
        # closed before each yield: the mode belongs to a thread, and the next step may come from another one
        with torch.inference_mode():
            chosen = choose(window.next_logits(ids), ids)
        ids.append(chosen)
        yield chosen


class Window:
    """The newest part of a growing list of ids, and what the network remembers of it."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self._length: int = network.config.max_position_embeddings  # GPT-2 answers to this name too
        self._begin = self._read = 0
        self._cache = DynamicCache(config=network.config)

    def next_logits(self, ids: Sequence[int]) -> Tensor:
        """Return the logits of the token after `ids`, on the CPU; `ids` must go on from the call before."""
        if len(ids) - self._begin > self._length:
            self._slide(len(ids))
        fresh = torch.tensor([ids[self._read :]], device=self._network.device)
        self._read = len(ids)
        output = self._network(fresh, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        logits: Tensor = output.logits[0, -1]
        return logits.float().cpu()

    def _slide(self, count: int) -> None:
        """Forget all but the newest half; every position changes, so that half has to be read anew."""
        self._begin = self._read = count - max(1, self._length // 2)
        self._cache = DynamicCache(config=self._network.config)
