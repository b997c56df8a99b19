"""How often a run is lost or changed by being killed: kill -9 at random instants, inside every write, and damaged files.

Usage: python benchmarks/resume.py [--kills 200] [--flips 1000]     (from the repository's root; Linux)

A small real run (two layers, Muon, averages, dropout, accumulation) is killed by SIGKILL after a random time, resumed, killed
again …, until it has ended; then its losses and weights are compared bit by bit with those of a run that was never killed.
Then it dies before each single call of fsync, rename, replace, mkdir, unlink and rmdir of a run in turn. Last, every byte
length of a checkpoint's files is tried in steps, and single bits are flipped. Markdown comes out.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent.parent))

from novelgpt.model.running.checkpoint import fault, steps_in
from tests.model import children
from tests.model.runs import same_weights, told

CHANGES: dict[str, object] = {
    "steps": 30,
    "save_every": 3,
    "evaluate_every": 5,
    "sample_every": 10,
    "batch_size": 4,
    "micro_batch": 2,
    "optimizer": "muon",
    "ema": 0.9,
}
KILLED = -9
PATIENCE = 1200  # seconds for a run that takes three, on a machine that may be busy


def equal(run_dir: Path, expected: Path) -> bool:
    return told(run_dir) == told(expected) and all(
        same_weights(run_dir / name, expected / name) for name in ("final", "best")
    )


def random_kills(place: Path, expected: Path, kills: int) -> tuple[int, int, int]:
    """Return how many kills there were, and how many runs ended otherwise or not at all, out of how many."""
    chance, killed, different, runs = random.Random(1), 0, 0, 0
    while killed < kills:
        folder = place / f"killed-{runs}"
        folder.mkdir()
        while (
            code := children.run(folder, PATIENCE, changes=CHANGES, die_after=chance.uniform(0.15, 1.5))
        ) == KILLED:
            killed += 1
        runs += 1
        different += code != 0 or not equal(folder / "run", expected)
        shutil.rmtree(folder)
        print(f"  {killed} kills, {runs} runs, {different} different", file=sys.stderr)
    return killed, different, runs


def kills_inside_writes(place: Path, expected: Path) -> tuple[int, int]:
    """Die before the 1st, 2nd, 3rd … call that makes writing safe, until a run lives; then go on from there."""
    different = 0
    for call in itertools.count(1):
        folder = place / f"call-{call}"
        folder.mkdir()
        died = children.run(folder, PATIENCE, changes=CHANGES, die_at_call=call)
        if died == 0:
            return call - 1, different
        code = children.run(folder, PATIENCE, changes=CHANGES)
        different += died != KILLED or code != 0 or not equal(folder / "run", expected)
        shutil.rmtree(folder)
        print(f"  died before call {call}, {different} different", file=sys.stderr, flush=True)
    raise AssertionError


def damages(folder: Path, place: Path, flips: int) -> tuple[int, int, int]:
    """Return how many truncations were tried, how many of them went unnoticed, and how many of the flipped bits."""
    (_, newest) = steps_in(folder / "checkpoints")[-1]
    copy, chance, cut, uncut, unflipped = shutil.copytree(newest, place / "copy"), random.Random(2), 0, 0, 0
    for path in _files(copy):
        content = path.read_bytes()
        for size in range(0, len(content), max(1, len(content) // 500)):
            path.write_bytes(content[:size])
            cut, uncut = cut + 1, uncut + (fault(copy) is None)
        path.write_bytes(content)
    for _ in range(flips):
        path = chance.choice(_files(copy))
        content = path.read_bytes()
        flipped = bytearray(content)
        flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(bytes(flipped))
        unflipped += fault(copy) is None
        path.write_bytes(content)
    return cut, uncut, unflipped


def _files(folder: Path) -> list[Path]:
    return [*sorted(folder.glob("*.safetensors")), folder / "state.json"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--flips", type=int, default=1000)
    flags = parser.parse_args()
    began_at = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "whole").mkdir()
        if children.run(place / "whole", changes=CHANGES):
            raise SystemExit("the run does not end even when nobody kills it")
        expected = place / "whole" / "run"
        print("| what | tried | lost or different |\n|---|---|---|")
        killed, different, runs = random_kills(place, expected, flags.kills)
        print(f"| kill -9 at random instants ({runs} runs) | {killed} | {different} |")
        calls, different = kills_inside_writes(place, expected)
        print(f"| kill -9 before each call that writes | {calls} | {different} |")
        cut, uncut, unflipped = damages(expected, place, flags.flips)
        print(
            f"| truncated files (unnoticed) | {cut} | {uncut} |\n| flipped bits (unnoticed) | {flags.flips} | {unflipped} |"
        )
    print(f"\n{time.monotonic() - began_at:.0f} s")


if __name__ == "__main__":
    main()
