"""One candidate while it grows: logits in, tokens and pieces of text out.

Laws: the pieces join to the text; no piece holds what may yet be taken back (the beginning of a stop text or of a banned
phrase); a text that is to end on a whole sentence ends on the first one after `max_chars`, or `PATIENCE` characters later.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from novelgpt.config import SampleConfig
from novelgpt.tokens.vocabulary import Vocabulary
from novelgpt.writing.grammar import Grammar
from novelgpt.writing.manner import Manner
from novelgpt.writing.pieces import Chosen, FinishReason, Piece
from novelgpt.writing.sampling import Choose
from novelgpt.writing.standing import SENTENCE_ENDS, Standing

PATIENCE = 80
"""Characters that a sentence may take to come to its end."""
_PUSH = 0.15
"""Added to the logits of what ends a sentence, for each character too many."""
_MOST_RETURNS = 200
"""Times a candidate goes back because of a banned phrase; then it is written."""


@dataclass(frozen=True)
class _Step:
    """A token, and how things stood before it."""

    token: int
    length: int
    standing: Standing
    chosen: Chosen | None


class Row:
    """One candidate."""

    def __init__(
        self,
        tokenizer: Vocabulary,
        grammar: Grammar,
        sample: SampleConfig,
        choose: Choose,
        *,
        ids: list[int],
        manner: Manner,
        standing: Standing,
        number: int = 0,
        seed: int = 0,
        gap_id: int | None = None,
    ) -> None:
        """`gap_id` is the marker that ends what is written into a gap; without it the end of the chapter is looked for."""
        self._tokenizer, self._grammar, self._sample, self._choose = tokenizer, grammar, sample, choose
        self._manner, self._number, self._seed = manner, number, seed
        self._fills = gap_id is not None
        self._end_id = tokenizer.chapter_end_id if gap_id is None else gap_id
        self._seen, self._prompt_length = list(ids), len(ids)
        self._decoder, self._standing = tokenizer.stream_decoder(), standing
        self._text, self._opening = "", manner.opening()
        self._steps: list[_Step] = []
        self._shown = self._told = 0  # characters and tokens that have left in pieces
        self._watched = tuple(filter(None, (*sample.stop, *sample.banned)))
        self._refused: defaultdict[int, set[int]] = defaultdict(set)
        self._returns = 0
        self._last_chosen: Chosen | None = None
        self.finish_reason: FinishReason | None = None

    def choose(self, logits_V: Tensor) -> int:
        """Return the token that comes next."""
        allowed = self.allowed(logits_V)
        if refused := self._refused.get(len(self._steps)):
            without = allowed.index_fill(0, torch.tensor(sorted(refused), device=allowed.device), -torch.inf)
            allowed = without if without.isfinite().any() else allowed
        token: int = self._choose(allowed, self._seen)
        wanted = self._sample.alternatives
        self._last_chosen = chosen_among(logits_V, token, wanted) if wanted else None
        return token

    def allowed(self, logits_V: Tensor) -> Tensor:
        """Return the logits of what may come next."""
        end_id = self._end_id if self._may_end() else None
        return self._towards_an_end(self._grammar.restrict(logits_V, self._standing, end_id))

    def fork(self) -> Row:
        """Return another row that has come as far and goes its own way."""
        other = copy.copy(self)
        other._steps, other._seen = list(self._steps), list(self._seen)
        other._refused = defaultdict(set, {place: set(ids) for place, ids in self._refused.items()})
        other._decoder = self._tokenizer.stream_decoder()
        for step in other._steps:
            other._decoder.push(step.token)
        return other

    @property
    def length(self) -> int:
        """How many tokens it holds."""
        return len(self._steps)

    def whole(self) -> Piece:
        """Return all of it in one piece."""
        tokens = tuple(step.token for step in self._steps)
        chosen = tuple(step.chosen for step in self._steps if step.chosen)
        return Piece(self._text, tokens, self.finish_reason, self._seed, self._number, chosen)

    def _may_end(self) -> bool:
        """A chapter ends with a sentence, and not before it has begun; a gap may be as small as it likes."""
        if self._fills:
            return True
        return self._sample.ends and bool(self._text) and self._standing.whole

    def _towards_an_end(self, logits_V: Tensor) -> Tensor:
        """Make the end of the sentence likelier, the longer it is waited for."""
        over = len(self._text) - self._sample.max_chars
        if over < 0 or not self._sample.whole_sentences or self._standing.begun:
            return logits_V
        grammar, standing = self._grammar, self._standing
        wanted = grammar.closers if standing.open and standing.last in SENTENCE_ENDS else grammar.enders
        return logits_V.index_add(0, wanted, torch.full((len(wanted),), _PUSH * (over + 1)))

    def take(self, token: int) -> tuple[Piece | None, int]:
        """Take in the token that was chosen; return what can be shown, and how many tokens must be taken back."""
        self._steps.append(_Step(token, len(self._text), self._standing, self._last_chosen))
        self._seen.append(token)
        if token == self._end_id:
            self.finish_reason = "stop" if self._fills else "chapter_end"
        else:
            begun = self._grammar.begun_after(self._standing.begun, token)
            self._write(self._decoder.push(token))
            self._standing = replace(self._standing, begun=begun)
        if back := self._to_take_back():
            self._take_back(back)
            return None, back
        self._stop()
        if len(self._steps) == self._sample.max_tokens and not self.finish_reason:
            self.finish_reason = "length"
        return self._piece(), 0

    def _write(self, spelled: str) -> None:
        """Add characters until the text is as long as it was to be."""
        for character in spelled:
            self._text += self._opening + self._manner.dress(character)
            self._opening = ""
            self._standing = self._standing.after(character)
            if self._is_long_enough():
                self.finish_reason = "length"
                return

    def _is_long_enough(self) -> bool:
        limit = self._sample.max_chars
        if not self._sample.whole_sentences:
            self._text = self._text[:limit]
            return len(self._text) == limit
        ended = self._standing.whole and self._standing.last != "\n"
        return len(self._text) >= limit and (ended or len(self._text) >= limit + PATIENCE)

    def _to_take_back(self) -> int:
        """Return how many tokens reach back to the beginning of a banned phrase."""
        for phrase in self._sample.banned:
            begin = self._text.find(phrase, self._shown) if phrase else -1
            if begin >= 0 and self._returns < _MOST_RETURNS:
                first = max(number for number, step in enumerate(self._steps) if step.length <= begin)
                return len(self._steps) - first
        return 0

    def _take_back(self, count: int) -> None:
        self._returns += 1
        first = self._steps[-count]
        self._refused[len(self._steps) - count].add(first.token)
        del self._steps[-count:]
        del self._seen[-count:]
        self._text, self._standing = self._text[: first.length], first.standing
        self._opening = self._manner.opening() if not self._text else ""
        self.finish_reason = None
        self._decoder = self._tokenizer.stream_decoder()
        for step in self._steps:
            self._decoder.push(step.token)

    def _stop(self) -> None:
        found = [at for stop in self._sample.stop if stop and (at := self._text.find(stop, self._shown)) >= 0]
        if found:
            self._text, self.finish_reason = self._text[: min(found)], "stop"

    def _piece(self) -> Piece | None:
        """Return what cannot change any more, if that is anything new."""
        end, told = len(self._text), len(self._steps)
        if not self.finish_reason:
            end = self._safe_end()
            while (
                told and self._steps[told - 1].length >= end and (end < len(self._text) or end == self._shown)
            ):
                told -= 1
            if end == self._shown:
                return None
        steps = self._steps[self._told : told]
        text, self._shown, self._told = self._text[self._shown : end], end, told
        chosen = tuple(step.chosen for step in steps if step.chosen)
        tokens = tuple(step.token for step in steps)
        return Piece(text, tokens, self.finish_reason, self._seed, self._number, chosen)

    def _safe_end(self) -> int:
        """Return where the text ends that no stop text or banned phrase can take back."""
        begun = [
            size
            for watched in self._watched
            for size in range(1, min(len(watched), len(self._text) - self._shown + 1))
            if self._text.endswith(watched[:size])
        ]
        end = len(self._text) - max(begun, default=0)
        if not begun:
            return end
        return max((step.length for step in self._steps if step.length <= end), default=0)


def chosen_among(logits_V: Tensor, token: int, alternatives: int) -> Chosen:
    """Return the token with its log probability, and so many of the likeliest ones."""
    chances = logits_V.log_softmax(0)
    best: tuple[tuple[int, float], ...] = ()
    if alternatives > 0:
        top = chances.topk(min(alternatives, len(chances)))
        best = tuple(zip(top.indices.tolist(), top.values.tolist(), strict=True))
    return Chosen(token, float(chances[token]), best)
