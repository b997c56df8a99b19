"""Heading numerals and their values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.text.headings.numerals import english, is_arabic, numeral, roman


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("一", 1),
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("廿三", 23),
        ("卅", 30),
        ("一百", 100),
        ("一百零八", 108),
        ("一百〇八", 108),
        ("百零八", 108),
        ("一百二", 102),
        ("一百二十", 120),
        ("一千零一", 1001),
        ("两百一十八", 218),
        ("一万二千", 12000),
        ("一二零", 120),
        ("一○○", 100),
        ("四四", 44),
        ("壹佰贰拾叁", 123),
        ("貳拾陸", 26),
        ("⼀⼆", 12),
        ("⼗⼋", 18),
        ("〡〢", 12),
        ("〹三", 23),
        ("◯", 0),
        ("①", 1),
        ("⑳", 20),
        ("Ⅻ", 12),
        ("㈢", 3),
        ("①②", None),
        ("１２", 12),
        ("071", 71),
        ("第", None),
        ("", None),
        ("一二百", None),
        ("十a", None),
    ],
)
def test_a_numeral_has_one_value(written, value):
    assert numeral(written) == value


@pytest.mark.parametrize(
    ("written", "value"), [("I", 1), ("iv", 4), ("XII", 12), ("xlii", 42), ("A", None), ("", None)]
)
def test_roman_numerals(written, value):
    assert roman(written) == value


@pytest.mark.parametrize(
    ("written", "value"),
    [("One", 1), ("twelve", 12), ("Twenty", 20), ("thirty-four", 34), ("fifty six", 56)]
    + [(written, None) for written in ("twenty ten", "one two", "night", "")],
)
def test_english_number_words(written, value):
    assert english(written) == value


@pytest.mark.parametrize(
    ("written", "expected"), [("12", True), ("１２", True), ("十二", False), ("①", False), ("", False)]
)
def test_arabic_digits_are_told_from_written_numbers(written, expected):
    assert is_arabic(written) is expected


def spell(number: int) -> str:
    """Write a number up to 9999 the way a book does."""
    digits = "零一二三四五六七八九"
    parts, pending_zero = [], False
    for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // scale % 10
        if digit:
            parts.append(("零" if pending_zero else "") + digits[digit] + name)
        pending_zero = not digit and bool(parts)
    return "".join(parts).removeprefix("一") if 10 <= number < 20 else "".join(parts)


@given(st.integers(1, 9999))
def test_law_a_spelled_number_reads_back(number):
    assert numeral(spell(number)) == number


@pytest.mark.parametrize(
    ("plain", "other"),
    [
        ("零一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟"),
        ("零一二三四五六七八九十百千", "〇壹貳參肆伍陸柒捌玖拾佰仟"),
        ("一二八十", "⼀⼆⼋⼗"),
        ("二", "两"),
    ],
)
@given(number=st.integers(1, 9999))
def test_law_a_number_reads_alike_in_every_script(plain, other, number):
    assert numeral(spell(number).translate(str.maketrans(plain, other))) == number


@given(st.integers(0, 99999))
def test_law_digits_read_alike_in_every_script(number):
    digits = str(number)
    for row in ("零一二三四五六七八九", "〇一二三四五六七八九", "０１２３４５６７８９"):
        assert numeral("".join(row[int(digit)] for digit in digits)) == number
    assert numeral(f"{number:07}") == number


@given(st.text("零〇一二三四五六七八九十百千万两廿０1 ", max_size=20))
def test_law_any_heap_of_numerals_is_a_number_or_none(written):
    assert numeral(written) is None or numeral(written) >= 0
