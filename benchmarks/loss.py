"""One training loss, two ways, side by side in one run: ours in chunks, and the plain logits-then-cross-entropy.

    python benchmarks/loss.py [--pieces 50000] [--width 256] [--tokens 4096] [--rounds 5]

Prints seconds (median, forward and backward) and the ratio; read the ratio, because machines are noisy.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from novelgpt.model.learning.loss import cross_entropy
from novelgpt.model.running.machine import keep_memory


def plain(dtype: torch.dtype) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Return the usual loss: all logits at once."""

    def loss(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype is torch.bfloat16):
            logits = F.linear(hidden, weight)
        return F.cross_entropy(logits.float(), targets)

    return loss


def main() -> None:
    """Measure every way in turn, round after round."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (("pieces", 50_000), ("width", 256), ("tokens", 4096), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    flags = parser.parse_args()
    keep_memory()  # for both sides, so that only the arithmetic differs
    random = torch.Generator().manual_seed(1)
    hidden = torch.randn(flags.tokens, flags.width, generator=random).requires_grad_()
    weight = (torch.randn(flags.pieces, flags.width, generator=random) * 0.02).requires_grad_()
    targets = torch.randint(0, flags.pieces, (flags.tokens,), generator=random)
    ways: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
        "plain fp32": plain(torch.float32),
        "plain bf16": plain(torch.bfloat16),
        "ours fp32": lambda h, w, t: cross_entropy(h, w, t, torch.float32),
        "ours bf16": lambda h, w, t: cross_entropy(h, w, t, torch.bfloat16),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(flags.rounds + 1):
        for name, way in ways.items():
            hidden.grad = weight.grad = None
            began_at = time.perf_counter()
            way(hidden, weight, targets).backward()
            if number:  # the first round only warms up
                seconds[name].append(time.perf_counter() - began_at)
    best = statistics.median(seconds["ours bf16"])
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        print(f"{name:<12}{middle:8.3f} s{middle / best:8.2f} x")


if __name__ == "__main__":
    main()
