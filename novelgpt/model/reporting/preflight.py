"""What is known before the first step → what the run will cost, what to expect of it, and what to change first (体检).

Law: a pure function of the facts; what is not known is left out, never guessed at. Estimates say that they are estimates:
the constants below were fitted to measured runs, and `benchmarks/memory.py` says how well they hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from novelgpt.errors import VocabularyError
from novelgpt.messages import Message
from novelgpt.model.learning.loss import BUFFER_BYTES
from novelgpt.model.reporting.facts import Facts, bits_per_character
from novelgpt.model.reporting.outcome import short_count

Mebi, Gibi = 2**20, 2**30

_FP32, _BF16 = 4, 2
_PROCESS_BYTES = 400 * Mebi
"""Python, torch and transformers themselves."""
_FILES_BESIDE_WEIGHTS = 12 * Mebi

_KEPT_PER_TOKEN = {
    ("gpt2", "fp32"): (11.0, 6.0),
    ("gpt2", "bf16"): (6.0, 2.9),
    ("other", "fp32"): (20.5, 3.1),
    ("other", "bf16"): (14.5, 1.85),
}
"""fp32 numbers kept for the way back, per token and layer: so many widths and so many inner widths. Fitted to
`benchmarks/memory.py`."""

_EASY_EPOCHS, _SMALL_SHARE_SPELT = 12.0, 0.02
_WORTHWHILE_EPOCHS = 4.0
_TUNING_TOKENS = 0.02
"""Tokens for each parameter below which a model that knew the language begins to forget it."""
_BITS_AFTER = {"gpt2": (7.8, 1.3), "other": (6.9, 1.0)}
"""Held-out bits per character after `_READ` characters, and how many fewer for every tenfold of reading. Measured at the
low end, told by others at the high end: right within a bit, no better."""
_READ = 2.8e6
_FEWEST_BITS, _ABOUT = 3.2, 0.5


class VocabularyMisfit(VocabularyError):
    """The data holds ids that the vocabulary or the network does not know."""


@dataclass(frozen=True)
class Memory:
    """Bytes at the worst moment of a step."""

    weights: int
    gradients: int
    moments: int
    activations: int
    loss: int
    process: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(asdict(self).values())


@dataclass(frozen=True)
class Disk:
    """Bytes that a run leaves on the disk, at most."""

    checkpoint: int
    model: int
    needed: int


@dataclass(frozen=True)
class Preflight:
    """The result of the examination."""

    facts: Facts
    epochs: float
    tokens_read: int
    seconds: float | None
    memory: Memory
    disk: Disk
    first_loss: float
    """Nats per token of a network that knows nothing."""
    expected_bits: tuple[float, float]
    """Held-out bits per character at the end, roughly: at best and at worst."""
    warnings: tuple[Message, ...]

    def messages(self) -> list[Message]:
        """Return the examination line by line, warnings last."""
        return [*_lines(self), *self.warnings]

    def values(self) -> dict[str, Any]:
        """Return the numbers as plain values."""
        numbers = {name: value for name, value in vars(self).items() if name not in ("facts", "warnings")}
        memory = {**asdict(self.memory), "total": self.memory.total}
        return {
            **numbers,
            "memory": memory,
            "disk": asdict(self.disk),
            "warnings": [w.key for w in self.warnings],
        }


def examine(facts: Facts) -> Preflight:
    """Examine a run before its first step; raise `VocabularyMisfit` if data and network do not speak one language."""
    _require_one_vocabulary(facts)
    tokens_read = facts["total_steps"] * facts["batch_size"] * facts["context_length"]
    seconds = facts.get("seconds_per_step")
    preflight = Preflight(
        facts,
        tokens_read / max(1, facts["training_tokens"]),
        tokens_read,
        None if seconds is None else seconds * facts["total_steps"],
        memory_of(facts),
        disk_of(facts),
        math.log(facts["vocabulary"]),
        expected_bits(facts, tokens_read),
        (),
    )
    return Preflight(**{**vars(preflight), "warnings": tuple(_warnings(preflight))})


def memory_of(facts: Facts) -> Memory:
    """Estimate the memory of one step."""
    all_, trained, size = (
        facts["parameters"],
        facts["trainable"],
        _BF16 if facts["dtype"] == "bf16" else _FP32,
    )
    copies = all_ * _BF16 if size == _BF16 else 0  # autocast keeps the weights in bf16 as well
    tokens = (facts.get("micro_batch") or facts["batch_size"]) * facts["context_length"]
    family = "gpt2" if facts["family"] == "gpt2" else "other"
    widths, inner = _KEPT_PER_TOKEN[family, facts["dtype"]]
    kept = widths * facts["width"] + inner * facts["inner_width"]
    holders = facts.get("processes", 1) if facts.get("config", {}).get("shard") else 1
    return Memory(
        weights=(all_ * _FP32 + (all_ * _FP32 if _ema(facts) else 0)) // holders + copies,
        gradients=trained * _FP32 // holders,
        moments=_moments(facts) // holders,
        activations=int(tokens * facts["layers"] * kept * _FP32),
        loss=facts["output_weights"] * (2 * _FP32 + (size if copies else 0))
        + min(BUFFER_BYTES, tokens * facts["vocabulary"] * size),
        process=0 if facts.get("on_gpu") else _PROCESS_BYTES,
    )


def disk_of(facts: Facts) -> Disk:
    """Estimate the disk a run takes: the checkpoints kept and one being written, `best/`, `final/` and one more."""
    weights = facts["parameters"] * _FP32
    checkpoint = facts["trainable"] * _FP32 * (2 if _ema(facts) else 1) + _moments(facts)
    model = weights + _FILES_BESIDE_WEIGHTS
    keep = facts.get("config", {}).get("keep", 2)
    return Disk(checkpoint, model, (keep + 1) * checkpoint + 3 * model)


def expected_bits(facts: Facts, tokens_read: int) -> tuple[float, float]:
    """Return a rough range for the held-out bits per character at the end."""
    characters = facts["training_characters"]
    read = tokens_read * characters / max(1, facts["training_tokens"])
    read = max(1.0, min(read, _WORTHWHILE_EPOCHS * characters))  # reading it again teaches less and less
    family = "gpt2" if facts["family"] == "gpt2" else "other"
    at_first, by_decade = _BITS_AFTER[family]
    bits = at_first - by_decade * math.log10(read / _READ)
    unigram = bits_per_character(facts["unigram_nats"], facts)
    middle = max(_FEWEST_BITS, min(bits, unigram))
    return max(_FEWEST_BITS, middle - _ABOUT), min(middle + _ABOUT, max(unigram, middle))


def _require_one_vocabulary(facts: Facts) -> None:
    size, largest = facts["vocabulary"], facts.get("largest_id", 0)
    known = facts.get("network_vocabulary", size)
    if largest >= size or known < size:
        raise VocabularyMisfit(size=size, largest=largest, known=known)


def _ema(facts: Facts) -> bool:
    return bool(facts.get("config", {}).get("ema"))


def _moments(facts: Facts) -> int:
    """AdamW remembers two numbers for every weight, Muon one for those in its matrices."""
    matrices = facts["matrices"] if facts["optimizer"] == "muon" else 0
    return int((2 * facts["trainable"] - matrices) * _FP32)


def _lines(preflight: Preflight) -> Iterator[Message]:
    facts = preflight.facts
    yield Message("preflight.text", _text(facts))
    yield Message(
        "preflight.vocabulary",
        {
            "size": facts["vocabulary"],
            "fingerprint": facts.get("vocabulary_fingerprint", ""),
            "spelt": facts["byte_share"],
        },
    )
    yield Message("preflight.network", _network(facts))
    length = {"steps": facts["total_steps"], "epochs": preflight.epochs, "tokens": preflight.tokens_read}
    yield Message("preflight.length", length)
    if preflight.seconds is not None:
        yield Message(
            "preflight.time", {"time": duration(preflight.seconds), "step": facts["seconds_per_step"]}
        )
    yield _memory_line(preflight)
    yield _disk_line(preflight)
    yield from _loss_lines(preflight)


def _text(facts: Facts) -> dict[str, Any]:
    names = ("training_characters", "training_tokens", "chapters", "held_out_characters", "held_out_tokens")
    per_token = facts["training_characters"] / max(1, facts["training_tokens"])
    return {**{name: facts[name] for name in names}, "characters_per_token": per_token}


def _network(facts: Facts) -> dict[str, Any]:
    per_parameter = facts["training_tokens"] / max(1, facts["parameters"])
    return {
        "preset": facts["preset"],
        "parameters": short_count(facts["parameters"]),
        "layers": facts["layers"],
        "width": facts["width"],
        "per_parameter": per_parameter,
    }


def _memory_line(preflight: Preflight) -> Message:
    needed = {"needed": size_of(preflight.memory.total), "activations": size_of(preflight.memory.activations)}
    if at_hand := preflight.facts.get("memory_bytes"):
        return Message("preflight.memory_of", {**needed, "at_hand": size_of(at_hand)})
    return Message("preflight.memory", needed)


def _disk_line(preflight: Preflight) -> Message:
    disk = preflight.disk
    needed = {
        "needed": size_of(disk.needed),
        "checkpoint": size_of(disk.checkpoint),
        "model": size_of(disk.model),
    }
    if (free := preflight.facts.get("free_disk_bytes")) is not None:
        return Message("preflight.disk_of", {**needed, "free": size_of(free)})
    return Message("preflight.disk", needed)


def _loss_lines(preflight: Preflight) -> Iterator[Message]:
    facts = preflight.facts
    unigram = facts["unigram_nats"]
    if _tunes(facts):
        yield Message("preflight.loss_model", {"unigram": unigram})
    elif facts.get("start") == "counts":
        yield Message("preflight.loss_counts", {"unigram": unigram})
    else:
        yield Message("preflight.loss", {"first": preflight.first_loss, "unigram": unigram})
    if not _tunes(facts):
        low, high = preflight.expected_bits
        yield Message("preflight.expect", {"low": low, "high": high})
    yield Message("preflight.worry", {"unigram": unigram, "step": max(1, facts["total_steps"] // 5)})


def _warnings(preflight: Preflight) -> Iterator[Message]:
    facts, memory, disk = preflight.facts, preflight.memory, preflight.disk
    if facts["held_out_tokens"] < 2:
        yield Message("preflight.warn_held_out")
    yield from _too_little_text(facts)
    if preflight.epochs > _EASY_EPOCHS:
        yield Message("preflight.warn_epochs", {"epochs": preflight.epochs})
    if preflight.epochs < 1:
        yield Message("preflight.warn_part", {"share": preflight.epochs})
    if 0 < facts["median_chapter_tokens"] < facts["context_length"]:
        lengths = {"chapter": facts["median_chapter_tokens"], "window": facts["context_length"]}
        yield Message("preflight.warn_window", lengths)
    if facts["byte_share"] > _SMALL_SHARE_SPELT and not _tunes(facts):
        yield Message("preflight.warn_vocabulary", {"spelt": facts["byte_share"]})
    if (at_hand := facts.get("memory_bytes")) and memory.total > at_hand:
        yield Message("preflight.warn_memory", {"needed": size_of(memory.total), "at_hand": size_of(at_hand)})
    free = facts.get("free_disk_bytes")
    if free is not None and free < disk.needed:
        yield Message("preflight.warn_disk", {"needed": size_of(disk.needed), "free": size_of(free)})


def _too_little_text(facts: Facts) -> Iterator[Message]:
    per_parameter = facts["training_tokens"] / max(1, facts["trainable"])
    if per_parameter < (_TUNING_TOKENS if _tunes(facts) else 1):
        key = "preflight.warn_tune" if _tunes(facts) else "preflight.warn_small"
        yield Message(key, {"per_parameter": per_parameter})


def _tunes(facts: Facts) -> bool:
    """Say whether the run begins from somebody's model, whose vocabulary and language are there already."""
    return facts.get("start") == "model"


def size_of(count: float) -> str:
    """Return bytes as a person says them."""
    return f"{count / Gibi:.1f} GiB" if count >= Gibi else f"{count / Mebi:.0f} MiB"


def duration(seconds: float) -> Message:
    """Return a length of time in its two largest units."""
    minutes = seconds / 60
    if minutes < 1:
        return Message("preflight.seconds", {"seconds": max(1, round(seconds))})
    if minutes < 60:
        return Message("preflight.minutes", {"minutes": round(minutes)})
    hours, rest = divmod(round(minutes), 60)
    return Message("preflight.hours", {"hours": hours, "minutes": rest})
