"""Curves of a run → fewer points, smoother lines, axes with round numbers, and a picture of all of them.

Laws: `thin` keeps the first and the last point and whatever is highest or lowest, so no spike is lost on the way to
paper; `smooth` of a constant is that constant; ticks are round and lie within the range.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import accumulate
from typing import Any

from novelgpt.messages import translate
from novelgpt.model.running.records import Point

MOST_POINTS = 600
"""Points of a curve on paper: about one for every two columns of a wide screen."""

_SMOOTHED_OVER = 40
"""A smoothed value is a mean over one part in so many of the curve."""
_TICKS = 5
_HEADROOM = 0.05
_NEAR_NOTHING = 0.2
"""An axis whose lowest value is so small a part of the highest begins at nothing."""
_EXTREME = 0.002
"""The share of points that may lie beyond the axis: a single spike would flatten everything else."""


@dataclass(frozen=True)
class Line:
    """A curve in one colour: `style` is `raw` (faint), `line`, `dots` or `level` (a dashed height).

    `name` is the last part of its key in the catalogue (`run_report.line.…`); a chart's only curve needs none.
    """

    name: str
    colour: str
    points: Sequence[Point]
    style: str = "line"


@dataclass(frozen=True)
class Chart:
    """Curves over the steps that share a unit and an axis; `kind` names its title and unit in the catalogue."""

    kind: str
    lines: Sequence[Line]
    logarithmic: bool = False
    best: Point | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(line.points for line in self.lines if line.style != "level")


@dataclass(frozen=True)
class Axis:
    """A range of numbers on a side of the paper, with its ticks."""

    low: float
    high: float
    ticks: Sequence[float] = field(default_factory=tuple)
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """Return where `value` lies, 0 at the low end and 1 at the high one; what lies beyond is put on the edge."""
        low, high, at = self.low, self.high, value
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(max(value, self.low))
        return min(1.0, max(0.0, (at - low) / (high - low)))


def thin(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """Return at most about `most` of the points: of every stretch its lowest and its highest."""
    if len(points) <= most:
        return list(points)
    stretches = max(1, (most - 2) // 2)
    heights, kept = [height for _, height in points], {0, len(points) - 1}
    for number in range(stretches):
        start, end = number * len(points) // stretches, (number + 1) * len(points) // stretches
        kept |= {heights.index(extreme(heights[start:end]), start) for extreme in (min, max)}
    return [points[place] for place in sorted(kept)]


def smooth(points: Sequence[Point]) -> list[Point]:
    """Return a mean over as many neighbours on either side, so that the line does not lag; fewer near the ends."""
    reach, last = len(points) // _SMOOTHED_OVER // 2, len(points) - 1
    sums = [0.0, *accumulate(value for _, value in points)]
    result = []
    for place, (step, _) in enumerate(points):
        side = min(reach, place, last - place)
        result.append((step, (sums[place + side + 1] - sums[place - side]) / (2 * side + 1)))
    return result


def step_axis(charts: Sequence[Chart]) -> Axis:
    """Return the axis of steps that all charts share."""
    last = max((line.points[-1][0] for chart in charts for line in chart.lines if line.points), default=1)
    return Axis(0.0, max(1.0, last), [tick for tick in round_ticks(0, max(1.0, last)) if tick == int(tick)])


def value_axis(chart: Chart) -> Axis:
    """Return the axis that fits a chart's values."""
    values = sorted(value for line in chart.lines for _, value in line.points)
    # a handful of spikes in a thousand steps may leave the paper, but neither the last value nor the levels
    beyond = int(len(values) * _EXTREME)
    low, high = values[beyond], values[-1 - beyond]
    if chart.logarithmic and low > 0:
        low, high = low / 1.1, high * 1.1
        return Axis(low, high, decade_ticks(low, high), logarithmic=True)
    room = (high - low) * _HEADROOM or abs(high) * _HEADROOM or 1.0
    low = 0.0 if 0 <= low < high * _NEAR_NOTHING else low - room
    return Axis(low, high + room, round_ticks(low, high + room))


def round_ticks(low: float, high: float) -> list[float]:
    """Return a few round numbers between two others: multiples of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def decade_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times powers of ten in a range; where there are many, only the powers; where none, round ones."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for times in ((1, 2, 5), (1,)):
        ticks = [10.0**power * factor for power in powers for factor in times]
        within = [tick for tick in ticks if low <= tick <= high]
        if len(within) <= _TICKS + 2:
            break
    return within if len(within) > 1 else round_ticks(low, high)


def label(value: float) -> str:
    """Return a tick as short as it can be said."""
    if value and (abs(value) < 0.001 or abs(value) >= 10_000_000):
        return f"{value:.2g}".replace("e-0", "e-").replace("e+0", "e")
    if abs(value) >= 10_000:
        return f"{value / 1000:g}k"
    return f"{value:.10g}" if abs(value) >= 1 else f"{value:.4g}"


_WIDE, _HIGH, _MARGIN = 720, 300, 24
_COLOURS = {
    "paper": "#fffdf8",
    "ink": "#2b2621",
    "soft": "#7a7066",
    "grid": "#e4dccd",
    "blue": "#4a6b8a",
    "red": "#a8322a",
    "gold": "#b9852f",
    "green": "#6f8f72",
}
_SHARP = 2
"""The picture is drawn so many times larger and then made smaller, which softens its edges."""


def picture(charts: Sequence[Chart]) -> bytes:
    """Return a PNG with two charts in a row, in English: no other letters come with Pillow."""
    from PIL import Image, ImageDraw

    drawn = [chart for chart in charts if not chart.is_empty]
    rows = max(1, -(-len(drawn) // 2))
    size = (2 * _WIDE * _SHARP, rows * _HIGH * _SHARP)
    image = Image.new("RGB", size, _COLOURS["paper"])
    pen, steps = ImageDraw.Draw(image), step_axis(drawn)
    for place, chart in enumerate(drawn):
        corner = (place % 2 * _WIDE, place // 2 * _HIGH)
        _Panel(pen, corner, steps, value_axis(chart)).draw(chart)
    stream = BytesIO()
    image.reduce(_SHARP).save(stream, "PNG")
    return stream.getvalue()


class _Panel:
    """One chart's place in the picture."""

    def __init__(self, pen: Any, corner: tuple[int, int], steps: Axis, values: Axis) -> None:
        from PIL import ImageFont

        self.pen, self.steps, self.values = pen, steps, values
        self.left, self.top = corner[0] + 76, corner[1] + 44
        self.right, self.bottom = corner[0] + _WIDE - _MARGIN, corner[1] + _HIGH - 34
        self.title_at = (corner[0] + _MARGIN, corner[1] + 14)
        self.font = ImageFont.load_default(13 * _SHARP)
        self.title_font = ImageFont.load_default(16 * _SHARP)

    def draw(self, chart: Chart) -> None:
        title, unit = (translate(f"run_report.{part}.{chart.kind}", "en") for part in ("chart", "unit"))
        self._write(self.title_at, f"{title} ({unit})", "ink", "la", self.title_font)
        for tick in self.values.ticks:
            y = self._y(tick)
            self._stroke([(self.left, y), (self.right, y)], "grid", 1)
            self._write((self.left - 8, y), label(tick), "soft", "rm", self.font)
        for tick in self.steps.ticks:
            self._write((self._x(tick), self.bottom + 8), label(tick), "soft", "ma", self.font)
        for line in chart.lines:
            self._line(line)
        if chart.best:
            self._dot(chart.best, "red", 5)

    def _line(self, line: Line) -> None:
        points = thin(line.points)
        if line.style == "dots":
            for point in points:
                self._dot(point, line.colour, 3)
        if line.style == "level":
            self._dashes(points[0][1], line.colour)
        elif len(points) > 1:
            place = [(self._x(step), self._y(value)) for step, value in points]
            self._stroke(place, line.colour, 1 if line.style == "raw" else 2, faint=line.style == "raw")

    def _dashes(self, value: float, colour: str) -> None:
        y = self._y(value)
        for x in range(self.left, self.right - 6, 12):
            self._stroke([(x, y), (x + 6, y)], colour, 1)

    def _x(self, step: float) -> float:
        return self.left + self.steps.share(step) * (self.right - self.left)

    def _y(self, value: float) -> float:
        return self.bottom - self.values.share(value) * (self.bottom - self.top)

    def _stroke(
        self, place: Sequence[tuple[float, float]], colour: str, width: int, *, faint: bool = False
    ) -> None:
        at = [(x * _SHARP, y * _SHARP) for x, y in place]
        self.pen.line(
            at, fill=_pale(colour) if faint else _COLOURS[colour], width=width * _SHARP, joint="curve"
        )

    def _dot(self, point: Point, colour: str, radius: int) -> None:
        x, y = self._x(point[0]), self._y(point[1])
        around = [(x - radius) * _SHARP, (y - radius) * _SHARP, (x + radius) * _SHARP, (y + radius) * _SHARP]
        self.pen.ellipse(around, fill=_COLOURS[colour])

    def _write(self, at: tuple[float, float], text: str, colour: str, anchor: str, font: Any) -> None:
        self.pen.text((at[0] * _SHARP, at[1] * _SHARP), text, fill=_COLOURS[colour], anchor=anchor, font=font)


def _pale(colour: str) -> tuple[int, ...]:
    """Mix a colour with the paper, two parts in three."""
    pairs = zip(_rgb(_COLOURS[colour]), _rgb(_COLOURS["paper"]), strict=True)
    return tuple((ink + 2 * paper) // 3 for ink, paper in pairs)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))
