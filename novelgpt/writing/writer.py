"""A model, a prompt and a `SampleConfig` go in, a `Continuation` comes out, whole or piece by piece, or several at once.

Laws: `write` joins what `stream` yields; all characters are whole; the same model, prompt, settings and seed give the same
text, whoever else is writing. One `Writer` serves any number of threads at once.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from novelgpt.config import SampleConfig
from novelgpt.errors import BadModel, NotUnicode
from novelgpt.messages import Message
from novelgpt.model.folder import Model
from novelgpt.writing.beam import likeliest
from novelgpt.writing.engine import Engine, Window
from novelgpt.writing.grammar import Grammar
from novelgpt.writing.manner import Manner, as_learnt
from novelgpt.writing.pieces import Chosen, Continuation, Piece, gathered
from novelgpt.writing.row import Row, chosen_among
from novelgpt.writing.sampling import Known, compose
from novelgpt.writing.standing import Standing

_LOOKED_AT = 4000  # characters at the end of a page that show how it begins its paragraphs
_SEEDS = 2**63
_APART = 0x9E3779B97F4A7C15  # between the seeds of two candidates
_SAMPLE = (
    "那天夜里雨下得很大，他撑着一把旧伞，沿着河边慢慢走回家去。巷子尽头的灯还亮着，门却虚掩着。\n"
    "“你怎么才回来？”她放下手里的针线，抬起头来看他，“饭都凉了。”\n"
    "他没有说话，只是把湿透的外衣挂在门后，在火炉边坐了下来。过了很久，他才低声说道：“事情恐怕没有那么简单。”"
)
"""A page by which the engine judges whether rounded weights are as good."""


class Writer:
    """Continues texts with one model, which it only reads."""

    def __init__(self, model: Model, *, exact: bool = False) -> None:
        self.model = model
        texts = model.tokenizer.texts
        self.engine = Engine(model.network, model.tokenizer.encode(_SAMPLE), exact=exact)
        self.grammar = Grammar(model.tokenizer)
        self._longest_token = max(map(len, texts))
        self._known = Known.of(model.tokenizer)

    @property
    def longest(self) -> int:
        """How many tokens its window holds."""
        return self.engine.longest

    def stream(
        self,
        prompt: str | Sequence[int],
        sample: SampleConfig,
        *,
        gap_id: int | None = None,
        page: str | None = None,
    ) -> Generator[Piece, None, None]:
        """Yield the continuation of `prompt` as it grows; a prompt that cannot be read is refused at once.

        With `sample.n` above one, the pieces of all candidates come in turns, told apart by their `row`. `gap_id` is the
        marker that ends what is written into a gap; `page` is what the text is written after, where the prompt is more or
        less than that.
        """
        seed = secrets.randbelow(2**32) if sample.seed is None else sample.seed
        if isinstance(prompt, str):
            shown, ids = prompt, self.read(prompt)
        else:
            shown, ids = self.model.tokenizer.decode(prompt), self._cut(list(prompt))
        shown = shown if page is None else page
        return self._pieces(shown[-_LOOKED_AT:], ids, replace(sample, seed=seed), gap_id)

    def write(self, prompt: str | Sequence[int], sample: SampleConfig) -> Continuation:
        """Return the whole continuation of `prompt`; of several, the first."""
        return self.write_several(prompt, replace(sample, n=1))[0]

    def write_several(
        self, prompt: str | Sequence[int], sample: SampleConfig, **how: Any
    ) -> list[Continuation]:
        """Return `sample.n` continuations; `how` is what `stream` takes besides."""
        return gathered(self.stream(prompt, sample, **how), sample.n)

    def told(self, prompt: str | Sequence[int], alternatives: int) -> list[Chosen]:
        """Return how likely each token of the prompt was, after the first that is read."""
        ids = self.read(prompt) if isinstance(prompt, str) else self._cut(list(prompt))
        if len(ids) < 2:
            return []
        logits = self.engine.logits_of(ids, len(ids) - 1)
        return [chosen_among(row, token, alternatives) for row, token in zip(logits, ids[1:], strict=True)]

    def count(self, text: str) -> int:
        """Return how many tokens a text is."""
        return len(self.model.tokenizer.encode(as_learnt(text)))

    def next_tokens(self, prompt: str | Sequence[int], count: int) -> list[tuple[int, str, float]]:
        """Return the likeliest next tokens of all, as they are: id, text and probability."""
        ids = self.read(prompt) if isinstance(prompt, str) else self._cut(list(prompt))
        chances = self._numbers(self.engine.window(ids).logits_BV[0]).softmax(0)
        best = chances.topk(min(count, len(chances)))
        texts = self.model.tokenizer.texts
        return [
            (token, texts[token], chance)
            for token, chance in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]

    def read(self, prompt: str) -> list[int]:
        """Return the ids that the network sees of `prompt`: the whole chapter so far, or as much of its end as fits."""
        _refuse_surrogates(prompt)
        tokenizer, context = self.model.tokenizer, self.longest
        # so many characters can never fit, so nothing before them matters, however long the prompt
        newest = prompt[-2 * self._longest_token * context :]
        ids = tokenizer.encode(as_learnt(newest))
        if not ids or (len(ids) < context and newest == prompt):
            return [tokenizer.chapter_start_id, *ids]
        return self._cut(self._newest(prompt, len(newest) / len(ids)))

    def _newest(self, prompt: str, characters_per_token: float) -> list[int]:
        """Return the ids of the prompt's end, with room left for writing before the window has to slide.

        Where it begins moves by a quarter of a window at a time: while a text grows less than that, the same beginning is
        read again, which the engine remembers.
        """
        pace, begin = max(1, self.longest // 4), len(prompt) - int(self._room * characters_per_token)
        begin = max(0, begin // pace * pace)
        encode = self.model.tokenizer.encode
        ids = encode(as_learnt(prompt[begin:]))
        while len(ids) > self._room and begin + pace < len(prompt):
            begin += pace
            ids = encode(as_learnt(prompt[begin:]))
        while begin >= pace and len(more := encode(as_learnt(prompt[begin - pace :]))) <= self._room:
            begin, ids = begin - pace, more
        return ids

    @property
    def _room(self) -> int:
        return max(1, self.longest * 3 // 4)

    def _cut(self, ids: list[int]) -> list[int]:
        """Return as many of the newest ids as may be read."""
        if len(ids) < self.longest:
            return ids or [self.model.tokenizer.chapter_start_id]
        return ids[-self._room :]

    def _pieces(
        self, page: str, ids: list[int], sample: SampleConfig, gap_id: int | None
    ) -> Generator[Piece, None, None]:
        if sample.beam > 1:
            one = self._row(page, ids, sample, 0, gap_id)
            yield likeliest(self.engine, ids, one, sample.beam).whole()
            return
        rows = [self._row(page, ids, sample, number, gap_id) for number in range(sample.n)]
        # a banned phrase takes one candidate back and not the others, so these grow one by one
        groups = [[row] for row in rows] if sample.banned else [rows]
        for group in groups:
            yield from self._side_by_side(group, ids)

    def _row(self, page: str, ids: list[int], sample: SampleConfig, number: int, gap_id: int | None) -> Row:
        generator = torch.Generator().manual_seed(((sample.seed or 0) + number * _APART) % _SEEDS)
        return Row(
            self.model.tokenizer,
            self.grammar,
            sample,
            compose(sample, self._known.sparing(self._ids_of(sample.names)), generator),
            ids=ids,
            manner=Manner.of(page),
            standing=Standing.of(page),
            number=number,
            seed=sample.seed or 0,
            gap_id=gap_id,
        )

    def _ids_of(self, names: Sequence[str]) -> set[int]:
        """Return the tokens of names, as they stand inside a sentence."""
        encode = self.model.tokenizer.encode
        return {token for name in names for text in (name, f"，{name}") for token in encode(text)}

    def _side_by_side(self, rows: list[Row], ids: list[int]) -> Generator[Piece, None, None]:
        """Let candidates grow in step until all are finished."""
        window = self.engine.window(ids)
        if len(rows) > 1:
            window.select([0] * len(rows))
        while True:
            tokens = [
                row.choose(self._numbers(logits)) for row, logits in zip(rows, window.logits_BV, strict=True)
            ]
            back = 0
            for row, token in zip(rows, tokens, strict=True):
                piece, back = row.take(token)
                if piece:
                    yield piece
            growing = [number for number, row in enumerate(rows) if not row.finish_reason]
            if not growing:
                return
            if back:
                _go_back(window, back - 1)
                continue
            if len(growing) < len(rows):
                window.select(growing)
                rows, tokens = [rows[number] for number in growing], [tokens[number] for number in growing]
            window.push(tokens)

    def _numbers(self, logits_V: Tensor) -> Tensor:
        logits = logits_V.cpu()
        if not math.isfinite(
            logits.numpy().max()
        ):  # one that is no number is the highest; numpy finds it at once
            raise BadModel(path=self.model.folder, detail=Message("writing.no_numbers"))
        return logits


def _go_back(window: Window, count: int) -> None:
    if count:
        window.rewind(count)


def _refuse_surrogates(prompt: str) -> None:
    """Look at all of the prompt, though only its end is read."""
    try:
        prompt.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotUnicode(position=error.start + 1) from None
