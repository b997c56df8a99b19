"""How well a network foresees novels it has not read, after the same minutes of training on the same machine.

Usage: python benchmarks/quality.py --chapters DIR [--minutes 12 | --steps N] [--only NAME …] [--seed 1]

Every 33rd book is held out whole; bits per character are measured on the first 40,000 characters of each of those books,
by the same code for all. The clock runs while a network trains, its start from counts included; vocabularies and token
files are made before. Run it on an idle machine: one system at a time, each in a process of its own. Markdown comes out.

  classic    the classic recipe: GPT-2 6 x 384, 8,000 characters, fp32, AdamW 1.5e-4, 2,000 steps of warm-up, linear, dropout 0.1
  tuned      the same network as nanoGPT would train it: bf16, torch.compile, fused AdamW 1e-3, trapezoid, no dropout
  novel      novel-tiny as `novelgpt train` trains it, default words
  gpt2       gpt2-tiny with the same width and depth, the program's own recipe
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from novelgpt.config import TrainConfig
from novelgpt.model.folder import load_model
from novelgpt.model.running.events import Evaluated, Finished, Step
from novelgpt.model.running.machine import keep_memory
from novelgpt.model.train import train
from novelgpt.scoring.likelihood import text_likelihood
from novelgpt.text.chapter import read_chapters
from novelgpt.tokens.counting import count_files
from novelgpt.tokens.counts import Sum
from novelgpt.tokens.segment import Segmenter
from novelgpt.tokens.shards import Shards, build_shards
from novelgpt.tokens.tokenizer import Tokenizer
from novelgpt.tokens.vocab import Choosing, choose_pieces

LENGTH, ROWS, HELD_OUT_EACH = 512, 8, 40_000
Result = tuple[Any, Tokenizer, float, int]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--chapters", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument(
        "--steps", type=int, help="so many steps in the place of minutes: what an idle machine makes in them"
    )
    parser.add_argument("--only", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=24_000, help="pieces of the word vocabulary")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the program's own runs"
    )
    parser.add_argument("--cache", type=Path, help="where vocabularies and token files are kept")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.inside:
        one(flags)
        return
    print(
        f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}; {_length(flags)} each\n"
    )
    print(
        "| system | parameters | pieces | steps | tokens/s | seconds | held-out bits/character |\n|---|---|---|---|---|---|---|",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        cache = str(flags.cache or folder)
        for name in flags.only:
            rest = [argument for argument in sys.argv[1:] if argument not in SYSTEMS and argument != "--only"]
            subprocess.run(
                [sys.executable, __file__, *rest, "--cache", cache, "--inside", "--only", name], check=True
            )


def one(flags: argparse.Namespace) -> None:
    """Train one system in this process and print its row."""
    keep_memory()
    name = flags.only[0]
    books = sorted(flags.chapters.glob("*.jsonl"))
    held_out = books[7::33]
    training = [path for path in books if path not in set(held_out)]
    tokenizer = vocabulary(flags, "char" if name in ("classic", "tuned") else "word", training)
    folder = flags.cache / f"data-{tokenizer.fingerprint}"
    shards = build_shards(training, tokenizer, folder, held_out=held_out)
    began_at = time.monotonic()
    network, steps = SYSTEMS[name](flags, shards)
    seconds = time.monotonic() - began_at
    network.eval()
    bits = bits_per_character(network, tokenizer, held_out)
    parameters = sum(p.numel() for p in network.parameters()) / 1e6
    speed = steps * LENGTH * ROWS / seconds
    print(
        f"| {name} | {parameters:.1f} M | {tokenizer.size:,} | {steps:,} | {speed:,.0f} | {seconds:.0f} | {bits:.3f} |",
        flush=True,
    )


def _length(flags: argparse.Namespace) -> str:
    return f"{flags.steps:,} steps" if flags.steps else f"{flags.minutes:g} minutes"


def vocabulary(flags: argparse.Namespace, kind: str, training: Sequence[Path]) -> Tokenizer:
    """Return 8,000 characters or so many words, counted in the books that are learnt from."""
    size = 8_263 if kind == "char" else flags.size
    folder = flags.cache / f"{kind}-{size}"
    if not (folder / "tokenizer.json").is_file():
        everything = Sum()
        segmenter = Segmenter("char") if kind == "char" else Segmenter()
        for _, part in count_files(training, segmenter, jobs=os.cpu_count() or 1):
            everything.add(part)
        choosing = Choosing(pairs="none", characters_only=True) if kind == "char" else Choosing()
        choose_pieces(everything.counts, size, None, choosing).save(folder)
    return Tokenizer.load(folder)


def bits_per_character(network: Any, tokenizer: Tokenizer, books: Sequence[Path]) -> float:
    nats, characters = 0.0, 0
    for path in books:
        text = "\n".join(chapter.whole() for chapter in read_chapters(path))[:HELD_OUT_EACH]
        cost = text_likelihood(text, network, tokenizer)
        nats, characters = nats + cost.nats, characters + cost.characters
    return nats / math.log(2) / characters


def plain_network(tokenizer: Tokenizer, dropout: float, seed: int) -> GPT2LMHeadModel:
    torch.manual_seed(seed)
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=tokenizer.size, n_positions=LENGTH, n_embd=384, n_layer=6, n_head=6,
            resid_pdrop=dropout, embd_pdrop=dropout, attn_pdrop=dropout,
        )
    )  # fmt: skip


def random_rows(shards: Shards, chance: np.random.Generator) -> torch.Tensor:
    starts = chance.integers(0, len(shards.train.tokens) - LENGTH - 1, ROWS)
    rows = np.stack([shards.train.tokens[start : start + LENGTH + 1] for start in starts])
    return torch.from_numpy(rows.astype(np.int64))


def loop(
    flags: argparse.Namespace,
    shards: Shards,
    network: Any,
    optimizer: torch.optim.Optimizer,
    loss_of: Callable[[torch.Tensor], torch.Tensor],
    rate_at: Callable[[int, float], float],
) -> tuple[Any, int]:
    """Step for so many minutes; a schedule knows the step and the share of the time that is gone."""
    chance, steps, began_at = np.random.default_rng(flags.seed), 0, time.monotonic()
    network.train()
    while (gone := _gone(flags, steps, began_at)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate_at(steps, gone)
        loss = loss_of(random_rows(shards, chance))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        steps += 1
        if steps % 20 == 0:
            print(f"  step {steps}, {gone:.0%}, loss {loss.item():.3f}", file=sys.stderr, flush=True)
    return network, steps


def _gone(flags: argparse.Namespace, steps: int, began_at: float) -> float:
    """Return the share of a run that is over."""
    if flags.steps:
        return steps / flags.steps
    return (time.monotonic() - began_at) / (60 * flags.minutes)


def classic(flags: argparse.Namespace, shards: Shards) -> tuple[Any, int]:
    network = plain_network(shards.tokenizer, 0.1, flags.seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1.5e-4)
    return loop(
        flags,
        shards,
        network,
        optimizer,
        lambda rows: network(rows[:, :LENGTH], labels=rows[:, :LENGTH]).loss,
        lambda step, gone: 1.5e-4 * min((step + 1) / 2_000, 1 - gone),
    )


def tuned(flags: argparse.Namespace, shards: Shards) -> tuple[Any, int]:
    network = plain_network(shards.tokenizer, 0.0, flags.seed)
    decayed = [p for p in network.parameters() if p.dim() >= 2]
    flat = [p for p in network.parameters() if p.dim() < 2]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": flat, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), fused=True)
    compiled = torch.compile(network)

    def loss_of(rows: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits = compiled(rows[:, :-1]).logits
            return torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())

    return loop(
        flags,
        shards,
        network,
        optimizer,
        loss_of,
        lambda step, gone: 1e-3 * min((step + 1) / 50, 1.0, (1 - gone) / 0.3),
    )


def ours(preset: str, **settings: Any) -> Callable[[argparse.Namespace, Shards], tuple[Any, int]]:
    def run(flags: argparse.Namespace, shards: Shards) -> tuple[Any, int]:
        asked = dict(pair.split("=", 1) for pair in flags.set)
        typed = {key: _typed(value) for key, value in asked.items()}
        config = TrainConfig(
            **{
                "preset": preset, "minutes": flags.minutes, "steps": flags.steps, "context_length": LENGTH, "batch_size": ROWS, "seed": flags.seed,
                "evaluate_every": 10_000_000, "sample_every": 10_000_000, "save_every": 10_000_000, **settings, **typed,
            }
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            steps = 0
            for event in train(config, shards, Path(folder) / "run"):
                if isinstance(event, Step) and (event.step % 20 == 0 or event.step == event.total_steps):
                    print(
                        f"  step {event.step} of {event.total_steps}, loss {event.loss:.3f}",
                        file=sys.stderr,
                        flush=True,
                    )
                if isinstance(event, Evaluated):
                    print(f"  held out: {event.bits_per_character:.3f}", file=sys.stderr, flush=True)
                if isinstance(event, Finished):
                    steps = event.steps
            return load_model(Path(folder) / "run" / "final").network, steps

    return run


def _typed(value: str) -> Any:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


SYSTEMS: dict[str, Callable[[argparse.Namespace, Shards], tuple[Any, int]]] = {
    "classic": classic,
    "tuned": tuned,
    "novel": ours("novel-tiny"),
    "gpt2": ours("gpt2-tiny", width=384, heads=6),
}

if __name__ == "__main__":
    main()
