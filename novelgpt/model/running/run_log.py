"""Events of a run → `metrics.jsonl` and `tensorboard/`.

Law: a step stands in them once, however often the run was resumed; a full disk loses no line, it makes the run wait.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

from novelgpt.errors import DiskFull
from novelgpt.messages import Lang
from novelgpt.model.running.events import Alarmed, Evaluated, Sampled, Step, TrainEvent
from novelgpt.model.running.progress import Progress
from novelgpt.model.running.run_folder import METRICS, Metrics
from novelgpt.model.running.tensorboard import EventFile, rebuild

FOLDER = "tensorboard"


class RunLog:
    """Both logs, opened where a run is: what was logged of later things will be made again."""

    def __init__(self, run_dir: Path, progress: Progress, lang: Lang = "zh") -> None:
        self._metrics = Metrics(run_dir, progress.knows)
        rebuild(run_dir / FOLDER, run_dir / METRICS, progress.step, time.time(), lang)
        self._board = EventFile(run_dir / FOLDER, lang)

    def add(self, event: TrainEvent) -> None:
        """Note an event."""
        if isinstance(event, Step | Evaluated | Sampled | Alarmed):
            record = {"step": event.step, **_values(event)}
            self._metrics.add(record)
            with contextlib.suppress(DiskFull):  # made again from the metrics when the run is resumed
                self._board.record(record, time.time())

    def flush(self, *, durable: bool = False) -> None:
        """Write what waits."""
        self._metrics.flush(durable=durable)
        with contextlib.suppress(DiskFull):
            self._board.flush()

    def close(self) -> None:
        """Close both."""
        self._metrics.close()
        with contextlib.suppress(DiskFull):
            self._board.close()


def _values(event: Step | Evaluated | Sampled | Alarmed) -> dict[str, Any]:
    match event:
        case Step():
            return {
                "epoch": round(event.epoch, 4),
                "loss": event.loss,
                "learning_rate": event.learning_rate,
                "gradient_norm": event.gradient_norm,
                "tokens_per_second": round(event.tokens_per_second, 1),
                "utilisation": round(event.utilisation, 4),
            }
        case Evaluated():
            return {
                "held_out_bits_per_character": event.bits_per_character,
                "held_out_nats_per_token": event.nats_per_token,
                "best": event.best,
            }
        case Sampled():
            return {"sample": event.text, "copied_share": round(event.copied_share, 4)}
        case Alarmed():
            return {"alarm": {"key": event.message.key, "facts": event.message.facts}}
