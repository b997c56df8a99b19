"""What every handler of the page is wrapped in, on handlers made for the purpose."""

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.errors import PortBusy
from novelgpt.ui.handling import handled

PARTS, SETTINGS = "abc", ("choices", "value", "interactive")
changes = st.dictionaries(st.sampled_from(SETTINGS), st.integers(), min_size=1).map(
    lambda some: gr.update(**some)
)
steps = st.lists(
    st.dictionaries(st.sampled_from(PARTS), changes | st.text(max_size=2), min_size=1), min_size=1
)


class Visitor:
    def __init__(self):
        self.headers = {"accept-language": "en"}


def told(*said, error=None):
    """Return what Gradio gets of a handler that says this."""

    def handler(lang):
        yield from said
        if error:
            raise error

    return list(handled(handler, "zh", lambda sentence: {"status": sentence})(Visitor()))


@given(steps)
def test_who_sees_only_the_last_step_sees_every_setting_and_each_as_it_was_set_last(said):
    expected = {}
    for step in said:
        for part, value in step.items():
            expected[part] = value if isinstance(value, str) else {**_settings(expected, part), **value}
    last = told(*said)[-1]
    assert {
        part: value for part, value in expected.items() if isinstance(value, dict)
    }.items() <= last.items()
    assert {part: last[part] for part in said[-1]} == {part: expected[part] for part in said[-1]}


def _settings(known, part):
    return known[part] if isinstance(known.get(part), dict) else {}


@given(steps)
def test_each_step_says_what_it_said_and_a_text_is_said_once(said):
    for step, seen in zip(said, told(*said), strict=True):
        assert step.keys() <= seen.keys()
        texts = {part: value for part, value in seen.items() if isinstance(value, str)}
        assert texts == {part: value for part, value in step.items() if isinstance(value, str)}


def test_a_handler_without_a_word_changes_nothing():
    assert told() == [gr.skip()]


def test_an_error_is_told_and_what_was_set_before_is_not_taken_back():
    choices = gr.update(choices=["甲"])
    _, refused = told({"a": choices}, error=PortBusy(host="here", port=1))
    assert refused["a"] == choices
    assert "1" in refused["status"]


def test_any_other_error_is_told_too_and_raised():
    def broken(lang):
        raise ZeroDivisionError()
        yield

    steps = handled(broken, "zh", lambda sentence: {"status": sentence})(Visitor())
    assert "ZeroDivisionError" in next(steps)["status"]
    with pytest.raises(ZeroDivisionError):
        next(steps)
