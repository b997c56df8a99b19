"""Lists of headings are not chapters: at the head, at the tail, quoted in the story; and a heading printed twice is one."""

import pytest

from novelgpt.text.headings.contents import without_contents, without_echoes, without_quotations
from novelgpt.text.headings.forms import heading_of
from novelgpt.text.headings.layout import Candidate, Line


def book(*texts):
    """Return the lines, and those of them that look like headings."""
    lines = [Line(order, text) for order, text in enumerate(texts)]
    candidates = [
        Candidate(line.position, line, heading)
        for line in lines
        if (heading := heading_of(line.text)) and heading.family in ("unit", "word")
    ]
    return candidates, lines


def orders(candidates):
    return [candidate.order for candidate in candidates]


CHAPTERS = (
    "第一章 灯",
    "他来了。",
    "他走了。",
    "第二章 信",
    "他来了。",
    "他走了。",
    "第三章 门",
    "他来了。",
    "他走了。",
)
LIST = ("第一章 灯", "第二章 信", "第三章 门")


@pytest.mark.parametrize("title", [(), ("目录",)])
@pytest.mark.parametrize("listed", [LIST, ("第一章 灯……1", "第二章 信……9", "第三章 门……17")])
def test_a_list_at_the_head_is_left_out_but_for_its_title(title, listed):
    chosen, dropped = without_contents(*book(*title, *listed, *CHAPTERS))
    first = len(title) + len(listed)
    assert orders(chosen) == [*range(len(title)), first, first + 3, first + 6]
    assert dropped == 3


@pytest.mark.parametrize("title", [(), ("目录",)])
def test_a_list_at_the_tail_is_left_out_but_for_its_title(title):
    chosen, dropped = without_contents(*book(*CHAPTERS, *title, *LIST))
    assert orders(chosen) == [0, 3, 6, *range(9, 9 + len(title))]
    assert dropped == 3


def test_a_list_read_out_in_the_story_is_left_out():
    chosen, dropped = without_contents(*book(*CHAPTERS, *LIST, "他合上了书。", "第四章 山", "他来了。"))
    assert orders(chosen) == [0, 3, 6, 13]
    assert dropped == 3


def test_a_list_of_numbers_that_never_have_a_body_is_not_dropped_as_contents():
    candidates, lines = book("第一章 灯", "第二章 信", "第三章 门")
    assert without_contents(candidates, lines) == (candidates, 0)


def test_part_volume_and_chapter_that_begin_together_are_kept():
    candidates, lines = book(*(("第一部", "第一卷", *CHAPTERS, "第二部", "第一卷", *CHAPTERS)))
    assert without_contents(candidates, lines) == (candidates, 0)


def test_a_quoted_list_in_a_unit_the_book_does_not_count_in_is_left_out():
    texts = ("他来了。", "第一章 山", "第二章 水", "第三章 云", "他合上了书。")
    assert without_quotations(*book(*texts)) == []
    assert orders(without_quotations(*book(*CHAPTERS, *texts))) == [0, 3, 6, 10, 11, 12]


def test_an_echo_is_the_same_number_on_the_next_line():
    candidates, _ = book("第一章 灯", "第1章 灯", "他来了。", "第一章 灯", "他来了。", "楔子", "楔子")
    assert orders(without_echoes(candidates)) == [0, 3, 5]


def test_nothing_chosen_is_nothing_listed():
    assert without_contents([], []) == ([], 0)
    assert without_quotations([], []) == []
