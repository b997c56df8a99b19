"""Text goes in, a `Score` comes out: figures, and the signatures anyone needs to get the same figures again.

Law: a score says how it was made; the same text, model and signature give the same score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from novelgpt.config import Dial
from novelgpt.errors import EmptyText, LengthsDiffer, TooLittleToScore
from novelgpt.messages import Message
from novelgpt.scoring.likelihood import Likelihood, text_likelihood, total
from novelgpt.scoring.metrics import Metric, bleu, chrf, distinct, repetition

if TYPE_CHECKING:
    from novelgpt.text.chapter import Chapter
    from novelgpt.tokens.vocabulary import Vocabulary


@dataclass(frozen=True)
class Score:
    """The figures of one scoring; `counts` say what they were taken over."""

    signature: str
    metrics: tuple[Metric, ...]
    counts: dict[str, int] = field(default_factory=dict)
    likelihood: Likelihood | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return nested JSON: `bleu.zh.score`, `bleu.zh.signature`, `bits_per_character`, `perplexity`, `signature`…"""
        result: dict[str, Any] = {"signature": self.signature, **self.counts}
        for metric in self.metrics:
            place = result
            for level in metric.name.split("."):
                place = place.setdefault(level, {})
            place.update(score=metric.score, signature=metric.signature)
        if self.likelihood:
            result |= {
                "bits_per_character": self.likelihood.bits_per_character,
                "perplexity": self.likelihood.perplexity,
                "tokens": self.likelihood.tokens,
                "characters": self.likelihood.characters,
            }
        return result

    def lines(self) -> list[Message]:
        """Return the figures as sentences for a person."""
        told = [Message(f"score.{metric.name}", {"score": metric.score}) for metric in self.metrics]
        if self.likelihood:
            cost = self.likelihood
            told.append(Message("score.bits_per_character", {"score": cost.bits_per_character}))
            told.append(Message("score.perplexity", {"score": cost.perplexity, "tokens": cost.tokens}))
        return [*told, Message("score.signature", {"signature": self.signature})]


@dataclass(frozen=True)
class Continued:
    """Progress: one held-out chapter was continued and can be read beside what its author wrote."""

    done: int
    of: int
    chapter: Chapter
    prompt: str
    reference: str
    hypothesis: str


def score_pair(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    """Score texts against what they should have been, segment by segment."""
    names = Message("score.the_hypothesis"), Message("score.the_reference")
    if len(hypotheses) != len(references):
        raise LengthsDiffer(hyp=names[0], hyp_count=len(hypotheses), ref=names[1], ref_count=len(references))
    for name, texts in zip(names, (hypotheses, references), strict=True):
        if not any(text.strip() for text in texts):
            raise EmptyText(what=name)
    metrics = (bleu(hypotheses, references), chrf(hypotheses, references), *_variety(hypotheses))
    return Score(f"pair|segments:{len(hypotheses)}|v:1", metrics, {"segments": len(hypotheses)})


def score_text(text: str, network: Any, tokenizer: Vocabulary, *, stride: int | None = None) -> Score:
    """Score how well a model foresees a text, and how varied the text is."""
    cost = total([text_likelihood(text, network, tokenizer, stride=stride)])
    return Score(f"text|v:1 {cost.signature}", _variety([text]), likelihood=cost)


def score_continuations(
    chapters: Sequence[Chapter],
    network: Any,
    tokenizer: Vocabulary,
    continue_text: Callable[[str, int], str],
    *,
    prompt_chars: int = 200,
    continuation_chars: int = 200,
    limit: int | None = None,
    writer: str = "",
) -> Iterator[Continued | Score]:
    """Let a model continue held-out chapters; yield each one as it is written, then the score.

    The first `prompt_chars` are given, the next `continuation_chars` are the reference; the likelihood is that of the
    whole chapters. `limit` takes that many of them, evenly spread; `writer` says in the signature how text was sampled.
    """
    for name, value in (("prompt_chars", prompt_chars), ("continuation_chars", continuation_chars)):
        Dial("", low=1, high=1_000_000).check(name, value)
    Dial("", low=1, high=1_000_000_000).check("limit", limit)
    usable = _long_enough(chapters, prompt_chars + continuation_chars)
    chosen = _spread(usable, limit)
    continued: list[Continued] = []
    costs: list[Likelihood] = []
    for number, chapter in enumerate(chosen, start=1):
        whole = chapter.whole()
        prompt, reference = whole[:prompt_chars], whole[prompt_chars:][:continuation_chars]
        hypothesis = continue_text(prompt, continuation_chars)[:continuation_chars]
        costs.append(text_likelihood(whole, network, tokenizer))
        continued.append(Continued(number, len(chosen), chapter, prompt, reference, hypothesis))
        yield continued[-1]
    counts = {"chapters": len(chosen), "skipped": len(chapters) - len(usable)}
    task = f"continuations|prompt:{prompt_chars}|reference:{continuation_chars}|chapters:{len(chosen)}|v:1"
    yield _continuation_score(continued, total(costs), counts, " ".join(filter(None, (task, writer))))


def _continuation_score(
    continued: Sequence[Continued], cost: Likelihood, counts: dict[str, int], signature: str
) -> Score:
    hypotheses = [one.hypothesis for one in continued]
    references = [one.reference for one in continued]
    metrics = (bleu(hypotheses, references), chrf(hypotheses, references), *_variety(hypotheses))
    return Score(f"{signature} {cost.signature}", metrics, counts, cost)


def _variety(texts: Sequence[str]) -> tuple[Metric, ...]:
    return (*(distinct(texts, n) for n in (1, 2, 3)), repetition(texts))


def _long_enough(chapters: Sequence[Chapter], needed: int) -> list[Chapter]:
    usable = [chapter for chapter in chapters if len(chapter.whole()) >= needed]
    if not usable:
        raise TooLittleToScore(chapters=len(chapters), needed=needed)
    return usable


def _spread(chapters: list[Chapter], limit: int | None) -> list[Chapter]:
    count = min(limit or len(chapters), len(chapters))
    return [chapters[place * len(chapters) // count] for place in range(count)]
