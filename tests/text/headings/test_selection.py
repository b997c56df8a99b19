"""The readings of a book compete: what counts its chapters, what only looks like it, and what the user's rules say."""

import pytest

from novelgpt.text.headings.layout import Page
from novelgpt.text.headings.selection import Candidate, Line, choose_headings, with_kinds
from novelgpt.text.rules import Rules
from tests.text.samples import SIMPLIFIED


def lines_of(*texts, body=3, indented=True):
    """Return a book: every text a heading between blank lines, with paragraphs under it."""
    lines = []
    for text in texts:
        lines.append(Line(len(lines), text, True, True, True))
        lines += [
            Line(len(lines) + index, SIMPLIFIED[index % len(SIMPLIFIED)], not indented)
            for index in range(body)
        ]
    return lines


def numbers(lines, rules=None):
    chosen, _ = choose_headings(lines, rules) if rules else choose_headings(lines)
    return [(kind, heading.number) for _, heading, kind in chosen]


def chapters(*values):
    return [("chapter", value) for value in values]


@pytest.mark.parametrize("indented", [True, False])
@pytest.mark.parametrize(
    "style",
    ["{}", "{}.", "{}. 灯", "{}、灯", "（{}）", "[{:04}]灯", "No.{} 灯", "夜路({})", "夜路 {}", "[web] {}"],
)
def test_labels_count_the_chapters_where_nothing_else_does(style, indented):
    lines = lines_of(*(style.format(number) for number in range(1, 7)), indented=indented)
    assert numbers(lines) == chapters(1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize("style", ["==夜{}==", "# 夜{}", "☆、夜{}", "【夜{}】", "正文 夜{}"])
def test_marks_are_chapters_where_nothing_else_counts(style):
    assert numbers(lines_of(*(style.format(name) for name in "灯信门山水"))) == chapters(*[None] * 5)


def test_of_two_ways_to_number_the_one_that_fills_the_book_is_taken():
    lines = lines_of(
        "1. 灯", "（一）", "（二）", "2. 信", "（一）", "（二）", "3. 门", "（一）", "（二）", "4. 山"
    )
    assert numbers(lines) == chapters(1, 2, 3, 4)


def test_labels_under_units_are_sections_of_the_text():
    assert numbers(lines_of("第一章 灯", "1", "2", "第二章 信", "1", "2")) == chapters(1, 2)


def test_units_quoted_in_a_book_that_counts_by_labels_are_text():
    lines = lines_of(*(f"{number}." for number in range(1, 9)))
    quoted = ["第一章 山", "第二章 水", "第三章 云"]
    lines[6:6] = [Line(0, text, False) for text in quoted]
    lines = [line._replace(position=position) for position, line in enumerate(lines)]
    assert numbers(lines) == chapters(*range(1, 9))


def test_a_firm_list_quoted_in_a_book_whose_own_titles_run_on_is_text():
    lines = lines_of(*(f"第{number}章灯火" for number in "一二三四五六七八"), indented=False)
    quoted = ["第一章 山", "第二章 水", "第三章 云"]
    lines[6:6] = [Line(0, text, True) for text in quoted]
    lines = [line._replace(position=position) for position, line in enumerate(lines)]
    assert numbers(lines) == chapters(*range(1, 9))


def test_names_of_songs_in_brackets_are_no_titles_where_every_line_stands_apart():
    lines = [Line(order, text, True, True, True) for order, text in enumerate((*SIMPLIFIED, "《夜路》") * 8)]
    lines = [line._replace(text=f"《夜路{line.position}》") if "《" in line.text else line for line in lines]
    assert numbers(lines) == []


def test_a_title_on_the_line_after_its_number_is_no_chapter_of_its_own():
    lines = lines_of(*(f"第{number}章" for number in "一二三四五六"))
    for order in range(1, len(lines), 4):
        lines[order] = lines[order]._replace(
            text="夜路明月", outdented=True, after_blank=True, before_blank=True
        )
    assert numbers(lines) == chapters(1, 2, 3, 4, 5, 6)


def test_one_form_of_number_among_others_does_not_lose_the_book():
    lines = lines_of(
        "第1章 灯", "第二章 信", "叁章 门", "第④章 山", "第５章 水", "第卌章 云", "第7章风", body=5
    )
    assert numbers(lines) == chapters(1, 2, 3, 4, 5, 40, 7)


def test_a_sentence_that_takes_the_missing_number_is_still_a_sentence():
    lines = lines_of("第一章 灯", "第二章 信", "第四章 门")
    lines[6] = lines[6]._replace(text="第三章 他走了。")
    assert numbers(lines) == chapters(1, 2, 4)


def test_the_second_half_of_a_wrapped_sentence_is_no_heading():
    lines = lines_of(*(f"第{number}章 灯" for number in "一二三"), indented=False)
    lines = [line._replace(after_blank=False, before_blank=False) for line in lines]
    lines[2] = lines[2]._replace(text="他把那本很旧很旧的书又从头翻了一遍，这一次他翻到了")
    lines[3] = lines[3]._replace(text="第二章 又合上了")
    assert numbers(lines) == chapters(1, 2, 3)
    assert choose_headings(lines)[0][1][0] == 4


def test_the_users_pattern_makes_a_heading_and_its_group_the_number():
    lines = lines_of("夜话其七", "夜话其八", "第一章 灯")
    rules = Rules(headings=(r"^夜话其(.)$",))
    assert numbers(lines, rules)[:2] == chapters(7, 8)


def test_the_users_pattern_wins_over_lists_and_over_what_the_page_says():
    lines = lines_of("第一章 灯", "第二章 信")
    lines[2] = lines[2]._replace(text="这一行")
    assert numbers(lines, Rules(headings=("^这一行$",))) == chapters(1, None, 2)


def test_what_the_user_says_is_never_a_heading_is_none():
    lines = lines_of("第一章 灯", "第二章程", "第二章 信", "第三章 门")
    assert numbers(lines, Rules(never_headings=("第二章",))) == chapters(1, 3)
    refused = Rules(headings=("门$",), never_headings=("第三章", "程$"))
    assert numbers(lines, refused) == chapters(1, 2)


def test_a_page_tells_what_sets_its_headings_apart():
    lines = lines_of("第一章 灯", "第二章 信", body=5)
    page = Page(lines, [])
    assert page.stands_out(lines[0])
    assert page.is_alone(lines[0])
    assert not page.stands_out(lines[1])
    assert page.opens(1)
    assert page.body(0, 4) == sum(len(text) for text in SIMPLIFIED)
    assert page.size == 2 * (page.body(0, 6) + len("第一章 灯"))


def test_kinds_follow_from_the_unit_most_headings_count_in():
    lines = lines_of("第一卷 山", "第一章 灯", "第二章 信")
    candidates = [
        Candidate(position, lines[position], heading) for position, heading, _ in choose_headings(lines)[0]
    ]
    assert [kind for _, _, kind in with_kinds(candidates)] == ["volume", "chapter", "chapter"]


def test_a_book_of_no_lines_has_no_headings():
    assert choose_headings([]) == ([], 0)
