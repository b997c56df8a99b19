"""How fast a text is continued, side by side in one run: this program, transformers, and llama.cpp where its wheel is installed.

    python benchmarks/decoding.py [--models tiny base] [--rounds 3] [--tokens 200] [--threads 2]

The same weights (by chance: speed does not depend on them) and the same prompt of 64 tokens for all; top-k 50, top-p 0.95,
temperature 0.9 and a repetition penalty of 1.1 for all. Each side runs in a process of its own, in turn, round after round;
tokens per second are those after the first. `first piece` is the time from the request to the first text, warm, for a prompt of 500
characters. Markdown comes out: read the ratios, because machines are noisy. llama.cpp needs `pip install xllamacpp gguf`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SHAPES = {"tiny": (6, 384, 6, 512), "base": (12, 768, 12, 1024)}
"""Layers, width, heads, window."""
PROMPT = 64
SIDES = ("ours", "ours, fp32", "ours, 4 candidates", "transformers", "llama.cpp Q8_0", "llama.cpp F32")
STORY = "那天夜里雨下得很大，他撑着一把旧伞，沿着河边慢慢走回家去。巷子尽头的灯还亮着，门却虚掩着。" * 12


def tokenizer() -> Any:
    from novelgpt.tokens.tokenizer import Tokenizer

    return Tokenizer.load(ROOT / "vocab")


def network(name: str) -> Any:
    """Return a GPT-2 of this size with weights by chance."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    layers, width, heads, window = SHAPES[name]
    ids = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), 0)
    shape = {"n_layer": layers, "n_embd": width, "n_head": heads, "n_positions": window}
    torch.manual_seed(1)
    return (
        GPT2LMHeadModel(GPT2Config(vocab_size=tokenizer().size, **shape, **ids)).eval().requires_grad_(False)
    )


def folder_of(name: str, cache: Path) -> Path:
    """Return a folder with the model, made once."""
    from novelgpt.model.folder import save_model

    folder = cache / name
    if not (folder / "model.safetensors").is_file():
        save_model(folder, network(name), tokenizer(), "")
    return folder


def prompt_ids() -> list[int]:
    ids: list[int] = tokenizer().encode(STORY)[:PROMPT]
    return ids


def sample(tokens: int, candidates: int = 1) -> Any:
    from novelgpt.config import SampleConfig

    return SampleConfig(
        max_chars=100_000, max_tokens=tokens, temperature=0.9, top_k=50, top_p=0.95, repetition_penalty=1.1,
        seed=1, n=candidates, whole_sentences=False, ends=False,
    )  # fmt: skip


def ours(folder: Path, side: str, tokens: int) -> dict[str, float]:
    """Time the writer as the page uses it."""
    from novelgpt.model.folder import load_model
    from novelgpt.writing.writer import Writer

    writer = Writer(load_model(folder), exact="fp32" in side)
    candidates = 4 if "4" in side else 1
    for _ in writer.stream(prompt_ids(), sample(8, candidates)):
        pass
    marks = []
    for piece in writer.stream(prompt_ids(), sample(tokens, candidates)):
        marks.append((time.perf_counter(), len(piece.tokens)))
    speed = sum(count for _, count in marks[candidates:]) / (marks[-1][0] - marks[candidates - 1][0])
    waits = []
    for number in range(5):
        page = STORY[number : number + 500]
        began_at = time.perf_counter()
        next(writer.stream(page, sample(tokens)))
        waits.append(time.perf_counter() - began_at)
    return {"speed": speed, "first": statistics.median(waits)}


def transformers(folder: Path, side: str, tokens: int) -> dict[str, float]:
    """Time `generate` as it comes."""
    import torch
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.tensor([prompt_ids()])
    asked = {
        "do_sample": True, "top_k": 50, "top_p": 0.95, "temperature": 0.9, "repetition_penalty": 1.1,
        "attention_mask": torch.ones_like(ids), "pad_token_id": 0,
    }  # fmt: skip

    def timed(count: int) -> float:
        began_at = time.perf_counter()
        model.generate(ids, min_new_tokens=count, max_new_tokens=count, **asked)
        return time.perf_counter() - began_at

    timed(4)
    first, whole = timed(1), timed(tokens)
    return {"speed": (tokens - 1) / (whole - first), "first": first}


def llama(folder: Path, side: str, tokens: int) -> dict[str, float]:
    """Time llama.cpp on an export of the same folder; its own timings are of the tokens after the prompt."""
    import xllamacpp

    dtype = "q8_0" if "Q8" in side else "fp32"
    path = folder.parent / f"{folder.name}-{dtype}.gguf"
    if not path.is_file():
        command = [sys.executable, "-m", "novelgpt", "export", str(folder), "--format", "gguf"]
        subprocess.run([*command, "--dtype", dtype, "--out", str(path)], check=True, capture_output=True)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel, params.warmup = 512, 1, True
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = int(os.environ["OMP_NUM_THREADS"])
    server = xllamacpp.Server(params)
    asked = {
        "prompt": prompt_ids(), "n_predict": tokens, "ignore_eos": True, "cache_prompt": False, "seed": 1,
        "temperature": 0.9, "top_k": 50, "top_p": 0.95, "min_p": 0.0, "repeat_penalty": 1.1, "repeat_last_n": 256,
    }  # fmt: skip
    server.handle_completions({**asked, "n_predict": 8})
    answer: Any = server.handle_completions(asked)
    timings = (json.loads(answer) if isinstance(answer, str) else answer)["timings"]
    return {"speed": timings["predicted_per_second"], "first": timings["prompt_ms"] / 1000}


def one(name: str, side: str, tokens: int, cache: Path) -> dict[str, float]:
    """Measure one side in this process."""
    ways = {"ours": ours, "transformers": transformers, "llama.cpp": llama}
    return ways[side.split(",")[0].split(" ")[0]](folder_of(name, cache), side, tokens)


def in_a_process(flags: argparse.Namespace, name: str, side: str, cache: str) -> dict[str, float] | str:
    """Run this file again for one measurement; a side that cannot run gives its reason instead."""
    command = [sys.executable, "-W", "ignore", __file__, "--tokens", str(flags.tokens)]
    environment = {
        **os.environ, "OMP_NUM_THREADS": str(flags.threads), "TRANSFORMERS_VERBOSITY": "error", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    done = subprocess.run(
        [*command, "--one", name, side, cache], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    measured: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def compare(flags: argparse.Namespace, name: str, cache: str) -> None:
    """Print the table of one model."""
    folder_of(name, Path(cache))
    found: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    wrong: dict[str, str] = {}
    for _ in range(flags.rounds):
        for side in SIDES:
            measured = in_a_process(flags, name, side, cache)
            if isinstance(measured, str):
                wrong[side] = measured
            else:
                found[side].append(measured)
    base = statistics.median(each["speed"] for each in found["transformers"])
    print(f"\n### gpt2-{name}, {SHAPES[name][0]} × {SHAPES[name][1]}, {tokenizer().size:,} pieces\n")
    print("| | tokens/s (lowest to highest) | × transformers | first piece, ms |\n|---|---|---|---|")
    for side in SIDES:
        if not found[side]:
            print(f"| {side} | could not run: {wrong.get(side)} | | |")
            continue
        speeds = [each["speed"] for each in found[side]]
        middle = statistics.median(speeds)
        first = statistics.median(each["first"] for each in found[side]) * 1000
        print(
            f"| {side} | {middle:.1f} ({min(speeds):.1f} to {max(speeds):.1f}) | {middle / base:.2f} | {first:.0f} |",
            flush=True,
        )


def main() -> None:
    """Measure what was asked for, or one side where this is a child."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=tuple(SHAPES), default=list(SHAPES))
    for name, default in (("rounds", 3), ("tokens", 200), ("threads", os.cpu_count() or 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--one", nargs=3, metavar=("MODEL", "SIDE", "CACHE"), help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        name, side, cache = flags.one
        print(json.dumps(one(name, side, flags.tokens, Path(cache))))
        return
    print(f"{platform.processor() or platform.machine()}, {flags.threads} threads, prompt of {PROMPT} tokens")
    with tempfile.TemporaryDirectory() as cache:
        for name in flags.models:
            compare(flags, name, cache)


if __name__ == "__main__":
    main()
