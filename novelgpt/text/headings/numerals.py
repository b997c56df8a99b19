"""Heading numerals → numbers: 十二, 一百〇八, 一二零, 廿三, 壹拾贰, １２, 071, ⼀⼆, 〡, ①, XII, twenty-one.

Law: what is no numeral gives None, never a guess.
"""

from __future__ import annotations

LONGEST = 12

_ROWS = (
    "零一二三四五六七八九",
    "〇壹贰叁肆伍陆柒捌玖",
    "○壹貳參肆伍陸柒捌玖",
    "◯壱弐叄肆伍陆柒捌玖",
    "0123456789",
    "０１２３４５６７８９",
)
_DIGITS = {
    **{digit: value for row in _ROWS for value, digit in enumerate(row)},
    **{
        digit: value for value, digit in enumerate("〡〢〣〤〥〦〧〨〩", start=1)
    },  # Suzhou numerals of old ledgers
    **dict(zip("⼀⼆⼋", (1, 2, 8), strict=True)),  # radicals that scanned books have for the digits
    "两": 2,
    "兩": 2,
    "叁": 3,
    "Ｏ": 0,
}
_SCALES = {
    **dict(zip("十拾⼗〸百佰千仟", (10, 10, 10, 10, 100, 100, 1000, 1000), strict=True)),
    "万": 10_000,
    "萬": 10_000,
}
_TENS = {"廿": 20, "卄": 20, "〹": 20, "卅": 30, "〺": 30, "卌": 40}
_SIGNS = {
    chr(first + value): value + 1
    for first, count in (
        (0x2460, 20),  # ①
        (0x2474, 20),  # ⑴
        (0x2488, 20),  # ⒈
        (0x2160, 12),  # Ⅰ
        (0x2170, 12),  # ⅰ
        (0x3220, 10),  # ㈠
        (0x3280, 10),  # ㊀
    )
    for value in range(count)
}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_BELOW_TWENTY = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENFOLD = "twenty thirty forty fifty sixty seventy eighty ninety"
_ENGLISH = {word: value for value, word in enumerate(_BELOW_TWENTY.split(), start=1)}
_ENGLISH_TENS = {word: 10 * value for value, word in enumerate(_TENFOLD.split(), start=2)}

NUMERAL_CHARACTERS = "".join([*_DIGITS, *_SCALES, *_TENS])
"""What a numeral of several characters is written with."""

NUMERAL_SIGNS = "".join(_SIGNS)
"""Signs that are a whole number each."""


def numeral(written: str) -> int | None:
    """Return the number that `written` stands for; spaces between the characters are allowed."""
    characters = "".join(written.split())
    if not characters or len(characters) > LONGEST:
        return None
    if characters in _SIGNS:
        return _SIGNS[characters]
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


def english(written: str) -> int | None:
    """Return the value of an English number word up to ninety-nine."""
    ten, _, one = written.lower().replace(" ", "-").partition("-")
    if ten in _ENGLISH_TENS:
        units = _ENGLISH.get(one, 10) if one else 0
        return _ENGLISH_TENS[ten] + units if units < 10 else None
    return _ENGLISH.get(ten) if not one else None


def is_arabic(written: str) -> bool:
    """Say whether the numeral is written in 0-9, half or full width, and not in characters."""
    return written[:1].isdigit() and written[:1] not in NUMERAL_SIGNS


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
