"""Frames of download sites: at the file's ends they go with their rows of marks, elsewhere marks are story."""

import pytest

from novelgpt.text.clean import clean_lines
from tests.text.samples import SIMPLIFIED

BODY = list(SIMPLIFIED) * 6


@pytest.mark.parametrize(
    "frame",
    [
        [
            "====================",
            "更多精校小说尽在知轩藏书下载：http://www.example.com/",
            "====================",
        ],
        ["+++++++++99121小说下载网 www.example.com+++++++++"],
        ["【阡陌居整理，仅供试阅】"],
        ["声明：本书仅供试读，请于下载后二十四小时内删除，如喜欢请购买正版。"],
        ["------章节内容开始-------"],
        ["书香门第【江上清风】整理"],
        ["搜书吧 电子书 txt 免费下载"],
    ],
)
def test_a_frame_goes_from_both_ends_of_the_file(frame):
    book = clean_lines([*frame, "《夜路》", "作者：江上", "第一章 夜路", *BODY, *frame])
    assert [line for line in book.lines if line] == ["《夜路》", "作者：江上", "第一章 夜路", *BODY]


@pytest.mark.parametrize(
    "line",
    ["====================", "* * *", "——————————", "书名：夜路（精校版全本）", "内容简介：他整理旧书。"],
)
def test_what_no_frame_stands_beside_stays(line):
    lines = [line, "第一章 夜路", *BODY, line, *BODY, line]
    assert clean_lines(lines).lines == lines
