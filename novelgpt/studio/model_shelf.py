"""The models of a workspace: what each is and where it came from; renamed, moved aside.

Laws: a model that is deleted moves to `runs/removed/` with all its checkpoints and can be put back by hand; the model
inside the package and a run that is being trained stay where they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from novelgpt.config import Workspace
from novelgpt.errors import ModelError, NoValidCheckpoint
from novelgpt.files import aside, write_json
from novelgpt.model.known import EMBEDDED, WEIGHTS, ModelInfo, find_model, list_models
from novelgpt.model.reporting.card import bits_in_card
from novelgpt.model.running.choice import FINAL, ChosenModel, chosen_model, newest_state
from novelgpt.model.running.records import Record
from novelgpt.model.running.run_folder import RunPlan, read_plan
from novelgpt.model.tensor_file import parameters_in
from novelgpt.studio.run_watch import STEM
from novelgpt.studio.running import Child
from novelgpt.studio.training import REMOVED, NameTaken, Training, TrainingUnderWay, UnknownRun, checked_name

_LARGEST_CARD = 1_000_000


class BuiltInModel(ModelError):
    """The model inside the package can be neither renamed nor deleted."""


@dataclass(frozen=True)
class ModelFacts:
    """What is known of a model; what is not known is None or empty."""

    name: str
    folder: Path
    origin: str
    """`run`, `init` (a run that went on from another model), `brought` (a folder without a record of a run) or `embedded`."""
    base: str
    """The model it went on from."""
    parameters: int | None
    context_length: int | None
    bits_per_character: float | None
    """Of held-out text, by the run or by the card that came with the model."""
    best_step: int | None
    """The step that the weights are of, where the run became worse after it; None: they are its last."""
    trained_on: tuple[str, ...]
    """The books it was trained on; empty means all of the corpus at that time, or nobody knows."""
    changed_at: float
    is_default: bool


@dataclass(frozen=True)
class Comparison:
    """A model that went on from another: the held-out text and a sample, before and after."""

    bits_before: float | None
    bits_after: float | None
    sample_before: str
    sample_after: str
    best_step: int | None = None
    """The step that "after" speaks of, where the run became worse after it."""


class ModelShelf:
    """The models of one workspace."""

    def __init__(self, workspace: Workspace, training: Training) -> None:
        self._workspace, self._training = workspace, training

    def models(self, default: str | None) -> list[ModelFacts]:
        """Return every finished model, the newest first; without a `default` that one is it."""
        known = list_models(self._workspace)
        names = [info.name for info in known]
        chosen = default if default in names else (names[0] if names else None)
        return [_facts(info, is_default=info.name == chosen) for info in known]

    def chosen(self) -> str | None:
        """Return the model that a person chose, if it is still there."""
        name = _read_json(self._choice).get("model")
        return name if any(info.name == name for info in list_models(self._workspace)) else None

    def choose(self, name: str) -> None:
        """Remember the model that is to write where no other is asked for."""
        write_json(self._choice, {"model": find_model(name, self._workspace).name})

    @property
    def _choice(self) -> Path:
        return self._workspace.runs_dir / "chosen.json"

    def rename(self, name: str, new: str) -> str:
        """Give a run another name and return it, cleaned."""
        folder, clean = self._movable(name), checked_name(new)
        target = self._workspace.runs_dir / clean
        if target.exists():
            raise NameTaken(name=clean)
        was_chosen = self.chosen() == name
        folder.rename(target)
        if was_chosen:
            self.choose(clean)
        return clean

    def delete(self, name: str) -> Path:
        """Move a run aside and return where it lies now."""
        folder = self._movable(name)
        place = aside(self._workspace.runs_dir / REMOVED, name)
        folder.rename(place)
        return place

    def comparison(self, name: str) -> Comparison | None:
        """Return what a run made of the model it went on from; None where it began from nothing, or not yet."""
        state, run_dir = self._training.state(name), self._workspace.runs_dir / name
        before = newest_state(run_dir).get("before") or {}
        if not before:
            return None
        chosen = chosen_model(run_dir) if state.status == "finished" else ChosenModel(run_dir / FINAL)
        bits = chosen.bits_per_character or (state.held_out[-1][1] if state.held_out else None)
        return Comparison(
            before.get("bits_per_character"),
            bits,
            str(before.get("sample", "")),
            _sample_of(state.samples, chosen.step),
            chosen.step if chosen.is_best else None,
        )

    def _movable(self, name: str) -> Path:
        if name == EMBEDDED:
            raise BuiltInModel()
        if self._training.state(name).status in ("running", "waiting"):
            raise TrainingUnderWay(name=name)
        folder = self._workspace.runs_dir / name
        if not folder.is_dir():
            raise UnknownRun(name=name)
        return folder


def _sample_of(samples: Sequence[Record], step: int | None) -> str:
    """Return what was written at a step, or last before it; without a step what was written last."""
    if not samples:
        return ""
    before = [one for one in samples if step is None or one["step"] <= step]
    return str((before or samples[:1])[-1]["sample"])


def _facts(info: ModelInfo, *, is_default: bool) -> ModelFacts:
    run_dir, is_run = info.folder.parent, info.name != EMBEDDED
    plan = _plan(run_dir) if is_run else None
    order = Child(run_dir, STEM).facts.get("order") or {} if is_run else {}
    chosen = chosen_model(run_dir) if is_run else ChosenModel(info.folder)
    return ModelFacts(
        name=info.name,
        folder=info.folder,
        origin=_origin(plan) if is_run else EMBEDDED,
        base=_model_name(plan.base) if plan else "",
        parameters=parameters_in(info.folder / WEIGHTS),
        context_length=_context(info.folder),
        bits_per_character=chosen.bits_per_character or bits_in_card(_card(info.folder)),
        best_step=chosen.step if chosen.is_best else None,
        trained_on=tuple(Path(path).stem for path in order.get("chapters") or ()),
        changed_at=(info.folder / WEIGHTS).stat().st_mtime,
        is_default=is_default,
    )


def _origin(plan: RunPlan | None) -> str:
    if plan is None:
        return "brought"
    return "init" if plan.base else "run"


def _card(folder: Path) -> str:
    try:
        with (folder / "README.md").open("rb") as stream:
            return stream.read(_LARGEST_CARD).decode("utf-8", "replace")
    except OSError:
        return ""


def _context(folder: Path) -> int | None:
    config = _read_json(folder / "config.json")
    length = config.get("max_position_embeddings") or config.get("n_positions")
    return length if isinstance(length, int) else None


def _plan(run_dir: Path) -> RunPlan | None:
    try:
        return read_plan(run_dir)
    except NoValidCheckpoint:
        return None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _model_name(folder: str) -> str:
    """Return a base model's name by its folder: `runs/<name>/final`, the package's own, or any other."""
    path = Path(folder)
    if not folder:
        return ""
    return (
        path.parent.name
        if path.name in ("final", "best")
        else EMBEDDED
        if path.name == "model"
        else path.name
    )
