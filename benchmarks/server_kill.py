"""The whole server, killed again and again while a person types at its page: what it had acknowledged and lost, how many
seconds of typing are gone.

Usage: python benchmarks/server_kill.py [--kills 1000] [--seed 1] [--model FOLDER]

A real server (page, queue and library on a socket of its own) with a client that speaks the page's own protocol: it types,
saves as the page saves, lets the model write, undoes and redoes. Half of the kill -9 come at any moment, half within some
milliseconds after the server was asked for something. Then a new server opens the library, and the page must read as
acknowledged last or as asked for since; every text that was ever acknowledged must stand under its passage; SQLite must
find the file whole. So that a thousand take minutes, each server is forked from a process that has the page drawn already and
the model read, but neither the library opened nor a thread begun.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from page_client import Moment, PageClient, PageError, Wiring, visiting

from novelgpt.story.store import PassageId, StoryStore

LONGEST_LIFE = 2.5
JUST_AFTER = 0.06
"""Seconds in which most of what a server does with one request is done."""
LONGEST_TEXT = 1500
SIGNS = "他她走到桥边看雨下了三天河水漫过石头灯火。，"


def nest(workspace: Path, model: str | None) -> None:
    """Draw the page once; for each line on standard input fork a server, which says its process and its port."""
    import torch
    import uvicorn

    from novelgpt.api.server import build_app, listen
    from novelgpt.config import Workspace
    from novelgpt.studio import open_studio

    torch.set_num_threads(1)  # a process with threads must not be forked
    studio = open_studio(Workspace(workspace), model)
    studio.writer()
    app = build_app(studio)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are nobody's concern
    print("ready", flush=True)
    for _ in sys.stdin:
        if os.fork() == 0:
            with closing(listen("127.0.0.1", 0)) as listener:
                print(json.dumps([os.getpid(), listener.getsockname()[1]]), flush=True)
                uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run([listener])


class Nest:
    """The process that servers are forked from."""

    def __init__(self, workspace: Path, model: str | None = None) -> None:
        command = [sys.executable, __file__, "--nest", str(workspace), *(["--model", model] if model else [])]
        alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # for the same reason as in `nest`
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=alone
        )
        self._line()

    def start(self) -> tuple[int, str]:
        """Start a server; return its process and its address."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        process, port = json.loads(self._line())
        return process, f"http://127.0.0.1:{port}"

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _line(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the server did not start")
        return line


@dataclass
class Heard:
    """What became of the servers and of what was written."""

    stories: Counter[str] = field(default_factory=Counter)
    killed_while: Counter[str] = field(default_factory=Counter)
    typing_lost: list[float] = field(default_factory=list)
    """Seconds, one for each kill that found something typed and not yet on the disk."""
    writing_lost: list[float] = field(default_factory=list)
    """Likewise of what the model wrote and the page showed."""
    complaints: list[str] = field(default_factory=list)
    """What the page complained of while its server lived."""
    missing: int = 0
    acknowledged: int = 0


@dataclass
class Death:
    """How things stood when the server was killed."""

    at: float
    past: list[Moment]
    acknowledged: int
    pressed: list[str]
    typed: set[int]
    """Which moments of the past are a person's."""


async def live(page: PageClient, chance: random.Random, typed: set[int]) -> None:
    """Write for ever."""
    page.dials["dial-max_chars"] = 60

    async def type_some() -> None:
        for _ in range(chance.randrange(1, 25)):
            page.type(chance.choice(SIGNS))
            typed.add(len(page.past) - 1)
            await asyncio.sleep(chance.uniform(0.02, 0.15))

    while True:
        act = chance.choice(("type", "type", "type", "rest", "continue", "cut", "undo", "redo"))
        if act == "type":
            await type_some()
        elif act == "rest":
            await page.saved()
        elif act == "cut" or len(page.text) > LONGEST_TEXT:
            at = chance.randrange(min(len(page.text), LONGEST_TEXT) + 1)
            page.change(page.text[:at] + page.text[at + 5 :][:100])
            typed.add(len(page.past) - 1)
        else:
            await page.press(act, page=True)


async def die(page: PageClient, process: int, chance: random.Random) -> float:
    """Kill the server at a moment of chance; return when."""
    await asyncio.sleep(chance.uniform(0.1, LONGEST_LIFE))
    if chance.random() < 0.5:
        sent = page.sent
        while page.sent == sent:
            await asyncio.sleep(0.001)
        await asyncio.sleep(chance.uniform(0, JUST_AFTER))
    os.kill(process, signal.SIGKILL)
    return time.monotonic()


async def one_life(
    process: int, address: str, wiring: Wiring, chance: random.Random, before: Death | None, heard: Heard
) -> tuple[Death, PageClient]:
    """Judge what the server before left, then write at this one until it is killed."""
    async with visiting(address, "somebody", wiring) as page:
        await page.open()
        if before:
            judge(before, page.text, heard)
        typed: set[int] = set()
        living = asyncio.create_task(live(page, chance, typed))
        dying = asyncio.create_task(die(page, process, chance))
        await asyncio.wait({living, dying}, return_when=asyncio.FIRST_COMPLETED)
        if living.done() and not dying.done():
            dying.cancel()
            living.result()  # a client fails while its server lives: that is what this is to find out
        death = Death(await dying, list(page.past), page.acknowledged, list(page.pressed), typed)
        heard.complaints += page.complaints
        living.cancel()
        with suppress(asyncio.CancelledError, httpx.HTTPError, PageError):
            await living
        heard.acknowledged += page.acknowledged
        return death, page


def judge(death: Death, text: str, heard: Heard) -> None:
    """Compare what a new server shows with what stood on the page when the old one was killed."""
    heard.killed_while["+".join(sorted(death.pressed)) or "nothing was asked for"] += 1
    past = death.past
    same = [place for place, moment in enumerate(past) if moment.text == text]
    begun = [place for place, moment in enumerate(past) if text.startswith(moment.text)]
    writing = "continue" in death.pressed
    place = max(same, default=-1)
    if place < death.acknowledged and writing:  # more was kept than the page had shown
        place = max(begun, default=-1)
    if place < death.acknowledged:
        walking = {"undo", "redo"} & set(death.pressed)
        heard.stories["as asked for last" if walking else "something else"] += 1
        return
    acknowledged = text == past[death.acknowledged].text
    heard.stories["as acknowledged last" if acknowledged else "as asked for last"] += 1
    if place + 1 < len(past):
        lost = death.at - past[place + 1].at
        (heard.typing_lost if place + 1 in death.typed else heard.writing_lost).append(lost)


def missing(path: Path, kept: dict[int, str]) -> int:
    """Return how many acknowledged texts are not there; SQLite must find the library whole."""
    with closing(sqlite3.connect(path)) as plain:
        (found,) = plain.execute("PRAGMA integrity_check").fetchone()
        if found != "ok":
            raise SystemExit(f"integrity_check: {found}")
    with StoryStore(path) as store:
        texts = {tip: "".join(passage.text for passage in store.passages(PassageId(tip))) for tip in kept}
    return sum(texts[tip] != text for tip, text in kept.items())


def wait_for_the_end(process: int) -> None:
    """Wait until a killed process is gone and holds no file any more."""
    with suppress(ProcessLookupError):
        while True:
            os.kill(process, 0)
            time.sleep(0.002)


def measure(workspace: Path, kills: int, seed: int, model: str | None = None) -> Heard:
    """Kill so many servers."""
    heard, death, servers = Heard(), None, Nest(workspace, model)
    process, address = servers.start()
    try:
        wiring = Wiring.of(httpx.get(f"{address}/config").json())
        for number in range(kills):
            chance = random.Random(seed * 1_000_000 + number)
            death, page = asyncio.run(one_life(process, address, wiring, chance, death, heard))
            wait_for_the_end(process)
            process, address = servers.start()
            heard.missing += missing(workspace / "stories.db", page.kept)
            if number % 50 == 49:
                print(f"  {number + 1} kills, {heard.missing} missing", file=sys.stderr, flush=True)
        judge(death, asyncio.run(shown(address, wiring)), heard)
    finally:
        os.kill(process, signal.SIGKILL)
        servers.close()
    return heard


async def shown(address: str, wiring: Wiring) -> str:
    """Return what a visitor finds on the page."""
    async with visiting(address, "somebody", wiring) as page:
        await page.open()
        return page.text


def longest(seconds: list[float]) -> str:
    """Say how much is lost."""
    if not seconds:
        return "0"
    return f"{statistics.median(seconds):.2f} s, {max(seconds):.2f} s ({len(seconds):,} times)"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", help="a model's folder; without it, the model inside")
    parser.add_argument("--nest", type=Path, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.nest:
        nest(flags.nest, flags.model)
        return
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        heard = measure(Path(folder), flags.kills, flags.seed, flags.model)
    took = (time.monotonic() - began) / 60
    print(f"{flags.kills:,} kill -9 of the server in {took:.0f} minutes, integrity_check ok each time\n")
    print("| what | result |\n|---|---|")
    print(f"| acknowledged changes | {heard.acknowledged:,} |")
    print(f"| acknowledged passages missing | {heard.missing} |")
    print(f"| typing lost: median where any is, worst | {longest(heard.typing_lost)} |")
    print(f"| shown of the model's writing and lost: likewise | {longest(heard.writing_lost)} |")
    print(
        f"| complaints of the page while its server lived | {len(heard.complaints)} {set(heard.complaints) or ''} |"
    )
    for what, times in sorted(heard.stories.items()):
        print(f"| the page reads {what} | {times:,} |")
    for what, times in heard.killed_while.most_common():
        print(f"| killed during: {what} | {times:,} |")
    sys.exit(
        1 if heard.missing or heard.stories["something else"] or max(heard.typing_lost, default=0) > 2 else 0
    )


if __name__ == "__main__":
    main()
