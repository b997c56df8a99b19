from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.config import TrainConfig
from novelgpt.model.learning.loss import IGNORED
from novelgpt.model.learning.objective import MARKERS_PER_HOLE, NoHole, hole_id, infill_prompt, rows_for
from novelgpt.model.learning.windows import Windows
from novelgpt.text.markers import UNKNOWN
from novelgpt.tokens.token_files import Split
from novelgpt.tokens.tokenizer import Tokenizer
from tests.tiny import TALE, tiny_tokenizer

TOKENIZER = tiny_tokenizer()
HOLE = TOKENIZER.unknown_id
START, END = TOKENIZER.chapter_start_id, TOKENIZER.chapter_end_id
CAUSAL, INFILL = TrainConfig(objective="causal"), TrainConfig(objective="infill")


class Holeless:
    """The vocabulary of a network from elsewhere: one marker for everything."""

    unknown_id = None
    chapter_start_id = chapter_end_id = padding_id = START
    texts = TOKENIZER.texts


def windows(chapters: Sequence[Sequence[int]], length: int = 60, batch_size: int = 8) -> Windows:
    tokens = np.concatenate([np.array(one, dtype=np.uint16) for one in chapters])
    offsets = np.cumsum([0, *map(len, chapters)])
    return Windows(Split(tokens, offsets, len(tokens)), length, batch_size, seed=1)


def tales(chapters: int = 12) -> list[list[int]]:
    return [TOKENIZER.encode_chapter(TALE[: 60 + 7 * number]) for number in range(chapters)]


def whole(inputs: torch.Tensor, targets: torch.Tensor) -> list[list[int]]:
    """The rows that inputs and targets were cut from."""
    assert torch.equal(inputs[:, 1:], targets[:, :-1])
    return torch.cat([inputs, targets[:, -1:]], 1).tolist()


def taught(
    step: int, chapters: Sequence[Sequence[int]] | None = None
) -> tuple[list[list[int]], list[list[int]]]:
    """A step's windows, before and after."""
    inputs, targets = windows(tales() if chapters is None else chapters).batch(step)
    return whole(inputs, targets), whole(*rows_for(INFILL, step, inputs, targets, TOKENIZER))


def parts(row: list[int]) -> tuple[list[int], list[int], list[int]]:
    """What stands before the hole, after it, and in it."""
    first, second, third = (place for place, one in enumerate(row) if one == HOLE)
    assert third == len(row) - 1
    return row[:first], row[first + 1 : second], row[second + 1 : third]


def test_causal_changes_nothing() -> None:
    inputs, targets = windows(tales()).batch(0)
    rows = rows_for(CAUSAL, 0, inputs, targets, TOKENIZER)
    assert torch.equal(rows[0], inputs)
    assert torch.equal(rows[1], targets)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, TOKENIZER.size - 1), min_size=12, max_size=40), st.integers(0, 10**8))
def test_the_text_can_be_put_together_again(ids: list[int], step: int) -> None:
    row = [one for one in ids if one != HOLE]
    tensor = torch.tensor([row] * 4)
    rows = whole(*rows_for(INFILL, step, tensor[:, :-1], tensor[:, 1:].clone(), PADLESS))
    for taught_row in rows:
        assert len(taught_row) == len(row)
        if HOLE in taught_row:
            before, after, middle = parts(taught_row)
            assert before + middle + after == row[:-MARKERS_PER_HOLE]
            assert middle
            assert START not in middle
            assert END not in middle
        else:
            assert taught_row == row


class Padless(Holeless):
    """Ours, where an end of a text also pads: so that no random id is masked."""

    unknown_id = HOLE
    chapter_start_id, chapter_end_id, padding_id = START, END, END


PADLESS = Padless()


def test_about_half_of_the_windows_get_a_hole_and_half_of_those_whole_sentences() -> None:
    rows = [row for step in range(40) for row in taught(step)[1]]
    holed = [parts(row) for row in rows if HOLE in row]
    assert 0.4 < len(holed) / len(rows) < 0.6
    ends = set("。！？…”』」\n")
    sentences = [
        middle
        for before, after, middle in holed
        if TOKENIZER.texts[middle[-1]][-1:] in ends
        and (not before or TOKENIZER.texts[before[-1]][-1:] in {*ends, ""})
    ]
    assert 0.4 < len(sentences) / len(holed) < 0.75


def test_a_closing_quotation_mark_is_not_torn_from_its_sentence() -> None:
    """Random spans may do so: it must be rarer than chance alone would have it if borders ignored the mark."""
    torn = 0
    for step in range(60):
        for row in taught(step)[1]:
            if HOLE in row:
                _, after, middle = parts(row)
                full_stop = TOKENIZER.texts[middle[-1]][-1:] in set("。！？…")
                torn += full_stop and bool(after) and TOKENIZER.texts[after[0]][:1] == "”"
    assert torn <= 3


def test_a_hole_never_spans_two_chapters() -> None:
    short = [TOKENIZER.encode_chapter(TALE[number : number + 6]) for number in range(60)]
    middles = [parts(row)[2] for step in range(5) for row in taught(step, short)[1] if HOLE in row]
    assert len(middles) > 8
    assert all(not {START, END} & set(middle) for middle in middles)


def test_the_choice_depends_on_step_and_row_and_nothing_else() -> None:
    inputs, targets = windows(tales()).batch(5)
    rows = rows_for(INFILL, 5, inputs, targets, TOKENIZER)
    torch.manual_seed(0)
    np.random.seed(0)  # the global streams are exactly what must not matter
    halves = [
        rows_for(INFILL, 5, inputs[part], targets[part], TOKENIZER, first_row=part.start)
        for part in (slice(0, 3), slice(3, 8))
    ]
    for side in (0, 1):
        assert torch.equal(torch.cat([half[side] for half in halves]), rows[side])
    assert not torch.equal(rows_for(INFILL, 6, inputs, targets, TOKENIZER)[0], rows[0])
    other = TrainConfig(objective="infill", seed=2)
    assert not torch.equal(rows_for(other, 5, inputs, targets, TOKENIZER)[0], rows[0])


@pytest.mark.parametrize("row", [[START, END] * 6, [*range(300, 311), HOLE], [301, HOLE, *range(300, 310)]])
def test_rows_without_text_or_with_a_marker_of_their_own_stay_as_they_are(row: list[int]) -> None:
    tensor = torch.tensor([row])
    for step in range(12):
        assert whole(*rows_for(INFILL, step, tensor[:, :-1], tensor[:, 1:], TOKENIZER)) == [row]


@pytest.mark.parametrize("config", [CAUSAL, INFILL])
def test_padding_is_never_learnt(config: TrainConfig) -> None:
    row = torch.tensor([[START, 300, 301, END, *[TOKENIZER.padding_id] * 12]])
    for step in range(8):
        _, targets = rows_for(config, step, row[:, :-1], row[:, 1:], TOKENIZER)
        assert TOKENIZER.padding_id not in targets
        assert (targets == IGNORED).any()


def test_an_end_that_also_pads_is_learnt() -> None:
    row = torch.tensor([[300, 301, START, 302]])
    assert torch.equal(rows_for(CAUSAL, 0, row[:, :-1], row[:, 1:], Holeless())[1], row[:, 1:])


def test_the_prompt_is_the_beginning_of_what_was_learnt() -> None:
    row = next(row for step in range(9) for row in taught(step)[1] if HOLE in row)
    before, after, middle = parts(row)
    assert [*infill_prompt(before, after, TOKENIZER), *middle, HOLE] == row


def test_the_marker_never_comes_from_a_text() -> None:
    assert HOLE not in TOKENIZER.encode(f"{UNKNOWN}\x00\U0010ffff{UNKNOWN}")


def test_a_vocabulary_without_a_marker_is_refused() -> None:
    assert isinstance(TOKENIZER, Tokenizer)
    with pytest.raises(NoHole, match="causal"):
        hole_id(Holeless())
