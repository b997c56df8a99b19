"""How fast ingest goes from bytes to written chapters, how it grows with cores, and how much memory it takes.

Usage: python benchmarks/ingest.py --novels DIR [--every N] [--jobs 2] [--big MB]

The novels are first written as GB18030 files (what most downloads are). Each run is a process of its own, so that its peak
memory is its own; ratios are between runs of one invocation, side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MEGABYTE = 1_000_000


def one_run(source: Path, out_dir: Path, jobs: int) -> dict[str, float]:
    """Ingest in this process and return seconds to the last chapter, to the end, and the peak memory."""
    from novelgpt.text.ingest import IngestFinished, ingest

    started = time.perf_counter()
    last_book = started
    for event in ingest([source], out_dir, jobs=jobs, allow_loss=True):
        if not isinstance(event, IngestFinished):
            last_book = time.perf_counter()
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(kind).ru_maxrss for kind in kinds) * 1024
    return {"chapters": last_book - started, "whole": time.perf_counter() - started, "peak": peak}


def in_a_process(source: Path, out_dir: Path, jobs: int) -> dict[str, float]:
    """Run `one_run` in a fresh process and return what it measured."""
    arguments = [sys.executable, __file__, "--one", str(source), str(out_dir), str(jobs)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def encode_novels(novels: Path, target: Path, every: int) -> tuple[int, int]:
    """Write every N-th novel as GB18030; return the bytes of all and of the largest."""
    sizes = []
    for path in sorted(novels.glob("*.txt"))[::every]:
        raw = path.read_text(encoding="utf-8").encode("gb18030")
        (target / path.name).write_bytes(raw)
        sizes.append(len(raw))
    return sum(sizes), max(sizes)


def big_file(novels: Path, target: Path, megabytes: int) -> int:
    """Write one file of about that size, made of many novels, to see what memory a large file takes."""
    written = 0
    with target.open("wb") as stream:
        for path in sorted(novels.glob("*.txt")):
            written += stream.write(path.read_text(encoding="utf-8").encode("gb18030") + b"\n")
            if written >= megabytes * MEGABYTE:
                return written
    return written


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--novels", type=Path, help="folder of UTF-8 novels (*.txt)")
    parser.add_argument("--every", type=int, default=1, help="take every N-th novel")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes of the parallel run")
    parser.add_argument("--big", type=int, default=50, help="megabytes of the one large file")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        source, out_dir, jobs = flags.one
        print(json.dumps(one_run(Path(source), Path(out_dir), int(jobs))))
        return
    if not flags.novels:
        parser.error("--novels is needed")
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), flags)


def measure(folder: Path, flags: argparse.Namespace) -> None:
    """Run alone, in parallel, again with nothing changed, and on one large file; print a table."""
    books = folder / "books"
    books.mkdir()
    total, largest = encode_novels(flags.novels, books, flags.every)
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    print(
        f"{len(list(books.iterdir()))} novels, {total / MEGABYTE:.1f} MB of GB18030, largest {largest / MEGABYTE:.1f} MB\n"
    )
    print("| run | s to written chapters | MB/s | s with train.json and report | peak MB | bound MB |")
    print("|---|---|---|---|---|---|")
    alone = in_a_process(books, folder / "alone", 1)
    show("one process", alone, total, largest)
    together = in_a_process(books, folder / "together", flags.jobs)
    show(f"{flags.jobs} processes", together, total, largest)
    show("again, nothing changed", in_a_process(books, folder / "together", 1), total, largest)
    big = folder / "big.txt"
    size = big_file(flags.novels, big, flags.big)
    show(f"one file of {size / MEGABYTE:.0f} MB", in_a_process(big, folder / "big", 1), size, size)
    print(
        f"\n{flags.jobs} processes against one: {alone['chapters'] / together['chapters']:.2f} times as fast"
    )


def show(name: str, run: dict[str, float], total: int, largest: int) -> None:
    bound = 300 + 6 * largest / MEGABYTE
    rate = total / MEGABYTE / run["chapters"]
    peak = run["peak"] / MEGABYTE
    print(f"| {name} | {run['chapters']:.2f} | {rate:.1f} | {run['whole']:.2f} | {peak:.0f} | {bound:.0f} |")


if __name__ == "__main__":
    main()
