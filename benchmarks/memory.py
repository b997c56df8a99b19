"""The memory that the pre-flight promises beside the memory that a run really takes, one process per line.

    python benchmarks/memory.py [--presets gpt2-tiny novel-tiny] [--windows 8] [--context 512]

Prints MiB: the peak of a process that makes three steps of training, the estimate, and how far off it is.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

VOCABULARY = Path(__file__).parent.parent / "vocab"
CHAPTERS, CHAPTER_TOKENS, STEPS = 40, 4000, 3


def measure(preset: str, dtype: str, optimizer: str, windows: int, context: int) -> dict[str, Any]:
    """Train a few steps in this process; return its peak and the estimate."""
    import numpy as np

    from novelgpt.config import TrainConfig
    from novelgpt.model.learning.learner import Learner
    from novelgpt.model.reporting.facts import run_facts
    from novelgpt.model.reporting.preflight import memory_of
    from novelgpt.model.running.machine import keep_memory
    from novelgpt.model.running.plan import network_for, settle
    from novelgpt.tokens.shards import Shards, Split
    from novelgpt.tokens.tokenizer import Tokenizer

    keep_memory()
    tokenizer = Tokenizer.load(VOCABULARY)
    ids = np.random.default_rng(1).integers(300, tokenizer.size, CHAPTERS * CHAPTER_TOKENS).astype(np.uint16)
    split = Split(ids, np.arange(CHAPTERS + 1) * CHAPTER_TOKENS, len(ids))
    shards = Shards(split, split, tokenizer, "random")
    config = TrainConfig(
        preset=preset, dtype=dtype, optimizer=optimizer, batch_size=windows, context_length=context,
        steps=STEPS, compile="off", start="random",
    )  # fmt: skip
    plan = settle(config, shards).plan
    network = network_for(plan, shards, None, begin=True)
    learner = Learner(plan, network, shards)
    for step in range(STEPS):
        learner.step(step)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"peak": peak, "estimate": memory_of(run_facts(plan, shards, network)).total // 2**20}


def main() -> None:
    """Measure every combination in a process of its own: a peak cannot be taken back."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--presets", nargs="+", default=["gpt2-tiny", "novel-tiny"])
    parser.add_argument("--dtypes", nargs="+", default=["fp32", "bf16"])
    parser.add_argument("--optimizers", nargs="+", default=["adamw", "muon"])
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    sizes = ["--windows", str(flags.windows), "--context", str(flags.context)]
    if flags.one:
        print(json.dumps(measure(*flags.one, flags.windows, flags.context)))
        return
    for one in product(flags.presets, flags.dtypes, flags.optimizers):
        command = [sys.executable, "-W", "ignore", __file__, "--one", *one, *sizes]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        off = found["estimate"] / found["peak"] - 1
        print(
            f"{' '.join(one):28} measured {found['peak']:6} estimated {found['estimate']:6} {off:+.0%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
