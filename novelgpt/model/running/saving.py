"""A learner and its progress ⇄ the folders of a run: checkpoints, `best/` and `final/`.

Law: what `restore` brings back is what `save` was given, to the bit; whatever does not verify is set aside, never
deleted, and the one before it is used.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from novelgpt.errors import DiskFull, NoValidCheckpoint
from novelgpt.files import write_json
from novelgpt.messages import Message
from novelgpt.model.folder import save_model
from novelgpt.model.learning.learner import Learner
from novelgpt.model.learning.windows import Windows
from novelgpt.model.running.checkpoint import newest_valid, rotate, steps_in, write_folder
from novelgpt.model.running.events import Notice, Saved
from novelgpt.model.running.progress import Progress
from novelgpt.model.running.run_folder import RunPlan
from novelgpt.tokens.vocabulary import Vocabulary

_FILES = ("weights", "optimizer", "average")
_STATE = "state.json"
_SPARE = 1.2  # free space asked for, in sizes of what will be written


class Saver:
    """Writes and reads the folders of one run."""

    def __init__(self, run_dir: Path, plan: RunPlan) -> None:
        self.run_dir, self.plan = run_dir, plan
        self.saved_step = -1

    @property
    def checkpoints_dir(self) -> Path:
        """Where the checkpoints lie."""
        return self.run_dir / "checkpoints"

    def save(self, files: Mapping[str, dict[str, Tensor]], windows: Windows, progress: Progress) -> Saved:
        """Write a checkpoint of a learner's tensors and let the oldest go."""
        folder = self.checkpoints_dir / f"step-{progress.step}"
        if not folder.exists():  # else the same step was saved by a run that was killed right after
            _ask_for_room(self.run_dir, files)
            state = {
                **progress.to_dict(),
                "total_steps": self.plan.total_steps,
                "source": self.plan.source,
                "fingerprint": self.plan.fingerprint,
                "order": _order(windows, progress),
            }
            write_folder(folder, lambda inner: _fill(inner, files, state))
        self.saved_step = progress.step
        pinned = {self.plan.cooling_from} if self.plan.schedule == "wsd" else set()
        rotate(self.checkpoints_dir, self.plan.config.keep, pinned)
        return Saved(progress.step, folder)

    def newest(self) -> tuple[Path | None, list[Notice]]:
        """Return the newest checkpoint of this plan that verifies, and what was set aside on the way."""
        for step, folder in steps_in(self.checkpoints_dir):
            if step > self.plan.extended_from and _planned_steps(folder) not in (None, self.plan.total_steps):
                shutil.rmtree(folder)  # made when the run was meant to be shorter: it cooled down too early
        had_any = bool(steps_in(self.checkpoints_dir))
        newest, damaged = newest_valid(self.checkpoints_dir)
        if newest is None and had_any:
            raise NoValidCheckpoint(path=self.checkpoints_dir, detail=damaged[0][1])
        notices = [
            Notice(Message("train.set_aside", {"path": path, "detail": detail})) for path, detail in damaged
        ]
        return newest, notices

    def restore(self, learner: Learner, folder: Path | None) -> Progress:
        """Give a learner the state in the first process's `folder`; return how far it is."""
        world = learner.world
        state = json.loads(world.text_from_first(json.dumps(read_state(folder)) if folder else ""))
        progress = Progress.from_dict(state)
        flat = world.tensors_from_first(_flat(read_tensors(folder)) if folder else {})
        learner.restore(_by_file(flat))
        learner.micro_batch = min(progress.micro_batch, learner.micro_batch)
        if state["source"] == self.plan.source and state["order"] != _order(learner.windows, progress):
            raise NoValidCheckpoint(path=folder or "-", detail="the order of the data is not what it was")
        self.saved_step = progress.step
        return progress

    def export(self, name: str, network: Any, tokenizer: Vocabulary, card: str) -> Path:
        """Write a model folder that transformers loads."""
        folder = self.run_dir / name
        _ask_for_room(self.run_dir, {"model": dict(network.named_parameters())})
        objective = self.plan.config.objective
        write_folder(folder, lambda inner: save_model(inner, network, tokenizer, card, objective=objective))
        return folder


def read_state(folder: Path) -> dict[str, Any]:
    """Return the numbers of a checkpoint."""
    state: dict[str, Any] = json.loads((folder / _STATE).read_text(encoding="utf-8"))
    return state


def read_tensors(folder: Path) -> dict[str, dict[str, Tensor]]:
    """Return the tensors of a checkpoint, by file."""
    paths = ((name, folder / f"{name}.safetensors") for name in _FILES)
    return {name: load_file(path) for name, path in paths if path.is_file()}


def _order(windows: Windows, progress: Progress) -> str:
    """Return a fingerprint of the order in which the present epoch is read."""
    return windows.epoch_hash(progress.step // windows.batches_per_epoch)


def _flat(files: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {f"{file}/{name}": value for file, tensors in files.items() for name, value in tensors.items()}


def _by_file(flat: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    files: dict[str, dict[str, Tensor]] = {}
    for full_name, value in flat.items():
        file, name = full_name.split("/", 1)
        files.setdefault(file, {})[name] = value
    return files


def _fill(folder: Path, files: Mapping[str, dict[str, Tensor]], state: dict[str, Any]) -> None:
    for name, tensors in files.items():
        save_file(tensors, folder / f"{name}.safetensors")
    write_json(folder / _STATE, state)


def _ask_for_room(folder: Path, files: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Refuse before anything is written if the disk is too full for it."""
    size = sum(
        value.numel() * value.element_size() for tensors in files.values() for value in tensors.values()
    )
    if shutil.disk_usage(folder).free < _SPARE * size:
        raise DiskFull(path=folder)


def _planned_steps(folder: Path) -> int | None:
    try:
        return int(read_state(folder)["total_steps"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # damaged: whoever looks for the newest sets it aside
