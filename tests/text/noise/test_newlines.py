"""Where a line ends."""

import pytest

from novelgpt.text.noise.newlines import split_lines

PARAGRAPH = "他在路上走了很久，雨一直没有停。" * 40


@pytest.mark.parametrize(
    ("text", "lines", "odd"),
    [
        ("a\nb\n", ["a", "b", ""], 0),
        ("a\r\nb\rc\nd", ["a", "b", "c", "d"], 2),
        ("a\r\r\nb", ["a", "", "b"], 2),
        ("a\x0bb\x0cc\u2028d", ["a\x0bb\x0cc\u2028d"], 0),
        ("", [""], 0),
    ],
)
def test_lines_end_at_every_kind_of_newline(text, lines, odd):
    assert split_lines(text) == (lines, odd)


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "<br>", "<br/>", "</p>"])
def test_a_giant_line_is_cut_at_the_next_best_thing(mark):
    lines, odd = split_lines(mark.join([PARAGRAPH] * 6))
    assert lines == [PARAGRAPH] * 6
    assert odd == 5


def test_a_giant_line_is_cut_before_its_indents():
    lines, _ = split_lines("".join(["　　" + PARAGRAPH] * 6))
    assert lines == ["　　" + PARAGRAPH] * 6


def test_a_giant_line_without_any_sign_stays_whole():
    assert split_lines(PARAGRAPH * 9) == ([PARAGRAPH * 9], 0)
