"""Chosen tokens go in, their probabilities come out in the shapes that programs read.

Law: the bytes of all tokens of a text join to the text; a token that is less than a character is named by its bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from novelgpt.tokens.vocabulary import Vocabulary
from novelgpt.writing.pieces import Chosen

_LEAST = -1000.0
"""JSON has no infinity."""


def token_bytes(tokenizer: Vocabulary, token: int) -> bytes:
    """Return what a token stands for; a marker stands for nothing."""
    return tokenizer.fragments.get(token) or tokenizer.texts[token].encode()


def token_name(tokenizer: Vocabulary, token: int) -> str:
    """Return a token as a person can read it."""
    text = tokenizer.texts[token]
    if text:
        return text
    raw = tokenizer.fragments.get(token)
    return "bytes:" + "".join(f"\\x{byte:02x}" for byte in raw) if raw else f"<{token}>"


def content_list(tokenizer: Vocabulary, chosen: Sequence[Chosen]) -> list[dict[str, Any]]:
    """Return one entry for each token, as chats and Kobold list them."""

    def entry(token: int, logprob: float) -> dict[str, Any]:
        raw = list(token_bytes(tokenizer, token))
        return {"token": token_name(tokenizer, token), "logprob": max(_LEAST, logprob), "bytes": raw}

    return [
        {**entry(one.token, one.logprob), "top_logprobs": [entry(*best) for best in one.best]}
        for one in chosen
    ]


def parallel_lists(tokenizer: Vocabulary, chosen: Sequence[Chosen], offset: int) -> dict[str, Any]:
    """Return lists of equal length, as text completions carry them; `content` says the same again for who reads that."""
    names = [token_name(tokenizer, one.token) for one in chosen]
    offsets = []
    for one in chosen:
        offsets.append(offset)
        offset += len(tokenizer.texts[one.token])
    return {
        "tokens": names,
        "token_logprobs": [max(_LEAST, one.logprob) for one in chosen],
        "top_logprobs": [_best(tokenizer, one) for one in chosen],
        "text_offset": offsets,
        "content": content_list(tokenizer, chosen),
    }


def _best(tokenizer: Vocabulary, one: Chosen) -> dict[str, float]:
    best: dict[str, float] = {}
    for token, logprob in one.best:
        best.setdefault(token_name(tokenizer, token), max(_LEAST, logprob))
    return best
