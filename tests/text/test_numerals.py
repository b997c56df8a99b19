"""Heading numerals and their values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.text.numerals import numeral, roman


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


@given(st.text("零〇一二三四五六七八九十百千万两廿０1 ", max_size=20))
def test_law_any_heap_of_numerals_is_a_number_or_none(written):
    assert numeral(written) is None or numeral(written) >= 0
