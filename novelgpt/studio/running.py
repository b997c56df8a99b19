"""A command of this program → a process of its own, which outlives the page and the server that began it.

What is known of it lies in two files of a folder: `<stem>.json` says who it is, `<stem>.log` what it says.
Law: a process is taken for ours only if its number and the moment it began are those written down; so a number that the
system has given to another program is never believed, and never sent a signal.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from novelgpt.config import Workspace
from novelgpt.files import write_json
from novelgpt.messages import Lang, Message
from novelgpt.model.running.process import lives, mark_of, read_note

_SOURCE_DIR = Path(__file__).parent.parent.parent
"""The folder that holds the package: a process begun there finds it, installed or not."""
_TAIL_BYTES = 8192


@dataclass(frozen=True)
class JobState:
    """How a command stands that ends with a result in JSON."""

    status: Literal["none", "running", "finished", "failed"]
    last_lines: tuple[str, ...] = ()
    reason: Message | None = None
    """Why it failed."""
    result: Mapping[str, Any] = field(default_factory=dict)
    started_at: float = 0.0


class Child:
    """One command that runs, or ran, in a process of its own."""

    def __init__(self, folder: Path, stem: str) -> None:
        self.folder = folder
        self.facts_path, self.log_path = folder / f"{stem}.json", folder / f"{stem}.log"

    @property
    def facts(self) -> dict[str, Any]:
        """What was written down when it began, and what was asked of it since; nothing where none ever began."""
        return read_note(self.facts_path)

    def start(self, arguments: Sequence[str], **facts: Any) -> None:
        """Begin `novelgpt` with these arguments, tied to nobody; what it says goes to the log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            log_from = log.tell()
            process = subprocess.Popen(
                [sys.executable, "-m", "novelgpt", *arguments],
                cwd=_SOURCE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **_ON_ITS_OWN,
            )
        known = {"pid": process.pid, "mark": mark_of(process.pid), "started_at": time.time()}
        write_json(self.facts_path, {**known, "log_from": log_from, **facts})
        # somebody has to take notice of its end while this server lives, or the system keeps its number
        threading.Thread(target=process.wait, name=f"wait-{process.pid}", daemon=True).start()

    def is_running(self) -> bool:
        """Say whether it still runs."""
        return lives(self.facts)

    def ask(self, what: str) -> bool:
        """Note what is wanted and ask it to end; False if it has ended already."""
        facts = self.facts
        if not lives(facts):
            return False
        self.note(asked=what)
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(facts["pid"]), signal.SIGTERM)
        return True

    def note(self, **facts: Any) -> None:
        """Write down something more about it."""
        write_json(self.facts_path, {**self.facts, **facts})

    def wait(self, seconds: float) -> bool:
        """Wait for its end; False if it still runs then."""
        ends_at = time.monotonic() + seconds
        while self.is_running():
            if time.monotonic() > ends_at:
                return False
            time.sleep(0.05)
        return True

    def state(self) -> JobState:
        """Return how it stands, or how it ended."""
        facts, lines = self.facts, self.last_lines()
        if not facts:
            return JobState("none")
        started_at = float(facts["started_at"])
        if lives(facts):
            return JobState("running", lines, started_at=started_at)
        result = self.result()
        if result:
            return JobState("finished", lines, result=result, started_at=started_at)
        line = lines[-1].removeprefix("novelgpt: ") if lines else ""
        reason = Message("workshop.said", {"line": line}) if line else Message("workshop.vanished")
        return JobState("failed", lines, reason, started_at=started_at)

    def last_lines(self, count: int = 8) -> tuple[str, ...]:
        """Return the last lines that it said since it began."""
        try:
            with self.log_path.open("rb") as log:
                end = log.seek(0, os.SEEK_END)
                log.seek(max(int(self.facts.get("log_from", 0)), end - _TAIL_BYTES))
                text = log.read().decode("utf-8", "replace")
        except OSError:
            return ()
        return tuple(line for line in text.splitlines() if line.strip())[-count:]

    def result(self) -> dict[str, Any]:
        """Return the JSON object that it ended with; nothing where it ended otherwise."""
        said = self.last_lines(1)
        try:
            found = json.loads(said[0]) if said else {}
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def run_to_end(arguments: Sequence[str], seconds: float) -> tuple[int, list[str]]:
    """Run `novelgpt` and wait for it; return its exit code and the lines that it said on stderr."""
    command = [sys.executable, "-m", "novelgpt", *arguments]
    told = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    try:
        done = subprocess.run(command, cwd=_SOURCE_DIR, timeout=seconds, check=False, **told)  # type: ignore[call-overload]
    except subprocess.TimeoutExpired:
        return 1, []
    return done.returncode, [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line]


def spoken(workspace: Workspace, lang: Lang) -> list[str]:
    """Return the flags that every command takes: where things are, and the language."""
    return [f"--workspace={workspace.root.resolve()}", f"--lang={lang}"]


_ON_ITS_OWN: dict[str, Any] = {"start_new_session": True}
if sys.platform == "win32":
    _ON_ITS_OWN = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
