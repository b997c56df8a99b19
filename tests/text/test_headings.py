"""One line → the heading it could be: forms and negatives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.text.headings import heading_of

FIRM = [
    ("第一章", "章", 1),
    ("第一章 夜路", "章", 1),
    ("第12章　夜路", "章", 12),
    ("第１２章 夜路", "章", 12),
    ("第071回 夜路", "回", 71),
    ("第 一 回 夜路", "回", 1),
    ("第一百〇八回 夜路 明月", "回", 108),
    ("第百零八回 夜路", "回", 108),
    ("第一二零回", "回", 120),
    ("第廿三回、夜路", "回", 23),
    ("第两百一十八章：夜路", "章", 218),
    ("第三节 夜路", "节", 3),
    ("第三節", "節", 3),
    ("第二集 夜路", "集", 2),
    ("第五折", "折", 5),
    ("第七话·夜路", "话", 7),
    ("第三部 夜路", "部", 3),
    ("第二卷", "卷", 2),
    ("第一種 夜路", "種", 1),
    ("第三则 夜路", "则", 3),
    ("卷五", "卷", 5),
    ("卷一 夜路", "卷", 1),
    ("卷 一 夜路", "卷", 1),
    ("卷之三 夜路", "卷", 3),
    ("上卷", "卷", 1),
    ("下部 夜路", "部", None),
    ("第九卷 第二章 夜路", "章", 2),
    ("卷一 二回 夜路", "回", 2),
    ("上卷 第八回 夜路", "回", 8),
    ("第一回 第三節", "節", 3),
    ("【第一章】", "章", 1),
    ("【第一章】夜路", "章", 1),
    ("☆、第一章 夜路", "章", 1),
    ("== 第一章 夜路 ==", "章", 1),
    ("正文 第一章 夜路", "章", 1),
    ("## 第一章 夜路", "章", 1),
    ("Chapter 12", "章", 12),
    ("CHAPTER XII: Night", "章", 12),
    ("Part 2", "部", 2),
]


@pytest.mark.parametrize(("line", "unit", "number"), FIRM)
def test_a_firm_heading_is_told_by_its_form(line, unit, number):
    heading = heading_of(line)
    assert heading is not None
    assert (heading.family, heading.unit, heading.number, heading.firm) == ("unit", unit, number, True)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("第一章夜路", 1),
        ("第三十章他走了", 30),
        ("第十二章 你是谁？", 12),
        ("第十二章 " + "夜" * 60, 12),
        ("合影楼 第二回 夜路", 2),
        ("合影楼第二回 夜路", 2),
    ],
)
def test_a_doubtful_heading_waits_for_the_book_to_vouch(line, number):
    heading = heading_of(line)
    assert heading is not None
    assert (heading.number, heading.firm) == (number, False)


@pytest.mark.parametrize(
    ("line", "kind", "number"),
    [
        ("序", "front", None),
        ("序 夜路", "front", None),
        ("《序》", "front", None),
        ("序二", "front", 2),
        ("前言", "front", None),
        ("内容简介", "front", None),
        ("目录", "front", None),
        ("楔子", "extra", None),
        ("楔子　夜路　明月", "extra", None),
        ("引子", "extra", None),
        ("序章：夜路", "extra", None),
        ("尾声", "extra", None),
        ("尾聲 夜路", "extra", None),
        ("后记", "extra", None),
        ("终章", "extra", None),
        ("完本感言", "extra", None),
        ("番外", "extra", None),
        ("番外一 夜路", "extra", 1),
        ("番外（三）", "extra", 3),
        ("番外之二 夜路", "extra", 2),
        ("附录： 夜路", "extra", None),
        ("上卷 附录 夜路", "extra", None),
    ],
)
def test_a_word_heading_says_what_kind_it_is(line, kind, number):
    heading = heading_of(line)
    assert heading is not None
    assert (heading.family, heading.kind, heading.number) == ("word", kind, number)


@pytest.mark.parametrize(
    ("line", "number"),
    [("一", 1), ("十二", 12), ("12", 12), ("12. 夜路", 12), ("一、夜路", 1), ("四四 夜路", 44)],
)
def test_a_bare_number_is_only_a_candidate(line, number):
    heading = heading_of(line)
    assert heading is not None
    assert (heading.family, heading.number) == ("bare", number)


@pytest.mark.parametrize(
    "line",
    [
        "第三章里他写道，那年的雪很大。",
        "第三章，他看见了山。",
        "第三章的故事到这里就完了",
        "第一回合他就输了",
        "第二部分是她写的",
        "第一部队已经出发",
        "第一节课还没有开始",
        "第一集合点在河边",
        "第三种人从不说话",
        "第四本书记载着这件事",
        "第一封信",
        "第五话题",
        "第一回来的时候",
        "第十天 他走了",
        "第十百章",
        "第章",
        "且听下回分解。",
        "他翻到第三章，看了一会儿。",
        "序幕拉开的时候，他还没有到。",
        "后记得把灯关上",
        "楔子是什么？",
        "番外国人也来了",
        "一个人走在路上",
        "12:30",
        "1.1 夜路",
        "3.14",
        "十分",
        "一、他走了。",
        "Chapters of my life",
        "Part time",
        "No",
        "第" * 200,
        "第一章 夜路。他站在门口。",
        "第一章 " + "夜" * 200,
        "",
    ],
)
def test_prose_is_no_candidate_at_all(line):
    assert heading_of(line) is None


@given(st.text("第一二十百章回卷部节集 　【】☆、0１番外序（）Chapter", max_size=250))
def test_law_any_line_is_judged_without_error(line):
    heading = heading_of(line)
    assert heading is None or heading.number is None or heading.number >= 0
