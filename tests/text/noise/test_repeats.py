"""What stands at the chapters' edges again and again."""

import pytest

from novelgpt.text.clean import clean_lines
from tests.text.samples import SIMPLIFIED

BODY = list(SIMPLIFIED) * 4


@pytest.mark.parametrize(
    "again",
    [
        ["第三章 夜路"],
        ["第三章　夜路！"],
        ["夜路"],
        ["第三章 夜路", "第三章夜路", "第三章 夜路"],
        ["江湖夜雨 第三章 夜路"],
    ],
)
def test_a_title_said_again_under_itself_goes(again):
    book = clean_lines(["第三章 夜路", "", *again, *BODY])
    assert [line for line in book.lines if line] == ["第三章 夜路", *BODY]
    assert [removal.rule for removal in book.removals] == ["repeated_titles"] * len(again)


@pytest.mark.parametrize("line", ["夜路很长。", "“夜路”", "第四章 雨", "夜"])
def test_what_only_resembles_the_title_stays(line):
    lines = ["第三章 夜路", line, *BODY]
    assert clean_lines(lines).lines == lines


def test_a_marked_copy_of_the_title_stays():
    lines = ["第三章 夜路", "第三章 夜路", *BODY]
    assert clean_lines(lines, marked={1}).lines == lines


def book_with(line: str) -> list[str]:
    return [part for number in "一二三四" for part in (f"第{number}章 路{number}", *BODY, line)]


def test_a_sites_line_at_the_end_of_every_chapter_goes():
    line = "云海小说 好书 手机阅读"
    assert line not in clean_lines(book_with(line)).lines
    assert line in clean_lines(book_with(line)[: 2 * (len(BODY) + 2)]).lines


@pytest.mark.parametrize("line", ["要知后事如何，且听下回分解。", "* * *", "风起了，雨还没有停。", "诗曰："])
def test_a_refrain_stays(line):
    assert clean_lines(book_with(line)).lines == book_with(line)
