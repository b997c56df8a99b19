from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.model.learning import loss as loss_module
from novelgpt.model.learning.loss import BUFFER_BYTES, IGNORED, cross_entropy, rows_at_once


def case(rows: int, pieces: int, seed: int, scale: float = 0.3) -> tuple[torch.Tensor, ...]:
    random = torch.Generator().manual_seed(seed)
    hidden = torch.randn(rows, 16, generator=random)
    weight = torch.randn(pieces, 16, generator=random) * scale
    return hidden, weight, torch.randint(0, pieces, (rows,), generator=random)


def plain(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(hidden @ weight.T, targets)


def leaves(*tensors: torch.Tensor) -> list[torch.Tensor]:
    return [tensor.clone().requires_grad_() for tensor in tensors]


def close(mine: torch.Tensor, theirs: torch.Tensor, tolerance: float, rounding: float = 1e-9) -> bool:
    return bool((mine - theirs).norm() <= tolerance * theirs.norm() + rounding)


@pytest.mark.parametrize("rows", [1, 7, 515])
@pytest.mark.parametrize("pieces", [5, 256, 9000])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_value_and_gradients_are_those_of_the_plain_way(
    rows: int, pieces: int, dtype: torch.dtype, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loss_module, "BUFFER_BYTES", 2**20)  # several chunks, and the last one shorter
    hidden, weight, targets = case(rows, pieces, rows * pieces)
    ours, theirs = leaves(hidden, weight), leaves(hidden, weight)
    loss, expected = cross_entropy(*ours, targets, dtype), plain(*theirs, targets)
    (2 * loss).backward()
    (2 * expected).backward()
    assert loss.item() == pytest.approx(expected.item(), rel=tolerance)
    assert all(close(a.grad, b.grad, tolerance) for a, b in zip(ours, theirs, strict=True))


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.sampled_from([IGNORED, 0, 1, 17, 39]), min_size=1, max_size=30),
    st.integers(0, 99),
    st.sampled_from([0.01, 0.3, 3.0, 40.0]),
)
def test_rows_without_a_target_count_for_nothing(chosen: list[int], seed: int, scale: float) -> None:
    hidden, weight, _ = case(len(chosen), 40, seed, scale)
    targets = torch.tensor(chosen)
    ours, theirs = leaves(hidden, weight), leaves(hidden, weight)
    loss = cross_entropy(*ours, targets, torch.float32)
    loss.backward()
    if (targets == IGNORED).all():  # torch itself says nan here
        assert loss.item() == 0
        assert not ours[0].grad.any()
        assert not ours[1].grad.any()
        return
    expected = plain(*theirs, targets)
    expected.backward()
    assert loss.item() == pytest.approx(
        expected.item(), rel=1e-5, abs=1e-5 * max(1, scale)
    )  # logits reach 12 × scale
    assert not ours[0].grad[targets == IGNORED].any()
    rounding = 1e-5 * (hidden.norm() + weight.norm())  # a sure target leaves 1 - p, of which little is exact
    assert all(close(a.grad, b.grad, 1e-4, rounding) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("cuts", [[0, 4, 9], [0, 1, 2, 9], [0, 9]])
def test_micro_batches_with_the_divisor_of_the_whole_add_up_to_its_mean(cuts: list[int]) -> None:
    hidden, weight, targets = case(9, 30, 1)
    targets[[2, 3, 7]] = IGNORED
    whole, parts = leaves(hidden, weight), leaves(hidden, weight)
    mean = cross_entropy(*whole, targets, torch.float32)
    mean.backward()
    total = 0.0
    for begin, end in pairwise(cuts):
        part = cross_entropy(parts[0][begin:end], parts[1], targets[begin:end], torch.float32, divisor=6)
        part.backward()
        total += part.item()
    assert total == pytest.approx(mean.item(), rel=1e-6)
    assert all(close(a.grad, b.grad, 1e-5) for a, b in zip(parts, whole, strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_target_thought_all_but_impossible_still_has_its_exact_loss(dtype: torch.dtype) -> None:
    hidden, weight = torch.full((2, 4), 8.0), torch.zeros(3, 4)
    weight[1] = 8.0  # 256 nats above the others
    loss = cross_entropy(hidden, weight, torch.tensor([0, 1]), dtype)
    assert loss.item() == pytest.approx(128.0)


@pytest.mark.parametrize("frozen", [0, 1])
def test_what_is_frozen_gets_no_gradient_and_the_other_the_same_one(frozen: int) -> None:
    hidden, weight, targets = case(20, 50, 3)
    both, one = leaves(hidden, weight), [hidden.clone(), weight.clone()]
    one[1 - frozen].requires_grad_()
    for pair in (both, one):
        cross_entropy(*pair, targets, torch.bfloat16).backward()
    assert one[frozen].grad is None
    assert torch.equal(one[1 - frozen].grad, both[1 - frozen].grad)


def test_without_gradients_the_value_is_the_same() -> None:
    hidden, weight, targets = case(9, 30, 2)
    with torch.no_grad():
        quiet = cross_entropy(hidden, weight, targets, torch.float32)
    assert torch.equal(quiet, cross_entropy(*leaves(hidden, weight), targets, torch.float32).detach())


def test_a_network_gone_to_nan_is_not_hidden() -> None:
    hidden, weight, targets = case(9, 30, 2)
    hidden[4, 4] = torch.nan
    assert cross_entropy(hidden, weight, targets, torch.float32).isnan()


@pytest.mark.parametrize(
    ("rows", "pieces", "dtype", "chunk"),
    [
        (4096, 50_000, torch.bfloat16, 1024),
        (4096, 50_000, torch.float32, 586),
        (4096, 16_000, torch.bfloat16, 4096),
        (3, 10**9, torch.bfloat16, 1),
        (0, 50_000, torch.bfloat16, 1),
    ],
)
def test_chunks_are_few_and_alike_and_fit_the_buffer(
    rows: int, pieces: int, dtype: torch.dtype, chunk: int
) -> None:
    assert rows_at_once(rows, pieces, dtype) == chunk
    assert chunk <= 1 or chunk * pieces * dtype.itemsize <= BUFFER_BYTES


def test_no_piece_is_forgotten_when_gradients_are_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_module, "_PIECES_AT_ONCE", 7)
    monkeypatch.setattr(loss_module, "BUFFER_BYTES", 50 * 2 * 64)
    hidden, weight, targets = case(200, 50, 5)
    ours, theirs = leaves(hidden, weight), leaves(hidden, weight)
    cross_entropy(*ours, targets, torch.bfloat16).backward()
    plain(*theirs, targets).backward()
    for mine, expected in zip(ours[1].grad, theirs[1].grad, strict=True):
        assert close(mine, expected, 0.1)
