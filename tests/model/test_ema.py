"""The average of the weights: what it is, that it leaves no trace, and that it goes on where it stopped."""

import copy
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import GPT2LMHeadModel

from novelgpt.model.learning.ema import Ema, decay_at
from tests.tiny import tiny_network


def moved(network: GPT2LMHeadModel, step: int) -> None:
    """Change every weight as a training step would."""
    random = torch.Generator().manual_seed(step)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=random), alpha=0.1)


@settings(deadline=None, max_examples=50)
@given(st.floats(0.0, 0.999), st.lists(st.floats(-9, 9), min_size=1, max_size=30))
def test_the_average_is_the_bias_corrected_one(decay: float, values: list[float]) -> None:
    average = 123.0
    for step, value in enumerate(values):
        average += (1 - decay_at(step, decay)) * (value - average)
    plain = 0.0
    for value in values:
        plain = decay * plain + (1 - decay) * value
    assert average == pytest.approx(plain / (1 - decay ** len(values)), abs=1e-9, rel=1e-6)


def test_weights_that_stand_still_are_their_own_average() -> None:
    network = tiny_network()
    average = Ema(network, 0.9)
    for step in range(5):
        average.update(network, step)
    for name, parameter in network.named_parameters():
        assert torch.equal(average.tensors()[name], parameter)


def test_the_average_is_applied_and_every_bit_of_the_weights_comes_back() -> None:
    network, average = tiny_network(), Ema(tiny_network(), 0.9)
    for step in range(3):
        average.update(network, step)
        moved(network, step)
    before = copy.deepcopy(network.state_dict())
    with average.applied(network):
        for name, parameter in network.named_parameters():
            assert torch.equal(parameter, average.tensors()[name])
        assert not torch.equal(network.transformer.wte.weight, before["transformer.wte.weight"])
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_the_weights_come_back_even_when_the_evaluation_fails() -> None:
    network, average = tiny_network(), Ema(tiny_network(2), 0.9)
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(RuntimeError, match="evaluation"), average.applied(network):
        raise RuntimeError("evaluation")
    assert all(torch.equal(network.state_dict()[name], value) for name, value in before.items())


def average_after(steps: int, stop_at: int | None, folder: Path) -> dict[str, torch.Tensor]:
    network = tiny_network()
    average = Ema(network, 0.8)
    for step in range(steps):
        if step == stop_at:
            save_file(average.tensors(), folder / "ema.safetensors")
            average = Ema(tiny_network(seed=9), 0.8)
            average.restore(load_file(folder / "ema.safetensors"))
        moved(network, step)
        average.update(network, step)
    return average.tensors()


@pytest.mark.parametrize("stop_at", [1, 2, 5])
def test_stopped_and_resumed_it_averages_the_same(stop_at: int, tmp_path: Path) -> None:
    whole, resumed = average_after(6, None, tmp_path), average_after(6, stop_at, tmp_path)
    assert all(torch.equal(resumed[name], value) for name, value in whole.items())


def test_only_what_is_trained_is_averaged_and_other_tensors_are_refused() -> None:
    network = tiny_network()
    network.transformer.wte.weight.requires_grad_(False)
    average = Ema(network, 0.9)
    assert average.tensors().keys() == {name for name, p in network.named_parameters() if p.requires_grad}
    with pytest.raises(KeyError, match=r"wte\.weight"):
        average.restore(Ema(tiny_network(), 0.9).tensors())
    with pytest.raises(KeyError, match="averages differ"):
        average.restore({})


def test_a_network_in_bf16_is_averaged_in_fp32() -> None:
    average = Ema(tiny_network().bfloat16(), 0.99)
    assert {value.dtype for value in average.tensors().values()} == {torch.float32}
