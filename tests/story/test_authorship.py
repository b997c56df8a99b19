"""Who wrote which characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.story.authorship import after_edit, joined, part

TEXTS = st.text("雨下了三天", max_size=12)


def length(runs):
    return sum(characters for _, characters in runs)


@pytest.mark.parametrize(
    ("old", "runs", "new", "expected"),
    [
        ("", [], "雨下了", [("human", 3)]),
        ("雨下了", [("human", 3)], "雨下了三天", [("human", 5)]),
        ("雨下了", [("model", 3)], "雨下了三天", [("model", 3), ("human", 2)]),
        ("雨下了", [("model", 3)], "雨又下了", [("model", 1), ("edited", 1), ("model", 2)]),
        ("雨下了", [("human", 1), ("model", 2)], "雨又下了", [("human", 2), ("model", 2)]),
        ("雨下了", [("model", 3)], "雨了", [("model", 2)]),
        ("雨下了", [("model", 3)], "", []),
        ("雨下了", [("model", 3)], "三天", [("human", 2)]),
    ],
)
def test_an_edit_keeps_what_it_leaves_alone(old, runs, new, expected):
    assert after_edit(old, runs, new) == expected


def test_what_a_model_puts_in_is_the_models():
    assert after_edit("雨下了", [("human", 3)], "雨又下了", "model") == [
        ("human", 1),
        ("model", 1),
        ("human", 2),
    ]


@given(TEXTS, TEXTS, st.data())
def test_the_runs_cover_the_text_and_no_edit_claims_what_it_did_not_touch(old, new, data):
    place = data.draw(st.integers(0, len(old)))
    runs = joined([("model", place), ("human", len(old) - place)])
    after = after_edit(old, runs, new)
    assert length(after) == len(new)
    assert all(characters > 0 for _, characters in after)
    assert after_edit(old, runs, old) == runs
    assert part(after, 0, len(new)) == after
