"""A finished run → which of its models is to be used: the last one, or the best on the text that it held out.

Law: `best/` is chosen only where the run itself measured that what came later is worse; without that knowledge, `final/`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from novelgpt.model.running.checkpoint import steps_in

FINAL, BEST = "final", "best"
_STATE, _WEIGHTS = "state.json", "model.safetensors"


@dataclass(frozen=True)
class ChosenModel:
    """The folder to use, and what was measured of it; None where that is not known."""

    folder: Path
    step: int | None = None
    bits_per_character: float | None = None

    @property
    def is_best(self) -> bool:
        """Whether the run became worse after it."""
        return self.folder.name == BEST


def chosen_model(run_dir: Path) -> ChosenModel:
    """Choose between the models of a finished run."""
    state, final = newest_state(run_dir), run_dir / FINAL
    looks = state.get("held_out")
    last = _number(looks[-1]) if isinstance(looks, list) and looks else None
    best, best_step = _number(state.get("best_bits")), state.get("best_step")
    if best is None or last is None or best >= last or not (run_dir / BEST / _WEIGHTS).is_file():
        return ChosenModel(final, state.get("step"), last)
    return ChosenModel(run_dir / BEST, best_step, best)


def newest_state(run_dir: Path) -> dict[str, Any]:
    """Return the numbers of the newest checkpoint that can be read; nothing where there is none."""
    for _, folder in reversed(steps_in(run_dir / "checkpoints")):
        try:
            found = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else None
