"""What happens in a run, as nouns: `train` yields them, the faces show them, tests read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from novelgpt.messages import Message


@dataclass(frozen=True)
class Notice:
    """Something worth a line: which preset and why, what was resumed, what was set aside."""

    message: Message


@dataclass(frozen=True)
class Step:
    """One optimiser step was made."""

    step: int
    total_steps: int
    epoch: float
    loss: float
    learning_rate: float
    gradient_norm: float
    tokens_per_second: float
    remaining_seconds: float
    utilisation: float
    """Of what the machine's matrix products can do, the share this run does (a GPU's MFU)."""


@dataclass(frozen=True)
class Evaluated:
    """The held-out text was read; bits per character compare across vocabularies."""

    step: int
    bits_per_character: float
    nats_per_token: float
    best: bool


@dataclass(frozen=True)
class Sampled:
    """The network wrote a few lines."""

    step: int
    text: str
    copied_share: float
    """How much of it stands word for word in the corpus."""


@dataclass(frozen=True)
class Alarmed:
    """Something goes wrong that a person should know of; the run goes on."""

    step: int
    message: Message


@dataclass(frozen=True)
class Saved:
    """A checkpoint is on disk, whole."""

    step: int
    folder: Path


@dataclass(frozen=True)
class Paused:
    """The disk is full: the run waits, with everything in memory, and tries again."""

    step: int
    message: Message


@dataclass(frozen=True)
class Stopped:
    """A person asked to stop: the step was finished and saved."""

    step: int


@dataclass(frozen=True)
class Finished:
    """The run is done; `final` and `best` hold its models."""

    steps: int
    final_dir: Path
    best_bits_per_character: float


TrainEvent = Notice | Step | Evaluated | Sampled | Alarmed | Saved | Paused | Stopped | Finished
