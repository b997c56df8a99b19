"""Lines near the chapters' edges → what stands there again and again: titles said twice, a site's signature.

Law: a title is dropped only right under itself; a signature is worded as sites word theirs, in three chapters or more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from novelgpt.text.noise.adverts import sounds_like_a_site
from novelgpt.text.noise.folding import fold

CHAPTERS = 3
_EDGE = 3
_ROUNDS = 10
_TITLE = re.compile(r"第[^第章回节節卷集话話]{1,12}[章回节節集话話]\W*(\w.*)$")


def repeated_titles(
    lines: Sequence[str], headings: Sequence[int], allowed: Callable[[int], bool]
) -> list[int]:
    """Return the positions under headings that only say the heading again."""
    found: list[int] = []
    gone: set[int] = set()
    for heading in headings:
        if heading not in gone:
            for position in _below(lines, heading, _EDGE):
                if not allowed(position) or not _same(lines[heading], lines[position]):
                    break
                found.append(position)
                gone.add(position)
    return found


def signatures(lines: Sequence[str], headings: Sequence[int]) -> set[str]:
    """Return the lines that a site put at the edges of at least three chapters."""
    found: set[str] = set()
    for _ in range(_ROUNDS):
        near = {place for heading in [*headings, len(lines)] for place in _around(lines, heading, found)}
        seen = Counter(lines[place] for place in near)
        new = {line for line, count in seen.items() if count >= CHAPTERS and sounds_like_a_site(line)}
        if not new:
            break
        found |= new
    return found


def _around(lines: Sequence[str], heading: int, known: set[str]) -> Iterator[int]:
    """Yield the places nearest to a heading, on both sides, that hold no known signature."""
    before = (place for place in range(heading - 1, max(-1, heading - 40), -1) if lines[place])
    for way in (_below(lines, heading, 2 * _EDGE), before):
        yield from islice((place for place in way if lines[place] not in known), _EDGE)


def _below(lines: Sequence[str], heading: int, count: int) -> Iterator[int]:
    for position in range(heading + 1, min(len(lines), heading + 40)):
        if lines[position]:
            yield position
            count -= 1
            if not count:
                return


def _same(heading: str, line: str) -> bool:
    """Say whether a line says the heading again, whole, without its number, or after the book's name."""
    if len(line) > len(heading) + 24 or len(heading) > 120:
        return False
    title, said = fold(heading).plain, fold(line).plain
    if not said or said == title:
        return said == title
    own = _TITLE.search(heading)
    if own and len(said) >= 2 and fold(own[1]).plain == said and line[-1] not in "。”」！？…":
        return True
    return len(title) >= 5 and said.endswith(title) and len(said) - len(title) <= 12 and "第" in heading[:2]
