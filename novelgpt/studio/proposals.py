"""Beginnings and gaps go in, candidates come out, judged, in order and kept: what nobody chose is still there.

Law: a candidate is a branch of the story from the moment it is whole; choosing one only moves the story there, so that undo
brings back what was before.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from novelgpt.config import SampleConfig
from novelgpt.errors import UnknownPassage
from novelgpt.story.store import Passage, PassageId, StoryId, StoryStore
from novelgpt.writing.pieces import Continuation, Piece, gathered, joined
from novelgpt.writing.ranking import Judged, judge, rank

if TYPE_CHECKING:
    from novelgpt.writing.writer import Writer

Span = tuple[int, int]
"""The characters of a story that a candidate would replace; an empty span is a gap."""
LONGEST_AFTER = 2000
"""Characters after a gap that are read."""


@dataclass(frozen=True)
class Proposal:
    """A candidate, and where it is kept; while it is being written it is kept nowhere and not judged."""

    text: str
    passage: PassageId | None = None
    judged: Judged | None = None
    fits: float | None = None
    """How well what stands behind a gap follows: log probability a character."""


def growing(pieces: Iterator[Piece], count: int) -> Generator[list[Proposal], None, list[Continuation]]:
    """Yield how far the candidates have come; return them whole."""
    found: list[list[Piece]] = [[] for _ in range(count)]
    for piece in pieces:
        found[piece.row].append(piece)
        yield [Proposal("".join(one.text for one in row)) for row in found]
    return [joined(row) for row in found if row]


def ranked(before: str, found: Sequence[Continuation]) -> list[Proposal]:
    """Return candidates for the end of a story, the best first."""
    return [Proposal(judged.continuation.text, None, judged) for judged in rank(before, found)]


def fillings(
    writer: Writer, text: str, span: Span, sample: SampleConfig, pieces: Callable[..., Iterator[Piece]]
) -> list[Proposal]:
    """Return candidates for a gap, the best first; `pieces` is how they are written."""
    from novelgpt.writing.filling import fill  # it brings torch

    before, after = text[: span[0]], text[span[1] : span[1] + LONGEST_AFTER]

    def several(prompt: str | Sequence[int], sample: SampleConfig, **how: Any) -> list[Continuation]:
        return gathered(pieces(prompt, sample, **how), sample.n)

    return [
        Proposal(one.continuation.text, None, judge(before, one.continuation), one.fit)
        for one in fill(writer, before, after, sample, several)
    ]


def proposal_of(passage: Passage) -> tuple[int, int]:
    """Return where a candidate's text begins in its branch, and how long it is."""
    noted = (passage.settings or {}).get("proposal")
    if not noted:
        raise UnknownPassage(passage=passage.id)
    start, length = noted
    return start, length


def kept(
    store: StoryStore,
    story: StoryId,
    text: str,
    span: Span,
    proposals: Sequence[Proposal],
    settings: dict[str, Any],
) -> list[Proposal]:
    """Keep candidates as branches of a story; return them with their places."""
    found = []
    for one in proposals:
        if not one.text:
            continue
        whole = text[: span[0]] + one.text + text[span[1] :]
        noted = {**settings, "proposal": [span[0], len(one.text)]}
        found.append(replace(one, passage=store.propose(story, whole, "model", noted)))
    return found
