"""One training step, side by side in one run: ours, and the Trainer of transformers as it comes and as fast as it goes.

    python benchmarks/throughput.py [--pieces 8000 50000] [--rounds 3] [--steps 6] [--threads 2] [--memory]

The same GPT-2 (6 layers x 384), batch (8 x 512) and tokens for all; each side in a process of its own, in turn, round after
round; the slowest steps, in which kernels are set up or compiled, are not counted. Needs `pip install accelerate`.
Markdown comes out: read the ratios, because machines are noisy. `share` is what a step makes of the operations that
a product of two 2048 x 2048 bf16 matrices reaches in the same process; `busy` is processor seconds.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

LAYERS, WIDTH, HEADS, CONTEXT, ROWS = 6, 384, 6, 512, 8
TOKENS = ROWS * CONTEXT
BASE = (12, 768, 12)
SIDE = 2048
SKIPPED = 2
SIDES = (
    "ours",
    "ours, Muon",
    "ours, layers as they come",
    "ours, compiled",
    "Trainer",
    "Trainer, bf16 + compile",
)
Step = Callable[[], Any]
Times = list[tuple[float, float]]


def gpt2(pieces: int, dropout: float, sizes: tuple[int, int, int] = (LAYERS, WIDTH, HEADS)) -> Any:
    """Return the network of the comparison; Trainer's side keeps the dropout of the default configuration."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    layers, width, heads = sizes
    drops = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), dropout)
    ids = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), 0)
    torch.manual_seed(1)
    shape = {"n_embd": width, "n_layer": layers, "n_head": heads, "n_positions": CONTEXT}
    return GPT2LMHeadModel(GPT2Config(vocab_size=pieces, **shape, **drops, **ids)).train()


def windows(pieces: int, count: int) -> Any:
    """Return windows of made-up tokens, the same for every side."""
    import torch

    return torch.randint(0, pieces, (count, CONTEXT + 1), generator=torch.Generator().manual_seed(1))


def our_step(network: Any, pieces: int, optimizer: str, compiled: bool, rows: int = ROWS) -> Step:
    """Return one step of ours, in micro-batches of `rows`: what `novelgpt.model.learning.learner` does."""
    import torch

    from novelgpt.config import TrainConfig
    from novelgpt.model.learning.loss import cross_entropy
    from novelgpt.model.learning.optimizers import new_optimizers

    body = torch.compile(network.base_model, dynamic=False) if compiled else network.base_model
    optimizers = new_optimizers(network, optimizer, 1e-3, TrainConfig())
    data = iter(windows(pieces, 64 * ROWS).split(ROWS))

    def step() -> None:
        batch = next(data)
        network.zero_grad(set_to_none=True)
        for part in batch.split(rows):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                hidden = body(input_ids=part[:, :-1], use_cache=False).last_hidden_state
            weight, targets = network.get_output_embeddings().weight, part[:, 1:].flatten()
            loss = cross_entropy(hidden.flatten(0, 1), weight, targets, torch.bfloat16, divisor=TOKENS)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for each in optimizers:
            each.step()

    return step


def ours(side: str, pieces: int, steps: int) -> Times:
    """Time steps of ours."""
    from novelgpt.model.networks.activation import fuse_activations
    from novelgpt.model.networks.attention import attend_in_blocks

    network = gpt2(pieces, 0.0)
    if "as they come" not in side:
        attend_in_blocks(network)
        fuse_activations(network)
    step = our_step(network, pieces, "muon" if "Muon" in side else "adamw", "compiled" in side)
    return [timed(step) for _ in range(steps)]


def timed(step: Step) -> tuple[float, float]:
    """Return seconds on the clock and seconds of the processors."""
    began_at, busy = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - began_at, time.process_time() - busy


def trainer(side: str, pieces: int, steps: int) -> Times:
    """Time steps of transformers' Trainer, by the clock at the end of each."""
    from transformers import Trainer, TrainerCallback, TrainingArguments

    marks: Times = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: object, **__: object) -> None:
            marks.append((time.perf_counter(), time.process_time()))

    rows = windows(pieces, ROWS * (steps + 1))[:, :-1]
    fast = {"bf16": True, "use_cpu": True, "torch_compile": True} if "bf16" in side else {}
    with tempfile.TemporaryDirectory() as folder:
        asked = TrainingArguments(
            folder,
            max_steps=steps,
            per_device_train_batch_size=ROWS,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            **fast,
        )
        data = [{"input_ids": row, "labels": row} for row in rows]
        Trainer(gpt2(pieces, 0.1), asked, train_dataset=data, callbacks=[Clock()]).train()
    return [(after[0] - before[0], after[1] - before[1]) for before, after in itertools.pairwise(marks)]


def operations(pieces: int) -> int:
    """Return the operations of matrix products in a step: six per weight and token, and half of the attention's square."""
    weights = LAYERS * 12 * WIDTH**2 + pieces * WIDTH
    return TOKENS * (6 * weights + 6 * LAYERS * WIDTH * CONTEXT)


def reachable() -> float:
    """Return operations a second of a large product, the best of a few."""
    import torch

    left = torch.randn(SIDE, SIDE).bfloat16()
    return 2 * SIDE**3 / min(timed(lambda: left @ left)[0] for _ in range(6))


def memory(rows: int) -> dict[str, float]:
    """Return the peak memory of two steps of a base model with 50,000 pieces, in micro-batches of `rows`."""
    from novelgpt.model.running.machine import keep_memory

    keep_memory()
    network = gpt2(50_000, 0.0, BASE)
    step = our_step(network, 50_000, "muon", compiled=False, rows=rows)
    seconds = [timed(step)[0] for _ in range(2)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"gigabytes": peak / 1e9, "seconds": seconds[-1]}


def one(side: str, pieces: int, steps: int) -> dict[str, float]:
    """Measure one side in this process."""
    from novelgpt.model.running.machine import keep_memory

    mine = side.startswith("ours")
    if mine:
        keep_memory()
    times = (ours if mine else trainer)(side, pieces, steps + SKIPPED)
    counted = sorted(times)[: max(1, len(times) - SKIPPED)]
    seconds = statistics.median(wall for wall, _ in counted)
    share = operations(pieces) / seconds / reachable()
    busy = statistics.median(busy for _, busy in counted)
    return {"speed": TOKENS / seconds, "busy": busy, "share": share}


def in_a_process(threads: int, *arguments: object) -> dict[str, float] | str:
    """Run this file again for one measurement; a side that cannot run gives its reason instead."""
    command = [sys.executable, "-W", "ignore", __file__, "--one", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "TRANSFORMERS_VERBOSITY": "error"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    measured: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def compare(pieces: int, rounds: int, steps: int, threads: int) -> None:
    """Print the table of one vocabulary size."""
    found: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    wrong: dict[str, str] = {}
    for _ in range(rounds):
        for side in SIDES:
            measured = in_a_process(threads, side, pieces, steps)
            if isinstance(measured, str):
                wrong[side] = measured
            else:
                found[side].append(measured)
    print(f"\n### {pieces:,} pieces\n")
    print("| | tokens/s (lowest to highest) | × Trainer | × Trainer, bf16 + compile | busy s/step | share |")
    print("|---|---|---|---|---|---|")
    for side in SIDES:
        print(row_of(side, found, wrong))


def row_of(side: str, found: dict[str, list[dict[str, float]]], wrong: dict[str, str]) -> str:
    """Return one line of the table; ratios are of the medians of all rounds."""
    mine = [each["speed"] for each in found[side]]
    if not mine:
        return f"| {side} | could not run: {wrong.get(side, '')} | | | | |"
    against = [
        f"{statistics.median(mine) / statistics.median(each['speed'] for each in found[other]):.2f}"
        if found[other]
        else "–"
        for other in SIDES[-2:]
    ]
    speed = f"{statistics.median(mine):,.0f} ({min(mine):,.0f} to {max(mine):,.0f})"
    busy, share = (statistics.median(each[name] for each in found[side]) for name in ("busy", "share"))
    return f"| {side} | {speed} | {' | '.join(against)} | {busy:.2f} | {share:.0%} |"


def compare_memory(threads: int) -> None:
    """Print the peak memory of the base model by micro-batch."""
    print("\n### Peak memory: gpt2-base, 50,000 pieces, 8 × 512 tokens a step, Muon\n")
    print("| rows at once | peak GB | s/step |\n|---|---|---|")
    for rows in (1, 2):
        measured = in_a_process(threads, "memory", rows, 0)
        if isinstance(measured, str):
            print(f"| {rows} | could not run: {measured} | |")
        else:
            print(f"| {rows} | {measured['gigabytes']:.2f} | {measured['seconds']:.1f} |")


def main() -> None:
    """Measure what was asked for, or one side where this is a child."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pieces", type=int, nargs="*", default=[8000, 50_000])
    for name, default in (("rounds", 3), ("steps", 6), ("threads", os.cpu_count() or 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--memory", action="store_true", help="measure the memory of gpt2-base too")
    parser.add_argument("--one", nargs=3, metavar=("SIDE", "PIECES", "STEPS"), help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        side, number, steps = flags.one[0], int(flags.one[1]), int(flags.one[2])
        print(json.dumps(memory(number) if side == "memory" else one(side, number, steps)))
        return
    print(f"{platform.processor() or platform.machine()}, {flags.threads} threads, GPT-2 {LAYERS} × {WIDTH}")
    for pieces in flags.pieces:
        compare(pieces, flags.rounds, flags.steps, flags.threads)
    if flags.memory:
        compare_memory(flags.threads)


if __name__ == "__main__":
    main()
