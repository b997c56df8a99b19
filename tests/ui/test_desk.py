"""The handlers of the page on a real studio; the components are stood in for by their names."""

import asyncio
import itertools
import json
import re
import shutil
from contextlib import closing
from dataclasses import fields

import gradio as gr
import pytest
from gradio.i18n import I18nData

from novelgpt.config import SampleConfig, Workspace, dials
from novelgpt.messages import LANGUAGES
from novelgpt.studio import Seen, open_studio
from novelgpt.ui.desk import REFRESH_SECONDS, Desk, Parts
from novelgpt.ui.language import LOCALES
from novelgpt.ui.page import build_demo, translations
from tests.tiny import tiny_model_folder

NAMES = [field.name for field in fields(Parts) if field.name != "dials"]
KNOBS = dials(SampleConfig)
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
                said = json.loads(value)
                if "tail" in said:
                    shown[part] = shown.get(part, said["tail"])[: said["keep"]] + said["tail"]
                elif "text" in said:
                    shown[part] = said["text"]
                shown |= {name: said[name] for name in ("held", "runs", "tip", "watch") if name in said}
            elif isinstance(value, dict):
                shown.setdefault(part, {}).update(value)
            else:
                shown[part] = value
    return shown


def texts_of(before, updates):
    """What the sheet showed, one text after another, if it showed `before` first."""
    for update in updates:
        said = json.loads(update.get("paper", "{}"))
        if "tail" in said:
            yield before[: said["keep"]] + said["tail"]
        elif "text" in said:
            yield said["text"]


def settings(**changed):
    values = {name: spec.default for name, (spec, _) in KNOBS.items()} | {"seed": ""} | changed
    return [values[name] for name in PARTS.dials]


def write(desk, story, text, accept="", **changed):
    return call(desk, desk.write, str(story), text, None, *settings(**changed), accept=accept)


def test_the_first_visit_finds_a_story_begun_and_a_model(desk, studio):
    shown = after(call(desk, desk.open_page, ""))
    (story,) = studio.stories()
    assert "示例" in story.title
    assert shown["picker"]["choices"] == [(story.title, str(story.id))]
    assert shown["picker"]["value"] == shown["current"] == str(story.id)
    assert shown["paper"] == studio.text(story.id)
    assert shown["paper"].endswith("信来，")
    assert shown["model"]["value"] == "tiny"
    assert after(call(desk, desk.open_page, ""))["current"] == str(story.id)


def test_an_english_visitor_is_spoken_to_in_english(desk, studio):
    shown = after(call(desk, desk.open_page, "", accept="en-GB,en"))
    assert "sample" in studio.stories()[0].title
    assert "characters: " in shown["status"]


def test_the_story_asked_for_is_shown_and_a_strange_wish_is_not_an_error(desk, studio):
    first, second = studio.create_story("甲"), studio.create_story("乙")
    assert after(call(desk, desk.open_page, str(first)))["current"] == str(first)
    for strange in ("999", "drop table", "-1", "٣", "1" * 40, None, [1]):
        assert after(call(desk, desk.open_page, strange))["current"] == str(second)


def test_a_continuation_comes_in_steps_and_ends_with_what_the_library_holds(desk, studio):
    story = studio.create_story("渡口")
    updates = write(desk, story, "雨下了", max_chars=30, seed="7")
    texts = list(texts_of("雨下了", updates))
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


@pytest.mark.parametrize("handler", ["write", "propose"])
def test_who_waits_for_others_is_told_how_many_go_before_until_the_turn_comes(desk, studio, handler):
    story = studio.create_story("渡口")
    others = [studio.turns.enter(name) for name in ("a", "b")]
    heard, updates = [], []
    asked = desk.handler(getattr(desk, handler))(
        Visitor("en"), str(story), "雨", None, *settings(max_chars=10)
    )
    for update in asked:
        updates.append(update)
        status = str(update.get("status"))
        if found := re.search(r"busy: (\d) before", status):
            heard.append(int(found[1]))
            assert json.loads(update["paper"])["held"]
            others.pop(0).leave()
    assert heard == [2, 1]
    assert "busy" not in after(updates)["status"]
    assert after(updates)["go"]["interactive"]


def test_a_page_opened_while_a_story_waits_its_turn_says_so_and_stop_ends_the_waiting(studio):
    story = studio.create_story("渡口")
    with studio.turns.enter("a"):
        pieces = studio.continue_story(story, SampleConfig(max_chars=10), seen="雨")
        assert next(pieces).text == ""
        desk = Desk(studio, PARTS)
        waiting = after(call(desk, desk.open_page, str(story)))
        assert "前面还有 1 个" in waiting["status"]
        assert waiting["watch"]
        studio.stop(story)
        assert list(pieces) == []
        ended = after(call(desk, desk.reopen, str(story)))
    assert not ended["watch"]
    assert ended["go"]["interactive"]
    assert studio.text(story) == "雨"


def test_a_browser_is_not_sent_the_text_more_often_than_it_can_bear(studio):
    clock = Clock()
    desk, times = Desk(studio, PARTS, clock=clock), []
    for update in desk.handler(desk.write)(
        Visitor(), str(studio.create_story("渡口")), "", None, *settings(max_chars=40)
    ):
        if "tail" in json.loads(update.get("paper", "{}")):
            times.append(clock.seconds)
    assert len(times) > 5
    assert all(b - a >= REFRESH_SECONDS for a, b in itertools.pairwise(times))


def test_a_page_opened_while_a_model_writes_watches_it_to_the_end(studio):
    story = studio.create_story("渡口")
    with closing(studio.continue_story(story, SampleConfig(max_chars=10_000), seen="雨")) as pieces:
        next(pieces)
        desk = Desk(studio, PARTS)
        first = after(call(desk, desk.open_page, str(story)))
    last = after(call(desk, desk.reopen, str(story)))
    assert (first["watch"], last["watch"]) == (True, False)
    assert not first["go"]["interactive"]
    assert first["stop"]["interactive"]
    assert last["paper"] == studio.text(story)
    assert last["go"]["interactive"]
    assert last["undo"]["interactive"]
    assert not last["stop"]["interactive"]


def test_a_handler_without_a_word_empties_nothing(desk, studio):
    """Gradio would clear every part that it may change: memory, note and lore too, which would then be kept."""
    assert call(desk, desk.stop, str(studio.create_story("渡口"))) == [gr.skip()]


def test_only_an_opening_turns_a_page_to_another_story(desk, studio):
    """A late answer about a story that was left must not put one story's text under another's number."""
    story = studio.create_story("渡口")
    steps = [
        (desk.open_page, [str(story)], True),
        (desk.write, [str(story), "雨", None, *settings(max_chars=4)], False),
        (desk.retry, [str(story), "雨", None, *settings(max_chars=4)], False),
        (desk.propose, [str(story), "雨", None, *settings(max_chars=4)], False),
        (desk.save, [str(story), "雨又下了"], False),
        (desk.undo, [str(story), None], False),
        (desk.redo, [str(story), None], False),
        (desk.reopen, [str(story)], False),
        (desk.choose_story, [str(story), str(story), "雨"], True),
        (desk.new_story, ["", str(story), "雨"], True),
    ]
    for handler, values, opens in steps:
        updates = call(desk, handler, *values)
        said = [json.loads(update["paper"]) for update in updates if "paper" in update]
        assert said, handler
        assert all("story" in one for one in said), handler
        assert any(one.get("opens") for one in said) == opens, handler
        assert any("current" in update for update in updates) == opens, handler


def test_leaving_the_page_in_the_middle_keeps_what_was_written(desk, studio):
    story = studio.create_story("渡口")
    shown = ""
    with closing(
        desk.handler(desk.write)(Visitor(), str(story), "雨", None, *settings(max_chars=10_000))
    ) as updates:
        while len(shown) < 20:
            shown = next(texts_of("雨", updates))
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
    assert shown["held"] is False


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


def test_a_page_can_always_be_left_and_what_was_typed_on_it_stays_a_branch(desk, studio):
    story = studio.create_story("甲")
    call(desk, desk.save, str(story), {"text": "雨下了", "tip": None, "window": "a"})
    for text, typed in (("", False), ("雪", True)):
        page = {"text": text, "tip": None, "window": "b"}
        shown = after(call(desk, desk.new_story, "乙", str(story), page))
        assert shown["current"] != str(story)
        assert 'role="alert"' not in shown["status"]
        ends = [
            "".join(p.text for p in studio._store.passages(b.tip)) for b in studio.library.branches(story)
        ]
        assert ("雪" in ends) == typed
    assert studio.text(story) == "雨下了"


def test_who_looked_at_a_story_and_left_does_not_stand_in_the_way_of_its_writer(desk, studio):
    story = studio.create_story("甲")
    call(desk, desk.save, str(story), {"text": "雨下", "tip": None, "window": "a", "number": 1})
    tip = after(call(desk, desk.open_page, str(story)))["tip"]
    call(desk, desk.new_story, "乙", str(story), {"text": "雨下", "tip": tip, "window": "b", "number": 1})
    late = {"text": "雨下了", "tip": None, "window": "a", "number": 2}  # its last save is not answered yet
    assert 'role="alert"' not in after(call(desk, desk.save, str(story), late))["status"]
    assert studio.text(story) == "雨下了"


def test_a_story_that_is_being_written_can_be_left_from_another_window(desk, studio):
    story = studio.create_story("甲")
    sample = SampleConfig(max_chars=9999)
    with closing(studio.continue_story(story, sample, seen=Seen("雨下了", None, "a"))) as pieces:
        next(pieces)
        for text, branches in (("雨", 1), ("雨下了", 1), ("雨停了", 2)):
            page = {"text": text, "tip": None, "window": "b"}
            shown = after(call(desk, desk.new_story, "乙", str(story), page))
            assert shown["current"] != str(story)
            assert len(studio.library.branches(story)) == branches
    assert studio.text(story).startswith("雨下了")


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


def test_the_page_tells_who_wrote_what(desk, studio):
    story = studio.create_story("渡口")
    shown = after(write(desk, story, "雨下了", max_chars=10))
    written = shown["paper"]
    assert shown["runs"] == [["human", 3], ["model", len(written) - 3]]
    changed = written[:6] + "又" + written[6:]
    call(desk, desk.save, str(story), changed)
    runs = after(call(desk, desk.open_page, str(story)))["runs"]
    assert runs == [["human", 3], ["model", 3], ["edited", 1], ["model", len(written) - 6]]


def test_a_retry_writes_anew_where_the_last_try_began(desk, studio):
    story = studio.create_story("渡口")
    first = after(write(desk, story, "雨下了", max_chars=30, seed="7"))["paper"]
    again = after(call(desk, desk.retry, str(story), first, None, *settings(max_chars=30, seed="7")))["paper"]
    assert again.startswith("雨下了")
    assert again != first
    assert studio.text(story) == again
    assert after(call(desk, desk.undo, str(story), again))["paper"] == "雨下了"
    assert after(call(desk, desk.undo, str(story), "雨下了"))["paper"] == first


def pressed(html, press):
    return re.findall(rf'data-press="{press}" data-value="([^"]*)"', html)


def test_candidates_stand_side_by_side_and_one_or_a_part_of_one_is_kept(desk, studio):
    story = studio.create_story("渡口")
    shown = after(call(desk, desk.propose, str(story), "雨下了", None, *settings(max_chars=60, seed="3")))
    assert shown["paper"] == studio.text(story) == "雨下了"
    assert shown["cards"].count("<article") == 3
    wholes = [value for value in pressed(shown["cards"], "choose") if ":" not in value]
    parts = [value for value in pressed(shown["cards"], "choose") if ":" in value]
    assert len(wholes) == 3
    chosen = after(call(desk, desk.choose, str(story), "雨下了", wholes[1]))
    assert chosen["cards"] == ""
    assert chosen["paper"].startswith("雨下了")
    assert chosen["runs"] == [["human", 3], ["model", len(chosen["paper"]) - 3]]
    assert after(call(desk, desk.undo, str(story), chosen["paper"]))["paper"] == "雨下了"
    piece = next(value for value in parts if value.startswith(wholes[0] + ":"))
    kept = after(call(desk, desk.choose, str(story), "雨下了", piece))["paper"]
    assert len(kept) == 3 + int(piece.partition(":")[2])


def test_a_passage_is_rewritten_in_its_place_and_a_gap_filled(desk, studio):
    story, text = studio.create_story("渡口"), "雨下了三天。他说不出话来。河水漫过了石桥。"
    page = {"text": text, "tip": "", "window": "a", "selection": [6, 13]}
    shown = after(call(desk, desk.rewrite, str(story), page, None, *settings(max_chars=20)))
    (first, *_) = [value for value in pressed(shown["cards"], "choose") if ":" not in value]
    new = after(call(desk, desk.choose, str(story), page, first))["paper"]
    assert new.startswith(text[:6])
    assert new.endswith(text[13:])
    assert new != text
    for handler, start in ((desk.expand, 13), (desk.bridge, 13)):
        shown = after(call(desk, handler, str(story), page, None, *settings(max_chars=20)))
        (first, *_) = [value for value in pressed(shown["cards"], "choose") if ":" not in value]
        new = after(call(desk, desk.choose, str(story), page, first))["paper"]
        assert (new[:start], new[-len(text[start:]) :]) == (text[:start], text[start:])
    empty = page | {"selection": [4, 4]}
    shown = after(call(desk, desk.rewrite, str(story), empty, None, *settings()))
    assert "选中" in shown["status"]


def test_other_words_for_a_place_and_writing_on_from_one(desk, studio):
    story = studio.create_story("渡口")
    text = after(write(desk, story, "雨下了", max_chars=40, seed="5"))["paper"]
    page = {"text": text, "tip": "", "window": "a", "selection": [12, 12]}
    shown = after(call(desk, desk.look, page, None))
    values = pressed(shown["others"], "take")
    assert len(values) > 2
    start, _, word = values[1].partition(":")
    assert int(start) <= 12
    new = after(call(desk, desk.take, str(story), page, values[1], None, *settings(max_chars=10)))["paper"]
    assert new.startswith(text[: int(start)] + word)
    assert after(call(desk, desk.look, {"text": text, "selection": [999, 999]}, None))["others"] == ""


def test_what_stands_beside_a_story_is_kept_and_sent(desk, studio):
    story = studio.create_story("渡口")
    call(desk, desk.keep_beside, str(story), "河水", "他说", "*雨、水：三天\n桥：石桥")
    shown = after(call(desk, desk.open_page, str(story)))
    assert (shown["memory"], shown["note"]) == ("河水", "他说")
    assert shown["lore"] == "*雨、水：三天\n桥：石桥"
    told = after(call(desk, desk.show_told, str(story), "雨下了", None))["told"]
    for part in ("河水", "他说", "三天", "雨下了"):
        assert part in told
    assert "石桥" not in told


def test_two_windows_on_one_story_do_not_overwrite_each_other(desk, studio):
    story = studio.create_story("渡口")
    call(desk, desk.save, str(story), {"text": "雨下了", "tip": None, "window": "a"})
    tip = after(call(desk, desk.open_page, str(story)))["tip"]
    call(desk, desk.save, str(story), {"text": "雨下了三天", "tip": tip, "window": "a"})
    shown = after(call(desk, desk.save, str(story), {"text": "雨停了", "tip": tip, "window": "b"}))
    assert 'role="alert"' in shown["status"]
    assert studio.text(story) == "雨下了三天"
    call(
        desk, desk.save, str(story), {"text": "雨下了三天三夜", "tip": tip, "window": "a"}
    )  # its own save is under way
    assert studio.text(story) == "雨下了三天三夜"


def test_a_save_that_comes_late_changes_nothing_whatever_its_window_did_meanwhile(desk, studio):
    story = studio.create_story("渡口")

    def page(text, number):
        return {"text": text, "tip": "", "window": "a", "number": number}

    call(desk, desk.save, str(story), page("雨下了三天", 3))
    late = page("雨下了", 2)
    shown = after(call(desk, desk.save, str(story), late))
    assert 'role="alert"' not in shown["status"]
    assert studio.text(story) == "雨下了三天"
    assert after(call(desk, desk.undo, str(story), page("雨下了三天", 5)))["paper"] == ""
    call(desk, desk.save, str(story), page("雨下了三天", 4))
    assert studio.text(story) == ""
    with closing(
        desk.handler(desk.write)(Visitor(), str(story), page("夜", 7), None, *settings(max_chars=9999))
    ) as updates:
        while "tail" not in next(updates).get("paper", ""):
            pass
        assert call(desk, desk.save, str(story), page("", 6)) == [gr.skip()]
        other = page("", 1) | {"window": "b"}
        assert "续写" in after(call(desk, desk.save, str(story), other))["status"]
    assert studio.text(story).startswith("夜")


@pytest.mark.parametrize("name", ["steady", "balanced", "free"])
def test_a_style_turns_its_dials_and_no_other(desk, name):
    shown = after(call(desk, desk.style, name))
    assert shown["temperature"] == SampleConfig.of_style(name).temperature
    assert "max_chars" not in shown
    assert "style" in after(call(desk, desk.style, "<b>"))["status"]


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
