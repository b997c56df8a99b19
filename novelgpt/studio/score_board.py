"""Models → their scores, side by side: each scoring runs in a process of its own, its result is kept beside the run.

Law: a score keeps its signature and what it was taken over, so that only like is compared with like.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from novelgpt.config import Workspace
from novelgpt.errors import ModelError
from novelgpt.files import write_json
from novelgpt.messages import Lang
from novelgpt.model.known import EMBEDDED, find_model, list_models
from novelgpt.studio.run_watch import STEM
from novelgpt.studio.running import Child, JobState, spoken
from novelgpt.text.chapter import write_chapters
from novelgpt.tokens.shards import held_out_chapters

SCORES = "scores.json"
FIGURES = ("bits_per_character", "perplexity", "bleu.zh", "chrf", "distinct.1", "distinct.2", "repetition")
"""What the table shows, by the names of `novelgpt score --json`."""
_MOST_KEPT = 50


class ScoringUnderWay(ModelError):
    """The model is being scored."""


@dataclass(frozen=True)
class ScoreRow:
    """One scoring of a model."""

    model: str
    figures: Mapping[str, float]
    signature: str
    chapters: int
    text: str
    """The book it was taken over; empty: the chapters that the run held out."""
    scored_at: float


class ScoreBoard:
    """The scores of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()

    def score(self, name: str, limit: int, book: Path | None, lang: Lang) -> None:
        """Begin to score a model on its held-out chapters, or on a book."""
        info = find_model(name, self._workspace)
        with self._lock:
            child = self._child(info.name)
            if child.is_running():
                raise ScoringUnderWay(name=info.name)
            self._keep_result(info.name)
            held_out = self._held_out(info.name) if book is None else book
            chapters = [] if held_out is None else ["--chapters", str(held_out.resolve())]
            flags = [f"--model={info.name}", f"--limit={int(limit)}", "--json", *chapters]
            text = "" if book is None else book.stem
            child.start(["score", *flags, *spoken(self._workspace, lang)], text=text)

    def state(self, name: str) -> JobState:
        """Return how the scoring of a model stands."""
        return self._child(name).state()

    def scoring(self) -> dict[str, JobState]:
        """Return the scorings that run or failed, by model."""
        states = {info.name: self.state(info.name) for info in list_models(self._workspace)}
        return {name: state for name, state in states.items() if state.status in ("running", "failed")}

    def scores(self) -> list[ScoreRow]:
        """Return every model's scores, the newest of each model first."""
        rows: list[ScoreRow] = []
        with self._lock:
            for info in list_models(self._workspace):
                self._keep_result(info.name)
                rows += reversed(self._kept(info.name))
        return rows

    def _held_out(self, name: str) -> Path | None:
        """Write down the chapters that a run begun here held out; None leaves it to the command, for all other models."""
        run_dir = self._workspace.runs_dir / name
        order = Child(run_dir, STEM).facts.get("order") or {}
        paths = [Path(path) for path in order.get("chapters") or ()]
        if name == EMBEDDED or not paths or not all(path.is_file() for path in paths):
            return None
        place = run_dir / "held-out.jsonl"
        write_chapters(place, held_out_chapters(run_dir / "data", paths))
        return place

    def _folder(self, name: str) -> Path:
        return self._workspace.runs_dir / (f".{EMBEDDED}" if name == EMBEDDED else name)

    def _child(self, name: str) -> Child:
        return Child(self._folder(name), "score")

    def _kept(self, name: str) -> list[ScoreRow]:
        try:
            kept = json.loads((self._folder(name) / SCORES).read_text(encoding="utf-8"))
            return [ScoreRow(**{**row, "model": name}) for row in kept]
        except (OSError, ValueError, TypeError):
            return []

    def _keep_result(self, name: str) -> None:
        """Add the score of a process that has ended since to those that are kept."""
        child = self._child(name)
        state = child.state()
        kept = self._kept(name)
        if state.status != "finished" or any(row.scored_at == state.started_at for row in kept):
            return
        kept.append(_row(name, state, str(child.facts.get("text", ""))))
        write_json(self._folder(name) / SCORES, [asdict(row) for row in kept[-_MOST_KEPT:]])


def _row(name: str, state: JobState, text: str) -> ScoreRow:
    found = {figure: _figure(state.result, figure) for figure in FIGURES}
    return ScoreRow(
        name,
        {figure: value for figure, value in found.items() if value is not None},
        str(state.result.get("signature", "")),
        int(state.result.get("chapters", 0)),
        text,
        state.started_at,
    )


def _figure(result: Mapping[str, Any], name: str) -> float | None:
    place: Any = result
    for level in name.split("."):
        place = place.get(level) if isinstance(place, Mapping) else None
    value = place.get("score") if isinstance(place, Mapping) else place
    return float(value) if isinstance(value, int | float) else None
