"""Who moves which weight, that Muon moves it as torch's does, and that nothing is forgotten between two halves of a run."""

import copy
import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from novelgpt.config import TrainConfig
from novelgpt.model.learning.muon import Muon, orthogonal
from novelgpt.model.learning.optimizers import new_optimizers
from tests.tiny import tiny_network

SIZES = {
    "vocab_size": 80,
    "hidden_size": 32,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}


def network_of(family: str) -> Any:
    torch.manual_seed(1)
    if family == "qwen3":
        return Qwen3ForCausalLM(Qwen3Config(**SIZES, head_dim=16, tie_word_embeddings=True))
    if family == "llama":
        return LlamaForCausalLM(LlamaConfig(**SIZES, tie_word_embeddings=False))
    network = tiny_network()
    if family == "adapters":  # what peft leaves to train: thin matrices inside frozen blocks
        network.requires_grad_(False)
        for block in network.transformer.h:
            block.attn.c_proj.lora_A = torch.nn.Linear(32, 4, bias=False)
    return network


def optimizers_of(network: Any, optimizer: str) -> list[torch.optim.Optimizer]:
    return new_optimizers(network, optimizer, 1e-2, TrainConfig(weight_decay=0.1))


FAMILIES = ("gpt2", "qwen3", "llama", "adapters")


def in_groups(optimizers: list[torch.optim.Optimizer]) -> list[tuple[Tensor, dict[str, Any], bool]]:
    return [
        (parameter, group, isinstance(optimizer, Muon))
        for optimizer in optimizers
        for group in optimizer.param_groups
        for parameter in group["params"]
    ]


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_trained_weight_is_in_one_group_and_norms_and_biases_do_not_decay(
    family: str, optimizer: str
) -> None:
    network = network_of(family)
    placed = in_groups(optimizers_of(network, optimizer))
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    assert sorted(id(parameter) for parameter, _, _ in placed) == sorted(id(p) for p in trained)
    assert all((group["weight_decay"] == 0.1) == (p.dim() == 2) for p, group, _ in placed)
    assert all(group["scale"] == (2.0 if in_muon else 1.0) for _, group, in_muon in placed)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_the_tables_may_move_at_a_rate_of_their_own(optimizer: str) -> None:
    network = network_of("qwen3")
    optimizers = new_optimizers(network, optimizer, 1e-2, TrainConfig(), outer_scale=0.25)
    slow = {id(p) for p, group, _ in in_groups(optimizers) if group["scale"] == 0.25}
    tables = (network.get_input_embeddings().weight, network.get_output_embeddings().weight)
    assert slow == {id(table) for table in tables}


@pytest.mark.parametrize(
    ("family", "count", "some"),
    [
        ("gpt2", 8, "transformer.h.1.mlp.c_fc.weight"),
        ("qwen3", 14, "model.layers.1.mlp.gate_proj.weight"),
        ("llama", 14, "model.layers.0.self_attn.o_proj.weight"),
        ("adapters", 2, "transformer.h.0.attn.c_proj.lora_A.weight"),
    ],
)
def test_muon_moves_the_matrices_of_the_blocks_and_no_table(family: str, count: int, some: str) -> None:
    network = network_of(family)
    moved = [p for p, _, in_muon in in_groups(optimizers_of(network, "muon")) if in_muon]
    assert len(moved) == count
    assert any(parameter is network.get_parameter(some) for parameter in moved)
    tables = (network.get_input_embeddings().weight, network.get_output_embeddings().weight)
    assert not any(parameter is table for parameter in moved for table in tables)


def with_gradients(shapes: list[tuple[int, int]], seed: int) -> list[torch.nn.Parameter]:
    random = torch.Generator().manual_seed(seed)
    parameters = [torch.nn.Parameter(torch.randn(shape, generator=random)) for shape in shapes]
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape, generator=random)
    return parameters


def exactly_orthogonal(matrix: Tensor) -> Tensor:
    """What five steps would give without rounding."""
    left, values, right = torch.linalg.svd(matrix.double(), full_matrices=False)
    values = values / values.norm()
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    exact: Tensor = left @ torch.diag(values) @ right
    return exact


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from((1, 4, 24, 32)), st.sampled_from((1, 8, 32, 96))), min_size=1, max_size=6
    ),
    st.integers(0, 99),
)
def test_a_step_is_that_of_torch(shapes: list[tuple[int, int]], seed: int) -> None:
    """Both round, so both may stray from exact arithmetic, but not by more than bf16 makes torch stray."""
    ours, theirs = with_gradients(shapes, seed), with_gradients(shapes, seed)
    mine = Muon([{"params": ours, "weight_decay": 0.1}], lr=0.1)
    plain = torch.optim.Muon(theirs, lr=0.1, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    mine.step()
    plain.step()
    for start, left, right in zip(with_gradients(shapes, seed), ours, theirs, strict=True):
        assert start.grad is not None
        step = 0.1 * 0.2 * math.sqrt(max(start.shape))
        exact = 0.99 * start - step * exactly_orthogonal(start.grad)
        allowed = 0.15 * step * math.sqrt(min(start.shape))
        assert (left - exact).norm() <= allowed
        assert (left - right).norm() <= allowed
        momenta = (mine.state[left]["momentum_buffer"], plain.state[right]["momentum_buffer"])
        assert (momenta[0] - momenta[1]).norm() <= 1e-6 * momenta[1].norm()


def test_gpt2s_joint_matrix_moves_as_three() -> None:
    (joint,) = with_gradients([(32, 96)], 1)
    parts = [torch.nn.Parameter(part.clone()) for part in joint.detach().chunk(3, dim=1)]
    for part, gradient in zip(parts, joint.grad.chunk(3, dim=1), strict=True):  # type: ignore[union-attr]
        part.grad = gradient.clone()
    Muon([{"params": [joint], "blocks": 3}], lr=0.1).step()
    Muon([{"params": parts}], lr=0.1).step()
    assert torch.equal(joint, torch.cat(parts, dim=1))


@pytest.mark.parametrize("shape", [(32, 32), (32, 64), (32, 128)])
def test_singular_values_come_near_one_even_where_one_direction_outshouts_the_rest(
    shape: tuple[int, int],
) -> None:
    random = torch.Generator().manual_seed(1)
    left, right = (torch.linalg.qr(torch.randn(n, 32, generator=random)).Q for n in shape)
    steep = left @ torch.diag(torch.logspace(0, -1.5, 32)) @ right.T
    for matrix in (torch.randn(shape, generator=random), steep, torch.ones(shape)):
        values = torch.linalg.svdvals(orthogonal(matrix.bfloat16()[None])[0].float())
        assert values.max() < 1.3
        assert values[0] > 0.6
    values = torch.linalg.svdvals(orthogonal(steep.bfloat16()[None])[0].float())
    assert values.min() > 0.5


def test_rounding_does_not_grow_where_a_large_matrix_has_few_directions() -> None:
    """What five steps in a row on the small square come to: singular values near fifty."""
    random = torch.Generator().manual_seed(1)
    few = torch.randn(384, 8, generator=random) @ torch.randn(8, 1024, generator=random)
    noisy = few + 1e-3 * torch.randn(384, 1024, generator=random)
    for matrix in (few, noisy):
        largest = torch.linalg.matrix_norm(orthogonal(matrix.bfloat16()[None])[0].float(), 2)
        assert 0.6 < largest < 1.3


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("family", FAMILIES)
def test_no_rate_no_gradient_and_zero_weights_do_no_harm(family: str, optimizer: str) -> None:
    network = network_of(family)
    optimizers = optimizers_of(network, optimizer)
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    before = [parameter.detach().clone() for parameter in trained]
    for gradient in (torch.zeros_like, torch.randn_like):
        for parameter in trained:
            parameter.grad = gradient(parameter)
        step_at(optimizers, 0.0)
    assert all(torch.equal(parameter, start) for parameter, start in zip(trained, before, strict=True))
    with torch.no_grad():
        for parameter in trained:
            parameter.zero_()
            parameter.grad = torch.zeros_like(parameter)
    fresh = optimizers_of(network, optimizer)
    step_at(fresh, 0.01)
    assert all(torch.equal(parameter, torch.zeros_like(parameter)) for parameter in trained)
    for parameter in trained:
        parameter.grad = torch.randn_like(parameter)
    step_at(fresh, 0.01)
    assert all(parameter.isfinite().all() and parameter.any() for parameter in trained)


def step_at(optimizers: list[torch.optim.Optimizer], rate: float) -> None:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        optimizer.step()


def train(network: Any, optimizers: list[torch.optim.Optimizer], steps: range) -> None:
    for number in steps:
        ids = torch.randint(0, 80, (2, 16), generator=torch.Generator().manual_seed(number))
        network.zero_grad()
        network(ids, labels=ids).loss.backward()
        step_at(optimizers, 1e-2)


def state_of(network: Any, optimizers: list[torch.optim.Optimizer]) -> dict[str, Tensor]:
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    return {
        f"{names[id(parameter)]}:{key}": value.clone()
        for optimizer in optimizers
        for parameter, state in optimizer.state.items()
        for key, value in state.items()
    }


def resumed(network: Any, state: dict[str, Tensor]) -> list[torch.optim.Optimizer]:
    optimizers = optimizers_of(network, "muon")
    home = {id(p): o for o in optimizers for group in o.param_groups for p in group["params"]}
    for full_name, value in state.items():
        name, key = full_name.rsplit(":", 1)
        parameter = network.get_parameter(name)
        home[id(parameter)].state[parameter][key] = value
    return optimizers


@pytest.mark.parametrize("family", ["gpt2", "qwen3"])
def test_a_run_resumed_from_its_tensors_is_the_run_that_never_stopped(family: str) -> None:
    whole = network_of(family).eval()
    optimizers = optimizers_of(whole, "muon")
    train(whole, optimizers, range(3))
    halfway, state = copy.deepcopy(whole), state_of(whole, optimizers)
    assert {value.dtype for value in state.values()} == {torch.float32}
    train(whole, optimizers, range(3, 6))
    forgetful = copy.deepcopy(halfway)
    train(halfway, resumed(halfway, state), range(3, 6))
    without = {name: value for name, value in state.items() if not name.endswith("momentum_buffer")}
    train(forgetful, resumed(forgetful, without), range(3, 6))
    ends = [dict(network.named_parameters()) for network in (whole, halfway, forgetful)]
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())
    assert not all(torch.equal(value, ends[2][name]) for name, value in ends[0].items())
