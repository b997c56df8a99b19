"""A model, a prompt and a `SampleConfig` go in, a `Continuation` comes out, whole or piece by piece.

Law: `write` joins what `stream` yields; the text has exactly `max_chars` characters, all of them whole; the same
model, prompt, settings and seed give the same text. One `Writer` serves any number of threads at once.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from novelgpt.config import SampleConfig
from novelgpt.errors import BadModel, NotUnicode
from novelgpt.messages import Message
from novelgpt.model.folder import Model
from novelgpt.tokens.vocabulary import Vocabulary
from novelgpt.writing.engine import generate
from novelgpt.writing.manner import Manner, as_learnt
from novelgpt.writing.sampling import Choose, compose
from novelgpt.writing.utf8 import spell_on

FinishReason = Literal["length", "chapter_end"]

_REPLACEMENT = "\ufffd"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LOOKED_AT = 4000  # characters at the end of a page that show how it begins its paragraphs


@dataclass(frozen=True)
class Piece:
    """A fragment of a continuation; only the last has a `finish_reason`, and its tokens may reach beyond its text."""

    text: str
    tokens: tuple[int, ...]
    finish_reason: FinishReason | None
    seed: int


@dataclass(frozen=True)
class Continuation:
    """A whole continuation, and the seed that brings it back."""

    text: str
    finish_reason: FinishReason
    tokens: tuple[int, ...]
    seed: int


class Writer:
    """Continues texts with one model, which it only reads."""

    def __init__(self, model: Model) -> None:
        self.model = model
        texts = model.tokenizer.texts
        self._spelling = Spelling(model.tokenizer)
        self._longest_token = max(map(len, texts))
        # punctuation has to come back all the time, and so do the bytes that rare characters share
        self._spared = frozenset(i for i, text in enumerate(texts) if not any(map(str.isalnum, text)))

    def stream(self, prompt: str, sample: SampleConfig) -> Generator[Piece, None, None]:
        """Yield the continuation of `prompt` as it grows; a prompt that cannot be read is refused at once."""
        seed = secrets.randbelow(2**32) if sample.seed is None else sample.seed
        return self._pieces(self.read(prompt), Manner.of(prompt[-_LOOKED_AT:]), sample, seed)

    def write(self, prompt: str, sample: SampleConfig) -> Continuation:
        """Return the whole continuation of `prompt`."""
        pieces = list(self.stream(prompt, sample))
        text = "".join(piece.text for piece in pieces)
        tokens = tuple(token for piece in pieces for token in piece.tokens)
        return Continuation(text, pieces[-1].finish_reason or "length", tokens, pieces[-1].seed)

    def read(self, prompt: str) -> list[int]:
        """Return the ids that the network sees of `prompt`: the whole chapter so far, or as much of its end as fits."""
        _refuse_surrogates(prompt)
        tokenizer, context = self.model.tokenizer, self.model.network.config.max_position_embeddings
        # so many characters can never fit, so nothing before them matters, however long the prompt
        newest = prompt[-2 * self._longest_token * context :]
        ids = tokenizer.encode(as_learnt(newest))
        if not ids or (len(ids) < context and newest == prompt):
            return [tokenizer.chapter_start_id, *ids]
        return ids[-max(1, context * 3 // 4) :]  # the rest is room for writing before the window has to slide

    def _pieces(
        self, ids: list[int], manner: Manner, sample: SampleConfig, seed: int
    ) -> Generator[Piece, None, None]:
        choose = compose(sample, self._spared, torch.Generator().manual_seed(seed))
        decoder = self.model.tokenizer.stream_decoder()
        left, before = sample.max_chars, manner.opening()
        tokens: list[int] = []
        for token in generate(self.model.network, ids, self._readable(choose)):
            tokens.append(token)
            spelled = decoder.push(token)
            if not spelled:
                continue  # a character is only half spelled
            text, before = (before + manner.dress(spelled))[:left], ""
            left -= len(text)
            yield Piece(text, tuple(tokens), None if left else "length", seed)
            if not left:
                return
            tokens.clear()

    def _readable(self, choose: Choose) -> Choose:
        """Return `choose` among the tokens that may come next."""
        begun = b""

        def choose_readable(logits: Tensor, seen: Sequence[int]) -> int:
            nonlocal begun
            if not logits.isfinite().all():
                raise BadModel(path=self.model.folder, detail=Message("writing.no_numbers"))
            chosen = choose(self._spelling.restrict(logits, begun), seen)
            begun = self._spelling.after(begun, chosen)
            return chosen

        return choose_readable


class Spelling:
    """Which tokens may come next, so that only text comes out: no markers, no half characters."""

    def __init__(self, tokenizer: Vocabulary) -> None:
        self._fragments = tokenizer.fragments if _can_finish(tokenizer) else {}
        opening = {token for token, part in self._fragments.items() if spell_on(b"", part) is not None}
        self._closed = torch.tensor(
            [token not in opening and not _is_readable(text) for token, text in enumerate(tokenizer.texts)]
        )
        self._following: dict[bytes, Tensor] = {}

    def restrict(self, logits: Tensor, begun: bytes) -> Tensor:
        """Return the logits with -inf for every token that may not follow the bytes `begun`."""
        if not begun:
            return logits.masked_fill(self._closed, -torch.inf)
        ids = self._following.get(begun)
        if ids is None:
            able = [token for token, part in self._fragments.items() if spell_on(begun, part) is not None]
            ids = self._following[begun] = torch.tensor(able)
        return torch.full_like(logits, -torch.inf).index_copy(0, ids, logits[ids])

    def after(self, begun: bytes, token: int) -> bytes:
        """Return the bytes that still wait for the rest of their character once `token` has come."""
        return spell_on(begun, self._fragments[token]) or b"" if token in self._fragments else b""


def _can_finish(tokenizer: Vocabulary) -> bool:
    """Where single bytes are lacking, a character that was begun might never come to its end."""
    return set(range(0x80, 0xC0)) <= set(tokenizer.byte_ids.values())


def _is_readable(text: str) -> bool:
    """A vocabulary from elsewhere may hold control characters and broken text."""
    return bool(text) and _REPLACEMENT not in text and not _CONTROL.search(text)


def _refuse_surrogates(prompt: str) -> None:
    """Look at all of the prompt, though only its end is read."""
    try:
        prompt.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotUnicode(position=error.start + 1) from None
