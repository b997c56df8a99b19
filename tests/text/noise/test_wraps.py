"""Hard wraps: paragraphs broken at a width come together again; verse, speeches, headings and plain books do not."""

import pytest

from novelgpt.text.clean import clean_lines
from tests.text.samples import novel

PARAGRAPHS = [
    "天色渐渐暗了下来，他站在门口，看着远处的山，心里想着明天要走的路。风从河上来，带着水草的气味，他把衣领竖起来，又站了一会儿，才慢慢转过身去。",
    "“你真的要去吗？”她问道，“那里已经没有人了。”",
    "屋里的灯还亮着，桌上摊着一张旧地图，墨迹已经淡了，可是那条路他闭着眼睛也画得出来：过了桥往西，翻两座山，再沿着河走三天，就到了当年他们分手的渡口。",
    "他没有回答，只是把灯点上，又把信放在桌子上，过了好一会儿才说：“我会回来的，等到河里的冰化了，等到山上的花开了，我就回来，你要是不信，就在桥头等我。”",
    "夜里下起了雨。",
    "雨打在瓦上，打在院子里的芭蕉叶上，打在他白天劈好的柴上，他躺在床上听了一夜，想起许多年前的一个夜晚，也是这样的雨，也是这样的灯，只是屋里还有另外一个人。",
] * 6  # fmt: skip


def chunks(paragraph: str, width: int, first: int) -> list[str]:
    rest = range(first, len(paragraph), width)
    return [paragraph[:first], *(paragraph[start : start + width] for start in rest)]


def broken(style: str, width: int = 35) -> list[str]:
    lines: list[str] = []
    for paragraph in PARAGRAPHS:
        indent = "　　" if style == "indented" else ""
        pieces = chunks(paragraph, width, width - len(indent))
        pieces[0] = indent + pieces[0]
        lines += [
            one for piece in pieces for one in ([piece, ""] if style == "blank after each" else [piece])
        ]
        lines += [""] if style == "blank between" else []
    return lines


@pytest.mark.parametrize("style", ["indented", "blank between", "plain", "blank after each"])
@pytest.mark.parametrize("width", [26, 35, 40])
def test_paragraphs_come_together_again(style, width):
    lines = broken(style, width)
    book = clean_lines(lines)
    assert [line for line in book.lines if line] == PARAGRAPHS
    assert len(book.lines) == len(lines)
    assert book.counts["hard_wraps"] == len(book.joined) > 0
    assert all(book.lines[place] == "" for place in book.joined)


def test_joining_is_done_once_and_for_all():
    once = clean_lines(broken("indented")).lines
    assert clean_lines(once).lines == once


VERSE = ["月落乌啼霜满天，", "江枫渔火对愁眠。", "姑苏城外寒山寺，", "夜半钟声到客船。"] * 20


@pytest.mark.parametrize(
    "lines",
    [
        novel("第一章 夜路", "第二章 雨", paragraphs=20).split("\n"),
        VERSE,
        ["月落乌啼霜满天江枫渔火对愁眠", "姑苏城外寒山寺夜半钟声到客船"] * 20,
        [f"第{number}回 甄士隐梦幻识通灵 贾雨村风尘怀闺秀" for number in range(1, 60)],
    ],
    ids=["a plain book", "verse", "verse without marks", "a list of contents"],
)
def test_what_was_never_broken_is_not_joined(lines):
    assert not clean_lines(lines).joined


def test_headings_and_verse_within_broken_prose_stay_alone():
    lines = ["第一章 夜路", *broken("indented"), "第二章 雨", *VERSE[:4], *broken("indented")]
    book = clean_lines(lines)
    assert [line for line in book.lines if line] == [
        "第一章 夜路",
        *PARAGRAPHS,
        "第二章 雨",
        *VERSE[:4],
        *PARAGRAPHS,
    ]
