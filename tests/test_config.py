import math

import pytest

from novelgpt.config import SampleConfig, TrainConfig, Workspace
from novelgpt.errors import BadValue

BAD = [
    (SampleConfig, {"temperature": -0.1}),
    (SampleConfig, {"temperature": math.nan}),
    (SampleConfig, {"top_p": 0.0}),
    (SampleConfig, {"top_k": 1.5}),
    (SampleConfig, {"max_chars": 0}),
    (SampleConfig, {"seed": -1}),
    (SampleConfig, {"repetition_penalty": math.inf}),
    (TrainConfig, {"preset": "gpt5"}),
    (TrainConfig, {"steps": 0}),
    (TrainConfig, {"keep": 1}),
    (TrainConfig, {"dtype": "fp16"}),
    (TrainConfig, {"held_out": 0.9}),
    (TrainConfig, {"learning_rate": "fast"}),
    (TrainConfig, {"batch_size": True}),
]


@pytest.mark.parametrize(("settings", "values"), BAD)
def test_values_out_of_range_are_refused_by_name(settings: type, values: dict[str, object]) -> None:
    with pytest.raises(BadValue, match=next(iter(values))):
        settings(**values)


def test_defaults_are_within_their_own_ranges() -> None:
    assert SampleConfig().seed is None
    assert TrainConfig().steps is None


def test_the_workspace_is_the_flag_else_the_variable_else_here() -> None:
    assert str(Workspace.choose("a", {"NOVELGPT_WORKSPACE": "b"}).root) == "a"
    assert str(Workspace.choose(None, {"NOVELGPT_WORKSPACE": "b"}).root) == "b"
    assert str(Workspace.choose(None, {}).root) == "."


@pytest.mark.parametrize(
    ("typed", "first"), [("gpt2-smal", "gpt2-small"), ("novel-tny", "novel-tiny"), ("GPT2-Tiny", "gpt2-tiny")]
)
def test_a_mistyped_choice_is_answered_with_the_nearest(typed: str, first: str) -> None:
    with pytest.raises(BadValue, match=f"perhaps {first}") as said:
        TrainConfig(preset=typed)
    assert "gpt2-xl" in str(said.value)
    with pytest.raises(BadValue, match="choose from"):
        TrainConfig(preset="bert")
