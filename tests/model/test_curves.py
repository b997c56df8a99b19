import math
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.model.reporting.curves import (
    Axis,
    Chart,
    Line,
    decade_ticks,
    label,
    picture,
    round_ticks,
    smooth,
    step_axis,
    thin,
    value_axis,
)

HEIGHTS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400)


def curve(heights: list[float]) -> list[tuple[float, float]]:
    return [(float(step), height) for step, height in enumerate(heights, start=1)]


@given(HEIGHTS, st.integers(4, 60))
@settings(deadline=None, max_examples=50)
def test_thinning_keeps_the_ends_and_the_extremes_in_order(heights: list[float], most: int) -> None:
    points = curve(heights)
    kept = thin(points, most)
    assert len(kept) <= most
    assert set(kept) <= set(points)
    assert kept == sorted(kept)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert {min(heights), max(heights)} <= {height for _, height in kept}


def test_a_single_spike_in_a_hundred_thousand_steps_is_not_lost() -> None:
    heights = [4.0] * 100_000
    heights[70_001] = 99.0
    assert (70_002.0, 99.0) in thin(curve(heights))
    assert len(thin(curve(heights))) <= 600


@given(HEIGHTS)
@settings(deadline=None, max_examples=50)
def test_smoothing_stays_between_the_extremes(heights: list[float]) -> None:
    room = 1e-6 * (1 + max(map(abs, heights)))
    smoothed = smooth(curve(heights))
    assert [step for step, _ in smoothed] == [step for step, _ in curve(heights)]
    assert all(min(heights) - room <= height <= max(heights) + room for _, height in smoothed)


def test_smoothing_leaves_a_straight_line_where_it_is() -> None:
    heights = [3.0 * step for step in range(500)]
    assert [height for _, height in smooth(curve(heights))] == pytest.approx(heights)


def test_smoothing_takes_noise_away() -> None:
    heights = [5.0 + (-1) ** step for step in range(1000)]
    middle = [height for _, height in smooth(curve(heights))[100:900]]
    assert all(abs(height - 5.0) < 0.1 for height in middle)


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
@settings(deadline=None, max_examples=50)
def test_ticks_are_few_round_and_inside(low: float, span: float) -> None:
    high = low + span
    if high - low < 1e-9 * max(abs(low), 1e-9) * 1e3:
        return  # no room between neighbouring floats
    ticks = round_ticks(low, high)
    assert 1 <= len(ticks) <= 7
    assert all(low - 1e-6 * span <= tick <= high + 1e-6 * span for tick in ticks)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0, 1600, [0, 500, 1000, 1500]),
        (5.1, 5.3, [5.1, 5.15, 5.2, 5.25, 5.3]),
    ],
)
def test_ticks_a_person_would_choose(low: float, high: float, ticks: list[float]) -> None:
    assert round_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (60, 600, [100, 200, 500]),
        (1, 1e6, [10.0**power for power in range(7)]),
        (41, 43, [41, 41.5, 42, 42.5, 43]),
    ],
)
def test_logarithmic_ticks(low: float, high: float, ticks: list[float]) -> None:
    assert decade_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (0.0005, "0.0005"),
        (0.00002, "2e-5"),
        (2.5, "2.5"),
        (1500, "1500"),
        (20_000, "20k"),
        (3e7, "3e7"),
    ],
)
def test_labels_are_short(value: float, said: str) -> None:
    assert label(value) == said


def test_an_axis_puts_what_lies_beyond_on_the_edge() -> None:
    assert [Axis(2, 4).share(value) for value in (1, 2, 3, 4, 9)] == [0, 0, 0.5, 1, 1]
    assert Axis(1, 100, logarithmic=True).share(10) == pytest.approx(0.5)


def test_the_value_axis_holds_the_curve_but_not_a_lone_spike() -> None:
    heights = [4 + math.sin(step / 50) for step in range(2000)]
    chart = Chart("loss", [Line("training", "blue", curve([*heights[:900], 1e6, *heights[900:]]))])
    axis = value_axis(chart)
    assert axis.low < 3.1
    assert 5 < axis.high < 6


@pytest.mark.parametrize("heights", [[5.0], [0.0], [0.0, 0.0], [-3.0, -3.0]])
def test_a_flat_curve_has_an_axis_too(heights: list[float]) -> None:
    axis = value_axis(Chart("loss", [Line("training", "blue", curve(heights))]))
    assert axis.low <= heights[0] <= axis.high
    assert axis.low < axis.high
    assert axis.ticks


def charts(heights: list[float]) -> list[Chart]:
    points = curve(heights)
    return [
        Chart("loss", [Line("", "blue", points, "raw"), Line("training", "blue", smooth(points)), Line("unigram", "soft", [(0.0, 6.0), (9.0, 6.0)], "level")]),
        Chart("bits", [Line("held_out", "red", points[::10], "dots")], best=points[-1]),
        Chart("perplexity", [], logarithmic=True),
        Chart("speed", [Line("", "green", points)]),
    ]  # fmt: skip


def test_the_picture_has_a_panel_for_every_chart_that_is_not_empty() -> None:
    from PIL import Image

    image = Image.open(BytesIO(picture(charts([9 - step / 20 for step in range(100)]))))
    assert image.size == (1440, 600)
    lower_right = image.crop((730, 310, 1440, 600)).getcolors()
    assert lower_right is not None
    assert len(lower_right) == 1  # the fourth place is blank
    blue = sum(count for count, colour in image.getcolors(1_000_000) or [] if colour == (74, 107, 138))
    assert blue > 100


def test_the_picture_is_a_pure_function_and_shows_the_data() -> None:
    rising, falling = [float(step) for step in range(50)], [50.0 - step for step in range(50)]
    assert picture(charts(rising)) == picture(charts(rising))
    assert picture(charts(rising)) != picture(charts(falling))


def test_charts_without_a_point_make_a_blank_picture() -> None:
    assert picture([]).startswith(b"\x89PNG")
    assert step_axis([]).high == 1
