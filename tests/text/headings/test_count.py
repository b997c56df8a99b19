"""The best run of numbers: what is left out, what is kept, and what may begin again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.text.headings.count import Numbered, best_run


def run_of(numbers, *, weight=0.3, parts=None, sure=()):
    """Return the numbers of the best run."""
    entries = [
        Numbered(number, parts[index] if parts else 0, weight, index in sure)
        for index, number in enumerate(numbers)
    ]
    return [numbers[index] for index in best_run(entries)[0]]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([], []),
        ([1, 2, 3], [1, 2, 3]),
        ([0, 1, 2], [0, 1, 2]),
        ([1, 2, 40, 3, 4], [1, 2, 3, 4]),
        ([1, 2, 4, 5], [1, 2, 4, 5]),
        ([1, 2, 2, 3, 4], [1, 2, 3, 4]),
        ([33, 34, 35], [33, 34, 35]),
        ([1, 2, 3, 1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]),
    ],
)
def test_doubtful_numbers_are_counted_where_they_rise(numbers, expected):
    assert run_of(numbers) == expected


def test_a_countdown_is_worth_less_than_its_first_number():
    entries = [Numbered(number, 0, 0.3) for number in (10, 9, 8, 7)]
    assert len(best_run(entries)[0]) == 1


def test_numbers_begin_again_in_a_new_part():
    assert run_of([1, 2, 3, 1, 2, 3], parts=[0, 0, 0, 1, 1, 1]) == [1, 2, 3, 1, 2, 3]


def test_what_is_sure_is_kept_whatever_its_number():
    numbers = [1, 2, 9, 9, 3, 1, 4]
    assert run_of(numbers, weight=0.0, sure=range(len(numbers))) == numbers


def test_a_doubtful_number_fills_the_gap_between_two_sure_ones_and_no_other_place():
    assert run_of([1, 2, 3, 4], weight=-0.2, sure=(0, 1, 3)) == [1, 2, 3, 4]
    assert run_of([1, 2, 3, 3, 4], weight=-0.4, sure=(0, 1, 3, 4)) == [1, 2, 3, 4]
    assert run_of([1, 2, 7, 3, 4], weight=-0.2, sure=(0, 1, 3, 4)) == [1, 2, 3, 4]


def test_a_number_far_behind_a_crowd_still_follows_its_predecessor():
    assert run_of([1, 2, *([50] * 200), 3, 4, 5, 6]) == [1, 2, 3, 4, 5, 6]


ENTRIES = st.builds(Numbered, st.integers(0, 30), st.integers(0, 2), st.floats(-2, 2), st.booleans())


@settings(deadline=None, max_examples=60)
@given(st.lists(ENTRIES, max_size=80))
def test_law_a_run_goes_forward_and_holds_everything_sure(entries):
    run, _ = best_run(entries)
    assert run == sorted(set(run))
    assert {index for index, entry in enumerate(entries) if entry.sure} <= set(run)
    assert bool(run) == bool(entries)
