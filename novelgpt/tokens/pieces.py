"""Pieces and merges: what a vocabulary is made of, and what is refused before a tokenizer is built from it.

In: pieces in id order, with their merges or without; or the bytes of a `tokenizer.json`. Out: the same, checked.
Law: a vocabulary that passes keeps the promises of `Tokenizer`, and building it takes bounded memory, whoever wrote it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from novelgpt.text.markers import SPECIALS

JOINER = "\u2060"
ESCAPED = ("[", "<")
BYTES = 256

LARGEST_FILE = 50_000_000
MOST_PIECES = 1_000_000
LONGEST_PIECE_ALLOWED = 64
_MOST_TREE_NODES = (
    5_000_000  # the Unigram model keeps a tree of bytes; a node takes up to 350 bytes of memory
)
_MOST_CONTAINERS, _MOST_COMMAS = 1_200_000, 3_500_000  # what 1,000,000 pieces and as many merges need

Piece = tuple[str, float]
Merge = tuple[str, str]


def byte_piece(value: int) -> str:
    """Return the piece that stands for one byte of a character the vocabulary lacks."""
    return f"<0x{value:02X}>"


FIXED = (*SPECIALS, *(byte_piece(value) for value in range(BYTES)), *(sign + JOINER for sign in ESCAPED))
"""The first pieces of every vocabulary: markers, bytes, and the two signs that could be mistaken for their beginning."""


def escape(text: str) -> str:
    """Return `text` the way pieces are looked up in it (newlines apart)."""
    for sign in ESCAPED:
        text = text.replace(sign, sign + JOINER)
    return text


def unescape(text: str) -> str:
    """Return the text that `escape` was given."""
    for sign in ESCAPED:
        text = text.replace(sign + JOINER, sign)
    return text


def check_pieces(pieces: Sequence[Piece], merges: Sequence[Merge] | None) -> None:
    """Refuse, with a ValueError, pieces and merges that no lossless tokenizer can be made of."""
    names = [name for name, _ in pieces]
    if len(names) > MOST_PIECES:
        raise ValueError(f"{len(names)} pieces; at most {MOST_PIECES} are allowed")
    if tuple(names[: len(FIXED)]) != FIXED:
        raise ValueError("the markers and bytes do not stand in their places")
    if len(set(names)) != len(names):
        raise ValueError("a piece stands twice")
    if not all(math.isfinite(score) for _, score in pieces):
        raise ValueError("a piece has no score")
    _check_texts(names[len(FIXED) :])
    if merges is None:
        _check_tree(names)
    else:
        _check_merges(merges, names)


def _check_texts(names: list[str]) -> None:
    """A piece with an escaped sign or half of its escape would swallow the other half and never give it back."""
    longest, shortest = max(map(len, names), default=1), min(map(len, names), default=1)
    if not shortest or longest > LONGEST_PIECE_ALLOWED:
        raise ValueError(f"a piece of {longest if shortest else 0} characters")
    together = "".join(names)
    together.encode("utf-8")  # a lone surrogate is a ValueError too
    forbidden = [sign for sign in (*ESCAPED, JOINER, "\n") if sign in together]
    if forbidden:
        raise ValueError(f"a piece holds {forbidden[0]!r}")


def _check_tree(names: list[str]) -> None:
    encoded = [name.encode("utf-8") for name in names]
    if sum(map(len, encoded)) <= _MOST_TREE_NODES:
        return
    nodes, former = 0, b""
    for name in sorted(encoded):
        nodes += len(name) - _shared_beginning(former, name)
        former = name
    if nodes > _MOST_TREE_NODES:
        raise ValueError(f"the pieces would take a tree of {nodes} nodes")


def _shared_beginning(first: bytes, second: bytes) -> int:
    for place, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return place
    return min(len(first), len(second))


def _check_merges(merges: Sequence[Merge], names: list[str]) -> None:
    if len(merges) > MOST_PIECES:
        raise ValueError(f"{len(merges)} merges; at most {MOST_PIECES} are allowed")
    mergeable = set(names[len(FIXED) :])
    for left, right in merges:
        if not {left, right, left + right} <= mergeable:
            raise ValueError(f"the merge of {left!r} and {right!r} names what is not a piece of text")
    if len(set(merges)) != len(merges):
        raise ValueError("a merge stands twice")


def read_pieces(content: bytes) -> tuple[list[Piece], list[Merge] | None]:
    """Return the pieces and merges in a `tokenizer.json`, and nothing else that it says.

    Whatever is wrong with it is a ValueError, LookupError, TypeError, AttributeError or RecursionError.
    """
    if len(content) > LARGEST_FILE:
        raise ValueError(f"larger than {LARGEST_FILE} bytes")
    if content.count(b"[") + content.count(b"{") > _MOST_CONTAINERS or content.count(b",") > _MOST_COMMAS:
        raise ValueError("more lists or values than a vocabulary can have")
    model = json.loads(content.decode("utf-8"))["model"]
    if model.get("type") not in ("Unigram", "BPE") or model.get("byte_fallback") is not True:
        raise ValueError(
            f"a {model.get('type')} model; novelgpt vocab makes Unigram or BPE with byte fallback"
        )
    if model["type"] == "Unigram":
        return [(_text(name), float(score)) for name, score in model["vocab"]], None
    return _in_order(model["vocab"]), [(_text(left), _text(right)) for left, right in model["merges"]]


def _in_order(ids: dict[str, Any]) -> list[Piece]:
    names = sorted(ids, key=ids.__getitem__)
    if [ids[name] for name in names] != list(range(len(names))):
        raise ValueError("the ids are not 0, 1, 2 …")
    return [(name, 0.0) for name in names]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a piece")
    return value
