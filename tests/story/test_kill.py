"""A real process, killed in the middle of writing: what it was told is saved is saved."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from novelgpt.story.store import StoryStore

WRITER = """
import json, pathlib, sys
from novelgpt.story.store import StoryStore

def say(text):
    print(json.dumps(text), flush=True)

with StoryStore(pathlib.Path(sys.argv[1])) as store:
    story = store.stories()[0].id
    whole = store.text(story)
    while True:
        tip = store.append(store.tip(story), "门开了。", "model", story=story)
        whole += "门开了。"
        say(whole)
        grown = "门开了。"
        for _ in range(3):
            grown += "雨还在下。"
            store.extend(tip, grown)
            whole += "雨还在下。"
            say(whole)
"""


@pytest.mark.parametrize("lines", [1, 2, 5, 11, 30])
def test_what_was_acknowledged_before_kill_9_is_there_afterwards(tmp_path, lines):
    path = tmp_path / "stories.db"
    with StoryStore(path) as store:
        story = store.create_story("长夜")
        store.append(None, "夜。", "human", story=story)
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    said = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    said += process.communicate()[0].splitlines(keepends=True)
    acknowledged = json.loads([line for line in said if line.endswith("\n")][-1])
    with StoryStore(path) as store:
        text = store.text(story)
        assert text.startswith(acknowledged)
        assert len(text) - len(acknowledged) <= len("雨还在下。")
        assert store.replace_text(story, text + "完。") and store.text(story) == text + "完。"
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
