"""What lies in `runs/<name>/` besides tensors: `config.toml` and `metrics.jsonl`.

Law: `read_plan(write_plan(plan)) == plan`; metrics never hold a step twice, however often a run was resumed.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from novelgpt.config import TrainConfig
from novelgpt.errors import BadValue, NoValidCheckpoint
from novelgpt.files import disk_full_is_said, write_text
from novelgpt.model.learning.schedule import cooldown_begins

CONFIG = "config.toml"
METRICS = "metrics.jsonl"


@dataclass(frozen=True)
class RunPlan:
    """What was asked for, and what machine and corpus made of it."""

    config: TrainConfig
    preset: str
    parameters: int
    dtype: str
    compiled: bool
    threads: int
    machine: str
    """Equal machines compute equal bits."""
    context_length: int
    batch_size: int
    optimizer: str
    schedule: str
    learning_rate: float
    start: str
    total_steps: int
    warmup_steps: int
    source: str
    fingerprint: str
    base: str = ""
    """The model that training began from."""
    base_weights: str = ""
    """A fingerprint of its weights."""
    extended_from: int = 0
    """Checkpoints of a shorter plan count up to this step."""
    history: tuple[str, ...] = ()
    """How the run was changed on the way: extended, forked."""

    def to_json(self) -> str:
        """Return the plan as text, for other processes."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> RunPlan:
        """Take back what `to_json` gave."""
        values = json.loads(text)
        return cls(
            **{**values, "config": TrainConfig(**values["config"]), "history": tuple(values["history"])}
        )

    @property
    def cooling_from(self) -> int:
        """The step at which a wsd schedule begins to cool down: before it, nothing depends on the length of the run."""
        return cooldown_begins(self.config, self.total_steps)


def write_plan(run_dir: Path, plan: RunPlan) -> None:
    """Write `config.toml`: the table of what was asked, then what was settled."""
    settled = {name: value for name, value in asdict(plan).items() if name != "config"}
    tables = {"asked": plan.config.to_dict(), "settled": settled}
    write_text(run_dir / CONFIG, "\n".join(_table(name, values) for name, values in tables.items()))


def read_plan(run_dir: Path) -> RunPlan | None:
    """Return the plan of the run in `run_dir`, or None where there is no run."""
    try:
        tables = tomllib.loads((run_dir / CONFIG).read_text(encoding="utf-8"))
        settled = {**tables["settled"], "history": tuple(tables["settled"]["history"])}
        return RunPlan(config=TrainConfig(**tables["asked"]), **settled)
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, KeyError, TypeError, UnicodeDecodeError, BadValue) as error:
        raise NoValidCheckpoint(path=run_dir, detail=f"{CONFIG}: {error}") from None


def _table(name: str, values: dict[str, Any]) -> str:
    # TOML has no null: a setting that was not given is left out and comes back as its default, None
    lines = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in values.items()
        if value is not None
    ]
    return f"[{name}]\n" + "\n".join(lines) + "\n"


class Metrics:
    """`metrics.jsonl`, one object a line; a line that a full disk refused waits in memory and is written later."""

    def __init__(self, run_dir: Path, known: Callable[[dict[str, Any]], bool]) -> None:
        """Open for appending; lines that are not `known` will be made again, and go."""
        self.path = run_dir / METRICS
        _keep(self.path, known)
        self._waiting = b""
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def add(self, record: dict[str, Any]) -> None:
        """Note something about the step that `record` names."""
        self._waiting += (json.dumps(record, ensure_ascii=False) + "\n").encode()

    def flush(self, *, durable: bool = False) -> None:
        """Hand what waits to the system, and with `durable` to the disk; raises `DiskFull`, losing nothing."""
        with disk_full_is_said(self.path):
            while self._waiting:
                self._waiting = self._waiting[os.write(self._descriptor, self._waiting) :]
            if durable:
                os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _keep(path: Path, known: Callable[[dict[str, Any]], bool]) -> None:
    """Drop the lines that are not known, and a line cut off by a crash."""
    if path.exists():
        content = path.read_bytes()
        lines = content.decode("utf-8", "replace").splitlines()
        kept = "".join(line + "\n" for line in lines if _is_known(line, known))
        if kept.encode() != content:
            write_text(path, kept)


def _is_known(line: str, known: Callable[[dict[str, Any]], bool]) -> bool:
    try:
        return known(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
