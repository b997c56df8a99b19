"""A model → a file for other programs, written in a process of its own: how far it is can be seen, and it can be cancelled.

Laws: one export at a time; one that is cancelled or fails leaves nothing behind, and what was there before stays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from novelgpt.config import Workspace
from novelgpt.errors import ModelError
from novelgpt.messages import Lang, Message
from novelgpt.model.known import WEIGHTS, ModelInfo
from novelgpt.model.tensor_file import parameters_in
from novelgpt.studio.running import Child, JobState, spoken

FORMATS = ("hf", "gguf", "onnx")
_BYTES_PER_NUMBER = {"gguf": 2, "onnx": 4}
"""In the number types that are usual for them; the other format keeps the stored one."""
_CANCEL, _ERROR, _VANISHED = "cancel", "novelgpt: ", "workshop.export_vanished"


class ExportUnderWay(ModelError):
    """A model is being exported."""


@dataclass(frozen=True)
class ExportState:
    """How the export begun last stands."""

    status: Literal["none", "running", "finished", "failed", "cancelled"]
    model: str = ""
    format: str = ""
    seconds: float = 0.0
    written_bytes: int = 0
    expected_bytes: int = 0
    reason: Message | None = None
    """Why it failed."""
    result: Mapping[str, Any] = field(default_factory=dict)


class ExportBench:
    """The exports of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._child = Child(self._folder / ".workshop", "export")

    def start(self, info: ModelInfo, format_name: str, *, replace: bool, lang: Lang) -> None:
        """Begin to write a model into `exports/`; refuse where another is being written, or would be written over."""
        from novelgpt.model.exporting.export import refuse_taken, usual_path

        path = usual_path(info.name, format_name, None, self._folder)
        with self._lock:
            if self._child.is_running():
                raise ExportUnderWay(name=self._child.facts.get("model", ""))
            refuse_taken(path, force=replace)
            flags = [f"--format={format_name}", f"--out={path.resolve()}", "--json"]
            flags += ["--force"] if replace else []
            told = {"model": info.name, "format": format_name, "path": str(path)}
            self._child.start(
                ["export", *flags, *spoken(self._workspace, lang), "--", info.name],
                **told,
                expected_bytes=_expected(info, format_name),
            )

    def cancel(self) -> None:
        """Ask the export to end, and to leave nothing behind."""
        self._child.ask(_CANCEL)

    def state(self) -> ExportState:
        """Return how the export stands."""
        facts, job = self._child.facts, self._child.state()
        cancelled = job.status == "failed" and facts.get("asked") == _CANCEL
        running = job.status == "running"
        return ExportState(
            "cancelled" if cancelled else job.status,
            str(facts.get("model", "")),
            str(facts.get("format", "")),
            max(0.0, time.time() - job.started_at) if running else 0.0,
            _size_of_unfinished(Path(facts["path"])) if running else 0,
            int(facts.get("expected_bytes", 0)),
            _why(job) if job.status == "failed" and not cancelled else None,
            job.result,
        )

    @property
    def _folder(self) -> Path:
        return self._workspace.root / "exports"


def _why(job: JobState) -> Message:
    """Return why an export failed: what it said, or that it said nothing."""
    said = job.last_lines[-1] if job.last_lines else ""
    is_error = said.startswith(_ERROR)
    return Message("workshop.said", {"line": said.removeprefix(_ERROR)}) if is_error else Message(_VANISHED)


def _expected(info: ModelInfo, format_name: str) -> int:
    """Return about how many bytes there will be; 0 where nobody knows."""
    weights = info.folder / WEIGHTS
    if format_name not in _BYTES_PER_NUMBER:
        return weights.stat().st_size if weights.is_file() else 0
    return (parameters_in(weights) or 0) * _BYTES_PER_NUMBER[format_name]


def _size_of_unfinished(path: Path) -> int:
    """Return how much of an export lies on the disk, under the name that it has until it is whole."""
    if not path.parent.is_dir():
        return 0
    begun = [
        one
        for one in path.parent.iterdir()
        if one.name.startswith(f".{path.name}.") and one.name.endswith(".tmp")
    ]
    files = [file for one in begun for file in ([one] if one.is_file() else one.glob("*"))]
    return sum(_size(file) for file in files)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # it has just taken its name
