"""Candidates → the ways a book can be read: counted in units, by bare numbers, by marks or stems, or by titles alone.

Goes in: candidates of one kind and the page. Comes out: those that would be headings if the book were read so.
Law: a reading is believed only where its chapters cover the book, have bodies, and are of comparable length.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from novelgpt.text.headings.contents import listed_orders, without_quotations
from novelgpt.text.headings.count import Numbered, best_run
from novelgpt.text.headings.heading import LONGEST_TITLE, RANKS, VOLUME_RANK, Heading
from novelgpt.text.headings.layout import Candidate, Line, Page

LEAST_COVERED = 0.5
MOST_UNEVEN = 8
LONG_RUN = 5
"""A count that begins late, as in the second half of a book, must go on for so long to be believed."""
RUN_WITH_A_TYPO = 25
"""In so many numbers one may be printed wrong."""
LEAST_WORTH = 1.0
MOST_UNLIKE = 3
BRACKETS = frozenset("【〖〔《-—·")
LEAST_CHARACTERS = 24

_OF_A_TITLE = re.compile(
    r"《[^》]{1,40}》(?:.{0,12}(?:著|作|撰).{0,4})?$|(?:书名|書名|作者|著者|译者)\s?[:：]"
)
_NO_HEADING = re.compile(r"[。，；：！？…”、,;:!?—－\-*＊=_~]$")
_HAN = re.compile("[\u3400-\u9fff]")


def unit_run(units: list[Candidate], page: Page) -> list[Candidate]:
    """Keep the firm ones that stand out; of the others those that explain the numbers of their unit best."""
    units = _without_odd_lists(units, page)
    sure = {c.order for c in units if _is_sure(c, page)}
    sure_units = {c.heading.unit for c in units if c.order in sure}
    vouching = [unit for unit in sure_units if RANKS[unit] < VOLUME_RANK]
    kept: list[Candidate] = []
    for unit in sorted({c.heading.unit for c in units}, key=lambda unit: -RANKS[unit]):
        group = [c for c in units if c.heading.unit == unit]
        if unit in sure_units or not (vouching if RANKS[unit] < VOLUME_RANK else sure_units):
            higher = sorted(c.order for c in kept if RANKS[c.heading.unit] > RANKS[unit])
            kept += _counted(group, sure, higher, page)
    return without_quotations(sorted(kept, key=lambda candidate: candidate.order), page.lines)


def label_run(labels: Sequence[Candidate], units: Sequence[Candidate], page: Page) -> list[Candidate]:
    """Return the labels if the book counts its chapters by them: of all styles the one that explains it best."""
    volumes = [c.order for c in units if c.heading.rank >= VOLUME_RANK]
    chapters = [c for c in units if c.heading.rank < VOLUME_RANK]
    best: list[Candidate] = []
    best_score = 0.0
    for group in _styles(labels):
        run = _labelled(group, volumes, page)
        score = len(run) * _covered(run, page) * (0.8 if group[0].heading.family == "mark" else 1)
        if score > best_score and _is_believable(run, volumes, page):
            best, best_score = run, score
    if len(chapters) > 1 and (is_even(chapters, page) or len(best) < 3 * len(chapters)):
        return []
    return best


def unlabelled(page: Page, numbered: Sequence[Candidate], taken: set[int]) -> list[Candidate]:
    """Return titles without a number, in a book that proves the habit: short lines that stand alone beyond doubt."""
    if not page.indents_all and (numbered or not page.is_dense):
        return []
    is_alone = page.is_alone if page.indents_all else page.is_between_blanks
    repeated = Counter(line.text for line in page.lines if line.outdented)
    untitled = {c.order + 1 for c in numbered if not c.heading.titled}
    found = [
        Candidate(order, line, Heading("word", "", None, firm=True))
        for order, line in enumerate(page.lines)
        if is_alone(line)
        and order not in taken
        and order not in untitled  # 第一章 on one line and its title on the next
        and repeated[line.text] < 3
        and _could_be_title(line, order)
    ]
    ends = [candidate.order for candidate in found[1:]] + [len(page.lines)]
    if found and found[0].order == 0 and (numbered or ends[0] < 6):
        found = found[1:]  # the first line of a file is the name of the book
    return found if _is_habit(found, numbered, page) else []


def is_even(run: Sequence[Candidate], page: Page) -> bool:
    """Say whether the bodies are of comparable length and fill the book, as chapters do and items of a list do not."""
    if not run:
        return False
    ends = [after.order for after in run[1:]] + [len(page.lines)]
    bodies = sorted(page.body(c.order - bool(c.heading.ends), end) for c, end in zip(run, ends, strict=True))
    middle = bodies[len(bodies) // 2]
    return middle >= LEAST_CHARACTERS and middle * len(bodies) * MOST_UNEVEN >= sum(bodies)


def _without_odd_lists(units: list[Candidate], page: Page) -> list[Candidate]:
    """Leave out lists of firm headings in a book whose own headings are less firm: 第一章 灯 where all else is 第一章灯."""
    listed = listed_orders(units, page.lines)
    if not listed:
        return units
    alone = [c for c in units if c.order not in listed]
    firm = Counter(c.heading.unit for c in alone if c.heading.firm)
    doubtful = Counter(c.heading.unit for c in alone if not c.heading.firm)
    odd = {unit for unit, count in doubtful.items() if count > MOST_UNLIKE * firm[unit] + MOST_UNLIKE}
    return [c for c in units if c.order not in listed or not c.heading.firm or c.heading.unit not in odd]


def _is_sure(candidate: Candidate, page: Page) -> bool:
    line, heading = candidate.line, candidate.heading
    if page.is_alone(line) or (page.tests and page.is_between_blanks(line) and not heading.spoken):
        return True
    return heading.firm and page.stands_out(line) and page.opens(candidate.order)


def _counted(
    group: Sequence[Candidate], sure: set[int], higher: Sequence[int], page: Page
) -> list[Candidate]:
    """Return the best run of one unit; where nothing is sure, only a run that is worth something."""
    proven = any(c.order in sure for c in group)
    numbered = [c for c in group if c.heading.number is not None]
    entries = [
        Numbered(
            c.heading.number or 0,
            bisect(higher, c.order),
            0.0 if c.order in sure else _doubt(c, page, proven),
            c.order in sure,
        )
        for c in numbered
    ]
    run, worth = best_run(entries)
    if not proven and (worth < LEAST_WORTH or len(run) < 2):
        return []
    sides = [c for c in group if c.heading.number is None and c.order in sure]
    return [numbered[index] for index in run] + sides


def _doubt(candidate: Candidate, page: Page, proven: bool) -> float:
    """Weigh a doubtful heading: below nothing where sure ones tell how the book's headings look."""
    weight = -0.2 if proven else 0.5
    if page.tests:
        weight += 0.5 if page.stands_out(candidate.line) else -1.2
    elif not page.opens(candidate.order):
        weight -= 0.2 if candidate.heading.firm else 0.8
    if candidate.heading.ends:
        return weight
    if candidate.heading.spoken:
        weight -= 1.5 if candidate.line.text[-1] in "。，；：、" else 0.3
    return weight - (0.2 if len(candidate.line.text) > LONGEST_TITLE else 0.0)


def _styles(labels: Sequence[Candidate]) -> list[list[Candidate]]:
    """Return the labels by the style they are set in, and the bare numbers once more all together."""
    styles: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for candidate in labels:
        styles[candidate.heading.family, candidate.heading.style].append(candidate)
    bare = [candidate for candidate in labels if candidate.heading.family == "bare"]
    return [group for group in [*styles.values(), bare] if len(group) > 1]


def _labelled(group: Sequence[Candidate], volumes: Sequence[int], page: Page) -> list[Candidate]:
    if group[0].heading.family == "mark":
        return _marked(group, page)
    nexts = [after.order for after in group[1:]] + [len(page.lines)]
    tells = bool(page.tests) and 2 * sum(page.stands_out(c.line) for c in group) >= len(group)
    entries = [
        Numbered(
            c.heading.number or 0, bisect(volumes, c.order), _label_weight(c, end, page if tells else None)
        )
        for c, end in zip(group, nexts, strict=True)
    ]
    return [group[index] for index in best_run(entries)[0]]


def _marked(group: Sequence[Candidate], page: Page) -> list[Candidate]:
    """Return the marked lines that stand as titles do; brackets are common in prose and need more than being there."""
    repeated = Counter(c.line.text for c in group)
    bracketed = group[0].heading.style in BRACKETS
    return [
        c
        for c in group
        if repeated[c.line.text] < 3
        and not c.heading.spoken
        and page.stands_out(c.line)
        and (
            not bracketed
            or (c.line.after_blank and not page.is_spaced)
            or (page.indents_all and c.line.outdented)
        )
    ]


def _label_weight(candidate: Candidate, next_order: int, page: Page | None) -> float:
    """Weigh a label by how it stands, if the page tells; one without a body is an item of a list."""
    weight = 0.3
    if page:
        weight += 0.3 if page.stands_out(candidate.line) else -0.8
    if next_order == candidate.order + 1:
        weight -= 1.5
    return weight - (0.3 if candidate.heading.spoken else 0.0)


def _is_believable(run: Sequence[Candidate], volumes: Sequence[int], page: Page) -> bool:
    if len(run) < (3 if run and run[0].heading.titled else 2):  # two items with a title are still a list
        return False
    if (run[0].heading.number or 0) > 1 and len(run) < LONG_RUN:
        return False
    if _is_outshone(run, page) or _restarts(run, volumes) > len(run) // RUN_WITH_A_TYPO:
        return False
    bodies = sorted(after.order - before.order - 1 for before, after in pairwise(run))
    return bodies[len(bodies) // 2] >= 1 and _covered(run, page) >= LEAST_COVERED and is_even(run, page)


def _is_outshone(run: Sequence[Candidate], page: Page) -> bool:
    """Say whether the run stands among the text while other lines, and enough of them, stand out as headings do."""
    if not page.tests or 2 * sum(page.stands_out(c.line) for c in run) >= len(run):
        return False
    return 3 * sum(map(page.stands_out, page.lines)) >= len(run)


def _restarts(run: Sequence[Candidate], volumes: Sequence[int]) -> int:
    """Return how often the count goes back without a volume to explain it, as the sections of short stories do."""
    return sum(
        (after.heading.number or 0) < (before.heading.number or 0)
        and bisect(volumes, before.order) == bisect(volumes, after.order)
        for before, after in pairwise(run)
    )


def _covered(run: Sequence[Candidate], page: Page) -> float:
    return page.body(run[0].order, len(page.lines)) / max(1, page.size) if run else 0.0


def _is_habit(found: list[Candidate], numbered: Sequence[Candidate], page: Page) -> bool:
    """Say whether titles alone are how this book sets its headings, beside those that are numbered."""
    alike = any(page.is_alone(candidate.line) for candidate in numbered)
    few = len(found) <= max(3, len(numbered) // 4)
    proven = few if alike else len(found) > (2 if numbered else 1)
    return proven or len(found) >= 2 * len(numbered) + 2


def _could_be_title(line: Line, order: int) -> bool:
    return (
        len(line.text) <= LONGEST_TITLE
        and bool(_HAN.search(line.text))
        and not _NO_HEADING.search(line.text)
        and not (order < 5 and _OF_A_TITLE.match(line.text))
    )
