"""How soon the page can be used, how soon the first character comes, and how a very long story feels, in a real Chromium.

Usage: python benchmarks/page.py [--characters 300000] [--presses 50] [--chromium PATH]

A server of its own with the model inside, an empty workspace. Reported: seconds from `python app.py` until the page can be
written on; from a click on Continue until its first character is on the page (medians of ten, the model warm); with a story
of so many characters the time from a key until the browser has drawn it, and from an update until it is drawn. Markdown comes out.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from novelgpt.config import Workspace
from novelgpt.studio import open_studio

HOUSE = Path(__file__).parent.parent
READY = (
    "document.querySelector('#sheet')?.getAttribute('aria-readonly') === 'false'"
    " && !document.getElementById('continue').disabled"
)
TALE = (
    "雨下了三天，河水漫过了石桥。他站在桥头，望着对岸的灯火，想起十年前离家的那个早晨，心里说不出是什么滋味。"
)

# from a change of the sheet to the end of the frame after it, which is when a person sees it
_DRAWN = "await new Promise(done => requestAnimationFrame(() => setTimeout(done)));"
TYPED = f"""async () => {{
    const began = performance.now();
    document.execCommand("insertText", false, "字");
    {_DRAWN}
    return performance.now() - began;
}}"""
UPDATED = f"""async ([keep, tail]) => {{
    const began = performance.now();
    window.novelgpt.told(JSON.stringify({{ keep, tail, held: false }}));
    {_DRAWN}
    return performance.now() - began;
}}"""
FIRST = """async () => {
    const before = window.novelgpt.text().length, began = performance.now();
    document.getElementById("continue").click();
    while (window.novelgpt.text().length === before) await new Promise(done => setTimeout(done, 4));
    return performance.now() - began;
}"""


def start(workspace: Path) -> tuple[subprocess.Popen[str], str, float]:
    """Start `python app.py`; return the process, its address, and when it was started."""
    began = time.monotonic()
    environment = {**os.environ, "NOVELGPT_WORKSPACE": str(workspace), "NOVELGPT_NO_BROWSER": "1"}
    process = subprocess.Popen(
        [sys.executable, HOUSE / "app.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    assert process.stdout
    for line in process.stdout:
        if found := re.search(r"http://[\d.]+:\d+", line):
            return process, found.group(), began
    raise SystemExit("the page did not start")


def first_characters(page: Any, times: int) -> list[float]:
    """Return how long each first character took to come, in milliseconds."""
    waits = []
    for _ in range(times):
        waits.append(page.evaluate(FIRST))
        page.evaluate(
            "document.getElementById('stop').click()"
        )  # unless the model has ended the chapter already
        page.wait_for_function(READY)
    return waits


def long_story(workspace: Path, characters: int) -> int:
    """Put a long story into the library; return its number."""
    with closing(open_studio(Workspace(workspace))) as studio:
        story = studio.create_story("长篇")
        paragraph = "　　" + TALE * 2
        studio.save_text(story, "\n".join([paragraph] * (characters // len(paragraph))))
        return int(story)


def measure(flags: argparse.Namespace, workspace: Path) -> None:
    """Print one row for each thing."""
    process, address, began = start(workspace)
    try:
        with sync_playwright() as playwright:
            chromium = flags.chromium or shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(120_000)
            page.goto(address)
            page.wait_for_function(READY)
            print(
                f"| `python app.py` until one can write, browser included | {time.monotonic() - began:.1f} s |"
            )
            page.locator("#dial-max_chars input").fill("5000")
            first_characters(page, 1)
            waits = first_characters(page, 10)
            row("click on Continue until the first character", waits)
            page.goto(f"{address}/?story={long_story(workspace, flags.characters)}")
            page.wait_for_function(f"{READY} && novelgpt.text().length > {flags.characters // 2}")
            for place in ("Control+Home", "Control+End"):
                page.locator("#sheet").press(place)
                page.wait_for_timeout(500)
                keys = [page.evaluate(TYPED) for _ in range(flags.presses)]
                row(f"{flags.characters:,} characters, {place}: a key until it is drawn", keys)
                page.wait_for_timeout(3000)
            length = page.evaluate("novelgpt.text().length")
            updates = [page.evaluate(UPDATED, [length, TALE[: 1 + 2 * n]]) for n in range(20)]
            row(f"{flags.characters:,} characters: an update until it is drawn", updates)
            browser.close()
    finally:
        process.terminate()
        process.wait(30)


def row(what: str, milliseconds: list[float]) -> None:
    """Print median and worst."""
    print(
        f"| {what} | {statistics.median(milliseconds):.0f} ms, worst {max(milliseconds):.0f} ms |", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--characters", type=int, default=300_000)
    parser.add_argument("--presses", type=int, default=50)
    parser.add_argument("--chromium", help="the browser, where it is not on the PATH")
    flags = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores\n\n| what | result |\n|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        measure(flags, Path(folder))


if __name__ == "__main__":
    main()
