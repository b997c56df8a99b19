"""Runs in processes of their own, which may be killed: forked from a server that has torch imported and nothing begun."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from novelgpt.model.running.events import Step
from novelgpt.model.train import train
from tests.model.runs import tiny_config, tiny_shards

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.model.children"])
_CALLS = ("fsync", "rename", "replace", "mkdir", "unlink", "rmdir")


def start(folder: Path, **more: Any) -> Any:
    """Start a process that trains in `folder / "run"`, going on with what is there."""
    child = CONTEXT.Process(target=_learn, args=(folder,), kwargs=more)
    child.start()
    return child


def run(folder: Path, patience: float = 120, **more: Any) -> int:
    """Train to the end, or to the death that was asked for; return the exit code."""
    child = start(folder, **more)
    child.join(patience)
    assert child.exitcode is not None, "the child hangs"
    return child.exitcode


def _learn(
    folder: Path, changes: dict[str, Any], die_at_call: int = 0, die_after: float | None = None
) -> None:
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    shards = tiny_shards(folder)
    if die_at_call:
        _arm(die_at_call)
    if die_after is not None:
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, die_after)
    for event in train(tiny_config(**changes), shards, folder / "run", resume=True):
        if isinstance(event, Step):
            (folder / "reached").write_text(f"{event.step} {time.monotonic()}")


def _arm(number: int) -> None:
    """Die by SIGKILL just before the call `number` of those that make writing safe."""
    left = [number]

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*args: Any, **more: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **more)

        return instead

    for name in _CALLS:
        setattr(os, name, counted(getattr(os, name)))
