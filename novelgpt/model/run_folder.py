"""What lies in `runs/<name>/` besides tensors: `config.toml` and `metrics.jsonl`.

Law: `read_plan(write_plan(plan)) == plan`; metrics never hold a step twice, however often a run was resumed.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from novelgpt.config import TrainConfig
from novelgpt.errors import NoValidCheckpoint
from novelgpt.files import write_text

CONFIG = "config.toml"
METRICS = "metrics.jsonl"


@dataclass(frozen=True)
class RunPlan:
    """What was asked for, and what machine and corpus made of it."""

    config: TrainConfig
    preset: str
    dtype: str
    batch_size: int
    total_steps: int
    source: str
    fingerprint: str


def write_plan(run_dir: Path, plan: RunPlan) -> None:
    """Write `config.toml`: the table of what was asked, then what was settled."""
    settled = {name: value for name, value in asdict(plan).items() if name != "config"}
    tables = {"asked": plan.config.to_dict(), "settled": settled}
    write_text(run_dir / CONFIG, "\n".join(_table(name, values) for name, values in tables.items()))


def read_plan(run_dir: Path) -> RunPlan | None:
    """Return the plan of the run in `run_dir`, or None where there is no run."""
    try:
        tables = tomllib.loads((run_dir / CONFIG).read_text(encoding="utf-8"))
        return RunPlan(config=TrainConfig(**tables["asked"]), **tables["settled"])
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise NoValidCheckpoint(path=run_dir, detail=f"{CONFIG}: {error}") from None


def keep_metrics_until(run_dir: Path, step: int) -> None:
    """Drop the lines of steps that a resumed run will make again, and a line cut off by a crash."""
    path = run_dir / METRICS
    if path.exists():
        lines = path.read_text(encoding="utf-8").splitlines()
        write_text(path, "".join(line + "\n" for line in lines if _step_of(line) <= step))


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")


def _table(name: str, values: dict[str, Any]) -> str:
    # TOML has no null: a setting that was not given is left out and comes back as its default, None
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
    return f"[{name}]\n" + "\n".join(lines) + "\n"
