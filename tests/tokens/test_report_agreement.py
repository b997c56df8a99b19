from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.tokens.agreement import Agreement, agreement

TEXT = "雨停了\n他过河"


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (["雨", "停了", "\n", "他", "过河"], ["雨", "停了", "\n", "他", "过河"], Agreement(2, 2, 2)),
        (["雨停了", "\n", "他", "过河"], ["雨", "停了", "\n", "他", "过河"], Agreement(1, 2, 1)),
        (["雨停", "了", "\n", "他过", "河"], ["雨", "停了", "\n", "他", "过河"], Agreement(2, 2, 0)),
        ([*TEXT], ["雨停了\n他过河"], Agreement(4, 0, 0)),
    ],
)
def test_boundaries_are_compared_by_offset(ours: list[str], theirs: list[str], expected: Agreement) -> None:
    assert agreement(TEXT, ours, theirs) == expected


def test_a_piece_across_a_newline_sets_no_boundary_beside_it() -> None:
    assert agreement("好。\n他", ["好", "。\n", "他"], ["好", "。", "\n", "他"]) == Agreement(1, 1, 1)


def test_the_three_rates_of_a_known_case() -> None:
    found = Agreement(ours=4, theirs=5, both=3)
    assert (found.precision, found.recall) == (0.75, 0.6)
    assert found.f1 == pytest.approx(2 * 0.75 * 0.6 / 1.35)


def test_agreements_add_up() -> None:
    assert Agreement(4, 5, 3) + Agreement(1, 0, 0) == Agreement(5, 5, 3)


def test_where_nobody_sets_a_boundary_all_agree() -> None:
    assert agreement("雨", ["雨"], ["雨"]).f1 == 1.0


def test_pieces_of_another_text_are_refused() -> None:
    with pytest.raises(ValueError, match="join"):
        agreement("雨停", ["雨", "停"], ["雨"])


@st.composite
def cut_text(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    text = draw(st.text("雨停了。\n", max_size=30))
    cuts = [sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)) | {0, len(text)}) for _ in range(2)]
    first, second = ([text[a:b] for a, b in pairwise(ends)] for ends in cuts)
    return text, first, second


@settings(deadline=None, max_examples=60)
@given(cut_text())
def test_agreement_with_itself_is_whole_and_turning_it_round_swaps_precision_and_recall(
    case: tuple[str, list[str], list[str]],
) -> None:
    text, ours, theirs = case
    assert agreement(text, ours, ours).f1 == 1.0
    there, back = agreement(text, ours, theirs), agreement(text, theirs, ours)
    assert (there.precision, there.recall, there.f1) == (back.recall, back.precision, back.f1)
