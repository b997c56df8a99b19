"""Twenty people at once at one server: whether each one's story is theirs alone, and what went wrong.

Usage: python benchmarks/visitors.py [--people 20] [--browsers 2] [--minutes 10] [--seed 1] [--model NAME]

Each has a window and a story of their own and types into it, lets the model write, stops it, takes it back, undoes, redoes and
reloads, at a person's pace. Most speak the page's protocol without a browser; some sit at a real Chromium (`--browsers 0`:
nobody does). Everybody's texts carry a mark of their own. What stands after a reload must be what stood before; at the end
every story in the library must read like its page, and no passage in it may carry a mark of somebody else. Markdown comes out.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from page import READY
from page_client import PageClient, PageError, visiting
from serving import Server

from novelgpt.config import Workspace
from novelgpt.studio import open_studio

SIGNS = "他她走到桥边看雨下了三天河水漫过石头灯火。，"
MARKS = re.compile(r"【(\d+)】")
CHARACTERS = 30
"""How long the continuations are that people ask for."""


@dataclass
class Heard:
    """What happened."""

    acts: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    took: dict[str, list[float]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    """What stands on everybody's page at the end, by the title of the story."""


def mark(number: int) -> str:
    """Return what a person's texts are known by."""
    return f"【{number}】"


def title(number: int) -> str:
    """Return what a person's story is called."""
    return f"客人{number}"


def phrase(number: int, chance: random.Random) -> str:
    """Return something to type."""
    return mark(number) + "".join(chance.choice(SIGNS) for _ in range(chance.randrange(5, 30)))


class Person:
    """Somebody without a browser."""

    def __init__(self, page: PageClient, number: int, chance: random.Random, heard: Heard) -> None:
        self._page, self._number, self._chance, self._heard = page, number, chance, heard
        self._acts: dict[str, Callable[[], Awaitable[None]]] = {
            "type": self._type,
            "continue": lambda: self._page.press("continue", page=True),
            "stop": self._stop,
            "retry": lambda: self._page.press("retry", page=True),
            "undo": lambda: self._page.press("undo"),
            "redo": lambda: self._page.press("redo"),
            "reload": self._reload,
            "leave": self._leave,
        }

    async def stay(self, until: float) -> None:
        """Write until it is time to go."""
        page = self._page
        page.dials |= {"dial-max_chars": CHARACTERS, "title": title(self._number)}
        await page.open()
        await page.press("new")
        while time.monotonic() < until:
            act = self._chance.choice(("type", "type", "type", *self._acts))
            await self._acts[act]()
            self._heard.acts[act] += 1
            self._look()
            await asyncio.sleep(self._chance.uniform(0, 3))
        await self._reload()
        self._heard.pages[title(self._number)] = self._page.text

    def _look(self) -> None:
        if set(MARKS.findall(self._page.text)) - {str(self._number)}:
            self._heard.troubles["somebody else's text on a page"] += 1

    async def _type(self) -> None:
        for sign in phrase(self._number, self._chance):
            self._page.type(sign)
            await asyncio.sleep(self._chance.uniform(0.05, 0.2))

    async def _stop(self) -> None:
        writing = asyncio.create_task(self._page.press("continue", page=True))
        await asyncio.sleep(self._chance.uniform(0.2, 2))
        await self._page.press("stop")
        await writing

    async def _reload(self) -> None:
        await self._page.saved()
        stood = self._page.text
        await self._open_anew()
        if self._page.text != stood:
            self._heard.troubles["another text after a reload"] += 1

    async def _leave(self) -> None:
        """Close the window while the model writes, and come back."""
        await self._page.saved()
        stood = self._page.text
        writing = asyncio.create_task(self._page.press("continue", page=True))
        await asyncio.sleep(self._chance.uniform(0.2, 2))
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        await self._open_anew()
        if not self._page.text.startswith(stood):
            self._heard.troubles["another text after leaving"] += 1

    async def _open_anew(self) -> None:
        story = self._page.story
        self._page = self._page.reloaded()
        await self._page.open(story)


async def visit(server: Server, number: int, until: float, chance: random.Random, heard: Heard) -> None:
    """Be somebody without a browser, and note what goes wrong."""

    async def note(answer: httpx.Response) -> None:
        if answer.status_code >= 400:
            heard.troubles[f"{answer.status_code} {answer.url.path}"] += 1

    async with visiting(server.address, f"visitor {number}") as page:
        page.http.event_hooks = {"response": [note]}
        try:
            await Person(page, number, chance, heard).stay(until)
        except (httpx.HTTPError, PageError, TimeoutError) as error:
            heard.troubles[f"gave up: {type(error).__name__} {error}"[:200]] += 1
        heard.troubles.update(page.complaints)
        for button, seconds in page.took.items():
            heard.took.setdefault(button, []).extend(seconds)


async def browse(
    browser: Any, server: Server, number: int, until: float, chance: random.Random, heard: Heard
) -> None:
    """Be somebody at a real browser."""
    window = await (await browser.new_context(locale="zh-CN")).new_page()
    window.set_default_timeout(120_000)
    window.on("pageerror", lambda error: heard.troubles.update([f"script: {error}"]))
    window.on(
        "response",
        lambda answer: heard.troubles.update(
            [f"{answer.status} {answer.url}"] if answer.status >= 400 else ()
        ),
    )
    await window.goto(server.address)
    await window.wait_for_function(READY)
    await window.locator("#title input").fill(title(number))
    await window.locator("#new").click()
    await window.wait_for_function(
        "title => document.querySelector('#story input')?.value === title", arg=title(number)
    )
    await window.locator("#dial-max_chars input").fill(str(CHARACTERS))
    while time.monotonic() < until:
        act = chance.choice(("type", "type", "continue", "undo", "reload"))
        await window.wait_for_function(READY)
        if act == "type":
            await window.locator("#sheet").press("Control+End")
            await window.keyboard.type(phrase(number, chance), delay=80)
        elif act == "reload":
            await reload_window(window, heard)
        elif await window.locator(f"#{act}").is_enabled():
            await window.locator(f"#{act}").click()
        heard.acts[f"{act} in Chromium"] += 1
        text = await window.evaluate("window.novelgpt.text()")
        if set(MARKS.findall(text)) - {str(number)}:
            heard.troubles["somebody else's text on a page"] += 1
        await asyncio.sleep(chance.uniform(0.5, 3))
    await reload_window(window, heard)
    heard.pages[title(number)] = await window.evaluate("window.novelgpt.text()")
    heard.troubles.update(await window.locator("#status [role=alert]").all_inner_texts())


async def reload_window(window: Any, heard: Heard) -> None:
    """Reload once everything is saved; the same must stand there."""
    await window.wait_for_function(READY)
    await asyncio.sleep(3)
    await window.wait_for_function(READY)
    stood = await window.evaluate("window.novelgpt.text()")
    await window.reload()
    await window.wait_for_function("document.querySelector('#current textarea, #current input')?.value")
    await window.wait_for_function(READY)
    if await window.evaluate("window.novelgpt.text()") != stood:
        heard.troubles["another text after a reload in Chromium"] += 1


def look_into(path: Path, people: int, heard: Heard) -> None:
    """Compare the library with the pages, and look for marks where they do not belong."""
    with closing(sqlite3.connect(path)) as plain:
        (found,) = plain.execute("PRAGMA integrity_check").fetchone()
        passages = plain.execute(
            "SELECT title, text FROM passage JOIN story ON story.id = passage.story"
        ).fetchall()
    if found != "ok":
        heard.troubles[f"integrity_check: {found}"] += 1
    for named, text in passages:
        if {title(int(number)) for number in MARKS.findall(text)} - {named}:
            heard.troubles["somebody else's text in a story"] += 1
    with closing(open_studio(Workspace(path.parent))) as studio:
        texts = {story.title: studio.text(story.id) for story in studio.stories()}
    for number in range(people):
        if texts.get(title(number)) != heard.pages.get(title(number), texts.get(title(number))):
            heard.troubles["a page that reads otherwise than the library"] += 1
    heard.acts["passages in the library"] = len(passages)
    heard.acts["stories in the library"] = len(texts)


async def measure(server: Server, flags: argparse.Namespace, heard: Heard) -> None:
    """Let everybody write at once."""
    until = time.monotonic() + 60 * flags.minutes
    async with AsyncExitStack() as stack:
        people = []
        if flags.browsers:
            from playwright.async_api import async_playwright

            playwright = await stack.enter_async_context(async_playwright())
            chromium = flags.chromium or shutil.which("chromium") or shutil.which("google-chrome")
            browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            stack.push_async_callback(browser.close)
        for number in range(flags.people):
            chance = random.Random(flags.seed * 1000 + number)
            if number < flags.browsers:
                people.append(browse(browser, server, number, until, chance, heard))
            else:
                people.append(visit(server, number, until, chance, heard))
        await asyncio.gather(*people)
    left = await server.settled()
    if any(left):
        heard.troubles[f"left waiting or writing: {left}"] += 1


def report(heard: Heard) -> None:
    """Print what happened."""
    print("| what | times |\n|---|---|")
    for what, times in sorted(heard.acts.items()):
        print(f"| {what} | {times:,} |")
    print("\n| answer | times | median | 99% | worst |\n|---|---|---|---|---|")
    for button, seconds in sorted(heard.took.items()):
        ordered = sorted(seconds)
        high = ordered[int(0.99 * (len(ordered) - 1))]
        print(
            f"| {button} | {len(ordered):,} | {statistics.median(ordered):.2f} s | {high:.2f} s | {ordered[-1]:.2f} s |"
        )
    print("\n| trouble | times |\n|---|---|")
    for what, times in heard.troubles.most_common() or [("none", 0)]:
        print(f"| {what} | {times:,} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--browsers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model")
    parser.add_argument("--chromium", help="the browser, where it is not on the PATH")
    flags = parser.parse_args()
    heard = Heard()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), flags.model)
        try:
            asyncio.run(measure(server, flags, heard))
            print(f"memory of the server: {server.megabytes():.0f} MB\n")
        finally:
            server.close()
        look_into(Path(folder) / "stories.db", flags.people, heard)
    report(heard)
    sys.exit(1 if heard.troubles else 0)


if __name__ == "__main__":
    main()
