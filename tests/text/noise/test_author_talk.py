"""The author's own words: at the edge of a chapter they go, anywhere else they are story."""

import pytest

from novelgpt.text.clean import clean_lines
from novelgpt.text.noise.author_talk import is_author_talk, title_suffix
from tests.text.samples import SIMPLIFIED

BODY = list(SIMPLIFIED) * 4
TALK = [
    "ＰＳ：今天第二更，求月票，求推荐票！",
    "P.S. 推荐一本好友的书，大家可以去看看。",
    "感谢书友“江上清风”的打赏！",
    "求推荐票，求收藏，求月票！",
    "请假一天，明天补上，抱歉。",
    "【求收藏，求推荐】",
    "——求推荐票——",
    "上架了，求首订！",
]
STORY = [
    "“记得投月票啊！”编辑在电话里说。",
    "他请假一天，在家里陪母亲。",
    "今晚三更，你到后院来。",
    "四更到了，他还没有睡。",
    "她求他支持自己，他没有答应。",
    "公交月票五十块钱一张。",
    "编辑催他更新，他说明天一定交稿。",
    "PS：花记得浇水。",
    "第二更的梆子响了。",
]


@pytest.mark.parametrize("line", TALK)
def test_the_author_at_the_end_of_a_chapter_goes(line):
    book = clean_lines(["第一章 夜路", *BODY, line, "第二章 雨", *BODY])
    assert book.lines[len(BODY) + 1] == ""
    assert [(removal.rule, removal.text) for removal in book.removals] == [("author_talk", line)]


@pytest.mark.parametrize("line", STORY)
def test_a_story_at_the_end_of_a_chapter_stays(line):
    assert not is_author_talk(line)
    assert not clean_lines(["第一章 夜路", *BODY, line, "第二章 雨", *BODY]).removals


def test_far_from_the_edges_nothing_goes():
    lines = ["第一章 夜路", *BODY, "请假一天，明天补上，抱歉。", *BODY, "第二章 雨", *BODY]
    assert clean_lines(lines).lines == lines


def test_a_chapter_that_is_an_announcement_stays_whole():
    lines = [
        "第一章 夜路",
        *BODY,
        "上架感言",
        "明天上架，求首订！",
        "感谢大家的月票和打赏！",
        "第二章 雨",
        *BODY,
    ]
    assert clean_lines(lines).lines == lines


@pytest.mark.parametrize(
    "suffix", ["(求月票)", "（第二更，4000字）", "【加更】", "（三更）", " 求推荐票！", "（二合一大章）"]
)
def test_the_authors_word_after_a_title_goes(suffix):
    book = clean_lines(["第十二章 夜路" + suffix, *BODY])
    assert book.lines[0] == "第十二章 夜路"
    assert book.removals[0].text == suffix.strip()


@pytest.mark.parametrize(
    "title", ["第十二章 夜路（上）", "第三章 更夫（二）", "第十二章 求人", "第二章 三更天（雨）"]
)
def test_what_belongs_to_a_title_stays(title):
    assert clean_lines([title, *BODY]).lines[0] == title
    assert title_suffix(title) is None
