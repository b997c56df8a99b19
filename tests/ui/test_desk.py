"""The handlers of the page on a real studio; the components are stood in for by their names."""

import asyncio
import itertools
import re
import shutil
from contextlib import closing
from dataclasses import fields

import pytest
from gradio.i18n import I18nData

from novelgpt.config import SampleConfig, Workspace, dials
from novelgpt.messages import LANGUAGES
from novelgpt.studio import open_studio
from novelgpt.ui.desk import REFRESH_SECONDS, Desk, Parts
from novelgpt.ui.page import LOCALES, build_demo, translations
from tests.tiny import tiny_model_folder

NAMES = [field.name for field in fields(Parts) if field.name != "dials"]
KNOBS = {name: knob for name, knob in dials(SampleConfig).items() if not knob[1].advanced}
PARTS = Parts(**{name: name for name in NAMES}, dials={name: name for name in KNOBS})


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory):
    return tiny_model_folder(tmp_path_factory.mktemp("model") / "final")


@pytest.fixture
def studio(tmp_path, tiny_folder):
    shutil.copytree(tiny_folder, tmp_path / "runs" / "tiny" / "final")
    with closing(open_studio(Workspace(tmp_path))) as studio:
        yield studio


class Clock:
    """A clock that goes on by a tenth of a second each time it is asked."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        self.seconds += 0.1
        return self.seconds


@pytest.fixture
def desk(studio):
    return Desk(studio, PARTS, clock=Clock())


class Visitor:
    """What Gradio hands a handler of a request."""

    def __init__(self, accept=""):
        self.headers = {"accept-language": accept}


def call(desk, handler, *values, accept=""):
    return list(desk.handler(handler)(Visitor(accept), *values))


def after(updates):
    """What the page shows after all updates."""
    shown = {}
    for update in updates:
        for part, value in update.items():
            if part == "paper":
                shown[part] = paper(update)
            elif isinstance(value, dict):
                shown.setdefault(part, {}).update(value)
            else:
                shown[part] = value
    return shown


def paper(update):
    return update["paper"]["value"] if isinstance(update["paper"], dict) else update["paper"]


def settings(**changed):
    values = {name: spec.default for name, (spec, _) in KNOBS.items()} | {"seed": ""} | changed
    return [values[name] for name in PARTS.dials]


def write(desk, story, text, accept="", **changed):
    return call(desk, desk.write, str(story), text, None, *settings(**changed), accept=accept)


def test_the_first_visit_finds_an_empty_story_and_a_model(desk, studio):
    shown = after(call(desk, desk.open_page, ""))
    (story,) = studio.stories()
    assert story.title == "未命名的故事"
    assert shown["picker"]["choices"] == [(story.title, str(story.id))]
    assert shown["picker"]["value"] == shown["current"] == str(story.id)
    assert shown["paper"] == ""
    assert shown["model"]["value"] == "tiny"
    assert not shown["undo"]["interactive"]


def test_an_english_visitor_is_spoken_to_in_english(desk, studio):
    shown = after(call(desk, desk.open_page, "", accept="en-GB,en"))
    assert studio.stories()[0].title == "Untitled story"
    assert "characters: 0" in shown["status"]


def test_the_story_asked_for_is_shown_and_a_strange_wish_is_not_an_error(desk, studio):
    first, second = studio.create_story("甲"), studio.create_story("乙")
    assert after(call(desk, desk.open_page, str(first)))["current"] == str(first)
    for strange in ("999", "drop table", "-1", "٣", "1" * 40, None, [1]):
        assert after(call(desk, desk.open_page, strange))["current"] == str(second)


def test_a_continuation_comes_in_steps_and_ends_with_what_the_library_holds(desk, studio):
    story = studio.create_story("渡口")
    updates = write(desk, story, "雨下了", max_chars=30, seed="7")
    texts = [paper(update) for update in updates if "paper" in update]
    assert all(text.startswith("雨下了") for text in texts)
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(texts))
    assert texts[-1] == studio.text(story)
    assert len(texts[-1]) >= 33
    assert updates[0]["stop"]["interactive"]
    assert not updates[0]["go"]["interactive"]
    shown = after(updates)
    assert shown["go"]["interactive"]
    assert not shown["stop"]["interactive"]
    assert shown["undo"]["interactive"]
    assert re.search(r"写了 \d\d 字", shown["status"])
    assert "种子 7" in shown["status"]


def test_a_browser_is_not_sent_the_text_more_often_than_it_can_bear(studio):
    clock = Clock()
    desk, times = Desk(studio, PARTS, clock=clock), []
    for update in desk.handler(desk.write)(
        Visitor(), str(studio.create_story("渡口")), "", None, *settings(max_chars=40)
    ):
        if "paper" in update and "go" not in update:
            times.append(clock.seconds)
    assert len(times) > 5
    assert all(b - a >= REFRESH_SECONDS for a, b in itertools.pairwise(times))


def test_a_page_opened_while_a_model_writes_watches_it_to_the_end(studio):
    story = studio.create_story("渡口")
    with closing(studio.continue_story(story, SampleConfig(max_chars=10_000), seen="雨")) as pieces:
        next(pieces)
        desk = Desk(studio, PARTS, pause=lambda seconds: pieces.close())
        updates = call(desk, desk.open_page, str(story))
    first, last = after(updates[:2]), after(updates)
    assert not first["go"]["interactive"]
    assert first["stop"]["interactive"]
    assert last["paper"] == studio.text(story)
    assert last["go"]["interactive"]
    assert last["undo"]["interactive"]
    assert not last["stop"]["interactive"]


def test_leaving_the_page_in_the_middle_keeps_what_was_written(desk, studio):
    story = studio.create_story("渡口")
    shown = ""
    with closing(
        desk.handler(desk.write)(Visitor(), str(story), "雨", None, *settings(max_chars=10_000))
    ) as updates:
        while len(shown) < 20:
            shown = next(updates).get("paper", shown)
    assert studio.text(story).startswith(shown)
    assert not studio.stop(story)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"temperature": 9}, "temperature"),
        ({"top_k": 1.5}, "整数"),
        ({"seed": "七"}, "seed"),
        ({"seed": "-1"}, "seed"),
        ({"max_chars": 0}, "max_chars"),
    ],
)
def test_a_bad_dial_is_one_sentence_and_the_page_stays_ready(desk, studio, changed, word):
    story = studio.create_story("渡口")
    shown = after(write(desk, story, "雨", **changed))
    assert word in shown["status"]
    assert 'role="alert"' in shown["status"]
    assert shown["go"]["interactive"]
    assert not shown["stop"]["interactive"]
    assert "paper" not in shown


def test_an_error_speaks_the_visitors_language(desk):
    assert "没有" in after(call(desk, desk.undo, "999", ""))["status"]
    assert "no story 999" in after(call(desk, desk.undo, "999", "", accept="en"))["status"]


def test_the_unforeseen_is_said_too_and_not_hidden_from_the_terminal(desk, studio, monkeypatch):
    def break_down(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(studio, "save_text", break_down)
    handler = desk.handler(desk.save)(Visitor(), "1", "")
    assert "ZeroDivisionError" in next(handler)["status"]
    with pytest.raises(ZeroDivisionError):
        next(handler)


def test_saving_never_touches_what_is_being_typed(desk, studio):
    story = studio.create_story("渡口")
    shown = after(call(desk, desk.save, str(story), "雨下了三天。\n"))
    assert "paper" not in shown
    assert "字数 6" in shown["status"]
    assert studio.text(story) == "雨下了三天。\n"


def test_another_story_is_shown_only_after_the_page_is_kept(desk, studio):
    first, second = studio.create_story("甲"), studio.create_story("乙")
    studio.save_text(second, "乙的正文")
    shown = after(call(desk, desk.choose_story, str(second), str(first), "甲的正文"))
    assert (shown["paper"], shown["current"]) == ("乙的正文", str(second))
    assert studio.text(first) == "甲的正文"
    shown = after(call(desk, desk.new_story, "  丙 \n", str(second), "乙改过"))
    assert (shown["paper"], shown["title"]) == ("", "")
    assert studio.stories()[0].title == "丙"
    assert studio.text(second) == "乙改过"


def test_undo_and_redo_walk_over_typing_and_writing_alike(desk, studio):
    story = studio.create_story("渡口")
    written = after(write(desk, story, "雨下了", max_chars=10))["paper"]
    typed = written + "他说"
    assert after(call(desk, desk.undo, str(story), typed))["paper"] == written
    assert after(call(desk, desk.undo, str(story), written))["paper"] == "雨下了"
    assert after(call(desk, desk.redo, str(story), "雨下了"))["paper"] == written
    shown = after(call(desk, desk.redo, str(story), written))
    assert shown["paper"] == typed
    assert not shown["redo"]["interactive"]


def test_what_a_visitor_names_is_never_markup(desk, studio):
    story = studio.create_story("<img src=x onerror=alert(1)>")
    shown = after(call(desk, desk.write, str(story), "", "<script>alert(1)</script>", *settings()))
    assert "<script>" not in shown["status"]
    assert "&lt;script&gt;" in shown["status"]


async def config_of_the_page(studio):
    """Gradio leaves an event loop open behind it wherever none is running, hence async."""
    return build_demo(studio).config


@pytest.fixture
def components(studio):
    return [part["props"] for part in asyncio.run(config_of_the_page(studio))["components"]]


def test_every_word_of_the_page_is_there_in_every_language(components):
    words = translations().translations_dict
    values = [value for props in components for value in props.values()]
    asked = {value.key for value in values if isinstance(value, I18nData)}
    assert len(asked) > 15
    for lang in LANGUAGES:
        assert asked <= words[LOCALES[lang]].keys()
        assert all(words[LOCALES[lang]][key].strip() for key in asked)


def test_the_dials_of_the_page_are_those_of_the_settings(components):
    by_id = {props.get("elem_id"): props for props in components}
    for name, (spec, dial) in KNOBS.items():
        shown = by_id[f"dial-{name}"]
        assert shown["label"].key.startswith(dial.help)
        assert shown.get("value") == spec.default
        if shown.get("minimum") is not None:
            assert (shown["minimum"], shown["maximum"], shown["step"]) == (dial.low, dial.high, dial.step)
