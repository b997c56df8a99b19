"""A place that one room of the page tells another, and the sheet told to show it."""

import json
from contextlib import closing

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.config import Workspace
from novelgpt.studio import open_studio
from novelgpt.ui.desk import Desk, selection_of
from novelgpt.ui.places import browser_runs, browser_units, heard_place, our_place, told_place
from tests.ui.test_desk import PARTS, call


@pytest.fixture
def studio(tmp_path):
    with closing(open_studio(Workspace(tmp_path))) as studio:
        yield studio


def test_the_desk_opens_the_story_and_tells_the_sheet_which_place_to_show(studio):
    desk, story = Desk(studio, PARTS), studio.create_story("长夜")
    studio.save_text(story, "𠮷日，他过了石桥。")
    place = (6, 8)
    (shown,) = call(desk, desk.open_from_the_shelf, told_place(story, place), "", "")
    said = json.loads(shown["paper"])
    assert (said["text"], said["reveal"]) == ("𠮷日，他过了石桥。", [7, 9])
    (shown,) = call(desk, desk.open_from_the_shelf, told_place(story), "", "")
    assert "reveal" not in json.loads(shown["paper"])
    assert call(desk, desk.open_from_the_shelf, "", str(story), "") == [gr.skip()]


@given(story=st.integers(0, 10**12), start=st.integers(0, 10**9), length=st.integers(0, 10**6))
def test_a_place_that_is_told_is_heard(story, start, length):
    assert heard_place(told_place(story, (start, start + length))) == (story, (start, start + length))
    assert heard_place(told_place(story)) == (story, None)


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (None, (None, None)),
        ("", (None, None)),
        ("x:1:2", (None, (1, 3))),
        ("7:x:2", (7, None)),
        ("7:1", (7, (1, 1))),
        ("7:1:-2", (7, (1, 1))),
        ("7:1:2:3", (7, (1, 3))),
        ({}, (None, None)),
    ],
)
def test_what_is_no_place_is_none(said, heard):
    assert heard_place(said) == heard


@given(text=st.text(alphabet="夜𠮷a\ud800", max_size=12), place=st.integers(0, 14))
def test_a_browser_counts_rare_characters_twice(text, place):
    assert browser_units(text, place) == sum(2 if sign > "\uffff" else 1 for sign in text[:place])


@given(text=st.text(alphabet="夜𠮷a", max_size=12), place=st.integers(0, 12))
def test_a_place_goes_to_the_browser_and_comes_back(text, place):
    place = min(place, len(text))
    assert our_place(text, browser_units(text, place)) == place
    assert our_place(text, 99) == len(text)


@given(parts=st.lists(st.tuples(st.sampled_from(["human", "model"]), st.text(alphabet="夜𠮷", max_size=5))))
def test_a_browser_sees_the_same_hands(parts):
    text = "".join(part for _, part in parts)
    runs = browser_runs(text, [(author, len(part)) for author, part in parts])
    assert runs == [(author, len(part.encode("utf-16-le")) // 2) for author, part in parts]


def test_a_rare_character_before_a_selection_does_not_move_it():
    page = {"text": "𠮷日，他过了石桥。", "selection": [9, 7]}
    assert selection_of(page) == (6, 8)
