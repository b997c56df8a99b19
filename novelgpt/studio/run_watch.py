"""A run's folder → how it stands: what was measured, written and said, and whether it runs, waits, rests or is done.

Law: the log of a run is read once, line by line as it grows; one that was rewritten, as resuming does, is read anew.
"""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from novelgpt.errors import NoValidCheckpoint
from novelgpt.messages import LANGUAGES, Message, translate
from novelgpt.model.known import WEIGHTS
from novelgpt.model.running import process
from novelgpt.model.running.records import Point, Record, Records, gather
from novelgpt.model.running.run_folder import CONFIG, METRICS, RunPlan, read_plan
from novelgpt.studio.running import Child

Status = Literal["waiting", "running", "paused", "stopped", "finished", "failed"]

STEM = "studio"
"""The files that a training begun here leaves in its run: `studio.json` and `studio.log`."""
_ERROR, _TRACEBACK = "novelgpt: ", "Traceback "
_LATELY_SECONDS = 120.0
"""A run begun elsewhere, of which no process is known, counts as running while its log grew within this time."""
_LOG_LAG_SECONDS = 30.0


@dataclass(frozen=True)
class RunState:
    """How a run stands."""

    name: str
    status: Status
    step: int
    steps: int
    epoch: float
    loss: Sequence[Point]
    held_out: Sequence[Point]
    """Bits per character of held-out text, by step."""
    learning_rate: float | None
    tokens_per_second: float | None
    eta_seconds: float | None
    samples: Sequence[Record]
    alarms: Sequence[Record]
    last_lines: tuple[str, ...]
    reason: Message | None
    """Why it failed."""
    changed_at: float
    can_be_asked: bool
    """Whether its process is known, so that it can be paused from here."""


class RunWatch:
    """Looks at one run again and again, and reads what is new."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir, self.child = run_dir, Child(run_dir, STEM)
        self.process = Child(run_dir, process.STEM)
        self._lock = threading.Lock()
        self._forget(0)

    def state(self) -> RunState:
        """Return how the run stands now."""
        with self._lock:
            told = self._look()
        plan = self._plan()
        status, reason = self._status()
        speed = _last(told.curves["tokens_per_second"])
        steps = plan.total_steps if plan else 0
        return RunState(
            name=self.run_dir.name,
            status=status,
            step=told.last_step,
            steps=steps,
            epoch=told.last_epoch,
            loss=told.curves["loss"],
            held_out=told.curves["held_out_bits_per_character"],
            learning_rate=_last(told.curves["learning_rate"]),
            tokens_per_second=speed,
            eta_seconds=_seconds_left(plan, told.last_step, speed) if status == "running" else None,
            samples=told.samples,
            alarms=told.alarms,
            last_lines=self.child.last_lines(),
            reason=reason,
            changed_at=max(map(_changed_at, (self._metrics, self.child.facts_path, self.run_dir / CONFIG))),
            can_be_asked=self.at_work() is not None,
        )

    def at_work(self) -> Child | None:
        """Return the process that trains, as it was begun here or as it told of itself; None where none is known."""
        return next((one for one in (self.child, self.process) if one.is_running()), None)

    @property
    def _metrics(self) -> Path:
        return self.run_dir / METRICS

    def _plan(self) -> RunPlan | None:
        try:
            return read_plan(self.run_dir)
        except NoValidCheckpoint:
            return None

    def _status(self) -> tuple[Status, Message | None]:
        if trains := self.at_work():
            began = float(trains.facts["started_at"])
            return ("running" if _changed_at(self._metrics) >= began else "waiting"), None
        if self._runs_elsewhere():
            return "running", None
        weights = _changed_at(self.run_dir / "final" / WEIGHTS)
        if weights and weights >= _changed_at(self._metrics):  # the last thing that a run writes
            return "finished", None
        if self.last() is self.child:
            return self._ended()
        return ("stopped" if self.process.facts.get("asked") == "stop" else "paused"), None

    def last(self) -> Child:
        """Return the process that trained last, as it was begun here or as it told of itself."""
        ours, told = self.child.facts, self.process.facts
        same = ours.get("pid") in (told.get("pid"), told.get("parent"))
        later = ours.get("started_at", 0) >= told.get("started_at", 0)
        return self.child if ours and (same or later) else self.process

    def _runs_elsewhere(self) -> bool:
        """Say whether the log grows though no process is known: on another machine, or in a program of somebody's own."""
        grew, told = _changed_at(self._metrics), self.process.facts
        if _changed_at(self.run_dir / "final" / WEIGHTS) >= grew or time.time() - grew > _LATELY_SECONDS:
            return False
        if told.get("host") == platform.node() and grew <= float(told.get("ended_at", time.time())):
            return False  # the process told of itself, and has ended
        return grew > _changed_at(self.child.log_path) + _LOG_LAG_SECONDS

    def _ended(self) -> tuple[Status, Message | None]:
        """Return how a process that is gone came to its end; its last words tell."""
        lines, asked = self.child.last_lines(60), self.child.facts.get("asked")
        last = lines[-1] if lines else ""
        crashed = any(line.startswith(_TRACEBACK) for line in lines)
        if last.startswith(_ERROR) or crashed:
            return "failed", Message("workshop.said", {"line": last.removeprefix(_ERROR)})
        if asked == "stop":
            return "stopped", None
        stopped = {translate("train.stopped", lang, folder=self.run_dir) for lang in LANGUAGES}
        if asked or last in stopped:
            return "paused", None
        return "failed", Message("workshop.vanished")

    def _forget(self, inode: int) -> None:
        self._inode, self._read, self._told = inode, 0, gather(())

    def _look(self) -> Records:
        try:
            with self._metrics.open("rb") as stream:
                facts = os.fstat(stream.fileno())
                if facts.st_ino != self._inode or facts.st_size < self._read:
                    self._forget(facts.st_ino)
                stream.seek(self._read)
                fresh = stream.read()
        except FileNotFoundError:
            self._forget(0)
            return self._told
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read += len(whole)
        self._told = _joined(self._told, gather(_parsed(whole)))
        return self._told


def _parsed(lines: bytes) -> Iterator[Record]:
    for line in lines.splitlines():
        try:
            record: Any = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and isinstance(record.get("step"), int):
            yield record


def _joined(first: Records, more: Records) -> Records:
    """Return two stretches of one log as one."""
    curves: Mapping[str, Sequence[Point]] = {
        name: [*first.curves[name], *points] for name, points in more.curves.items()
    }
    best = [one.best for one in (first, more) if one.best]
    return Records(
        curves,
        min(best, key=lambda point: point[1], default=None),
        [*first.samples, *more.samples],
        [*first.alarms, *more.alarms],
        [*first.resumed_at, *more.resumed_at],
        more.last_step or first.last_step,
        more.last_epoch or first.last_epoch,
    )


def _seconds_left(plan: RunPlan | None, step: int, speed: float | None) -> float | None:
    if plan is None or not speed:
        return None
    return (plan.total_steps - step) * plan.batch_size * plan.context_length / speed


def _last(points: Sequence[Point]) -> float | None:
    return points[-1][1] if points else None


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
