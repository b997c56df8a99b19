import pytest
import torch
import torch.nn.functional as F

from novelgpt.model.loss import ROWS_AT_ONCE, cross_entropy


@pytest.mark.parametrize("rows", [1, 7, ROWS_AT_ONCE, ROWS_AT_ONCE + 3])
@pytest.mark.parametrize("pieces", [5, 256, 700])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_value_and_gradients_are_those_of_the_plain_way(
    rows: int, pieces: int, dtype: torch.dtype, tolerance: float
) -> None:
    random = torch.Generator().manual_seed(rows * pieces)
    hidden = torch.randn(rows, 16, generator=random)
    weight = torch.randn(pieces, 16, generator=random) * 0.3
    targets = torch.randint(0, pieces, (rows,), generator=random)
    ours = [hidden.clone().requires_grad_(), weight.clone().requires_grad_()]
    plain = [hidden.clone().requires_grad_(), weight.clone().requires_grad_()]
    loss = cross_entropy(ours[0], ours[1], targets, dtype)
    expected = F.cross_entropy(plain[0] @ plain[1].T, targets)
    (2 * loss).backward()
    (2 * expected).backward()
    assert loss.item() == pytest.approx(expected.item(), rel=tolerance)
    for mine, theirs in zip(ours, plain, strict=True):
        assert (mine.grad - theirs.grad).norm() <= tolerance * theirs.grad.norm()


def test_without_gradients_the_value_is_the_same() -> None:
    hidden, weight = torch.randn(9, 4), torch.randn(30, 4)
    targets = torch.arange(9)
    with torch.no_grad():
        quiet = cross_entropy(hidden, weight, targets, torch.float32)
    assert torch.equal(quiet, cross_entropy(hidden.requires_grad_(), weight, targets, torch.float32).detach())
