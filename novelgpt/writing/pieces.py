"""What a writer hands over: pieces as they come, continuations once they are whole. Plain values, without a network.

Law: `joined` of a row's pieces is its continuation; nothing is added and nothing lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

FinishReason = Literal["length", "stop", "chapter_end"]


@dataclass(frozen=True)
class Chosen:
    """A token as it was chosen: its log probability (natural) among all that might have come, and the likeliest ones."""

    token: int
    logprob: float
    best: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Piece:
    """A fragment of a continuation; only the last of its row has a `finish_reason`, and its tokens may reach beyond its text."""

    text: str
    tokens: tuple[int, ...]
    finish_reason: FinishReason | None
    seed: int
    row: int = 0
    """Which of several candidates it belongs to."""
    chosen: tuple[Chosen, ...] = ()
    """One for each token, where the settings ask for probabilities."""


@dataclass(frozen=True)
class Continuation:
    """A whole continuation, and the seed that brings it back."""

    text: str
    finish_reason: FinishReason
    tokens: tuple[int, ...]
    seed: int
    chosen: tuple[Chosen, ...] = ()


def gathered(pieces: Iterable[Piece], count: int) -> list[Continuation]:
    """Return as many continuations as were begun, whole, from their pieces in whatever turns they came."""
    rows: list[list[Piece]] = [[] for _ in range(count)]
    for piece in pieces:
        rows[piece.row].append(piece)
    return [joined(row) for row in rows if row]


def joined(pieces: Sequence[Piece]) -> Continuation:
    """Return the continuation that pieces make."""
    return Continuation(
        text="".join(piece.text for piece in pieces),
        finish_reason=pieces[-1].finish_reason or "length",
        tokens=tuple(token for piece in pieces for token in piece.tokens),
        seed=pieces[-1].seed,
        chosen=tuple(chosen for piece in pieces for chosen in piece.chosen),
    )
