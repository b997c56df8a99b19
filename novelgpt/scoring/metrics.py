"""Texts go in, one number and the signature that makes it reproducible come out.

Law: equal signatures and equal texts mean equal scores. BLEU and chrF are sacrebleu's own, with its signatures; the
others count characters, white space left out, and carry ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sacrebleu.metrics import BLEU, CHRF

REPEATED_LENGTH = 4


@dataclass(frozen=True)
class Metric:
    """One figure; dots in the name are levels in JSON."""

    name: str
    score: float
    signature: str


def bleu(hypotheses: Sequence[str], references: Sequence[str]) -> Metric:
    """Return corpus BLEU (0 to 100), Chinese cut into characters."""
    return _sacrebleu("bleu.zh", BLEU(tokenize="zh"), hypotheses, references)


def chrf(hypotheses: Sequence[str], references: Sequence[str]) -> Metric:
    """Return chrF (0 to 100): overlap of character n-grams up to six."""
    return _sacrebleu("chrf", CHRF(), hypotheses, references)


def distinct(texts: Sequence[str], n: int) -> Metric:
    """Return how many of all n-grams of the texts together are different ones (0 to 1, higher is more varied)."""
    grams = list(chain.from_iterable(_grams(text, n) for text in texts))
    return Metric(f"distinct.{n}", _share(len(set(grams)), len(grams)), f"distinct|chars|space:no|n:{n}|v:1")


def repetition(texts: Sequence[str]) -> Metric:
    """Return the share of 4-grams that stood earlier in the same text (0 to 1, lower is less repetitive)."""
    each = [list(_grams(text, REPEATED_LENGTH)) for text in texts]
    repeated = sum(len(grams) - len(set(grams)) for grams in each)
    score = _share(repeated, sum(len(grams) for grams in each))
    return Metric("repetition", score, f"repetition|chars|space:no|n:{REPEATED_LENGTH}|within:text|v:1")


def _sacrebleu(name: str, metric: Any, hypotheses: Sequence[str], references: Sequence[str]) -> Metric:
    score = metric.corpus_score(list(hypotheses), [list(references)]).score
    return Metric(name, float(score), str(metric.get_signature()))


def _grams(text: str, n: int) -> Iterator[str]:
    characters = "".join(text.split())
    return (characters[start : start + n] for start in range(len(characters) - n + 1))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
