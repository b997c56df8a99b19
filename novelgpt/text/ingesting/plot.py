"""The chapters of a book → a small drawing of their lengths, so that a swallowed heading or an empty chapter meets the eye."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from novelgpt.text.ingesting.record import Row

MOST_BARS = 240
HEIGHT = 100
STEP = 10
TYPICAL = 0.95
HEADROOM = 1.25


def plot(rows: Sequence[Row]) -> str:
    """Return an SVG with a bar for every chapter, or for every few of a very long book."""
    if not rows:
        return ""
    each = -(-len(rows) // MOST_BARS)
    groups = [rows[start : start + each] for start in range(0, len(rows), each)]
    heights = [sum(row.characters for row in group) / len(group) for group in groups]
    ceiling = max(1.0, HEADROOM * sorted(heights)[int(TYPICAL * (len(heights) - 1))])
    bars = "".join(
        _bar(place, group, min(1.0, height / ceiling))
        for place, (group, height) in enumerate(zip(groups, heights, strict=True))
    )
    width = STEP * len(groups)
    return f'<svg viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none" role="img">{bars}</svg>'


def _bar(place: int, group: Sequence[Row], share: float) -> str:
    height = max(1.0, round(share * HEIGHT, 1))
    first, last = group[0], group[-1]
    title = first.title if first is last else f"{first.title} – {last.title}"
    characters = sum(row.characters for row in group)
    return (
        f'<rect class={first.kind} x="{place * STEP}" y="{HEIGHT - height:g}" width="{STEP - 2}" height="{height:g}">'
        f"<title>{escape(title)} ({characters:,})</title></rect>"
    )
