"""Lines: what cleaning removes, by rule, and what it never touches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.messages import CATALOGUE
from novelgpt.text.clean import RULES, clean_line, clean_lines, split_lines


@pytest.mark.parametrize(
    ("line", "clean", "found"),
    [
        ("他站在门口。", "他站在门口。", {}),
        ("　　他站在门口。", "他站在门口。", {"indents": 1}),
        (" \t\u00a0他站在门口。 　", "他站在门口。", {"indents": 1, "trailing_spaces": 1}),
        ("他\u200b站\ufeff在门口。", "他站在门口。", {"zero_width": 2}),
        ("他\x00站\x07在\x85门口。", "他站在门口。", {"controls": 3}),
        ("\ufeff　　他", "他", {"zero_width": 1, "indents": 1}),
        ("　　 ", "", {"blank_lines": 1}),
        ("第一回　夜路　明月", "第一回　夜路　明月", {}),
        ("a\tb  c", "a\tb  c", {}),
    ],
)
def test_a_line_is_cleaned_and_the_rules_are_counted(line, clean, found):
    assert clean_line(line) == (clean, found)


@pytest.mark.parametrize(
    ("text", "lines", "odd"),
    [
        ("a\nb\n", ["a", "b", ""], 0),
        ("a\r\nb\rc\nd", ["a", "b", "c", "d"], 2),
        ("a\r\r\nb", ["a", "", "b"], 2),
        ("a\x0bb\x0cc\u2028d", ["a\x0bb\x0cc\u2028d"], 0),
    ],
)
def test_lines_end_at_every_kind_of_newline(text, lines, odd):
    assert split_lines(text) == (lines, odd)


def test_blank_lines_keep_their_place_and_are_counted():
    clean, removed = clean_lines(["第一章", "", "　　夜路", "  "])
    assert clean == ["第一章", "", "夜路", ""]
    assert removed == {"blank_lines": 2, "indents": 1}


def test_every_rule_has_its_sentence():
    assert {f"text.rule.{rule}" for rule in RULES} <= set(CATALOGUE)


@given(st.text())
def test_law_cleaning_twice_is_cleaning_once(text):
    once, _ = clean_line(text.replace("\n", "").replace("\r", ""))
    assert clean_line(once)[0] == once


@given(st.text(st.characters(categories=("L", "N", "P", "S")) | st.sampled_from(" 　\t\u200b\x00")))
def test_law_no_visible_character_is_touched(text):
    visible = "".join(character for character in text if character not in " 　\t\u200b\x00")
    assert "".join(clean_line(text)[0].split()) == "".join(visible.split())
