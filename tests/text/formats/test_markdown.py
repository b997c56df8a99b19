"""Markdown, read as a novel."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.text.decode import Undecodable
from novelgpt.text.formats.markdown import read_markdown
from tests.text.samples import SIMPLIFIED


def read(text: str) -> tuple[list[str], list[str]]:
    """Return the lines and those that are marked."""
    reading = read_markdown(text.encode())
    lines = reading.decoded.text.split("\n")
    assert len(lines) == len(text.split("\n"))
    return lines, [lines[index] for index in sorted(reading.marked)]


@pytest.mark.parametrize(
    ("line", "expected", "is_heading"),
    [
        ("# 灯", "灯", True),
        ("### 灯 ###", "灯", True),
        ("#### 灯", "灯", False),
        ("## **第一章** 灯", "第一章 灯", True),
        ("##第一章 灯", "第一章 灯", True),
        ("#灯火管制", "#灯火管制", False),
        ("# ", "# ", False),
        ("他**真的**走了。", "他真的走了。", False),
        ("他*真的*走了，_没有_回头。", "他真的走了，没有回头。", False),
        ("他 _没有_ 回头。", "他 没有 回头。", False),
        ("他 __没有__ 回头。", "他 没有 回头。", False),
        ("看[这里](http://example.com)和![图](a.png)。", "看这里和图。", False),
        ("`代码`", "代码", False),
        (r"\*不是强调\*", "*不是强调*", False),
        ("3 * 4 * 5", "3 * 4 * 5", False),
        ("snake_case_name", "snake_case_name", False),
        ("* * *", "* * *", False),
        ("***", "***", False),
        ("> 他说", "他说", False),
        ("[注]他说", "[注]他说", False),
        (SIMPLIFIED[0], SIMPLIFIED[0], False),
    ],
)
def test_the_marks_go_and_the_words_stay(line, expected, is_heading):
    assert read(f"前。\n{line}\n后。") == (["前。", expected, "后。"], [expected] if is_heading else [])


@pytest.mark.parametrize(
    ("text", "lines", "marked"),
    [
        ("灯\n===\n他。", ["灯", "", "他。"], ["灯"]),
        ("他。\n\n灯\n---\n她。", ["他。", "", "灯", "", "她。"], ["灯"]),
        ("他走了。\n---\n她。", ["他走了。", "---", "她。"], []),
        ("他。\n她\n---\n", ["他。", "她", "---", ""], []),
        ("他。\n\n---\n\n她。", ["他。", "", "---", "", "她。"], []),
        ("他。\n```\n# 不是\n**x**\n```\n她。", ["他。", "", "# 不是", "**x**", "", "她。"], []),
        ("```\n# 灯\n他。", ["```", "灯", "他。"], ["灯"]),
    ],
)
def test_underlines_breaks_and_fences(text, lines, marked):
    assert read(text) == (lines, marked)


def test_front_matter_names_the_book():
    reading = read_markdown('---\ntitle: "夜路"\nauthor: 无名\ntags: [a]\n---\n# 灯\n他。'.encode())
    assert (reading.title, reading.author) == ("夜路", "无名")
    assert reading.decoded.text == "\n\n\n\n\n灯\n他。"


def test_a_scene_break_at_the_top_is_no_front_matter():
    assert read("---\n他来了。\n---\n他走了。") == (["---", "他来了。", "---", "他走了。"], [])


@pytest.mark.parametrize(
    "piece",
    ["*", "_", "`", "[", "[a](", "![", "**a", "#", "> ", "\\", "- ", "```a\n", "```\n", "=\n", "---\n"],
)
def test_a_file_full_of_marks_is_read(piece):
    text = "他\n" + piece * (300_000 // len(piece))
    assert read_markdown(text.encode()).decoded.text.startswith("他\n")


@given(st.text(alphabet="#*_`[]()!>\\-= \n他a第一章", max_size=120))
@settings(deadline=None, max_examples=60)
def test_law_lines_keep_their_numbers_and_no_han_is_lost(text):
    try:
        lines, _ = read(text)
    except Undecodable:
        return
    shown = "".join(lines)
    assert sum(shown.count(han) for han in "他第一章") >= sum(
        text.count(han) for han in "他第一章"
    ) - 4 * text.count("](")
