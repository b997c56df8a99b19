"""A network in the middle of its training → a few lines of what it writes.

Law: the same weights, prompt and seed give the same text, and looking changes nothing: the global random stream stays
where it was and the network's mode comes back. No half characters and no control characters: they would end up in a
terminal.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from novelgpt.tokens.vocabulary import Vocabulary

TEMPERATURE = 0.9
TOP_K = 50
_TOKENS_PER_CHARACTER = 4  # a character spelt in bytes
_LAYOUT = "\n\u3000"


def write_sample(network: Any, vocabulary: Vocabulary, prompt: str, characters: int, seed: int) -> str:
    """Return what the network writes after `prompt`, without it: at most so many characters, or to the chapter's end."""
    generator = torch.Generator().manual_seed(seed)
    reader = _Reader(network, [vocabulary.chapter_start_id, *vocabulary.encode(prompt)])
    stream, text = vocabulary.stream_decoder(), ""
    with _reading(network):
        for _ in range(_TOKENS_PER_CHARACTER * characters):
            chosen = _draw(_allowed(reader.next_logits(), vocabulary, begun=bool(text)), generator)
            if chosen == vocabulary.chapter_end_id:
                break
            reader.ids.append(chosen)
            text += "".join(filter(_may_be_shown, stream.push(chosen)))
            if len(text) >= characters:
                break
    return text[:characters]


@contextlib.contextmanager
def _reading(network: Any) -> Iterator[None]:
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        network.train(was_training)


class _Reader:
    """A growing list of ids, of which the network reads each once, until its window is full."""

    def __init__(self, network: Any, ids: list[int]) -> None:
        self.ids, self._network = ids, network
        self._longest: int = network.config.max_position_embeddings
        self._first = self._read = 0
        self._cache = DynamicCache(config=network.config)

    def next_logits(self) -> Tensor:
        """Return the logits of the token after all ids, on the CPU."""
        if len(self.ids) - self._first > self._longest:
            # positions are counted from the window's beginning, so its newest half has to be read anew
            self._first = self._read = len(self.ids) - max(1, self._longest // 2)
            self._cache = DynamicCache(config=self._network.config)
        fresh = torch.tensor([self.ids[self._read :]], device=self._network.device)
        self._read = len(self.ids)
        output = self._network(input_ids=fresh, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        logits: Tensor = output.logits[0, -1]
        return logits.float().cpu()


def _allowed(logits: Tensor, vocabulary: Vocabulary, begun: bool) -> Tensor:
    """Rule out the markers that have no place inside a text, and an end before its beginning."""
    end = vocabulary.chapter_end_id
    never = {vocabulary.padding_id, vocabulary.unknown_id, vocabulary.chapter_start_id} - {end, None}
    if not begun:
        never.add(end)
    return logits.index_fill(0, torch.tensor(sorted(one for one in never if one is not None)), -torch.inf)


def _draw(logits: Tensor, generator: torch.Generator) -> int:
    best = logits.topk(min(TOP_K, len(logits)))
    place = torch.multinomial((best.values / TEMPERATURE).softmax(0), 1, generator=generator)
    return int(best.indices[place])


def _may_be_shown(character: str) -> bool:
    """U+FFFD is what broken bytes leave behind."""
    return character != "\ufffd" and (character.isprintable() or character in _LAYOUT)
