"""A story library whose writer is killed again and again: what was acknowledged and is missing, what was in flight.

Usage: python benchmarks/stories.py [--kills 1000] [--seed 1]

A process of its own writes, extends, edits, undoes and redoes in one library, says each text before it asks for it and after it
was acknowledged, and gets kill -9 at a moment of chance, in the middle of a write mostly. Then the library is opened anew:
it must read as acknowledged last, or as asked for last; no acknowledged passage may be gone; SQLite must find it whole.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from novelgpt.story.store import StoryStore

LONGEST_MS = 40.0


def write(path: Path, seed: int, pipe: int) -> None:
    """Change the story for ever."""
    chance = random.Random(seed)

    def say(kind: str, text: str) -> None:
        os.write(pipe, (json.dumps([kind, text]) + "\n").encode())

    with StoryStore(path) as store:
        story = store.stories()[0].id
        while True:
            text = store.text(story)
            act = chance.choice(("append", "append", "extend", "edit", "undo", "redo"))
            if act == "undo" or act == "redo":
                say("any", text)
                store.undo(story) if act == "undo" else store.redo(story)
                say("done", store.text(story))
                continue
            if len(text) > 2000:
                text = text[:100]
            if act == "edit":
                text = text[: chance.randrange(len(text) + 1)] + "改" * chance.randrange(1, 40)
                say("going", text)
                store.replace_text(story, text)
            else:
                say("going", text + "雨" * 20)
                store.replace_text(story, text)
                tip = store.append(store.tip(story), "雨" * 20, "model", story=story)
                text += "雨" * 20
                if act == "extend":
                    say("done", text)
                    say("going", text + "下" * 20)
                    store.extend(tip, "雨" * 20 + "下" * 20)
                    text += "下" * 20
            say("done", text)


def passages(path: Path) -> int:
    """Return how many passages the file holds; SQLite must find it whole."""
    with closing(sqlite3.connect(path)) as plain:
        (found,) = plain.execute("PRAGMA integrity_check").fetchone()
        if found != "ok":
            raise SystemExit(f"integrity_check: {found}")
        return int(plain.execute("SELECT count(*) FROM passage").fetchone()[0])


def reads(path: Path) -> str:
    """Return the story."""
    with StoryStore(path) as store:
        return store.text(store.stories()[0].id)


def one_kill(path: Path, seed: int, heard: Counter[str]) -> None:
    """Let a process write, kill it, and judge."""
    before = passages(path)
    stood = reads(path)
    reading, writing = os.pipe()
    process = multiprocessing.get_context("fork").Process(target=write, args=(path, seed, writing))
    process.start()
    os.close(writing)
    time.sleep(random.Random(seed).uniform(0, LONGEST_MS / 1000))
    os.kill(process.pid, signal.SIGKILL)  # type: ignore[arg-type]
    process.join()
    with os.fdopen(reading, encoding="utf-8") as lines:
        told = [json.loads(line) for line in lines if line.endswith("\n")]
    if passages(path) < before:
        heard["passages lost"] += 1
    told = [["done", stood], *told]
    done = [place for place, (kind, _) in enumerate(told) if kind == "done"]
    acknowledged, since = told[done[-1]][1], told[done[-1] + 1 :]
    text = reads(path)
    if text == acknowledged:
        heard["as acknowledged last"] += 1
    elif any(kind == "any" or text == asked or asked.startswith(text) for kind, asked in since):
        heard["as asked for last"] += 1
    else:
        heard["something else"] += 1
    heard["acknowledged changes"] += len(done) - 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    flags = parser.parse_args()
    heard: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stories.db"
        with StoryStore(path) as store:
            store.create_story("长夜")
        for number in range(flags.kills):
            one_kill(path, flags.seed * 1_000_000 + number, heard)
        print(
            f"{flags.kills} kill -9; {passages(path):,} passages at the end, integrity_check ok each time\n"
        )
    print("| what the library reads like afterwards | times |\n|---|---|")
    for what, times in sorted(heard.items()):
        print(f"| {what} | {times:,} |")
    sys.exit(1 if heard["passages lost"] or heard["something else"] else 0)


if __name__ == "__main__":
    main()
