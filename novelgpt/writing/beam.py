"""Several half-written texts side by side, of which the likeliest go on: a search instead of chance.

In: a row to start from and the engine. Out: the finished row that is likeliest for its length.
Law: with a width of one it writes what greedy writing writes; nothing in it is left to chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from novelgpt.writing.engine import Engine
from novelgpt.writing.row import Row


@dataclass(frozen=True)
class _Beam:
    row: Row
    score: float

    @property
    def worth(self) -> float:
        """Return the log probability per token: long texts must not lose for being long."""
        return self.score / max(1, self.row.length)


def likeliest(engine: Engine, ids: list[int], row: Row, width: int) -> Row:
    """Return the likeliest finished text among those that a search of this width meets."""
    window = engine.window(ids)
    beams, done = [_Beam(row, 0.0)], list[_Beam]()
    while beams and len(done) < width:
        ways = _ways(beams, window.logits_BV, width)
        grown = [(parent, token, _grown(beams[parent], token, score)) for parent, token, score in ways]
        done += [beam for _, _, beam in grown if beam.row.finish_reason]
        live = [way for way in grown if not way[2].row.finish_reason][:width]
        beams = [beam for _, _, beam in live]
        if beams:
            window.select([parent for parent, _, _ in live])
            window.push([token for _, token, _ in live])
    return max(done, key=lambda beam: beam.worth).row


def _ways(beams: list[_Beam], logits_BV: Tensor, width: int) -> list[tuple[int, int, float]]:
    """Return the likeliest ways to go on, of all texts together: text, token, score."""
    ways: list[tuple[int, int, float]] = []
    for number, (beam, logits) in enumerate(zip(beams, logits_BV, strict=True)):
        best: Any = beam.row.allowed(logits.cpu()).log_softmax(0).topk(2 * width)
        pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ways += [(number, token, beam.score + chance) for token, chance in pairs if chance > -float("inf")]
    return sorted(ways, key=lambda way: -way[2])[: 2 * width]


def _grown(beam: _Beam, token: int, score: float) -> _Beam:
    row = beam.row.fork()
    row.take(token)
    return _Beam(row, score)
