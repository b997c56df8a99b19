"""A run small enough for tests and real in every part."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors.torch import load_file

from novelgpt.config import TrainConfig
from novelgpt.files import sha256_file
from novelgpt.model.running.checkpoint import MANIFEST
from novelgpt.model.running.events import Step, TrainEvent
from novelgpt.model.train import train
from novelgpt.text.chapter import Chapter, write_chapters
from novelgpt.tokens.shards import Shards, build_shards
from tests.tiny import TALE, tiny_tokenizer


def tiny_config(**changes: object) -> TrainConfig:
    settings: dict[str, object] = {
        "preset": "gpt2-tiny",
        "layers": 2,
        "width": 32,
        "heads": 2,
        "steps": 6,
        "context_length": 16,
        "batch_size": 2,
        "dropout": 0.1,
        "evaluate_every": 2,
        "save_every": 2,
        "dtype": "fp32",
        "optimizer": "adamw",
        "schedule": "cosine",
        "sample_every": 6,
    }
    return TrainConfig(**{**settings, **changes})  # type: ignore[arg-type]


def tiny_shards(folder: Path, copies: int = 6) -> Shards:
    path = folder / "chapters.jsonl"
    write_chapters(
        path, [Chapter(f"第{n}章", TALE * (1 + n % 2), index=n, book="渡口") for n in range(copies)]
    )
    return build_shards([path], tiny_tokenizer(), folder / "data", held_out=0.2)


def losses(run_dir: Path) -> list[tuple[int, float]]:
    lines = [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text().splitlines()]
    return [(line["step"], line["loss"]) for line in lines if "loss" in line]


def told(run_dir: Path) -> list[dict[str, object]]:
    """Everything that was logged, but for how fast it went."""
    lines = (json.loads(line) for line in (run_dir / "metrics.jsonl").read_text().splitlines())
    speed = ("tokens_per_second", "utilisation")
    return [{name: value for name, value in line.items() if name not in speed} for line in lines]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def same_weights(first: Path, second: Path) -> bool:
    left, right = weights(first), weights(second)
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def finish(config: TrainConfig, shards: Shards, run_dir: Path, *, resume: bool = False) -> list[TrainEvent]:
    return list(train(config, shards, run_dir, resume=resume))


def stop_after(
    config: TrainConfig, shards: Shards, run_dir: Path, steps: int, *, resume: bool = False
) -> None:
    events = train(config, shards, run_dir, resume=resume)
    for event in events:
        if isinstance(event, Step) and event.step == steps:
            break
    events.close()


def steps_of(events: Iterable[TrainEvent]) -> list[int]:
    return [event.step for event in events if isinstance(event, Step)]


def reseal(folder: Path) -> None:
    """Vouch for a checkpoint that a test has changed, as if it had been written so."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for name in manifest["files"]:
        path = folder / name
        manifest["files"][name] = {"size": path.stat().st_size, "sha256": sha256_file(path)}
    (folder / MANIFEST).write_text(json.dumps(manifest))
