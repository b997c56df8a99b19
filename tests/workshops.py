"""A workshop small enough for tests and real in every part: its trainings are processes, its books are files."""

import os
import signal
import time

from novelgpt.config import Workspace
from novelgpt.studio.running import Child
from novelgpt.studio.training import (
    TrainingOrder,
)
from novelgpt.text.chapter import Chapter, write_chapters
from tests.tiny import TALE, tiny_tokenizer

SMALL = {
    "layers": 2,
    "width": 32,
    "heads": 2,
    "context_length": 16,
    "batch_size": 2,
    "dtype": "fp32",
    "evaluate_every": 10,
    "save_every": 10,
    "sample_every": 20,
}
PATIENCE_SECONDS = 60


def two_books(tmp_path):
    """Return a workspace with two books and a vocabulary."""
    home = Workspace(tmp_path)
    for book, count in (("渡口", 6), ("夜雨", 3)):
        chapters = [
            Chapter(f"第{n}章", TALE * (1 + n % 2), index=n, number=n, book=book) for n in range(count)
        ]
        write_chapters(home.chapters_dir / f"{book}.jsonl", chapters)
    tiny_tokenizer().save(home.vocab_dir)
    return home


def end_trainings(workspace):
    """End what a test has begun and left."""
    for folder in workspace.runs_dir.glob("*"):
        child = Child(folder, "studio")
        if child.is_running():
            os.kill(child.facts["pid"], signal.SIGKILL)
            assert child.wait(10)


def order(name="渡口", **changes):
    return TrainingOrder(name, **{"preset": "gpt2-tiny", "steps": 100_000, "settings": SMALL, **changes})


def until(workshop, name, wanted):
    """Wait until a run is as wanted, and return how it stands."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not wanted(state := workshop.state(name)):
        assert time.monotonic() < ends_at, (state.status, state.last_lines)
        time.sleep(0.05)
    return state


def over(state):
    return state.status not in ("waiting", "running")
