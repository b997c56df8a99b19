"""Penalties for repeating: single tokens, and runs of them."""

import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.writing.sampling.penalties import charge, forbid, newest, penalize, shift
from novelgpt.writing.sampling.runs import completing, dry, matches

few_ids = st.lists(st.integers(0, 3), max_size=40)


@pytest.mark.parametrize(
    ("before", "after"), [(2.0, 1.0), (-2.0, -4.0), (0.0, 0.0), (-torch.inf, -torch.inf)]
)
def test_the_penalty_divides_positive_and_multiplies_negative_logits(before, after):
    logits = torch.tensor([before, 1.0])
    assert penalize(logits, {0}, 2.0).tolist() == [after, 1.0]
    assert logits.tolist() == [before, 1.0]


@given(st.floats(-30, 30, width=32), st.floats(0.5, 2.0))
def test_the_penalty_pulls_down_whatever_the_sign_and_its_inverse_undoes_it(logit, penalty):
    logits = torch.tensor([logit])
    once = penalize(logits, {0}, penalty)
    assert bool(once <= logits) if penalty > 1 else bool(once >= logits)
    assert torch.allclose(penalize(once, {0}, 1 / penalty), logits, rtol=1e-5)


def test_a_neutral_penalty_changes_nothing():
    logits = torch.tensor([1.0, -1.0])
    assert penalize(logits, {0}, 1.0) is penalize(logits, set(), 2.0) is shift(logits, {}) is logits


def test_counts_are_charged_once_for_presence_and_each_time_for_frequency():
    assert charge({7: 3, 8: 1}, 0.5, 0.25) == {7: -1.75, 8: -0.75}


def test_shifts_add_to_the_ids_named_and_leave_what_is_impossible():
    logits = torch.tensor([1.0, 2.0, -torch.inf])
    assert shift(logits, {0: 0.5, 2: 9.0}).tolist() == [1.5, 2.0, -torch.inf]
    assert logits.tolist() == [1.0, 2.0, -torch.inf]


@pytest.mark.parametrize(
    ("ids", "left"),
    [((), [1.0, 2.0, -torch.inf]), ({1}, [1.0, -torch.inf, -torch.inf]), ({0, 1}, [1.0, 2.0, -torch.inf])],
)
def test_forbidding_never_takes_the_last_token(ids, left):
    assert forbid(torch.tensor([1.0, 2.0, -torch.inf]), ids).tolist() == left


@pytest.mark.parametrize(("count", "last"), [(0, []), (2, [2, 3]), (9, [1, 2, 3])])
def test_looking_back_none_sees_none(count, last):
    assert list(newest([1, 2, 3], count)) == last


@pytest.mark.parametrize(
    ("seen", "length", "tokens"),
    [
        ([1, 2, 3, 1, 2], 3, {3}),
        ([1, 2, 3, 1, 2], 4, set()),
        ([1, 2, 3, 1, 2, 4, 1, 2], 3, {3, 4}),
        ([1, 2, 3], 1, {1, 2, 3}),
        ([5, 5, 5], 3, {5}),
        ([1, 2], 3, set()),
        ([1, 2, 1], 0, set()),
        ([], 1, set()),
    ],
)
def test_these_tokens_would_complete_a_run_again(seen, length, tokens):
    assert completing(seen, length) == tokens


@given(few_ids, st.integers(1, 6))
def test_a_token_completes_a_run_if_the_run_then_stands_twice(seen, length):
    def repeats(token):
        whole = [*seen, token]
        runs = [whole[i : i + length] for i in range(len(whole) - length + 1)]
        return len(runs) > 1 and runs[-1] in runs[:-1]

    assert completing(seen, length) == {token for token in range(4) if repeats(token)}


def slow_dry(seen, breakers, multiplier, base, allowed_length):
    """Compare the end with every stretch before it, one token at a time."""
    longest = {}
    for end in range(1, len(seen)):
        length = 0
        while length < end and seen[end - 1 - length] == seen[-1 - length] not in breakers:
            length += 1
        if length >= allowed_length and seen[end] not in breakers:
            longest[seen[end]] = max(longest.get(seen[end], 0), length)
    return {
        token: multiplier * min(base ** (length - allowed_length), 1e4) for token, length in longest.items()
    }


@given(few_ids, st.sets(st.integers(0, 3), max_size=2), st.floats(1, 4), st.integers(1, 5))
def test_dry_is_what_comparing_every_stretch_gives(seen, breakers, base, allowed):
    found = dry(seen, breakers, multiplier=0.8, base=base, allowed_length=allowed)
    assert found == pytest.approx(slow_dry(seen, breakers, 0.8, base, allowed))


def test_dry_in_long_texts_that_nearly_repeat_themselves():
    rng = random.Random(5)
    for _ in range(60):
        phrase = [rng.randrange(7) for _ in range(rng.randrange(1, 30))]
        seen = [token if rng.random() > 0.03 else rng.randrange(7) for token in phrase * 8][
            : rng.randrange(200)
        ]
        found = dry(seen, {6}, multiplier=1.0, base=1.75, allowed_length=2)
        assert found == pytest.approx(slow_dry(seen, {6}, 1.0, 1.75, 2))


def test_dry_costs_more_the_longer_the_run_and_nothing_up_to_the_length_allowed():
    def cost(allowed):
        return dry([1, 2, 3, 4, 9, 1, 2, 3], {9}, multiplier=0.8, base=2.0, allowed_length=allowed)

    assert cost(1) == {4: pytest.approx(3.2)}
    assert cost(2) == {4: pytest.approx(1.6)}
    assert cost(3) == {4: pytest.approx(0.8)}
    assert cost(4) == {}


@pytest.mark.parametrize("seen", [[], [1], [9], [1, 2, 9, 1, 2, 9], [1, 2, 9, 3, 1, 2]])
def test_dry_finds_no_run_across_a_breaker_nor_asks_for_one_to_be_avoided(seen):
    assert dry(seen, {9}, multiplier=0.8, base=1.75, allowed_length=2) == {}


def test_dry_stays_finite_however_long_the_run():
    assert dry([1] * 3000, (), multiplier=10.0, base=4.0, allowed_length=1) == {1: pytest.approx(1e5)}


class Counting(int):
    """An id that counts how often it is compared."""

    compared = 0
    __hash__ = int.__hash__

    def __eq__(self, other):
        Counting.compared += 1
        return int(self) == int(other)


@pytest.mark.parametrize("pattern", [[1], [1, 2], [1, 1, 2], [1, 2, 1, 3]])
def test_runs_are_found_in_time_that_grows_with_the_length_only(pattern):
    counts = []
    for times in (200, 400):
        Counting.compared = 0
        ids = [Counting(token) for token in pattern * times]
        list(matches(ids, len(ids)))
        counts.append(Counting.compared / len(ids))
    assert max(counts) <= 3
