"""Several continuations of one text → the same, judged and put in order, every judgement visible.

In: what the model wrote, with the log probability of each token. Out: for each what speaks for it and against it, and a total.
Law: a pure function of the texts and numbers; the order of those that are equally good stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from novelgpt.writing.pieces import Continuation
from novelgpt.writing.standing import Standing

GRAM = 4
COPIED = 12
"""Characters in a row that count as copied from the text before."""
_WEIGHTS = {"likelihood": 1.0, "repetition": -3.0, "copied": -3.0, "whole": 0.5}


@dataclass(frozen=True)
class Judged:
    """A continuation and what can be said of it."""

    continuation: Continuation
    likelihood: float
    """Natural log probability per character: how readily the model wrote it."""
    repetition: float
    """Share of its runs of four characters that stand in it more than once."""
    copied: float
    """Share of its characters that lie in a long run taken from the text before it."""
    whole: bool
    """Whether it ends with a sentence, every mark closed."""

    @property
    def total(self) -> float:
        """All of it in one number: higher is better."""
        return sum(weight * float(getattr(self, name)) for name, weight in _WEIGHTS.items())


def rank(prompt: str, found: Sequence[Continuation]) -> list[Judged]:
    """Return the continuations of `prompt`, the best first; they must have been written with `alternatives` set."""
    return sorted((judge(prompt, one) for one in found), key=lambda judged: -judged.total)


def judge(prompt: str, continuation: Continuation) -> Judged:
    """Judge one continuation."""
    text = continuation.text
    logprob = sum(one.logprob for one in continuation.chosen)
    return Judged(
        continuation,
        likelihood=logprob / max(1, len(text)),
        repetition=_repeated(text),
        copied=copied_share(text, prompt),
        whole=Standing.of(prompt).after(text).whole,
    )


def _repeated(text: str) -> float:
    grams = [text[begin : begin + GRAM] for begin in range(len(text) - GRAM + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def copied_share(text: str, before: str) -> float:
    """Return the share of `text` that lies in runs of at least `COPIED` characters found in `before`."""
    known = {before[begin : begin + COPIED] for begin in range(len(before) - COPIED + 1)}
    covered = bytearray(len(text))
    for begin in range(len(text) - COPIED + 1):
        if text[begin : begin + COPIED] in known:
            covered[begin : begin + COPIED] = b"\x01" * COPIED
    return sum(covered) / len(text) if text else 0.0
