"""What was told long ago → the passages that bear on what is told now.

In: earlier chapters, cut into passages of some sentences. Out: those that share the rarest words with a text (BM25 over words).
Law: a pure function of passages and text; nothing is found for a text that shares no word with any passage.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

PASSAGE = 200
"""Characters in a passage, or as many as its last sentence takes more."""
_SATURATION, _LENGTH_MATTERS = 1.2, 0.75  # BM25's usual k1 and b
_ENDS = "。！？”」\n"


class Recall:
    """The passages of some chapters, ready to be searched."""

    def __init__(self, chapters: Iterable[tuple[str, str]]) -> None:
        """Take chapters as (where it stands, text)."""
        self._passages = [(source, part) for source, text in chapters for part in passages(text)]
        counted = [Counter(_words(part)) for _, part in self._passages]
        self._lengths = [sum(counts.values()) for counts in counted]
        self._mean = sum(self._lengths) / max(1, len(self._lengths)) or 1.0
        self._found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, counts in enumerate(counted):
            for word, times in counts.items():
                self._found[word].append((number, times))

    def __len__(self) -> int:
        return len(self._passages)

    def about(self, text: str, most: int = 4) -> list[tuple[str, str]]:
        """Return the passages that have most to do with `text`, in the order in which they were told."""
        scores: defaultdict[int, float] = defaultdict(float)
        for word in sorted(set(_words(text))):
            for number, times in self._found.get(word, ()):
                scores[number] += self._rarity(word) * self._weight(times, self._lengths[number])
        best = sorted(scores, key=lambda number: (-scores[number], number))[:most]
        return [self._passages[number] for number in sorted(best)]

    def _rarity(self, word: str) -> float:
        holding = len(self._found[word])
        return math.log(1 + (len(self._passages) - holding + 0.5) / (holding + 0.5))

    def _weight(self, times: int, length: int) -> float:
        grown = 1 - _LENGTH_MATTERS + _LENGTH_MATTERS * length / self._mean
        return times * (_SATURATION + 1) / (times + _SATURATION * grown)


def passages(text: str) -> list[str]:
    """Cut a text after sentences, into passages of `PASSAGE` characters or a little more."""
    parts, begin = [], 0
    for place, character in enumerate(text):
        if character in _ENDS and place + 1 - begin >= PASSAGE and text[place + 1 : place + 2] not in _ENDS:
            parts.append(text[begin : place + 1])
            begin = place + 1
    parts.append(text[begin:])
    return [part.strip() for part in parts if part.strip()]


def _words(text: str) -> Sequence[str]:
    """Words of two characters and more: single ones say little."""
    import rjieba

    return [word for word in rjieba.cut(text) if len(word) > 1 and not word.isspace()]
