"""The sections of a story's text."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from novelgpt.story.sections import paragraphs_of, sections_of

NOVEL = "\n\n".join(
    [
        "卷一 渡口",
        *(f"第{n}章 夜雨\n　　雨下了三天。\n　　河水漫过了石桥。" for n in "一二三"),
        "卷二 石桥\n第四章 灯火\n他回来了。",
    ]
)


def test_an_empty_text_has_no_section_and_one_without_headings_is_one():
    assert sections_of("") == []
    (whole,) = sections_of("　　夜深了。\n\n他起身。")
    assert (whole.title, whole.kind, whole.start, whole.body, whole.characters) == ("", "chapter", 0, 0, 8)
    (blank,) = sections_of("\n \n")
    assert (blank.start, blank.end, blank.characters) == (0, 3, 0)


def test_volumes_and_chapters_are_found_with_their_places():
    found = sections_of(NOVEL)
    assert [(section.kind, section.title) for section in found] == [
        ("volume", "卷一 渡口"),
        ("chapter", "第一章 夜雨"),
        ("chapter", "第二章 夜雨"),
        ("chapter", "第三章 夜雨"),
        ("volume", "卷二 石桥"),
        ("chapter", "第四章 灯火"),
    ]
    assert paragraphs_of(NOVEL[found[1].body : found[1].end]) == ["雨下了三天。", "河水漫过了石桥。"]
    assert paragraphs_of(NOVEL[found[-1].body : found[-1].end]) == ["他回来了。"]


def test_what_stands_before_the_first_heading_is_a_section_of_its_own():
    for before in ("本书首发于某某网", "献给她"):
        first, second = sections_of(f"{before}\n第一章 夜\n雨\n第二章 雨\n雪")[:2]
        assert (first.title, first.kind, first.characters) == ("", "front", len(before))
        assert second.title == "第一章 夜"


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "第一章 夜",
                "第二章",
                "　　第三章 雨",
                "卷一 渡口",
                "",
                " ",
                "楔子",
                "\r",
                "雨下了。",
                "本书首发于某某网",
            ]
        ),
        st.text(alphabet="夜雨第章。 \t\x00𠮷", max_size=8),
    ),
    max_size=14,
)


@given(lines=LINES)
@settings(deadline=None, max_examples=150)
def test_the_sections_join_to_the_text_and_each_body_lies_in_its_section(lines):
    text = "\n".join(lines)
    sections = sections_of(text)
    assert "".join(text[section.start : section.end] for section in sections) == text
    for section in sections:
        assert section.start <= section.body <= section.end
        visible = "".join(text[section.start : section.end].split())
        assert section.characters == len(visible)
        heading, body = "".join(section.title.split()), "".join(text[section.body : section.end].split())
        assert heading + body == visible


@pytest.mark.parametrize("advert", ["请收藏本站：www.example.com", "第二章 （求月票）", "第二章 <b>夜</b>"])
def test_what_cleaning_would_take_out_of_a_book_stays_in_a_story(advert):
    text = f"第一章 夜\n雨下了。\n{advert}\n第三章 雨\n雨停了。"
    kept = []
    for section in sections_of(text):
        kept += [section.title, *paragraphs_of(text[section.body : section.end])]
    assert kept == text.split("\n")
