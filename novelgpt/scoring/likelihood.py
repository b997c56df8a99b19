"""Texts and a network go in, how well the network foresaw them comes out.

Law: every token after the opening marker, the closing one included, is scored exactly once; windows only decide how
much came before it, and that is never less than half a context once half a context has been read.
Bits per character divide by the characters of the text alone, so models with different vocabularies compare.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from novelgpt.config import Dial
from novelgpt.errors import EmptyText
from novelgpt.messages import Message

if TYPE_CHECKING:
    from torch import Tensor

    from novelgpt.tokens.vocabulary import Vocabulary

_ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Likelihood:
    """The cost of some text; costs of several texts add up."""

    tokens: int
    characters: int
    nats: float
    signature: str

    @property
    def perplexity(self) -> float:
        """How many tokens the network hesitated between, on average; compares only within one vocabulary."""
        return math.exp(self.nats / self.tokens)

    @property
    def bits_per_character(self) -> float:
        """What a character cost; compares across vocabularies."""
        return self.nats / math.log(2) / self.characters


@dataclass(frozen=True)
class Window:
    """What the network reads at once, and how many tokens after it are scored (the last `scored` predictions)."""

    start: int
    end: int
    scored: int


def likelihood(
    texts: Iterable[str], network: Any, tokenizer: Vocabulary, *, stride: int | None = None
) -> Likelihood:
    """Score whole texts; those longer than the context in windows that move on by `stride` (default: half of it)."""
    return total(text_likelihood(text, network, tokenizer, stride=stride) for text in texts)


def text_likelihood(
    text: str, network: Any, tokenizer: Vocabulary, *, stride: int | None = None
) -> Likelihood:
    """Score one text between its markers."""
    context: int = network.config.max_position_embeddings  # GPT-2 answers to this name too
    half = max(1, context // 2)
    stride = half if stride is None else stride
    Dial("", low=1, high=half).check("stride", stride)
    ids = [tokenizer.chapter_start_id, *tokenizer.encode(text), tokenizer.chapter_end_id]
    signature = f"likelihood|context:{context}|stride:{stride}|vocabulary:{tokenizer.fingerprint}|v:1"
    nats = _nats(ids, network, windows(len(ids) - 1, context, stride))
    return Likelihood(len(ids) - 1, len(text), nats, signature)


def total(parts: Iterable[Likelihood]) -> Likelihood:
    """Add up the costs of several texts, which must hold at least one character."""
    costs = list(parts)
    characters = sum(cost.characters for cost in costs)
    if not characters:
        raise EmptyText(what=Message("score.the_text"))
    signature = " ".join(dict.fromkeys(cost.signature for cost in costs))
    return Likelihood(
        sum(cost.tokens for cost in costs), characters, math.fsum(cost.nats for cost in costs), signature
    )


def windows(inputs: int, context: int, stride: int) -> Iterator[Window]:
    """Cut `inputs` tokens, each followed by one to foresee, into windows that together score each follower once."""
    start, done = 0, 0
    while done < inputs:
        end = min(start + context, inputs)
        yield Window(start, end, end - done)
        start, done = start + stride, end


def _nats(ids: Sequence[int], network: Any, cuts: Iterable[Window]) -> float:
    import torch  # here, so that scoring text against text starts without it

    stream = torch.tensor(ids, device=next(network.parameters()).device)
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            return math.fsum(chain.from_iterable(_costs(stream, cut, network) for cut in cuts))
    finally:
        network.train(was_training)


def _costs(stream: Tensor, cut: Window, network: Any) -> Iterator[float]:
    """Yield the cost of a few tokens at a time: a window × vocabulary table would be the largest thing in memory."""
    from torch.nn.functional import cross_entropy

    hidden_TD = network.base_model(stream[None, cut.start : cut.end], use_cache=False)[0][0]
    for start in range(cut.end - cut.scored, cut.end, _ROWS_AT_ONCE):
        end = min(start + _ROWS_AT_ONCE, cut.end)
        logits = network.get_output_embeddings()(hidden_TD[start - cut.start : end - cut.start]).float()
        each = cross_entropy(logits, stream[start + 1 : end + 1], reduction="none")
        yield float(each.double().sum())
