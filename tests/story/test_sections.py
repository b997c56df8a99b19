"""The sections of a story's text."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from novelgpt.story.importing import passages_of
from novelgpt.story.sections import LONGEST_LINE, cuts_of, paragraphs_of, sections_of, volumes_of
from novelgpt.text.chapter import Chapter

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


def test_chapters_stand_below_their_volumes():
    front = "写在前面。\n" + NOVEL
    before, first, second = volumes_of(sections_of(front))
    assert before.heading is None and [number for number, _ in before.sections] == [0]
    assert (first.heading[0], first.heading[1].title) == (1, "卷一 渡口")
    assert [section.title for _, section in first.sections] == [f"第{n}章 夜雨" for n in "一二三"]
    assert [number for number, _ in second.sections] == [6]
    assert second.characters == len("卷二石桥第四章灯火他回来了。")
    assert volumes_of([]) == [] and volumes_of(sections_of("夜"))[0].heading is None


@given(lines=LINES)
@settings(deadline=None, max_examples=50)
def test_volumes_hold_every_section_once_and_in_order(lines):
    sections = sections_of("\n".join(lines))
    held = [pair for volume in volumes_of(sections) for pair in volume.all()]
    assert held == list(enumerate(sections))


LINE = st.sampled_from(
    ["第一章 夜", "第二章", "夜渡", "雨下了。", "夜" * (LONGEST_LINE + 9), "卷一 渡口", "楔子", "番外 雪"]
)
CHAPTER = st.builds(
    Chapter,
    st.one_of(st.just(""), LINE),
    st.lists(LINE, max_size=3).map("\n".join),
    st.sampled_from(["chapter", "volume", "extra"]),
).filter(Chapter.whole)


@given(chapters=st.lists(CHAPTER, min_size=1, max_size=6))
@settings(deadline=None, max_examples=150)
def test_chapters_put_right_by_hand_stay_as_they_are(chapters):
    text = "".join(passages_of(chapters))
    cut = sections_of(text, cuts_of(chapters))
    assert [section.title for section in cut] == [chapter.title for chapter in chapters]
    assert [paragraphs_of(text[section.body : section.end]) for section in cut] == [
        [line for line in chapter.text.split("\n") if line] for chapter in chapters
    ]
    assert [(section.kind) for section in cut if section.title] == [
        chapter.kind for chapter in chapters if chapter.title
    ]


def test_of_lines_that_look_right_nothing_is_said_and_what_is_said_outlives_edits():
    chapters = [
        Chapter("第一章 夜", "雨下了。"),
        Chapter("夜渡", "桥断了。\n第三章里写道"),
        Chapter("第二章 雨", "雪"),
    ]
    assert cuts_of([chapters[0], chapters[2]]) == {}
    cuts = cuts_of(chapters)
    assert cuts["夜渡"] == ("chapter",)
    text = "".join(passages_of(chapters))
    edited = "卷首的话。\n" + text.replace("桥断了", "桥，终于断了") + "\n第四章 天明\n晴"
    assert [section.title for section in sections_of(edited, cuts)] == [
        "",
        "第一章 夜",
        "夜渡",
        "第二章 雨",
        "第四章 天明",
    ]
    assert "夜渡" not in [section.title for section in sections_of(text)]
    gone = text.replace("夜渡\n", "")
    assert [section.title for section in sections_of(gone, cuts)] == ["第一章 夜", "第二章 雨"]
