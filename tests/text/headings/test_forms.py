"""One line → the heading it could be: forms and negatives."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.text.headings import forms as headings
from novelgpt.text.headings import labels, ordinals, readings, words
from novelgpt.text.headings.forms import heading_of
from novelgpt.text.headings.heading import LONGEST_LINE

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
    ("chapter.844 夜路", "章", 844),
    ("Chapter Three", "章", 3),
    ("Chapter Twenty-One: Night", "章", 21),
    ("Vol.001", "卷", 1),
    ("Episode 7 夜路", "话", 7),
    ("Section 3", "节", 3),
    ("第⼀⼆章 夜路", "章", 12),
    ("第壹拾贰章 夜路", "章", 12),
    ("第卌二回 夜路", "回", 42),
    ("第（十二）章 夜路", "章", 12),
    ("第〔3〕节", "节", 3),
    ("第①章 夜路", "章", 1),
    ("笫八回 夜路", "回", 8),
    ("章11 夜路", "章", 11),
    ("章十一", "章", 11),
    ("卷上", "卷", 1),
    ("卷下 夜路", "卷", None),
    ("第三场", "场", 3),
    ("第三封 夜路", "封", 3),
    ("第三本 夜路", "本", 3),
    ("第二编 夜路", "编", 2),
    ("第三幕 夜路", "幕", 3),
    ("第二季", "季", 2),
    ("第二卷 山雨 第十三章 夜路", "章", 13),
    ("「第三章」夜路", "章", 3),
    ("（第三章）夜路", "章", 3),
    ("正文卷 第三章 夜路", "章", 3),
    ("===第三章 夜路===", "章", 3),
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
        ("三十章 夜路", 30),
        ("12章", 12),
        ("第三章中原夜路", 3),
        ("第十二章 他走了。", 12),
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
        ("番外 第1章", "extra", 1),
        ("番外 第二章 夜路", "extra", 2),
        ("番外篇（上）", "extra", None),
        ("里番", "extra", None),
        ("间章 夜路", "extra", None),
        ("上架感言", "extra", None),
        ("请假条", "extra", None),
        ("大结局（下）", "extra", None),
        ("设定集", "extra", None),
        ("李敬业番外：夜路", "extra", None),
        ("李敬业番外二", "extra", 2),
        ("简序", "front", None),
        ("扉页", "front", None),
        ("卷首语", "front", None),
        ("【楔子】", "extra", None),
        ("Prologue", "extra", None),
        ("Epilogue: Night", "extra", None),
        ("Preface", "front", None),
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
        "Chapter 3 was the last one he read.",
        "第三章 完",
        "第一章 灯 第二章 信 第三章 门",
        "第一部手机摔在了地上",
        "第一季度的账",
        "第三场比赛",
        "40多岁的影评人",
        "12年过去了",
        "12个人走在路上",
        "2008年5月1日",
        "2008.5.1",
        "3:2",
        "……",
        "----------",
        "* * *",
        "【叮，系统已经开启。】",
        "请假的人回来了",
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


@pytest.mark.parametrize("title", ["灯", "夜路　明月", ""])
def test_a_whole_chapter_on_one_line_tells_where_its_title_ends(title):
    head = f"第三章 {title}".rstrip()
    heading = heading_of(f"{head}　　" + "天色渐渐暗了下来，他站在门口，看着远处的山。" * 20)
    assert heading is not None
    assert (heading.number, heading.ends, heading.firm) == (3, len(head), False)


def test_a_long_line_of_prose_is_not_searched_for_a_title():
    assert heading_of("第三章里他写道，那年的雪很大。" * 20) is None
    assert heading_of("第三章　　" + "山" * 300) is None


ADVERSARIAL = [
    "第",
    "一",
    "第一",
    "第一章 ",
    " ",
    "\u3000",
    "[SEP]",
    "www.",
    "＊=＝",
    "（（",
    "夜路 12",
    "第一百，",
]


@pytest.mark.parametrize("unit", ADVERSARIAL)
def test_a_megabyte_of_anything_is_no_heading(unit):
    assert heading_of(unit * (1_000_000 // len(unit))) is None


@pytest.mark.parametrize("unit", ADVERSARIAL)
def test_every_pattern_ends_on_the_longest_line_it_may_see(unit):
    line = (unit * LONGEST_LINE)[:LONGEST_LINE]
    patterns = [
        value
        for module in (headings, ordinals, words, labels, readings)
        for value in vars(module).values()
        if isinstance(value, re.Pattern)
    ]
    assert len(patterns) > 15
    for pattern in patterns:
        found = pattern.search(line)
        assert found is None or found.end() <= LONGEST_LINE


@given(st.text("第一二十百章回卷部节集 　【】☆、0１番外序（）Chapter①⼀=#.|[]_-。？夜路", max_size=250))
def test_law_any_line_is_judged_without_error(line):
    heading = heading_of(line)
    assert heading is None or heading.number is None or heading.number >= 0
