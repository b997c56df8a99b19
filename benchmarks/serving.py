"""Many programs at once on one server: what they were answered, how long they waited, what stayed behind.

Usage: python benchmarks/serving.py [--clients 100] [--minutes 5] [--arrivals 500] [--leavers 1000] [--model NAME]

A server of its own is started as `novelgpt serve`, with the model inside unless another is named. Then
  streams    so many clients stream completion after completion for so many minutes; who is told to come back later does
  arrivals   so many requests come within a second, each on a connection of its own
  leavers    so many clients hang up at a moment of chance, before or while they are answered
After each, the server must have no text under way and nobody waiting, and answer again. Markdown comes out.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

PROMPT = "却说那日天色已晚，二人走到一座古庙前，只见"
HUNG_SECONDS = 120.0
"""Silence of this length is a request that hangs."""
DECLARED = {200, 429, 503}


@dataclass
class Told:
    """What clients heard."""

    statuses: Counter[str] = field(default_factory=Counter)
    first: list[float] = field(default_factory=list)
    """Seconds to the first piece of a text, or to a refusal's answer."""
    refused: list[float] = field(default_factory=list)


class Server:
    """`novelgpt serve` in a process of its own."""

    def __init__(self, workspace: Path, model: str | None) -> None:
        command = [sys.executable, "-m", "novelgpt", "serve", "--port", "0", "--workspace", str(workspace)]
        command += ["--model", model] if model else []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout
        found = None
        while not found:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("the server did not start")
            found = re.search(r"http://[\d.]+:\d+", line)
        self.address = found.group()

    def megabytes(self) -> float:
        """Return the memory it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024  # type: ignore[union-attr]

    async def settled(self) -> tuple[float, float]:
        """Wait up to ten seconds until nothing is under way; return how much is."""
        async with httpx.AsyncClient(base_url=self.address, timeout=HUNG_SECONDS) as client:
            for _ in range(100):
                text = (await client.get("/metrics")).text
                waiting, writing = (
                    float(re.search(rf"^novelgpt_{name} (\S+)", text, re.M).group(1))  # type: ignore[union-attr]
                    for name in ("waiting", "writing")
                )
                if not waiting and not writing:
                    break
                await asyncio.sleep(0.1)
        return waiting, writing

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)


async def complete(client: httpx.AsyncClient, told: Told, tokens: int, seed: int) -> float:
    """Stream one text; return how long to wait before the next."""
    fields = {"prompt": PROMPT, "max_tokens": tokens, "seed": seed, "stream": True}
    began = time.monotonic()
    try:
        async with client.stream("POST", "/v1/completions", json=fields) as answer:
            told.statuses[str(answer.status_code)] += 1
            if answer.status_code != 200:
                await answer.aread()
                told.refused.append(time.monotonic() - began)
                return float(answer.headers.get("retry-after", "nan"))
            last, silent = "", True
            async for line in answer.aiter_lines():
                if silent and line.startswith("data: {"):
                    told.first.append(time.monotonic() - began)
                    silent = False
                last = line or last
            if last != "data: [DONE]":
                told.statuses["cut off"] += 1
    except httpx.TimeoutException:
        told.statuses["hung"] += 1
    except httpx.HTTPError as error:
        told.statuses[type(error).__name__] += 1
    return 0.0


def client_of(server: Server, name: str) -> httpx.AsyncClient:
    """Return a program of its own."""
    timeout = httpx.Timeout(HUNG_SECONDS, connect=30.0)
    # without `verify` each client would read all certificates of the machine, for which the server is not to blame
    return httpx.AsyncClient(
        base_url=server.address, timeout=timeout, headers={"user-agent": name}, verify=False
    )


async def streams(server: Server, clients: int, minutes: float) -> tuple[Told, list[float]]:
    """Let clients stream text after text; return what they heard and how much memory the server held meanwhile."""
    told, until, memory = Told(), time.monotonic() + 60 * minutes, [server.megabytes()]

    async def one(number: int) -> None:
        async with client_of(server, f"client {number}") as client:
            seed = number * 10_000
            while time.monotonic() < until:
                seed += 1
                await asyncio.sleep(min(await complete(client, told, 24, seed), 5.0))

    async def watch() -> None:
        while time.monotonic() < until:
            await asyncio.sleep(5)
            memory.append(server.megabytes())

    await asyncio.gather(watch(), *(one(number) for number in range(clients)))
    return told, memory


async def arrivals(server: Server, count: int) -> Told:
    """Let so many come within a second."""
    told = Told()

    async def one(number: int) -> None:
        await asyncio.sleep(number / count)
        async with client_of(server, f"client {number}") as client:
            await complete(client, told, 8, number)

    await asyncio.gather(*(one(number) for number in range(count)))
    return told


async def leavers(server: Server, count: int) -> Told:
    """Let so many hang up within two seconds, twenty at a time."""
    told, chance, room = Told(), random.Random(1), asyncio.Semaphore(20)

    async def one(number: int) -> None:
        async with room, client_of(server, f"leaver {number % 40}") as client:
            try:
                await asyncio.wait_for(complete(client, told, 400, number), chance.uniform(0.0, 0.5))
            except TimeoutError:
                told.statuses["left"] += 1

    await asyncio.gather(*(one(number) for number in range(count)))
    return told


def row(what: str, told: Told, left: tuple[float, float], memory: str) -> str:
    heard = "、".join(f"{name} × {count}" for name, count in sorted(told.statuses.items()))
    first = sorted(told.first) or [float("nan")]
    refused = f"{max(told.refused) * 1000:.0f} ms" if told.refused else "-"
    return (
        f"| {what} | {heard} | {statistics.median(first):.2f} s, {first[int(0.99 * (len(first) - 1))]:.2f} s | {refused} "
        f"| {left[0]:.0f}, {left[1]:.0f} | {memory} |"
    )


async def measure(flags: argparse.Namespace) -> bool:
    """Print the table; tell whether all was well."""
    print(
        "| what | heard | first piece: median, 99% | slowest refusal | waiting, writing afterwards | memory (MB) |"
    )
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), flags.model)
        try:
            async with client_of(server, "first") as client:
                await complete(client, Told(), 8, 1)
            told, memory = await streams(server, flags.clients, flags.minutes)
            settled, all_told = await server.settled(), [told]
            held = f"{memory[0]:.0f} → {memory[len(memory) // 2]:.0f} → {memory[-1]:.0f}"
            print(row(f"{flags.clients} clients, {flags.minutes:g} minutes", told, settled, held), flush=True)
            for what, count, act in (
                ("arrivals", flags.arrivals, arrivals),
                ("leavers", flags.leavers, leavers),
            ):
                told = await act(server, count)
                all_told.append(told)
                settled = await server.settled()
                print(row(f"{count} {what}", told, settled, f"{server.megabytes():.0f}"), flush=True)
        finally:
            server.close()
    heard = {name for told in all_told for name in told.statuses} - {"left"}
    return not settled[0] and not settled[1] and heard <= set(map(str, DECLARED))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--arrivals", type=int, default=500)
    parser.add_argument("--leavers", type=int, default=1000)
    parser.add_argument("--model")
    sys.exit(0 if asyncio.run(measure(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
