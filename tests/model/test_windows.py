import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.errors import TooLittleText
from novelgpt.model.learning.windows import SHORTEST, Windows, held_out_windows
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
    split = split_of([*lengths, length])  # more than one window, as it had to be then
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


@settings(deadline=None, max_examples=50)
@given(
    CHAPTERS,
    st.integers(1, 12),
    st.integers(1, 6),
    st.integers(0, 9),
    st.lists(st.integers(0, 6), max_size=4),
)
def test_slices_of_a_step_join_to_the_whole_batch(
    lengths: list[int], length: int, batch_size: int, step: int, cuts: list[int]
) -> None:
    windows = Windows(split_of([*lengths, length]), length, batch_size, seed=2)
    whole = windows.batch(step)
    borders = [0, *sorted(cut for cut in cuts if cut <= windows.batch_size), windows.batch_size]
    parts = [windows.batch(step, slice(begin, end)) for begin, end in pairwise(borders)]
    for side in (0, 1):
        assert torch.equal(torch.cat([part[side] for part in parts]), whole[side])


@settings(deadline=None, max_examples=50)
@given(CHAPTERS, st.integers(1, 12), st.integers(1, 6), st.integers(0, 3))
def test_every_window_comes_once_in_an_epoch_and_its_chapters_are_whole(
    lengths: list[int], length: int, batch_size: int, epoch: int
) -> None:
    split = split_of([*lengths, length])
    windows = Windows(split, length, batch_size, seed=7)
    steps = range(epoch * windows.batches_per_epoch, (epoch + 1) * windows.batches_per_epoch)
    rows = [row for step in steps for row in windows.batch(step)[0].tolist()]
    tokens = [token for row in rows for token in row]
    assert len(rows) == windows.batches_per_epoch * windows.batch_size > windows.count - windows.batch_size
    assert len(set(tokens)) == len(tokens)  # without a stride no token is read twice
    ends = set(split.offsets[1:].tolist())
    for row in rows:
        assert all(after == before + 1 or before + 1 in ends for before, after in pairwise(row))


def test_chapters_are_shuffled_and_cut_anew_in_every_epoch() -> None:
    windows = Windows(split_of([50] * 20), 16, 4, seed=1)
    steps = windows.batches_per_epoch
    epochs = [
        {tuple(row) for step in range(e * steps, (e + 1) * steps) for row in windows.batch(step)[0].tolist()}
        for e in range(3)
    ]
    assert len(epochs[0] | epochs[1] | epochs[2]) > 2.5 * len(epochs[0])


@pytest.mark.parametrize("total", [SHORTEST + 1, 30, 100])
def test_a_text_shorter_than_a_window_is_learnt_in_a_shorter_one(total: int) -> None:
    windows = Windows(split_of([total - 4, 4]), 512, 8, seed=1)
    assert windows.context_length == total - 1
    assert (windows.batch_size, windows.batches_per_epoch) == (1, 1)
    for step in range(4):
        inputs, targets = windows.batch(step)
        assert sorted([*inputs[0].tolist(), targets[0, -1].item()]) == list(range(total))


@pytest.mark.parametrize("total", [0, 1, SHORTEST])
def test_a_text_of_a_few_words_is_refused(total: int) -> None:
    with pytest.raises(TooLittleText):
        Windows(split_of([total]), 512, 8, seed=1)


def test_the_hash_of_an_epoch_tells_every_difference_of_order() -> None:
    def hashes(
        lengths: list[int], length: int = 16, batch_size: int = 2, seed: int = 1, stride: int = 16
    ) -> str:
        return Windows(split_of(lengths), length, batch_size, seed, stride).epoch_hash(3)

    lengths = [40, 60, 80]
    others = [
        hashes([60, 40, 80]),
        hashes([40, 60, 81]),
        hashes(lengths, length=15),
        hashes(lengths, batch_size=3),
        hashes(lengths, seed=2),
        hashes(lengths, stride=15),
        Windows(split_of(lengths), 16, 2, 1, 16).epoch_hash(4),
    ]
    assert hashes(lengths) == hashes(lengths)
    assert len({hashes(lengths), *others}) == 1 + len(others)


def test_asking_for_a_hash_changes_no_batch() -> None:
    windows, asked = (Windows(split_of([200]), 16, 2, seed=1) for _ in range(2))
    asked.batch(0)
    asked.epoch_hash(9)
    assert torch.equal(windows.batch(1)[0], asked.batch(1)[0])


def test_memory_holds_the_order_and_not_the_text() -> None:
    split = Split(np.zeros(4_000_000, dtype=np.uint16), np.arange(0, 4_000_001, 4000), 4_000_000)
    windows = Windows(split, 512, 8, seed=1)
    tracemalloc.start()
    windows.batch(0)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_000_000


def test_held_out_windows_are_spread_and_always_the_same() -> None:
    split = split_of([1000])
    first, again = (held_out_windows(split, 10, most=5) for _ in range(2))
    assert [window[0].item() for window in first] == [0, 240, 490, 730, 980]
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
