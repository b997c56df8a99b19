"""A workspace → the models that can be chosen, by name; their folders are only looked at, not read.

Law: what is listed has weights; a name that is not known is refused with the names that are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from novelgpt.config import EMBEDDED_MODEL_DIR, Workspace
from novelgpt.errors import UnknownModel
from novelgpt.model.running.choice import chosen_model

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
ADAPTER = "adapter_config.json"
"""Beside adapters that work in another model."""
EMBEDDED = "embedded"


@dataclass(frozen=True)
class ModelInfo:
    """A model that can be chosen, by name."""

    name: str
    folder: Path


def list_models(workspace: Workspace) -> list[ModelInfo]:
    """Return the finished runs, newest first, each by its better model, then the model inside the package."""
    finals = [path.parent for path in workspace.runs_dir.glob(f"*/final/{WEIGHTS}")]
    finals.sort(key=lambda folder: (folder / WEIGHTS).stat().st_mtime, reverse=True)
    found = [ModelInfo(folder.parent.name, chosen_model(folder.parent).folder) for folder in finals]
    if (EMBEDDED_MODEL_DIR / WEIGHTS).is_file():
        found.append(ModelInfo(EMBEDDED, EMBEDDED_MODEL_DIR))
    return found


def find_model(name: str | None, workspace: Workspace) -> ModelInfo:
    """Return the model called `name` (a run, `embedded`, or a folder); without a name the newest."""
    known = list_models(workspace)
    if name is None and known:
        return known[0]
    for info in known:
        if info.name == name:
            return info
    if name is not None and any((Path(name) / one).is_file() for one in ("config.json", ADAPTER)):
        return ModelInfo(Path(name).name, Path(name))
    raise UnknownModel(name=name or "-", known=" ".join(info.name for info in known) or "-")
