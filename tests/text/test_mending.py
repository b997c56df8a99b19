"""Chapters joined, divided, renamed and left out."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from novelgpt.errors import BadValue
from novelgpt.text.chapter import Chapter, Source
from novelgpt.text.mending import LONGEST_TITLE, left_out, merged, renamed, split_at

BOOK = (
    Chapter("", "前言", "front", source=Source("a.txt", "utf-8", (0, 6))),
    Chapter("第一章", "雨\n桥\n灯", number=1, source=Source("a.txt", "utf-8", (6, 30))),
    Chapter("第二章", "", number=2, source=Source("a.txt", "utf-8", (40, 49))),
)


def test_a_chapter_joined_to_the_one_before_keeps_its_heading_as_a_line():
    assert merged(BOOK, 1)[0] == Chapter(
        "", "前言\n第一章\n雨\n桥\n灯", "front", source=Source("a.txt", "utf-8", (0, 30))
    )
    joined = merged(BOOK, 2)[1]
    assert (joined.text, joined.number) == ("雨\n桥\n灯\n第二章", 1)
    assert joined.source.bytes is None  # something of the file lies between the two


def test_a_line_where_a_chapter_is_divided_becomes_a_heading():
    first, second = split_at(BOOK, 1, 1)[1:3]
    assert (first.title, first.text, first.number) == ("第一章", "雨", 1)
    assert (second.title, second.text, second.number) == ("桥", "灯", None)
    assert {first.source.bytes, second.source.bytes} == {None}
    assert split_at(BOOK, 0, 0)[0].title == "前言" and split_at(BOOK, 0, 0)[0].text == ""
    long = "夜" * (LONGEST_TITLE + 1)
    assert split_at((Chapter("题", f"雨\n{long}"),), 0, 1)[1].whole() == long


@pytest.mark.parametrize(
    ("asked", "title", "number"),
    [
        (" 终章\n灯火 ", "终章 灯火", None),
        ("第十二章 夜渡", "第十二章 夜渡", 12),
        ("", "", None),
        ("夜" * 200, "夜" * LONGEST_TITLE, None),
    ],
)
def test_a_new_heading_is_one_line_and_its_number_is_read_anew(asked, title, number):
    chapter = renamed(BOOK, 1, asked)[1]
    assert (chapter.title, chapter.number, chapter.text) == (title, number, BOOK[1].text)


def test_a_chapter_is_left_out_but_never_the_last():
    assert left_out(BOOK, 1) == (BOOK[0], BOOK[2])
    with pytest.raises(BadValue, match="at least one chapter stays"):
        left_out(BOOK[:1], 0)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: merged(BOOK, 0),
        lambda: merged(BOOK, 3),
        lambda: merged(BOOK, -1),
        lambda: split_at(BOOK, 1, 3),
        lambda: split_at(BOOK, 1, -1),
        lambda: split_at(BOOK, 2, 0),
        lambda: renamed(BOOK, 9, "夜"),
        lambda: left_out(BOOK, 3),
    ],
)
def test_what_does_not_exist_cannot_be_put_right(wrong):
    with pytest.raises(BadValue):
        wrong()


LINE = st.text(alphabet="夜雨章", min_size=1, max_size=120)
CHAPTER = st.builds(Chapter, st.one_of(st.just(""), LINE), st.lists(LINE, max_size=4).map("\n".join)).filter(
    Chapter.whole
)


@given(chapters=st.lists(CHAPTER, min_size=1, max_size=4).map(tuple), data=st.data())
@settings(deadline=None)
def test_joining_and_dividing_lose_no_line(chapters, data):
    for _ in range(data.draw(st.integers(1, 6))):
        index = data.draw(st.integers(0, len(chapters) - 1))
        before = "\n".join(chapter.whole() for chapter in chapters)
        if data.draw(st.booleans()) and index:
            chapters = merged(chapters, index)
        elif chapters[index].text:
            chapters = split_at(chapters, index, data.draw(st.integers(0, chapters[index].text.count("\n"))))
        assert "\n".join(chapter.whole() for chapter in chapters) == before
