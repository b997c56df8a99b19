"""Judgements of continuations are those one would make by hand."""

import pytest

from novelgpt.writing.pieces import Chosen, Continuation
from novelgpt.writing.ranking import copied_share, judge, rank


def written(text: str, *logprobs: float) -> Continuation:
    chosen = tuple(Chosen(number, value) for number, value in enumerate(logprobs))
    return Continuation(text, "length", tuple(range(len(logprobs))), 1, chosen)


def test_the_likelihood_is_per_character_so_that_lengths_compare():
    assert judge("", written("他走了。", -2.0, -4.0)).likelihood == pytest.approx(-1.5)


@pytest.mark.parametrize(
    ("text", "share"),
    [("天地玄黄宇宙洪荒", 0.0), ("他走了。他走了。", 0.2), ("哈哈哈哈哈哈哈", 0.75), ("短", 0.0), ("", 0.0)],
)
def test_repetition_counts_runs_of_four(text, share):
    assert judge("", written(text)).repetition == pytest.approx(share)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("那天夜里雨下得很大他撑着旧伞走", 12 / 15),
        ("那天夜里雨下得很大他撑", 0.0),
        ("没有一个字相同", 0.0),
        ("", 0.0),
    ],
)
def test_long_runs_from_the_text_before_are_copied(text, share):
    assert copied_share(text, "话说那天夜里雨下得很大他撑着一把伞") == pytest.approx(share)


@pytest.mark.parametrize(
    ("prompt", "text", "whole"), [("他说", "走吧。", True), ("他说：“", "走吧。", False)]
)
def test_closure_takes_the_prompt_s_open_marks_into_account(prompt, text, whole):
    assert judge(prompt, written(text)).whole is whole


def test_the_best_comes_first_and_equals_stay_in_order():
    good, looping, broken = (
        written("他走了出去，再没有回来。", -10.0),
        written("他走了他走了他走了他走了", -10.0),
        written("他走了出去，再没有回来", -10.0),
    )
    assert [one.continuation for one in rank("", [looping, broken, good])] == [good, broken, looping]
    twin = written("他走了出去，再没有回来。", -10.0)
    assert [one.continuation is good for one in rank("", [good, twin])] == [True, False]
