"""Lines that a machine broke at a fixed width → which line continues which.

Law: lines are joined only where the shape of the lines around proves a width: full lines end in mid-sentence, hardly a
line is longer, shorter ones end as paragraphs do. Verse, headings and speeches keep their lines.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

INDENT = " \t\u3000\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
_ENDS = '。！？…”」』’!?."：:；;—）)】*＊~～'
_OPENS = frozenset('“「『‘"（(【《*＊')
_INNER = frozenset("，。、；,")
_WINDOW = 300
_FEWEST = 6
_NARROWEST, _WIDEST = 14, 90


@dataclass(frozen=True)
class Page:
    """A stretch of non-blank lines: where they stand, what they say, what stands before each."""

    places: list[int]
    texts: list[str]
    indents: NDArray[np.float64]
    gaps: NDArray[np.int64]
    apart: NDArray[np.bool_]


def continued(
    lines: Sequence[str], raw: Sequence[str], removed: Collection[int], apart: Collection[int]
) -> list[int]:
    """Return the positions of lines that continue the non-blank line above them."""
    places = [place for place, line in enumerate(lines) if line]
    if len(places) < _FEWEST:
        return []
    unended = _unended(lines, places)
    gone, kept_apart = frozenset(removed), frozenset(apart)
    found: list[int] = []
    for start, end in _windows(len(places)):
        if 4 * int(unended[start:end].sum()) >= end - start:
            page = _page(lines, raw, places[start : min(end + 1, len(places))], gone, kept_apart)
            found += _joins(page, unended[start : start + len(page.places)])
    return found


def _windows(count: int) -> list[tuple[int, int]]:
    """Cut so many lines into windows of a like size."""
    pieces = max(1, round(count / _WINDOW))
    return [(count * piece // pieces, count * (piece + 1) // pieces) for piece in range(pieces)]


def _unended(lines: Sequence[str], places: list[int]) -> NDArray[np.bool_]:
    """Say of each line whether it stops in mid-sentence."""
    lasts = "".join([lines[place][-1] for place in places])
    codes = np.frombuffer(lasts.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return ~np.isin(codes, np.array([ord(mark) for mark in _ENDS], dtype=np.uint32))


def _page(
    lines: Sequence[str],
    raw: Sequence[str],
    places: list[int],
    removed: frozenset[int],
    apart: frozenset[int],
) -> Page:
    indents = [_indent(raw[place]) for place in places]
    gaps = [0] + [
        sum(place not in removed for place in range(above + 1, below)) for above, below in pairwise(places)
    ]
    return Page(
        places,
        [lines[place] for place in places],
        np.array(indents),
        np.array(gaps),
        np.array([place in apart for place in places]),
    )


def _joins(page: Page, unended: NDArray[np.bool_]) -> list[int]:
    """Return the places of a page's lines that continue the line above."""
    widths = np.array([_width(text) for text in page.texts]) + page.indents
    full = _full(page, widths, unended & ~page.apart)
    if full is None:
        return []
    can = full[:-1] & ~page.apart[:-1] & ~page.apart[1:]
    sure = can & unended[:-1]
    if not sure.any():
        return []
    starts = (page.indents[1:] > np.median(page.indents[1:][sure])) | (
        page.gaps[1:] > np.median(page.gaps[1:][sure])
    )
    if starts.mean() >= 0.04:
        chosen = can & ~starts
    else:
        flows = np.array([_flows(above, below) for above, below in pairwise(page.texts)])
        edge = np.percentile(widths[:-1][sure], [15, 50])
        chosen = can & flows & (widths[:-1] >= np.where(unended[:-1], edge[0] - 0.5, edge[1]))
    return [page.places[index + 1] for index in np.flatnonzero(chosen)]


def _full(page: Page, widths: NDArray[np.float64], unended: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return which lines reach the width the page was broken at, or None if nothing proves one."""
    broken = widths[unended]
    if len(broken) < _FEWEST:
        return None
    top = float(np.percentile(broken, 95))
    low = top - (4.5 if top >= 30 else 2.5)
    if not _NARROWEST <= top <= _WIDEST or np.mean((broken >= low) & (broken <= top + 1.5)) < 0.8:
        return None
    full, longer = (widths >= low) & (widths <= top + 1.5), widths > top + 1.5
    short = ~full & ~longer & ~page.apart
    prose = np.mean(
        [not _INNER.isdisjoint(text) for text, is_full in zip(page.texts, full, strict=True) if is_full]
    )
    proven = (
        longer.mean() <= 0.03
        and full.mean() >= 0.3
        and unended[full].mean() >= 0.6
        and prose >= 0.6
        and (not short.any() or unended[short].mean() <= 0.4)
    )
    return full if proven else None


def _width(text: str) -> float:
    """Return how wide a line is, in Han characters."""
    if text.isascii():
        return len(text) / 2
    return len(text) - sum(map(str.isascii, text)) / 2


def _indent(line: str) -> float:
    """Return how far a line is indented, in Han characters."""
    if not line or line[0] not in INDENT:
        return 0.0
    return _width(line[: len(line) - len(line.lstrip(INDENT))])


def _flows(above: str, below: str) -> bool:
    """Say whether a full line flows on into the next, where neither indents nor blanks tell paragraphs apart."""
    if above[-1] not in _ENDS or above[-1] in "：:；;—":
        return True
    return above[-1] in "。！？!?…." and below[0] not in _OPENS
