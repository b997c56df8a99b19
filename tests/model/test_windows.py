from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.errors import TooLittleText
from novelgpt.model.windows import Windows, held_out_windows
from novelgpt.tokens.token_files import Split


def split_of(lengths: list[int]) -> Split:
    """Return chapters of these lengths whose tokens are all different, so that a window says where it comes from."""
    total = sum(lengths)
    return Split(np.arange(total, dtype=np.uint32), np.cumsum([0, *lengths]), total)


def batches_as_they_were(
    split: Split, length: int, batch_size: int, seed: int, steps: int
) -> list[np.ndarray]:
    """The arithmetic of the first release, kept here: runs begun with it must resume on the same data."""
    total = len(split.tokens)
    slack = min(length, total - length)
    count = max(1, (total - length) // length)
    size = min(batch_size, count)
    found = []
    for step in range(steps):
        epoch, place = divmod(step, count // size)
        random = np.random.RandomState([seed, epoch])
        order = random.permutation(len(split.offsets) - 1)
        stream = np.concatenate([split.tokens[split.offsets[i] : split.offsets[i + 1]] for i in order])
        starts = random.permutation(random.randint(slack) + length * np.arange(count))
        chosen = starts[place * size : (place + 1) * size]
        found.append(np.stack([stream[start : start + length + 1] for start in chosen]))
    return found


CHAPTERS = st.lists(st.integers(2, 60), min_size=1, max_size=12)


@settings(deadline=None, max_examples=60)
@given(CHAPTERS, st.integers(1, 16), st.integers(1, 5), st.integers(0, 2**31 - 1))
def test_without_a_stride_the_batches_are_those_of_the_first_release(
    lengths: list[int], length: int, batch_size: int, seed: int
) -> None:
    split = split_of(lengths)
    if sum(lengths) <= length:
        with pytest.raises(TooLittleText):
            Windows(split, length, batch_size, seed)
        return
    windows = Windows(split, length, batch_size, seed)
    for step, former in enumerate(batches_as_they_were(split, length, batch_size, seed, steps=7)):
        inputs, targets = windows.batch(step)
        assert inputs.tolist() == former[:, :-1].tolist()
        assert targets.tolist() == former[:, 1:].tolist()


@settings(deadline=None, max_examples=60)
@given(
    CHAPTERS,
    st.integers(1, 16),
    st.integers(1, 40),
    st.integers(1, 5),
    st.lists(st.integers(0, 50), max_size=5),
)
def test_a_batch_depends_on_the_step_and_on_nothing_read_before(
    lengths: list[int], length: int, stride: int, batch_size: int, steps: list[int]
) -> None:
    split = split_of([*lengths, length])
    used = Windows(split, length, batch_size, 3, stride)
    for step in steps:
        fresh = Windows(split, length, batch_size, 3, stride)
        assert torch.equal(used.batch(step)[0], fresh.batch(step)[0])
        assert used.batch(step)[0].shape == (used.batch_size, length)


@pytest.mark.parametrize("stride", [1, 3, 8, 16, 40])
def test_windows_begin_a_stride_apart_and_none_comes_twice_in_an_epoch(stride: int) -> None:
    windows = Windows(split_of([200]), 16, 2, seed=5, stride=stride)
    starts = sorted(
        row[0] for step in range(windows.batches_per_epoch) for row in windows.batch(step)[0].tolist()
    )
    assert len(starts) == windows.batches_per_epoch * windows.batch_size >= (200 - 16) // stride - 1
    gaps = {after - before for before, after in pairwise(starts)}
    assert gaps <= {stride, 2 * stride}  # an odd window at most is left to the next epoch
    assert starts[-1] + 16 < 200


def test_half_a_stride_gives_twice_the_windows() -> None:
    whole, halves = (Windows(split_of([1000]), 50, 1, 1, stride) for stride in (None, 25))
    assert halves.count == 2 * whole.count


def test_targets_are_the_inputs_one_token_on() -> None:
    inputs, targets = Windows(split_of([100]), 16, 2, 1, stride=4).batch(3)
    assert torch.equal(inputs + 1, targets)


def test_held_out_windows_are_spread_and_always_the_same() -> None:
    split = split_of([1000])
    first, again = (held_out_windows(split, 10, most=5) for _ in range(2))
    assert [window[0].item() for window in first] == [0, 240, 490, 730, 980]
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
