from typing import Any

import pytest

from novelgpt.text.ingesting.advice import advice, few
from novelgpt.text.ingesting.record import BookLine, Row

CHAPTERS = tuple(Row("chapter", number, f"第{number}章", 3000) for number in range(1, 9))
SOUND: dict[str, Any] = {"path": "a.txt", "confidence": 1.0, "characters": 24_000, "table": CHAPTERS}


def test_a_book_that_is_well_gets_no_advice() -> None:
    assert advice(BookLine(**SOUND)) == []


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"lost_characters": 3}, "lost"),
        ({"confidence": 0.3}, "unsure"),
        ({"removed_characters": 5000}, "removed"),
        ({"missing_numbers": (4,)}, "missing"),
        ({"duplicate_numbers": (4,)}, "duplicate"),
        ({"table": (Row("chapter", None, "", 24_000),)}, "uncut"),
        ({"table": (*CHAPTERS, Row("chapter", 9, "第九章", 90_000))}, "huge"),
        ({"table": CHAPTERS + tuple(Row("chapter", 9, "第九章", 20) for _ in range(5))}, "stubs"),
    ],
)
def test_each_problem_has_its_advice(change: dict[str, Any], name: str) -> None:
    assert [message.key for message in advice(BookLine(**{**SOUND, **change}))] == [f"text.advice.{name}"]
    for message in advice(BookLine(**{**SOUND, **change})):
        assert "{" not in message.text("zh") + message.text("en")


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ((), ""),
        ((3,), "3"),
        ((3, 5, 6, 7, 9), "3 5–7 9"),
        (tuple(range(1, 60, 2)), "1 3 5 7 9 11 13 15 17 19 21 23 …"),
    ],
)
def test_many_numbers_are_drawn_together(numbers: tuple[int, ...], shown: str) -> None:
    assert few(numbers) == shown
