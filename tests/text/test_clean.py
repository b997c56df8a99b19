"""Cleaning as a whole: the log accounts for everything, cleaning twice is cleaning once, hostile input ends soon."""

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from novelgpt.messages import CATALOGUE
from novelgpt.text.clean import RULES, Cleaned, Removal, clean_line, clean_lines, split_lines
from novelgpt.text.rules import Rules
from tests.text.samples import SIMPLIFIED, novel


def cleaned(text: str, **options) -> Cleaned:
    return clean_lines(split_lines(text)[0], **options)


@pytest.mark.parametrize(
    ("line", "clean", "found"),
    [
        ("他站在门口。", "他站在门口。", {}),
        ("　　他站在门口。", "他站在门口。", {"indents": 1}),
        (" \t\u00a0他站在门口。 　", "他站在门口。", {"indents": 1, "trailing_spaces": 1}),
        ("他\u200b站\ufeff在门口。", "他站在门口。", {"zero_width": 2}),
        ("他\x00站\x07在\x85门口。", "他站在门口。", {"controls": 3}),
        ("\ufeff　　他", "他", {"zero_width": 1, "indents": 1}),
        ("　　 ", "", {"blank_lines": 1}),
        ("第一回　夜路　明月", "第一回　夜路　明月", {}),
        ("a\tb  c", "a\tb  c", {}),
    ],
)
def test_a_line_is_cleaned_and_the_rules_are_counted(line, clean, found):
    assert clean_line(line) == (clean, found)
    assert clean_lines([line]).lines == [clean]
    assert clean_lines([line]).counts == found


def test_blank_lines_keep_their_place_and_are_counted():
    book = clean_lines(["第一章", "", "　　夜路", "  "])
    assert book.lines == ["第一章", "", "夜路", ""]
    assert book.counts == {"blank_lines": 2, "indents": 1}


def test_every_rule_has_its_sentence():
    assert {f"text.rule.{rule}" for rule in RULES} <= set(CATALOGUE)


def test_a_clean_book_comes_out_as_it_went_in():
    text = novel("第一章 夜路", "第二章 雨", "第三章 归来")
    book = cleaned(text)
    assert [line for line in book.lines if line] == [line.strip() for line in text.splitlines() if line]
    assert not book.removals
    assert not book.joined


def test_the_log_names_the_line_what_went_and_what_stays():
    book = cleaned("第一章 夜路\n他走了。(本章未完，请点击下一页继续阅读)\nwww.example.com\n雨停了。")
    assert book.lines == ["第一章 夜路", "他走了。", "", "雨停了。"]
    assert book.removals == [
        Removal(1, "page_stitches", "(本章未完，请点击下一页继续阅读)", "他走了。"),
        Removal(2, "site_adverts", "www.example.com"),
    ]
    assert (book.counts["page_stitches"], book.counts["site_adverts"]) == (1, 1)


def test_what_the_source_marks_as_a_heading_is_never_removed():
    book = clean_lines(["www.example.com", "求月票！", *SIMPLIFIED], marked={0, 1})
    assert book.lines[:2] == ["www.example.com", "求月票！"]
    assert not book.removals


def test_the_users_rules_remove_keep_and_switch_off():
    lines = [
        "第一章 夜路",
        "本站域名：www.example.com",
        "更多好书请访问云海阁",
        "风里有歌声。",
        SIMPLIFIED[0],
    ]
    assert clean_lines(lines, rules=Rules(keep=("云海阁",))).lines[1:3] == ["", "更多好书请访问云海阁"]
    assert clean_lines(lines, rules=Rules(off=frozenset({"site_adverts"}))).lines == lines
    book = clean_lines(lines, rules=Rules(remove=("^风里",)))
    assert book.lines[3] == ""
    assert Removal(3, "user", "风里有歌声。") in book.removals


@pytest.mark.parametrize(
    ("raw", "clean", "rule"),
    [
        ("他&nbsp;&nbsp;走了&#12290;", "他\u00a0\u00a0走了。", "entities"),
        ("&amp;ldquo;走吧&amp;rdquo;", "“走吧”", "entities"),
        ("<p>他走了。<br/></p>", "他走了。", "html"),
        ("他走了。<!-- 广告位 -->", "他走了。", "html"),
        ("&lt;br&gt;他走了。", "他走了。", "html"),
        ("⼈⼼难测，⼀⾔难尽。", "人心难测，一言难尽。", "radicals"),
        ("他 说 道 ， 今 天 不 走 了 。", "他说道 ， 今天不走了 。", "han_spaces"),
    ],
)
def test_characters_are_mended(raw, clean, rule):
    book = clean_lines([raw])
    assert book.lines == [clean]
    assert book.counts[rule] > 0


@pytest.mark.parametrize(
    "line",
    [
        "旰（音乾<去聲>）食",
        "AT&T 的老板",
        "若a<b而c>b",
        "春眠不觉晓　处处闻啼鸟",
        "他看了 一眼，又走了",
        "3.14 是个数",
        "&unknown; 的事",
    ],
)
def test_what_only_looks_like_markup_stays(line):
    assert clean_lines([line]).lines == [line]


def test_narrow_punctuation_is_widened_only_in_a_book_that_has_no_other():
    narrow = ["他走了,又回来.她问:为什么?他说:没什么!"] * 20
    assert clean_lines(narrow).lines[0] == "他走了，又回来。她问：为什么？他说：没什么！"
    mixed = [*narrow, *(["他走了，又回来了。"] * 20)]
    assert clean_lines(mixed).lines == mixed


def test_an_ornament_before_a_title_goes():
    book = clean_lines(["☆、第三章 夜路", *SIMPLIFIED, "☆、", "☆☆☆"])
    assert book.lines[0] == "第三章 夜路"
    assert book.lines[-2:] == ["☆、", "☆☆☆"]
    assert book.removals == [Removal(0, "decorations", "☆、", "第三章 夜路")]


def visible(text: str) -> Counter[str]:
    return Counter(character for character in text if character.isprintable() and not character.isspace())


PIECES = st.sampled_from(
    [
        "第一章 夜路", "第二章 雨", "（求月票）", "求月票！", "PS：求收藏", "www.example.com", "天才一秒记住", "本章未完", "他走了。",
        "“你真的要去吗？”", "====", "知轩藏书", "　　", " ", "\n", "\n", "\n", "。", "，", "《江湖》", "最新章节请到", "【", "】", "雨下了一夜",
        "感谢书友的打赏", "第二更", "\u200b", "\x00", "\ud800", "𠮷", "[SEP]", "...", "下一页", "7017k", "☆、",
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join))
@example("第一章 夜路\n第一章 夜路\n第一章 夜路")
@example("www.example.com" * 9)
def test_law_every_visible_character_is_accounted_for(text):
    raw, _ = split_lines(text.replace("&", "").replace("\u2f00", ""))
    book = clean_lines(raw)
    before = visible("".join(raw))
    after = visible("".join(book.lines)) + visible("".join(removal.text for removal in book.removals))
    if not (book.counts["half_width"] or book.counts["radicals"]):
        assert before == after
    assert len(book.lines) == len(raw)


def test_an_ornament_behind_an_advert_is_taken_off_as_well():
    assert clean_lines(["（求月票）☆、第一章 夜路"]).lines == ["第一章 夜路"]


@settings(deadline=None, max_examples=60)
@given(st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join))
def test_law_cleaning_clean_lines_changes_nothing(text):
    raw, _ = split_lines(text.replace("&", ""))
    once = clean_lines(raw)
    again = clean_lines(once.lines)
    assert again.lines == once.lines
    assert not again.removals


@pytest.mark.parametrize(
    "piece",
    [
        "第",
        "一",
        "[SEP]",
        " ",
        "www.",
        "求",
        "（",
        "《",
        "<",
        "<!--",
        "<p x",
        "<!--a-->",
        "&amp;",
        "=",
        "“",
        "a.",
        "一秒记住",
        "最",
    ],
)
@pytest.mark.parametrize("line_length", [4000, 1_000_000])
def test_hostile_lines_are_cleaned_without_a_hang(piece, line_length):
    text = piece * (line_length // len(piece))
    raw, _ = split_lines("\n".join([text] * (1_000_000 // line_length)))
    book = clean_lines(raw)
    kept = sum(map(len, book.lines)) + sum(len(removal.text) for removal in book.removals)
    if piece.strip() and piece != "&amp;":
        assert kept == sum(map(len, raw))


def test_a_million_blank_lines():
    assert clean_lines([""] * 1_000_000).counts["blank_lines"] == 1_000_000


@pytest.mark.parametrize(
    "line",
    [
        "天才一秒记住本站地址：www.abcdefg.com",
        "他推开门，看见院子里空无一人。最快更新请访问www.abcdefg.com",
        "第三章 夜路（求月票）",
        "☆、第三章 夜路",
    ],
)
def test_everything_taken_out_can_be_brought_back_by_its_log(line):
    lines = ["第二章 灯", "他来了。", line, "她走了。"]
    taken = clean_lines(lines)
    assert taken.removals
    wanted = Rules(keep_lines=frozenset(removal.text for removal in taken.removals))
    assert clean_lines(lines, rules=wanted).lines == lines
