"""What choosing one token costs, in microseconds, for each setting of the sampler and two sizes of vocabulary.

    python benchmarks/sampling.py [--sizes 8000 50000] [--repeats 15]

One core. The logits are drawn from a normal distribution and fall off about as steeply as a small model's; 2,000 tokens
were written before, with repeats among them. The figure is the fastest of several rounds of 20 calls: what else the
machine does can only make it slower.
"""

from __future__ import annotations

import argparse
import random
import timeit
from typing import Any

import torch

from novelgpt.config import STYLES, SampleConfig
from novelgpt.writing.sampling import Known, compose

CALLS = 20
BARE: dict[str, Any] = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "repetition_penalty": 1.0}
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "nothing (plain draw)": BARE,
    "greedy": BARE | {"temperature": 0.0},
    "temperature 0.9": BARE | {"temperature": 0.9},
    "top-k 50": BARE | {"top_k": 50},
    "top-p 0.92": BARE | {"top_p": 0.92},
    "min-p 0.05": BARE | {"min_p": 0.05},
    "typical 0.9": BARE | {"typical": 0.9},
    "repetition penalty": BARE | {"repetition_penalty": 1.1},
    "frequency and presence": BARE | {"frequency_penalty": 0.2, "presence_penalty": 0.2},
    "no repeated 4-gram": BARE | {"no_repeat_ngram": 4},
    "DRY": BARE | {"dry_multiplier": 0.8},
    "XTC": BARE | {"xtc_probability": 0.5},
    "mirostat 1": BARE | {"mirostat": 1},
    "mirostat 2": BARE | {"mirostat": 2},
    "bias of 20 ids": BARE | {"bias": tuple((token, 1.0) for token in range(20))},
    "everything": {
        "min_p": 0.02, "typical": 0.95, "frequency_penalty": 0.1, "no_repeat_ngram": 4,
        "dry_multiplier": 0.8, "xtc_probability": 0.5, "bias": ((5, 1.0),),
    },
}  # fmt: skip


def microseconds(overrides: dict[str, Any], size: int, repeats: int) -> float:
    """Return the cost of one call."""
    logits = torch.randn(size, generator=torch.Generator().manual_seed(1)) * 3
    chance = random.Random(1)
    seen = [chance.randrange(300) for _ in range(2000)]
    seen[-8:] = seen[1500:1508]  # something for DRY to find
    known = Known(spared=frozenset(range(20)), breakers=frozenset(range(5)))
    choose = compose(SampleConfig(**overrides), known, torch.Generator().manual_seed(1))
    with torch.inference_mode():
        return min(timeit.repeat(lambda: choose(logits, seen), number=CALLS, repeat=repeats)) / CALLS * 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[8000, 50000])
    parser.add_argument("--repeats", type=int, default=15)
    flags = parser.parse_args()
    torch.set_num_threads(1)
    print("| setting | " + " | ".join(f"{size:,} pieces" for size in flags.sizes) + " |")
    print("|---|" + "---:|" * len(flags.sizes))
    for name, overrides in (SETTINGS | {f"style {name}": style for name, style in STYLES.items()}).items():
        cost = [f"{microseconds(overrides, size, flags.repeats):.0f} µs" for size in flags.sizes]
        print(f"| {name} | {' | '.join(cost)} |", flush=True)


if __name__ == "__main__":
    main()
