"""Settings that cross rooms: frozen dataclasses that refuse contradictory values, and where things live on disk.

Law: a setting's help, range and choices are written once, here; the command line and the page read them from the field.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from novelgpt.errors import BadValue
from novelgpt.messages import Message

PIECES = 50_000
"""The size of a vocabulary unless asked otherwise."""

EMBEDDED_MODEL_DIR = Path(__file__).parent / "assets" / "model"
"""The default model that travels inside the package, with its tokenizer."""


@dataclass(frozen=True)
class Dial:
    """What a face needs to offer a setting: a help key in the catalogue, a range, and choices."""

    help: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    advanced: bool = False
    """Whether a page should put it out of sight at first."""

    def _near(self, value: str) -> Message:
        choices = {"choices": " ".join(self.choices)}
        near = difflib.get_close_matches(value.lower(), self.choices, n=3)
        return (
            Message("allowed.near", {"near": " ".join(near), **choices})
            if near
            else Message("allowed.choices", choices)
        )

    def check(self, name: str, value: Any) -> None:
        """Raise `BadValue` unless `value` lies in the range or among the choices."""
        if self.choices:
            if value not in self.choices:
                raise BadValue(name=name, value=value, allowed=self._near(str(value)))
            return
        if value is None or (isinstance(value, str | bool) and self.low is self.high is None):
            return  # a name or a switch: nothing to measure
        numeric = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        low, high = (
            (-math.inf if self.low is None else self.low),
            (math.inf if self.high is None else self.high),
        )
        if not numeric or not low <= value <= high:
            raise BadValue(
                name=name, value=value, allowed=Message("allowed.range", {"low": self.low, "high": self.high})
            )


def dial(default: Any, help_key: str, **limits: Any) -> Any:
    """Return a dataclass field that opts in to becoming a flag and a slider."""
    return field(default=default, metadata={"dial": Dial(help_key, **limits)})


def rare(default: Any, help_key: str, **limits: Any) -> Any:
    """Return a field like `dial`, of the kind that few people need."""
    return dial(default, help_key, advanced=True, **limits)


def dials(settings: type | object) -> dict[str, tuple[dataclasses.Field[Any], Dial]]:
    """Return the fields of a settings class that opted in, by name."""
    return {
        spec.name: (spec, spec.metadata["dial"])
        for spec in dataclasses.fields(settings)  # type: ignore[arg-type]
        if "dial" in spec.metadata
    }


class Settings:
    """Base of the settings dataclasses: every dial is checked when the object is made."""

    def __post_init__(self) -> None:
        for name, (spec, dial_) in dials(self).items():
            value = getattr(self, name)
            if "int" in str(spec.type) and isinstance(value, float):
                raise BadValue(name=name, value=value, allowed=Message("allowed.whole"))
            dial_.check(name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, for JSON beside what they made."""
        return dataclasses.asdict(self)  # type: ignore[call-overload,no-any-return]


@dataclass(frozen=True)
class SampleConfig(Settings):
    """How the next token is chosen and when to stop; the dials of the page and of `novelgpt generate`."""

    max_chars: int = dial(200, "dial.max_chars", low=1, high=100_000, step=10)
    temperature: float = dial(0.9, "dial.temperature", low=0.0, high=5.0, step=0.05)
    top_k: int = dial(50, "dial.top_k", low=0, high=1000, step=1)
    top_p: float = dial(0.92, "dial.top_p", low=0.01, high=1.0, step=0.01)
    min_p: float = dial(0.0, "dial.min_p", low=0.0, high=1.0, step=0.01)
    repetition_penalty: float = dial(1.1, "dial.repetition_penalty", low=0.5, high=2.0, step=0.01)
    seed: int | None = dial(None, "dial.seed", low=0, high=2**63 - 1, step=1)
    n: int = rare(1, "dial.n", low=1, high=16, step=1)
    whole_sentences: bool = rare(True, "dial.whole_sentences")
    typical: float = rare(1.0, "dial.typical", low=0.01, high=1.0, step=0.01)
    newline_top_p: float | None = rare(None, "dial.newline_top_p", low=0.01, high=1.0, step=0.01)
    repetition_range: int = rare(256, "dial.repetition_range", low=0, high=8192, step=1)
    frequency_penalty: float = rare(0.0, "dial.frequency_penalty", low=-2.0, high=2.0, step=0.05)
    presence_penalty: float = rare(0.0, "dial.presence_penalty", low=-2.0, high=2.0, step=0.05)
    no_repeat_ngram: int = rare(0, "dial.no_repeat_ngram", low=0, high=64, step=1)
    dry_multiplier: float = rare(0.0, "dial.dry_multiplier", low=0.0, high=10.0, step=0.05)
    dry_base: float = rare(1.75, "dial.dry_base", low=1.0, high=4.0, step=0.05)
    dry_allowed_length: int = rare(4, "dial.dry_allowed_length", low=1, high=64, step=1)
    dry_range: int = rare(1024, "dial.dry_range", low=0, high=8192, step=1)
    xtc_probability: float = rare(0.0, "dial.xtc_probability", low=0.0, high=1.0, step=0.05)
    xtc_threshold: float = rare(0.1, "dial.xtc_threshold", low=0.0, high=0.5, step=0.01)
    mirostat: int = rare(0, "dial.mirostat", low=0, high=2, step=1)
    mirostat_tau: float = rare(5.0, "dial.mirostat_tau", low=0.1, high=20.0, step=0.1)
    mirostat_eta: float = rare(0.1, "dial.mirostat_eta", low=0.001, high=1.0, step=0.01)
    beam: int = rare(1, "dial.beam", low=1, high=16, step=1)

    # what no slider can say; faces fill these in
    stop: tuple[str, ...] = ()
    """Texts that end a continuation; none of them is part of it."""
    banned: tuple[str, ...] = ()
    """Phrases that may not be written: where one appears, the writer goes back and takes another way."""
    names: tuple[str, ...] = ()
    """Texts that may come as often as they like: no penalty for repetition falls on their tokens."""
    bias: tuple[tuple[int, float], ...] = ()
    """Token ids and what is added to their logits."""
    max_tokens: int | None = None
    """A limit besides `max_chars`, for programs that count in tokens."""
    alternatives: int = 0
    """How many of the likeliest tokens to report at every step; with 0 no probabilities are reported at all, with -1 those
    of the chosen tokens alone."""
    ends: bool = True
    """Whether the model may end the chapter."""

    @classmethod
    def of_style(cls, name: str, **others: Any) -> SampleConfig:
        """Return the settings of one of the `STYLES`, with `others` set besides."""
        Dial("", choices=tuple(STYLES)).check("style", name)
        return cls(**(STYLES[name] | others))


_LOOP_GUARD = {"repetition_penalty": 1.0, "dry_multiplier": 0.8}
STYLES: dict[str, dict[str, Any]] = {
    "steady": {
        "temperature": 0.8,
        "top_k": 0,
        "top_p": 0.9,
        "repetition_penalty": 1.1,
        "dry_multiplier": 0.8,
    },
    "balanced": {"temperature": 0.95, "top_k": 0, "top_p": 0.95, **_LOOP_GUARD},
    "free": {"temperature": 1.0, "top_k": 0, "top_p": 0.95, **_LOOP_GUARD},
}
"""Ways of writing, as overrides of the defaults, chosen by `benchmarks/styles.py`: "balanced" is as surprising and as varied
as what people wrote, "steady" less surprising but no more repetitive, "free" more surprising."""

GPT2_PRESETS = ("gpt2-tiny", "gpt2-small", "gpt2-base", "gpt2-medium", "gpt2-large", "gpt2-xl")
NOVEL_PRESETS = ("novel-tiny", "novel-small", "novel-base")


@dataclass(frozen=True)
class TrainConfig(Settings):
    """Everything that decides a training run; saved beside it, compared on resume."""

    preset: str = dial("auto", "dial.preset", choices=("auto", *GPT2_PRESETS, *NOVEL_PRESETS))
    layers: int | None = dial(None, "dial.layers", low=1, high=96)
    width: int | None = dial(None, "dial.width", low=8, high=8192)
    heads: int | None = dial(None, "dial.heads", low=1, high=128)
    start: str = dial("auto", "dial.start", choices=("auto", "random", "counts"))
    init: str | None = dial(None, "dial.init")
    lora: bool = dial(False, "dial.lora")
    lora_rank: int = dial(16, "dial.lora_rank", low=1, high=1024)
    lora_targets: str = dial("auto", "dial.lora_targets")
    objective: str = dial("causal", "dial.objective", choices=("causal", "infill"))
    epochs: float = dial(4.0, "dial.epochs", low=0.01, high=1000.0)
    steps: int | None = dial(None, "dial.steps", low=1, high=100_000_000)
    minutes: float | None = dial(None, "dial.minutes", low=0.05, high=100_000.0)
    context_length: int = dial(512, "dial.context_length", low=8, high=8192)
    stride: int | None = dial(None, "dial.stride", low=1, high=65_536)
    batch_size: int = dial(8, "dial.batch_size", low=1, high=65_536)
    micro_batch: int | None = dial(None, "dial.micro_batch", low=1, high=65_536)
    optimizer: str = dial("auto", "dial.optimizer", choices=("auto", "adamw", "muon"))
    schedule: str = dial("auto", "dial.schedule", choices=("auto", "cosine", "wsd", "linear", "plateau"))
    learning_rate: float | None = dial(None, "dial.learning_rate", low=1e-7, high=1.0)
    warmup: float = dial(0.02, "dial.warmup", low=0.0, high=0.9)
    cooldown: float = dial(0.4, "dial.cooldown", low=0.0, high=1.0)
    weight_decay: float = dial(0.1, "dial.weight_decay", low=0.0, high=10.0)
    dropout: float = dial(0.0, "dial.dropout", low=0.0, high=0.9)
    clip: float = dial(1.0, "dial.clip", low=0.0, high=1000.0)
    ema: float = dial(0.0, "dial.ema", low=0.0, high=0.99999)
    patience: int = dial(0, "dial.patience", low=0, high=10_000)
    dtype: str = dial("auto", "dial.dtype", choices=("auto", "fp32", "bf16"))
    compile: str = dial("auto", "dial.compile", choices=("auto", "on", "off"))
    shard: bool = dial(False, "dial.shard")
    held_out: float = dial(0.05, "dial.held_out", low=0.001, high=0.5)
    evaluate_every: int = dial(100, "dial.evaluate_every", low=1, high=10_000_000)
    sample_every: int = dial(500, "dial.sample_every", low=1, high=10_000_000)
    save_every: int = dial(100, "dial.save_every", low=1, high=10_000_000)
    keep: int = dial(2, "dial.keep", low=2, high=1000)
    seed: int = dial(1, "dial.seed", low=0, high=2**31 - 1)


@dataclass(frozen=True)
class Workspace:
    """Where things live on disk; every path hangs on one root."""

    root: Path

    @classmethod
    def choose(cls, asked: str | None, environment: Mapping[str, str]) -> Workspace:
        """Return the workspace asked for, else `NOVELGPT_WORKSPACE`, else the current folder."""
        return cls(Path(asked or environment.get("NOVELGPT_WORKSPACE") or ".").expanduser())

    @property
    def corpus_dir(self) -> Path:
        """Where ingest writes."""
        return self.root / "corpus"

    @property
    def chapters_dir(self) -> Path:
        """One JSONL per book."""
        return self.corpus_dir / "chapters"

    @property
    def vocab_dir(self) -> Path:
        """The workspace's vocabulary."""
        return self.root / "vocab"

    @property
    def own_vocab_dir(self) -> Path:
        """The vocabulary that the page makes of the workspace's books; hidden, so that no one takes it for a novel."""
        return self.corpus_dir / ".workshop" / "vocab"

    @property
    def runs_dir(self) -> Path:
        """One folder per training run."""
        return self.root / "runs"

    @property
    def uploads_dir(self) -> Path:
        """Where the page puts files while they are brought in; empty otherwise."""
        return self.root / "uploads"

    @property
    def stories_path(self) -> Path:
        """The story library."""
        return self.root / "stories.db"
