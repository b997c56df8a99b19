"""The benchmark that kills servers: three real ones, and how it judges what they leave."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.tiny import tiny_model_folder

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.append(str(BENCHMARKS))

import page_client  # noqa: E402 scripts beside the package
import server_kill  # noqa: E402
from page_client import Moment, PageClient, Wiring  # noqa: E402

LISTED = {
    "components": [
        {"id": 1, "type": "button", "props": {"elem_id": "save"}},
        {"id": 2, "type": "textbox", "props": {"elem_id": "current", "value": None}},
        {"id": 3, "type": "json", "props": {}},
        {"id": 4, "type": "html", "props": {"elem_id": "status"}},
    ],
    "dependencies": [{"id": 7, "targets": [[1, "click"]], "inputs": [2, 3], "outputs": [4]}],
}


def test_three_servers_killed_while_somebody_writes_lose_nothing_they_had_acknowledged(tmp_path):
    model = tiny_model_folder(tmp_path / "runs" / "tiny" / "final")
    heard = server_kill.measure(tmp_path, kills=3, seed=1, model=str(model))
    assert heard.missing == heard.stories["something else"] == 0
    assert sum(heard.stories.values()) == 3
    assert heard.complaints == []
    assert heard.acknowledged > 0


def death(acknowledged, *pressed):
    """Killed at 10 s; the page read "", "雨", "雨下", "雨下了" from 1, 2, 3 and 4 s on, the last two typed."""
    past = [Moment(at, "雨下了"[: at - 1]) for at in (1, 2, 3, 4)]
    return server_kill.Death(10.0, past, acknowledged, list(pressed), typed={2, 3})


@pytest.mark.parametrize(
    ("acknowledged", "pressed", "text", "verdict", "lost"),
    [
        (3, (), "雨下了", "as acknowledged last", []),
        (1, (), "雨", "as acknowledged last", [7.0]),
        (1, ("save",), "雨下", "as asked for last", [6.0]),
        (1, ("save",), "雨下了", "as asked for last", []),
        (2, (), "雨", "something else", []),
        (2, ("save",), "雪", "something else", []),
        (2, ("undo",), "雨", "as asked for last", []),
        (3, ("continue",), "雨下了三天", "as asked for last", []),
        (3, ("continue",), "雨停了", "something else", []),
    ],
)
def test_what_a_killed_server_leaves_is_judged(acknowledged, pressed, text, verdict, lost):
    heard = server_kill.Heard()
    server_kill.judge(death(acknowledged, *pressed), text, heard)
    assert heard.stories == {verdict: 1}
    assert heard.typing_lost == lost


def test_a_text_that_was_acknowledged_and_is_not_there_is_missing(tmp_path):
    with server_kill.StoryStore(tmp_path / "stories.db") as store:
        story = store.create_story("长夜")
        tip = store.replace_text(story, "夜深了。")
    assert server_kill.missing(tmp_path / "stories.db", {int(tip): "夜深了。"}) == 0
    assert server_kill.missing(tmp_path / "stories.db", {int(tip): "夜深了，"}) == 1


def test_it_waits_as_long_as_the_page_does():
    script = (BENCHMARKS.parent / "novelgpt" / "ui" / "desk.js").read_text(encoding="utf-8")
    quiet, longest = page_client.QUIET_SECONDS * 1000, page_client.LONGEST_SECONDS * 1000
    assert f"QUIET_MS = {quiet:.0f}, LONGEST_MS = {longest:.0f}," in script


@pytest.mark.parametrize("changed", [{"QUIET_SECONDS": 0.0}, {"LONGEST_SECONDS": 0.0}])
def test_what_was_typed_is_saved_after_a_pause_or_without_one_and_all_of_it_at_last(monkeypatch, changed):
    saves = []

    async def press(page, button):
        await asyncio.sleep(0)
        saves.append((button, page.text))

    async def write():
        page = PageClient(None, Wiring.of(LISTED))
        for _ in range(5):
            page.type("雨")
        await page.saved()

    for name in ("QUIET_SECONDS", "LONGEST_SECONDS"):
        monkeypatch.setattr(page_client, name, changed.get(name, 1000.0))
    monkeypatch.setattr(PageClient, "press", press)
    asyncio.run(write())
    assert saves[-1] == ("save", "雨" * 5)


def test_the_sheet_understands_what_the_real_one_understands():
    page = PageClient(None, Wiring.of(LISTED))
    event = page.wiring.events["save", "click"]
    assert (event.number, event.inputs, event.outputs) == (7, (2, 3), (4,))
    page._told({"at": 1, "text": "雨下了", "tip": 3, "held": True})
    page._told({"at": 2, "keep": 2, "tail": "得很大", "held": True})
    page._told({"at": 2, "text": "听过了"})
    page._told({"at": 3, "held": False})
    assert (page.text, page.tip, page.held) == ("雨下得很大", 3, False)
    assert [moment.text for moment in page.past] == ["雨下了", "雨下得很大"]
