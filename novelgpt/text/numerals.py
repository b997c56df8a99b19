"""Heading numerals → numbers: 十二, 一百〇八, 一二零, 廿三, 百零八, 壹, １２, 071, XII.

Law: what is no numeral gives None, never a guess.
"""

from __future__ import annotations

_DIGITS = {
    **{digit: value for value, digit in enumerate("零一二三四五六七八九")},
    **{digit: value for value, digit in enumerate("〇壹贰叁肆伍陆柒捌玖")},
    **{digit: value for value, digit in enumerate("○壹貳參肆伍陸柒捌玖")},
    **{digit: value for value, digit in enumerate("0123456789")},
    **{digit: value for value, digit in enumerate("０１２３４５６７８９")},
    "两": 2,
    "兩": 2,
    "Ｏ": 0,
}
_SCALES = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10_000, "萬": 10_000}
_TENS = {"廿": 20, "卅": 30, "卌": 40}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}

NUMERAL_CHARACTERS = "".join([*_DIGITS, *_SCALES, *_TENS])


def numeral(written: str) -> int | None:
    """Return the number that `written` stands for; spaces between the characters are allowed."""
    characters = "".join(written.split())
    if not characters or len(characters) > 12:
        return None
    if all(character in _DIGITS for character in characters):
        return int("".join(str(_DIGITS[character]) for character in characters))
    return _counted(characters)


def roman(written: str) -> int | None:
    """Return the value of a Roman numeral up to the hundreds."""
    total = 0
    values = [_ROMAN.get(letter) for letter in written.upper()]
    for index, value in enumerate(values):
        if value is None:
            return None
        following = values[index + 1] if index + 1 < len(values) else 0
        total += -value if following and value < following else value
    return total or None


def _counted(characters: str) -> int | None:
    """Read 一千二百三十四 and 廿三; a lone digit after a scale is units, as headings use it (一百二回 is 102)."""
    total = section = 0
    digit: int | None = None
    ceiling = 10_000
    for character in characters:
        if character in _DIGITS and not digit:
            digit = _DIGITS[character]
        elif character in _TENS and ceiling > 10:
            section, digit, ceiling = section + _TENS[character], None, 10
        elif _SCALES.get(character, 0) == 10_000:
            total, section, digit, ceiling = (total + section + (digit or 0)) * 10_000, 0, None, 10_000
        elif 0 < _SCALES.get(character, 0) < ceiling:
            ceiling = _SCALES[character]
            section, digit = section + (digit or 1) * ceiling, None
        else:  # two digits in a row, or scales out of order
            return None
    return total + section + (digit or 0)
