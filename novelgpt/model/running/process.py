"""A process that trains → a note in its run's folder, by which others find it and may ask it to end; or its number → a mark.

Laws: a process is known by its number and the moment it began, so a number that the system has given to another program is
never taken for it; and no two processes train in one folder of one machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from novelgpt.errors import DiskFull, TrainingError
from novelgpt.files import write_json
from novelgpt.model.running.run_folder import CONFIG

STEM = "process"
"""The note in a run's folder: `process.json`."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STATE, _STARTED = 0, 19
"""Fields of /proc/<number>/stat behind the name: the state, and the ticks since boot at which it began."""


class AlreadyTraining(TrainingError):
    """Another process trains in the same folder."""


@contextlib.contextmanager
def noted(run_dir: Path, flags: Sequence[str] = ()) -> Iterator[None]:
    """Within, the note says that this process trains here and ends, saved, when it gets SIGTERM; `flags` begin it again."""
    path = run_dir / f"{STEM}.json"
    former = read_note(path)
    if former.get("pid") != os.getpid() and lives(former):
        raise AlreadyTraining(folder=run_dir, pid=former["pid"])
    mine = {"pid": os.getpid(), "parent": os.getppid(), "mark": mark_of(os.getpid()), "host": platform.node()}
    _write(path, {**mine, "started_at": time.time(), "flags": list(flags)})
    try:
        yield
    finally:
        _write(path, {**read_note(path), "ended_at": time.time()})
        with contextlib.suppress(OSError):
            if not (run_dir / CONFIG).exists():  # it never came to a training: nothing is to be left of it
                path.unlink()
                run_dir.rmdir()


def _write(path: Path, note: Mapping[str, Any]) -> None:
    with contextlib.suppress(
        OSError, DiskFull
    ):  # whoever cannot write here is told so by the training itself
        write_json(path, note)


def read_note(path: Path) -> dict[str, Any]:
    """Return what a note says; nothing where there is none, or a damaged one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def lives(note: Mapping[str, Any]) -> bool:
    """Say whether the process that a note tells of still runs, on this machine."""
    pid, mark = note.get("pid"), note.get("mark")
    return bool(mark) and isinstance(pid, int) and "ended_at" not in note and mark == mark_of(pid)


def mark_of(pid: int) -> str | None:
    """Return what tells this process from every other that had or will have its number; None if it has ended."""
    if sys.platform == "win32":
        return _mark_on_windows(pid)
    return _mark_in_proc(pid) if _BOOT_ID.exists() else mark_by_ps(pid)


def _mark_in_proc(pid: int) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return None
    told = fields.split()
    return None if told[_STATE] in "ZX" else f"{boot} {told[_STARTED]}"


def mark_by_ps(pid: int) -> str | None:
    """Return the mark where there is no /proc."""
    asked = ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split(maxsplit=1)
    return None if len(told) < 2 or told[0].startswith("Z") else told[1].strip()


if sys.platform == "win32":
    import ctypes

    _MAY_ASK, _STILL_RUNS = 0x1000, 259

    def _mark_on_windows(pid: int) -> str | None:
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(_MAY_ASK, False, pid)
        if not handle:
            return None
        try:
            code, times = ctypes.c_ulong(), [ctypes.c_ulonglong() for _ in range(4)]
            kernel.GetExitCodeProcess(handle, ctypes.byref(code))
            kernel.GetProcessTimes(handle, *map(ctypes.byref, times))
            return str(times[0].value) if code.value == _STILL_RUNS else None
        finally:
            kernel.CloseHandle(handle)
