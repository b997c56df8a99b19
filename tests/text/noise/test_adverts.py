"""Adverts: which lines go, which parts of a line, and the stories that only speak of such things."""

import pytest

from novelgpt.text.clean import clean_lines
from novelgpt.text.noise.adverts import cuts, sounds_like_a_site
from novelgpt.text.noise.folding import fold

STORY = "他推开门，看见院子里空无一人。"


@pytest.mark.parametrize(
    "line",
    [
        "天才一秒记住本站地址：www.example.com",
        "天才壹秒記住『看書閣』，為您提供精彩小說閱讀。",
        "最快更新《江湖夜雨》最新章节！",
        "手机用户请浏览m.example.com阅读，更优质的阅读体验。",
        "ｗｗｗ．ｅｘａｍｐｌｅ．ｃｏｍ",
        "ωωω.example.cοm",
        "w w w . e x a m p l e . c o m",
        "e.x.a.m.p.l.e.c.o.m",
        "最⊥新⊥小⊥说⊥在⊥云⊥海⊥阁⊥首⊥发",
        "无一错一首一发一内一容一在一云一海一阁",
        "请收藏本站：www.example.com。云海阁手机版：m.example.com",
        "QQ群：123456789，欢迎各位书友加入",
        "转码页面请退出转码阅读模式，查看更多内容",
        "本书由云海阁整理制作，更多好书请访问www.example.com",
        "7017k",
        "本章未完，请点击下一页继续阅读！",
        "（本章完）",
        "上一章 目录 下一章",
        "第(2/3)页",
        "第 2 页",
        "正在手打中，请稍等片刻，内容更新后，请重新刷新页面，即可获取最新更新！",
        "chaptererror();",
    ],
)
def test_a_line_that_only_sites_write_goes(line):
    book = clean_lines([STORY, line, STORY])
    assert book.lines == [STORY, "", STORY]
    assert [removal.text for removal in book.removals] == [line]


@pytest.mark.parametrize(
    "advert",
    [
        "(本章未完，请点击下一页继续阅读)",
        "（未完待续）",
        "【云海阁 www.example.com 最快更新】",
        "最新章节请到www.example.com阅读！",
        "ｗｗｗ．ｅｘａｍｐｌｅ．ｃｏｍ",
        "最⊥新⊥章⊥节⊥上⊥云⊥海⊥阁",
        "《青竹小说网 http://www.example.com》",
        "wωw.example.ＣＯＭ",
        "百度搜索云海阁看最新章节！",
    ],
)
def test_of_a_story_line_only_the_advert_goes(advert):
    book = clean_lines([STORY + advert])
    assert book.lines == [STORY]
    assert [(removal.text, removal.kept) for removal in book.removals] == [(advert, STORY)]
    speech = f"他说：『「走吧。」』{advert}"
    assert clean_lines([speech]).lines == ["他说：『「走吧。」』"]


@pytest.mark.parametrize(
    "line",
    [
        "他在手机上看小说，顺手收藏了那个网站，更新很快。",
        "“你知道www.example.com吗？”她问。",
        "他打开电脑，登录www.example.com搜索小说。",
        "她收藏了许多古书，每一本都亲手整理过。",
        "网站更新了，他点击下一页，继续看。",
        "“记得投月票啊！”编辑在电话里说。",
        "他一秒记住了她的脸。",
        "我在起点中文网看最新章节。",
        "要知后事如何，且听下回分解。",
        "她关注了他的微信公众号，每天都看。",
        "他把最新章节上传到网站，长出一口气。",
        "他扫描二维码付了钱，提着菜回家。",
        "这本书由两个人整理，一个是他，一个是她。",
        "百度搜索的结果让他失望。",
        "版权归出版社所有，他一分钱也拿不到。",
        "“请收藏本站，”屏幕上跳出一行字。",
        "广告牌上写着：最快更新，最低价格。",
        "本书的作者是一位老人。",
        "上一章讲到哪里了？先生翻开书问。",
        "* * *",
        "正是：",
    ],
)
def test_a_story_that_speaks_of_such_things_stays(line):
    assert cuts(line) == []


def test_the_fold_knows_where_its_letters_stand():
    line = "看 ｗωw．Ａ书卍網"
    folded = fold(line)
    assert folded.plain == "看wwwa书网"
    assert folded.dotted == "看www.a书网"
    start, end = folded.span(folded.plain.index("书"), len(folded.plain))
    assert line[start:end] == "书卍網"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("云海小说网，最新最快的更新", True),
        ("要知后事如何，且听下回分解。", False),
        ("“小说网站更新了，最新章节。”", False),
        ("正是：", False),
    ],
)
def test_a_suspect_sounds_like_a_site_or_not(line, answer):
    assert sounds_like_a_site(line) is answer
