"""A batch of windows → what is learnt from it.

`causal` learns every next token and changes nothing. `infill` turns about half of the windows into a text with a hole:

    before [UNK] after [UNK] middle [UNK]

so that a network given `infill_prompt(before, after)` writes the middle, and [UNK] when it is done. Encoding never
yields [UNK], so it is free to mark the hole; a window that holds one all the same, from a vocabulary made elsewhere,
stays as it is. Law: a row keeps its length, and before + middle + after is its text less the last three tokens, whose
room the markers take (the next epoch cuts elsewhere and learns them). What is cut out lies within one chapter. The
choice is a pure function of (seed, step, row). Padding is never learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from novelgpt.config import TrainConfig
from novelgpt.errors import VocabularyError
from novelgpt.model.learning.loss import IGNORED
from novelgpt.tokens.vocabulary import Vocabulary

MARKERS_PER_HOLE = 3
_SHARE_WITH_HOLE = 0.5
_SHARE_OF_SENTENCES = 0.5
_MOST_SENTENCES = 4
_SENTENCE_ENDS = frozenset("。！？…”』」\n")

Span = tuple[int, int]


class NoHole(VocabularyError):
    """A vocabulary without [UNK] has nothing to mark a hole with."""


def hole_id(vocabulary: Vocabulary) -> int:
    """Return the id that stands where something is missing, and ends what is written there."""
    if vocabulary.unknown_id is None:
        raise NoHole()
    return vocabulary.unknown_id


def infill_prompt(before: Sequence[int], after: Sequence[int], vocabulary: Vocabulary) -> list[int]:
    """Return the ids after which a network that learnt `infill` writes what stands between `before` and `after`."""
    hole = hole_id(vocabulary)
    return [*before, hole, *after, hole]


def rows_for(
    config: TrainConfig,
    step: int,
    inputs: Tensor,
    targets: Tensor,
    vocabulary: Vocabulary,
    first_row: int = 0,
) -> tuple[Tensor, Tensor]:
    """Return what rows `first_row` and after of a step's batch teach, given the windows they were cut from."""
    if config.objective == "infill":
        whole = torch.cat([inputs, targets[:, -1:]], dim=1)
        rows = [
            _taught(row, vocabulary, np.random.RandomState([config.seed, step, number]))
            for number, row in enumerate(whole.tolist(), start=first_row)
        ]
        whole = torch.tensor(rows, dtype=torch.int64).view(whole.shape)
        inputs, targets = whole[:, :-1], whole[:, 1:]
    return inputs, _without_padding(targets, vocabulary)


def _without_padding(targets: Tensor, vocabulary: Vocabulary) -> Tensor:
    padding = vocabulary.padding_id
    if padding == vocabulary.chapter_end_id:  # some vocabularies pad with the end of a text, which is learnt
        return targets
    return targets.masked_fill(targets == padding, IGNORED)


def _taught(row: list[int], vocabulary: Vocabulary, random: np.random.RandomState) -> list[int]:
    """Return the row with a hole or, half the time, as it is."""
    hole, text = hole_id(vocabulary), row[:-MARKERS_PER_HOLE]
    stretches = _stretches(text, {vocabulary.chapter_start_id, vocabulary.chapter_end_id})
    if random.random_sample() >= _SHARE_WITH_HOLE or hole in row or not stretches:
        return row
    begin, end = _middle(text, stretches, vocabulary.texts, random)
    return [*text[:begin], hole, *text[end:], hole, *text[begin:end], hole]


def _stretches(text: list[int], markers: set[int]) -> list[Span]:
    """Return the parts of chapters in a window: what lies between the markers."""
    walls = [-1, *(place for place, one in enumerate(text) if one in markers), len(text)]
    return [(left + 1, right) for left, right in pairwise(walls) if right - left > 1]


def _middle(
    text: list[int], stretches: list[Span], texts: Sequence[str], random: np.random.RandomState
) -> Span:
    """Choose what is cut out: whole sentences half the time, any span otherwise; a long stretch is likelier."""
    lengths = np.array([end - begin for begin, end in stretches])
    chosen = int(np.searchsorted(np.cumsum(lengths), random.randint(lengths.sum()), side="right"))
    begin, end = stretches[chosen]
    if random.random_sample() < _SHARE_OF_SENTENCES:
        borders = _borders(text, begin, end, texts)
        if len(borders) > 1:
            first = random.randint(len(borders) - 1)
            last = min(first + 1 + random.randint(_MOST_SENTENCES), len(borders) - 1)
            return borders[first], borders[last]
    left, right = sorted(random.choice(end - begin + 1, size=2, replace=False).tolist())
    return begin + left, begin + right


def _borders(text: list[int], begin: int, end: int, texts: Sequence[str]) -> list[int]:
    """Return where sentences begin and end in a stretch; a closing quotation mark belongs to what it closes."""
    inside = [
        place
        for place in range(begin + 1, end)
        if texts[text[place - 1]][-1:] in _SENTENCE_ENDS and texts[text[place]][:1] not in _SENTENCE_ENDS
    ]
    # at the edges of a window a sentence is cut off, at the edges of a chapter it is whole
    return [*([begin] if begin else []), *inside, *([end] if end < len(text) else [])]
