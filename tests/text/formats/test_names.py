"""File names and first lines → title and author, with what must not be taken away."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.text.formats.names import name_from_file, name_from_head
from tests.text.samples import SIMPLIFIED


@pytest.mark.parametrize(
    ("stem", "title", "author"),
    [
        ("夜路", "夜路", ""),
        ("《夜路》作者：无名", "夜路", "无名"),
        ("《夜路》（校对版）作者：无名", "夜路", "无名"),
        ("《夜路》（精校版全本）作者：无名.txt", "夜路", "无名"),
        ("《夜路》作者：清·无名", "夜路", "无名"),
        ("《夜路》作者：无名编次", "夜路", "无名"),
        ("《夜路》作者：[清]无名", "夜路", "无名"),
        ("《夜路》作者：", "夜路", ""),
        ("《夜路》无名", "夜路", "无名"),
        ("无名《夜路》", "夜路", "无名"),
        ("《夜路》第二部 作者：无名", "夜路第二部", "无名"),
        ("《夜路》（上）", "夜路（上）", ""),
        ("《夜路》[完]", "夜路", ""),
        ("夜路（精校版全本）作者：无名", "夜路", "无名"),
        ("夜路 作者：无名", "夜路", "无名"),
        ("夜路_无名", "夜路", "无名"),
        ("夜路-无名", "夜路", "无名"),
        ("夜路 - 无名", "夜路", "无名"),
        ("夜路-山中 - 无名", "夜路-山中", "无名"),
        ("历史故事-唐史_无名、佚名", "历史故事-唐史", "无名、佚名"),
        ("夜路 by 无名", "夜路", "无名"),
        ("夜路BY无名", "夜路", "无名"),
        ("[无名]夜路", "夜路", "无名"),
        ("【无名】夜路", "夜路", "无名"),
        ("夜路（无名）", "夜路", "无名"),
        ("夜路.gbk", "夜路", ""),
        ("夜路_utf-8", "夜路", ""),
        ("夜路(1-100章)", "夜路", ""),
        ("夜路 第1-100章完", "夜路", ""),
        ("【完结】夜路", "夜路", ""),
        ("[玄幻]夜路", "夜路", ""),
        ("[www.example.com]夜路", "夜路", ""),
        ("夜路_某某小说网", "夜路", ""),
        ("夜路全集TXT下载", "夜路", ""),
        ("夜路 全集", "夜路", ""),
        ("夜路完本", "夜路", ""),
        ("夜路校对版", "夜路", ""),
        ("夜路 (1)", "夜路", ""),
        ("夜路 - 副本", "夜路", ""),
    ],
)
def test_a_file_name_tells_title_and_author(stem, title, author):
    assert name_from_file(stem) == (title, author)


@pytest.mark.parametrize(
    "stem",
    [
        "短篇小说全集",
        "探案全集",
        "night-road",
        "夜路-2",
        "夜路-第二部",
        "夜路-上册",
        "夜路（上）",
        "夜路（第一部）",
        "夜路——山中旧事",
        "夜路·山中",
        "2001-山中旧事",
        "历史故事-唐史",
        "历史故事-民国",
        "1984",
        "Stand by Me",
        "完",
        "下载",
        "《》",
        "她的故事-终章",
    ],
)
def test_what_may_belong_to_the_title_stays(stem):
    assert name_from_file(stem) == (stem, "")


@pytest.mark.parametrize(
    ("lines", "title", "author"),
    [
        (["《夜路》", "作者：无名"], "夜路", "无名"),
        (["书名：夜路", "作者: 无名"], "夜路", "无名"),
        (["書名：夜路", "著者：無名"], "夜路", "無名"),
        (["《夜路》作者：无名"], "夜路", "无名"),
        (["书名：《夜路》 作者：无名"], "夜路", "无名"),
        (["《夜路》（全本）", "文／无名"], "夜路", "无名"),
        (["夜路", "无名　著"], "", "无名"),
        (["夜路", "◎无名"], "", "无名"),
        (["夜路", "by 无名"], "", "无名"),
        (["", "\ufeff　　《夜路》", "", "内容简介", "作者：无名"], "夜路", "无名"),
        (["第一章 灯", "《水边》", "作者：别人"], "", ""),
        ([SIMPLIFIED[0], "他说：《夜路》是一本好书。"], "", ""),
        (["《夜路》讲的是一个很长的故事，我说给你听。"], "", ""),
        (["他写道", *SIMPLIFIED * 5, "作者：无名"], "", ""),
        ([], "", ""),
    ],
)
def test_the_lines_before_the_story_tell_title_and_author(lines, title, author):
    assert name_from_head(lines) == (title, author)


@pytest.mark.parametrize(
    "piece", ["《", "作者：", "[", "（", "1-", "by ", "www.", "_", " ", "全集", "\ud800"]
)
def test_long_names_end_soon(piece):
    stem = piece * 100_000
    title, _ = name_from_file(stem)
    assert len(title) <= 200
    assert name_from_head([stem] * 20) is not None


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=60)
def test_law_any_file_name_gives_a_title(stem):
    title, _ = name_from_file(stem)
    assert title or not stem.strip()
