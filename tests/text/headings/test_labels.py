"""Bare numbers, marks and stems: what each style is called, and what is none of them."""

import pytest

from novelgpt.text.headings.labels import bare, mark, stem


@pytest.mark.parametrize(
    ("line", "number", "style", "titled"),
    [
        ("一", 1, "一", False),
        ("12", 12, "1", False),
        ("33.", 33, "1.", False),
        ("33. 夜路", 33, "1.", True),
        ("1 | 夜路", 1, "1|", True),
        ("001、夜路", 1, "1、", True),
        ("001夜路", 1, "1", True),
        ("012 夜路", 12, "1", True),
        ("（一）", 1, "（一）", False),
        ("（十二）夜路", 12, "（一）", True),
        ("[0001]夜路", 1, "[1]", True),
        ("【12】", 12, "【1】", False),
        ("No.11", 11, "No.1", False),
        ("第十二 夜路", 12, "第一", True),
        ("⑫ 夜路", 12, "一", True),
        ("三、你是谁？", 3, "一、", True),
    ],
)
def test_a_bare_number_has_a_style(line, number, style, titled):
    heading = bare(line)
    assert heading is not None
    assert (heading.number, heading.style, heading.titled) == (number, style, titled)


@pytest.mark.parametrize(
    "line",
    [
        "一个人",
        "（一",
        "一）",
        "12年",
        "12:30",
        "3.14",
        "1.1 夜路",
        "第12天",
        "一、他走了。",
        "2008-5-1",
        "夜路",
        "",
        f"12、{'夜' * 60}",
    ],
)
def test_a_quantity_or_a_sentence_is_no_bare_number(line):
    assert bare(line) is None


@pytest.mark.parametrize(
    ("line", "style"),
    [
        ("===夜路===", "==="),
        ("# 夜路", "#"),
        ("## 夜路", "##"),
        ("☆、夜路", "☆、"),
        ("【夜路】", "【"),
        ("《夜路》", "《"),
        ("正文 夜路", "正文"),
        ("章节-纸鹤", "章节-"),
    ],
)
def test_a_mark_has_a_style(line, style):
    heading = mark(line)
    assert heading is not None
    assert (heading.style, heading.number, heading.titled) == (style, None, True)


@pytest.mark.parametrize(
    "line", ["======", "* * *", "正文夜路", "【他走了。】", "# " + "夜" * 60, "夜路", ""]
)
def test_an_ornament_or_a_sentence_is_no_mark(line):
    assert mark(line) is None


@pytest.mark.parametrize(
    ("line", "name", "number"),
    [
        ("夜路(12)", "夜路", 12),
        ("夜路（十二）", "夜路", 12),
        ("夜路 124", "夜路", 124),
        ("夜路124", "夜路", 124),
        ("夜路_3", "夜路", 3),
        ("[web] 406", "[web]", 406),
    ],
)
def test_a_stem_is_the_words_before_the_number(line, name, number):
    heading = stem(line)
    assert heading is not None
    assert (heading.style, heading.number) == (name, number)


@pytest.mark.parametrize("line", ["夜路(12", "夜路12)", "夜路十二", "他说，12", "12", "", "夜" * 60 + "12"])
def test_what_does_not_repeat_as_a_whole_is_no_stem(line):
    assert stem(line) is None
