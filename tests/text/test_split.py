"""Whole small books → chapters: families, volumes, contents lists, and the law that nothing is dropped."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.text.clean import clean_lines, split_lines
from novelgpt.text.split import split_book, split_chapters, split_raw_lines
from tests.text.samples import SIMPLIFIED, novel, prose


def outline(text):
    """Return (kind, number, title) of every chapter."""
    return [(chapter.kind, chapter.number, chapter.title) for chapter in split_chapters(text)]


def kinds(text):
    return [(chapter.kind, chapter.number) for chapter in split_chapters(text)]


def clean_text(text):
    return [line for line in clean_lines(split_lines(text)[0]).lines if line]


def test_title_lines_then_preface_prologue_chapters_and_afterword():
    book = "《夜路》\n作者：无名\n\n" + novel("序", "楔子", "第一章 灯", "第二章 信", "番外一 山", "后记")
    assert outline(book) == [
        ("front", None, ""),
        ("front", None, "序"),
        ("extra", None, "楔子"),
        ("chapter", 1, "第一章 灯"),
        ("chapter", 2, "第二章 信"),
        ("extra", 1, "番外一 山"),
        ("extra", None, "后记"),
    ]


def test_a_chapter_holds_its_title_and_its_paragraphs_without_indents():
    (chapter,) = split_chapters("  第一章　灯 \r\n\r\n　　他来了。\r\n\r\n　　他走了。\r\n")
    assert (chapter.title, chapter.text, chapter.index) == ("第一章　灯", "他来了。\n他走了。", 0)


def test_a_book_without_a_heading_is_one_chapter():
    assert outline(prose(5)) == [("chapter", None, "")]


@pytest.mark.parametrize("text", ["", "\n\n  \n", "\u200b\n"])
def test_a_book_without_text_has_no_chapters(text):
    assert split_chapters(text) == []


def test_higher_units_are_volumes_and_their_text_stays_with_them():
    book = novel("第一卷 山", "第一章 灯", "第二章 信") + "第二卷 水\n" + novel("第一章 门", "第二章 路")
    chapters = split_chapters(book)
    assert [(c.kind, c.number) for c in chapters] == [
        ("volume", 1),
        ("chapter", 1),
        ("chapter", 2),
        ("volume", 2),
        ("chapter", 1),
        ("chapter", 2),
    ]
    assert chapters[0].text.startswith("天色")
    assert chapters[3].text == ""


def test_volumes_alone_are_the_chapters():
    assert kinds(novel("卷一 山", "卷二 水", "卷三 灯")) == [("chapter", 1), ("chapter", 2), ("chapter", 3)]


def test_volume_and_chapter_on_one_line_count_the_chapter():
    book = novel("第九卷 第一章 灯", "第九卷 第二章 信", "第九卷 第三章 门")
    assert kinds(book) == [("chapter", 1), ("chapter", 2), ("chapter", 3)]


def test_bare_numbers_that_rise_through_the_book_are_chapters():
    assert kinds(novel("一", "二", "三", "四")) == [("chapter", number) for number in (1, 2, 3, 4)]
    assert kinds(novel("1. 灯", "2. 信", "3. 门")) == [("chapter", number) for number in (1, 2, 3)]


def test_bare_numbers_begin_again_in_every_volume():
    assert kinds(novel("第一部", "一", "二", "第二部", "一", "二")) == [
        ("volume", 1),
        ("chapter", 1),
        ("chapter", 2),
        ("volume", 2),
        ("chapter", 1),
        ("chapter", 2),
    ]


@pytest.mark.parametrize(
    "listing",
    [
        "一、不许说话\n二、不许走动\n三、不许回头\n",
        "10\n9\n8\n7\n",
        "三\n",
        "3:2\n1.1\n",
    ],
)
def test_lists_countdowns_and_scores_are_no_chapters(listing):
    assert kinds(prose(4) + listing + prose(4)) == [("chapter", None)]


@pytest.mark.parametrize("sections", ["一二 一二 一二", "一二 三四 五六"])
def test_sections_inside_numbered_chapters_stay_in_the_body(sections):
    bodies = ["".join(f"{number}\n\n{prose(2)}\n" for number in pair) for pair in sections.split()]
    book = "".join(f"第{n}章 灯\n\n{body}" for n, body in zip("一二三", bodies, strict=True))
    assert kinds(book) == [("chapter", 1), ("chapter", 2), ("chapter", 3)]


def test_a_preface_after_the_first_chapter_is_an_extra():
    assert kinds(novel("序", "第一章 灯", "第二章 信", "序二")) == [
        ("front", None),
        ("chapter", 1),
        ("chapter", 2),
        ("extra", 2),
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "第三章里他写道，那年的雪很大。",
        "第一回合他就输了。",
        "第二部分是她写的。",
        "第一节课还没有开始。",
        "第一集合点在河边。",
        "　　第三章",
        "　　第二章 信",
        "后记得把灯关上。",
        "　　尾声",
    ],
)
def test_prose_that_begins_like_a_heading_stays_prose(sentence):
    book = (
        novel("第一章 灯", "第二章 信") + f"{sentence}\n" + prose(3) + "\n" + novel("第三章 门", "第四章 路")
    )
    assert kinds(book) == [("chapter", number) for number in (1, 2, 3, 4)]


def test_a_doubtful_heading_is_taken_where_it_continues_the_count():
    book = novel("第一章 灯", "第二章 你是谁？", "第三章 门", "第四章夜路", "第五章 山")
    assert kinds(book) == [("chapter", number) for number in (1, 2, 3, 4, 5)]


def test_a_book_that_never_sets_its_titles_apart_is_still_split():
    assert kinds(novel("第一章灯火", "第二章书信", "第三章门外", indent="")) == [
        ("chapter", number) for number in (1, 2, 3)
    ]


@pytest.mark.parametrize("indent", ["", "　　", "    "])
@pytest.mark.parametrize("heading_indent", ["", "　　", "\t"])
def test_indentation_of_text_or_headings_does_not_matter(indent, heading_indent):
    book = novel(*(f"{heading_indent}第{n}回 夜路" for n in "一二三"), indent=indent)
    assert kinds(book) == [("chapter", number) for number in (1, 2, 3)]


def test_a_numbered_document_inside_the_story_stays_in_the_story():
    law = "".join(f"　　第{n}章　职权\n{prose(1)}" for n in "一二三")
    headings = [f"第{number}回 夜路" for number in range(1, 14)]
    book = novel(*headings[:6]) + law + "\n" + novel(*headings[6:])
    assert kinds(book) == [("chapter", number) for number in range(1, 14)]


def test_wrong_and_repeated_numbers_are_kept_as_printed():
    assert kinds(novel("第一章 灯", "第二章 信", "第二章 门", "第九章 路", "第四章 山")) == [
        ("chapter", number) for number in (1, 2, 2, 9, 4)
    ]


def test_titles_without_numbers_are_found_where_only_they_stand_out():
    assert outline("《夜路》\n作者：无名\n\n" + novel("灯", "信", "门外的人", paragraphs=8)) == [
        ("front", None, ""),
        ("chapter", None, "灯"),
        ("chapter", None, "信"),
        ("chapter", None, "门外的人"),
    ]


def test_a_line_repeated_through_the_book_is_no_title():
    advert = "请记住本站\n\n"
    assert kinds(novel(advert, advert, advert, advert, paragraphs=8)) == [("chapter", None)]


@pytest.mark.parametrize("after", ["", "　　这本书写的是夜路。\n　　写了很多年。\n\n"])
@pytest.mark.parametrize("title", ["目录\n", ""])
def test_a_contents_list_is_not_a_row_of_empty_chapters(title, after):
    headings = ("第一章 灯", "第二章 信", "第三章 门")
    split = split_book(title + "\n".join(headings) + "\n\n" + after + novel(*headings))
    assert [chapter.number for chapter in split.chapters if chapter.kind == "chapter"] == [1, 2, 3]
    assert all(chapter.text for chapter in split.chapters)
    assert split.contents_lines == 3


def test_a_contents_list_with_volumes_is_recognized():
    headings = ("第一卷 山", "第一章 灯", "第二章 信", "第二卷 水", "第一章 门", "第二章 路")
    split = split_book("目录\n" + "\n".join(headings) + "\n\n" + novel(*headings))
    assert [c.kind for c in split.chapters] == ["front", *(["volume", "chapter", "chapter"] * 2)]


def test_nested_volumes_at_the_head_are_no_contents_list():
    book = (
        "第一部\n第一卷\n"
        + novel("第一章 灯", "第二章 信")
        + "第二部\n第一卷\n"
        + novel("第一章 门", "第二章 路")
    )
    assert split_book(book).contents_lines == 0
    assert [c.number for c in split_chapters(book) if c.kind == "chapter"] == [1, 2, 1, 2]


def test_a_heading_printed_twice_is_one_heading():
    book = novel("第一章 灯\n\n　　第一章　灯", "第二章 信\n\n第二章 信", "第三章 门")
    assert kinds(book) == [("chapter", 1), ("chapter", 2), ("chapter", 3)]


def test_decorated_headings_are_found_and_keep_their_brackets():
    assert [title for _, _, title in outline(novel("【第一章 灯】", "【第二章 信】"))] == [
        "【第一章 灯】",
        "【第二章 信】",
    ]


def test_every_kind_of_newline_gives_the_same_chapters():
    book = novel("第一章 灯", "第二章 信")
    assert (
        split_chapters(book.replace("\n", "\r\n"))
        == split_chapters(book.replace("\n", "\r"))
        == split_chapters(book)
    )


def test_what_cleaning_removed_is_counted():
    split = split_book("第一章 灯\r\n\r\n　　他\u200b来了。 \r\n")
    assert split.removed == {
        "newlines": 3,
        "blank_lines": 2,
        "indents": 1,
        "zero_width": 1,
        "trailing_spaces": 1,
    }


def test_a_line_of_a_megabyte_and_a_crowd_of_near_headings_take_no_time():
    crowd = "".join(f"第{'一' * 30}{n}\n" for n in range(20_000)) + "第一二三四五六七八九十" * 100_000
    assert len(split_chapters(crowd)) == 1


STYLES = [
    "第{}章 灯",
    "第{}章灯火",
    "第{}章",
    "第 {} 回 灯",
    "【第{}章】灯",
    "第（{}）章 灯",
    "章{} 灯",
    "卷{} 灯",
    "{}章 灯",
    "第{}节：灯",
    "第{}集 灯",
    "第{}话 灯",
    "第{}折 灯",
    "第{}幕 灯",
    "第{}讲 灯",
    "第{}场 灯",
    "第{}封 灯",
    "第{}册 灯",
    "第{}本 灯",
    "第{}篇 灯",
    "第{}季 灯",
    "{}",
    "{}、灯",
    "（{}）",
    "（{}）灯",
    "正文 第{}章 灯",
    "夜路 第{}章 灯",
    "第九卷 第{}章 灯",
    "第九卷 山雨 第{}章 灯",
    "第{}章 你是谁？",
    "第{}章 " + "夜路漫长" * 20,
    "# 第{}章 灯",
]
WRITTEN = [list("一二三四五"), list("12345"), ["001", "002", "003", "004", "005"], list("１２３４５")]


@pytest.mark.parametrize("written", WRITTEN, ids="".join)
@pytest.mark.parametrize("indent", ["", "　　"])
@pytest.mark.parametrize("style", STYLES)
def test_every_style_of_heading_is_found(style, indent, written):
    book = novel(*(style.format(number) for number in written), indent=indent)
    assert kinds(book) == [("chapter", number) for number in range(1, 6)]


@pytest.mark.parametrize(
    "style", ["Chapter {}", "chapter.{} 灯", "No.{} 灯", "{}.", "{} | 灯", "[{}]灯", "夜路({})", "夜路 {}"]
)
def test_every_style_with_digits_is_found(style):
    assert kinds(novel(*map(style.format, range(1, 6)))) == [("chapter", n) for n in range(1, 6)]


@pytest.mark.parametrize("style", ["==={}===", "# {}", "☆、{}", "【{}】", "正文 {}", "章节-{}"])
def test_every_style_of_title_without_number_is_found(style):
    titles = ["灯火", "书信", "门外", "山雨", "夜路"]
    assert kinds(novel(*map(style.format, titles), paragraphs=6)) == [("chapter", None)] * 5


@pytest.mark.parametrize(
    ("numbers", "style"),
    [
        ((1, 2, 3, 3, 4, 5), "第{}章 灯"),
        ((1, 2, 4, 5, 6), "第{}章灯火"),
        ((10, 12, 12, 13), "第{}章 灯"),
        ((33, 34, 35, 36, 37), "{}. 灯"),
        ((1, 2, 3, 2, 3, 4), "第{}章 灯"),
        ((0, 1, 2), "第{}章 灯"),
    ],
)
def test_wrong_missing_and_late_numbers_keep_their_headings(numbers, style):
    assert kinds(novel(*map(style.format, numbers))) == [("chapter", number) for number in numbers]


@pytest.mark.parametrize("style", ["{}", "{}、灯", "第{}章", "第{}章灯火"])
@pytest.mark.parametrize("volume", ["第{}卷 山", "卷{}", "第{}部", "第{}集 水"])
def test_numbers_begin_again_under_every_kind_of_volume(volume, style):
    book = "".join(
        volume.format(part) + "\n\n" + novel(*map(style.format, "一二三四")) for part in ("一", "二", "三")
    )
    expected = [("chapter", number) for number in (1, 2, 3, 4)]
    assert kinds(book) == [("volume", 1), *expected, ("volume", 2), *expected, ("volume", 3), *expected]


def test_a_number_and_its_title_on_two_lines_are_one_heading_and_the_title_begins_the_body():
    chapters = split_chapters(novel("第一章\n\n灯火", "第二章\n\n书信", "第三章\n\n门外"))
    assert [(chapter.title, chapter.text.split("\n")[0]) for chapter in chapters] == [
        ("第一章", "灯火"),
        ("第二章", "书信"),
        ("第三章", "门外"),
    ]


def test_whole_chapters_on_one_line_are_chapters():
    body = prose(6, indent="").replace("\n", "")
    assert kinds("\n".join(f"第{n}章 灯　　{body}" for n in "一二三")) == [
        ("chapter", number) for number in (1, 2, 3)
    ]


TRAPS = [
    "第三章 讲的是一个人怎样离开了家。",
    "第一封信",
    "第四本书记载着这件事",
    "40多岁的影评人站了起来",
    "3年过去了",
    "一、不许说话\n　　二、不许走动\n　　三、不许回头",
    "10\n　　9\n　　8\n　　7",
    "1.1 夜路\n　　1.2 明月",
    "12:30\n　　3:2\n　　2008.5.1",
    "----------\n　　* * *",
    "第一章 山\n　　第二章 水\n　　第三章 云",
    "Chapter 3 was the last thing he read.",
]


@pytest.mark.parametrize("style", ["第{}章 灯", "第{}章灯火", "{}、灯", "{}", "（{}）"])
@pytest.mark.parametrize("trap", TRAPS)
def test_the_story_may_say_what_headings_say(trap, style):
    headings = [style.format(number) for number in "一二三四五六"]
    book = novel(*headings[:2]) + f"　　{trap}\n" + prose(3) + "\n" + novel(*headings[2:])
    assert kinds(book) == [("chapter", number) for number in range(1, 7)]


@pytest.mark.parametrize("trap", TRAPS)
def test_a_story_without_headings_gets_none_from_its_sentences(trap):
    assert kinds(prose(8) + f"　　{trap}\n" + prose(8)) == [("chapter", None)]


FORMS = (
    "第一章 灯|第二章灯火|三章 门|（四）|5. 水|夜路(6)|==夜路==|番外之一|☆、灯|Chapter 3|第一章 灯　　"
    + "他来了。" * 20
    + "|第一章 灯|第二章|　　第三章 门|第一卷|卷二 水|一|二|3. 信|序|楔子|目录|《夜路》|尾声|第二章里他说。|【第四章】||　　"
)
LINES = st.sampled_from((*FORMS.split("|"), *SIMPLIFIED)) | st.text(max_size=20)


@settings(deadline=None, max_examples=60)
@given(st.lists(LINES, max_size=40), st.sampled_from(["\n", "\r\n", "\r"]))
def test_law_nothing_is_dropped(lines, newline):
    text = newline.join(lines)
    split = split_book(text)
    whole = [line for chapter in split.chapters for line in chapter.whole().split("\n")]
    if any(section.title_ends for section in split.sections):  # a line was cut behind its title
        assert "".join("".join(whole).split()) == "".join("".join(clean_text(text)).split())
    else:
        assert whole == clean_text(text)


def test_a_chapter_in_one_line_is_cut_behind_its_title():
    lines = [f"第{number}章 灯　　" + "他来了。" * 40 for number in "一二三"]
    chapters = split_chapters("\n".join(lines))
    assert [(c.number, c.title) for c in chapters] == [(n, f"第{h}章 灯") for n, h in enumerate("一二三", 1)]
    assert all(chapter.text == "他来了。" * 40 for chapter in chapters)


@given(st.lists(LINES, max_size=40))
def test_law_chapters_are_numbered_in_order(lines):
    chapters = split_chapters("\n".join(lines))
    assert [chapter.index for chapter in chapters] == list(range(len(chapters)))


@given(st.integers(1, 30), st.sampled_from("章回节卷"))
def test_law_a_regular_book_gives_back_its_headings(count, unit):
    titles = [f"第{number}{unit} 夜路" for number in range(1, count + 1)]
    assert [chapter.title for chapter in split_chapters(novel(*titles))] == titles


def test_a_tagged_title_before_the_first_chapter_is_front_matter():
    lines = ["雨夜", "第一章 灯", "他来了。", "灯下", "她走了。"]
    kinds_found = [(c.kind, c.title) for c in split_raw_lines(lines, {0, 1, 3}).chapters]
    assert kinds_found == [("front", "雨夜"), ("chapter", "第一章 灯"), ("extra", "灯下")]
