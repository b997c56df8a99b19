"""A run small enough for tests and real in every part."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors.torch import load_file

from novelgpt.config import TrainConfig
from novelgpt.model.train import Step, TrainEvent, train
from novelgpt.text.chapter import Chapter, write_chapters
from novelgpt.tokens.shards import Shards, build_shards
from tests.tiny import TALE, tiny_tokenizer


def tiny_config(**changes: object) -> TrainConfig:
    settings: dict[str, object] = {
        "preset": "gpt2-tiny",
        "steps": 6,
        "context_length": 16,
        "batch_size": 2,
        "dropout": 0.1,
        "evaluate_every": 2,
        "save_every": 2,
        "dtype": "fp32",
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
