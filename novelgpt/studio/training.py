"""An order → a training in a process of its own, that can be watched, paused, gone on with and ended.

Laws: only one training begun here runs at a time; whatever happens to the page or the server, the training goes on, and
the next server finds it; a pause loses nothing, for the trainer saves before it ends.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from novelgpt.config import EMBEDDED_MODEL_DIR, TrainConfig, Workspace
from novelgpt.errors import BadValue, InputError, MachineError, TrainingError
from novelgpt.messages import Lang, Message
from novelgpt.model.known import find_model
from novelgpt.model.running.run_folder import CONFIG
from novelgpt.studio.run_watch import STEM, RunState, RunWatch
from novelgpt.studio.running import Child, run_to_end, spoken

LONGEST_NAME = 60
REMOVED = "removed"
"""The folder in `runs/` where models go that a person deletes."""
_PREFLIGHT_SECONDS = 300.0
GENTLE = {
    "batch_size": 4,
    "dropout": 0.1,
    "held_out": 0.1,
    "evaluate_every": 25,
    "sample_every": 100,
    "save_every": 50,
    "patience": 4,
}
"""How a model learns a single book: looked at often, and ended when the held-out chapters gain nothing any more."""
_UNSAFE = set('/\\:*?"<>|%{}') | {chr(code) for code in (*range(32), 127)}
_NAME = "--name="
_UNDER_WAY = ("waiting", "running")
_RESERVED = {"embedded", REMOVED, "con", "prn", "aux", "nul"}


class TrainingUnderWay(TrainingError):
    """Another training runs."""


class NotTraining(TrainingError):
    """There is no such training under way that could be asked to end."""


class OrderRefused(TrainingError):
    """The trainer refuses what was asked."""


class UnknownRun(TrainingError):
    """No run has that name."""


class NameTaken(InputError):
    """A run of that name exists."""


class NoBooksChosen(InputError):
    """A training was asked for without a book to learn from."""


class BadRunName(InputError):
    """The name cannot be the name of a folder."""


class AdaptersMissing(MachineError):
    """Adapters were asked for, and what makes them is not installed."""


def checked_name(name: str) -> str:
    """Return a run's name, cleaned; raise `BadRunName` where it cannot be a folder in `runs/`."""
    clean = " ".join(name.split())
    unsafe = any(sign in _UNSAFE for sign in name) or clean.startswith((".", "-")) or clean.endswith(".")
    if not clean or unsafe or len(clean) > LONGEST_NAME or clean.casefold() in _RESERVED:
        raise BadRunName(name=clean[:LONGEST_NAME], limit=LONGEST_NAME)
    return clean


@dataclass(frozen=True)
class TrainingOrder:
    """What a person asks of a training; the settings are checked when the order is made."""

    name: str
    chapters: tuple[Path, ...] | None = None
    """The chapter files to learn from; None means all books."""
    preset: str = "auto"
    minutes: float | None = None
    steps: int | None = None
    epochs: float | None = None
    init: str | None = None
    """The name of a model to go on from."""
    lora: bool = False
    objective: str = "causal"
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Any other settings of `TrainConfig`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_name(self.name))
        if self.chapters == ():
            raise NoBooksChosen()
        if TrainConfig(**self.asked()).lora and self.init is None:
            raise BadValue(name="lora", value="on", allowed=Message("train.lora_needs_model"))

    def asked(self) -> dict[str, Any]:
        """Return the settings that are not the usual ones, by name."""
        named = ("preset", "minutes", "steps", "epochs", "init", "lora", "objective")
        usual = TrainConfig().to_dict()
        given = {name: getattr(self, name) for name in named} | dict(self.settings)
        return {
            name: value for name, value in given.items() if value is not None and value != usual.get(name)
        }

    def arguments(self, workspace: Workspace) -> list[str]:
        """Return the order as the flags of `novelgpt train`."""
        asked = self.asked()
        if self.init is not None:
            asked["init"] = str(find_model(self.init, workspace).folder.resolve())
        flags = [_NAME + self.name, f"--vocab={vocabulary_dir(workspace).resolve()}"]
        for name, value in asked.items():
            flag = f"--{name.replace('_', '-')}"
            flags.append(flag if value is True else f"{flag}={value}")
        return [*flags, *(str(path.resolve()) for path in self.chapters or ())]

    def plain(self) -> dict[str, Any]:
        """Return the order as JSON has it."""
        chapters = None if self.chapters is None else [str(path) for path in self.chapters]
        return {**asdict(self), "settings": dict(self.settings), "chapters": chapters}


def vocabulary_dir(workspace: Workspace) -> Path:
    """Return the vocabulary for new models: the one made of one's own books, else the workspace's, else the package's."""
    places = (workspace.own_vocab_dir, workspace.vocab_dir)
    return next((place for place in places if (place / "vocab.txt").is_file()), EMBEDDED_MODEL_DIR)


def adapters_can_be_trained() -> bool:
    """Say whether the library for LoRA adapters is installed."""
    return importlib.util.find_spec("peft") is not None


def free_name(title: str, workspace: Workspace) -> str:
    """Return a run's name made of a title, one that is not taken yet."""
    kept = "".join(" " if sign in _UNSAFE else sign for sign in title)
    stem = " ".join(kept.split()).strip(" .-")[: LONGEST_NAME - 5].strip(" .")
    if not stem or stem.casefold() in _RESERVED:
        stem = f"my-{stem}" if stem else "my-story"
    name, count = stem, 1
    while (workspace.runs_dir / name).exists():
        count += 1
        name = f"{stem}-{count}"
    return name


class Training:
    """The trainings of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._watches: dict[str, RunWatch] = {}

    def start(self, order: TrainingOrder, lang: Lang) -> None:
        """Begin a training; refuse where another runs or the name is taken."""
        run_dir = self._workspace.runs_dir / order.name
        if (run_dir / CONFIG).exists() or (run_dir / "final").exists():
            raise NameTaken(name=order.name)
        _require_libraries(order)
        self._begin(run_dir, order.arguments(self._workspace), lang, order.plain())

    def preflight(self, order: TrainingOrder, lang: Lang) -> list[str]:
        """Return what `novelgpt train --dry-run` says of an order; raise `OrderRefused` where it says no."""
        _require_libraries(order)
        flags = ["train", "--dry-run", *order.arguments(self._workspace), *spoken(self._workspace, lang)]
        code, lines = run_to_end(flags, _PREFLIGHT_SECONDS)
        if code:
            raise OrderRefused(reason=lines[-1].removeprefix("novelgpt: ") if lines else "–")
        return lines

    def learn(self, story: Path, title: str, minutes: float, init: str, lang: Lang) -> str:
        """Let a model learn one's own story; return the name of the run."""
        name = free_name(title, self._workspace)
        order = TrainingOrder(name, (story,), minutes=minutes, init=init, settings=GENTLE)
        self.start(order, lang)
        return name

    def resume(self, name: str, lang: Lang) -> None:
        """Go on with a run where it was left."""
        watch = self._watch(name)
        facts = watch.child.facts or watch.process.facts
        if watch.state().status in _UNDER_WAY:
            raise TrainingUnderWay(name=name)
        given = [flag for flag in facts.get("flags") or () if not flag.startswith(_NAME)]
        flags = [_NAME + name, *given]  # it may have been renamed since
        self._begin(watch.run_dir, flags, lang, facts.get("order") or {})

    def pause(self, name: str) -> None:
        """Ask a training to save and end; it can be gone on with."""
        self._ask(name, "pause")

    def stop(self, name: str) -> None:
        """Ask a training to save and end, and mark it as not meant to go on."""
        watch = self._watch(name)
        if watch.state().status == "paused":
            watch.last().note(asked="stop")
        else:
            self._ask(name, "stop")

    def state(self, name: str) -> RunState:
        """Return how a run stands."""
        return self._watch(name).state()

    def runs(self) -> list[RunState]:
        """Return every run, newest first, those begun on the command line too."""
        found = (self._known(folder) for folder in self._workspace.runs_dir.glob("*"))
        states = [watch.state() for watch in found if watch]
        return sorted(states, key=lambda state: state.changed_at, reverse=True)

    def under_way(self) -> str | None:
        """Return the name of the training that runs here, if any."""
        for folder in sorted(self._workspace.runs_dir.glob("*")):
            if Child(folder, STEM).is_running():
                return folder.name
        return None

    def _begin(self, run_dir: Path, flags: list[str], lang: Lang, order: Mapping[str, Any]) -> None:
        with self._lock:
            if other := self.under_way():
                raise TrainingUnderWay(name=other)
            arguments = ["train", "--resume", *flags, "--json", *spoken(self._workspace, lang)]
            Child(run_dir, STEM).start(arguments, flags=flags, order=dict(order))

    def _ask(self, name: str, what: str) -> None:
        trains = self._watch(name).at_work()
        if trains is None or not trains.ask(what):
            raise NotTraining(name=name)

    def _watch(self, name: str) -> RunWatch:
        safe = not any(sign in _UNSAFE for sign in name) and name.strip(".")
        watch = self._known(self._workspace.runs_dir / name) if safe else None
        if watch is None:
            raise UnknownRun(name=name)
        return watch

    def _known(self, run_dir: Path) -> RunWatch | None:
        """Return the watch of a folder that is a run: it has a plan, a training was begun in it, or a model lies there."""
        marks = (CONFIG, f"{STEM}.json", "final/config.json")
        if run_dir.name in (REMOVED,) or not any((run_dir / mark).exists() for mark in marks):
            return None
        with self._lock:
            return self._watches.setdefault(run_dir.name, RunWatch(run_dir))


def _require_libraries(order: TrainingOrder) -> None:
    if order.asked().get("lora") and not adapters_can_be_trained():
        raise AdaptersMissing()
