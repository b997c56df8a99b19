"""Letters that every match holds."""

import re

import pytest

from novelgpt.text.noise import adverts
from novelgpt.text.noise.hints import alternatives, needed


@pytest.mark.parametrize(
    ("phrase", "letters"),
    [
        ("本站", "本站"),
        ("(?:收藏|记住)本站", "本站"),
        ("天才[一1]秒.{0,4}记住", "天才"),
        ("更新(?:速度)?最快", "更新"),
        ("章节将?(?:持续)?在.{2,12}更新", "章节"),
        ("(?<![这那])本书由.{1,16}(?:整理|首发)", "本书由"),
        ("键{0,2}返回", "返回"),
        ("群号\\d{6,12}", "群号"),
        ("[上下]页?", ""),
    ],
)
def test_what_a_phrase_needs(phrase: str, letters: str) -> None:
    assert needed(phrase) == letters


def test_bars_inside_brackets_do_not_part() -> None:
    assert alternatives("一|(?:二|三)四|[五|六]|七") == ["一", "(?:二|三)四", "[五|六]", "七"]


@pytest.mark.parametrize("table", [*adverts._SURE.values(), adverts._LIKELY])
def test_every_phrase_of_the_tables_needs_something(table: str) -> None:
    phrases = alternatives(adverts._joined(table))
    assert all(needed(phrase) for phrase in phrases)
    assert all(re.compile(phrase) for phrase in phrases)
