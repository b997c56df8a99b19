"""Web pages → visible lines and marked headings."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.text.formats.page import decode_page, read_html, read_page
from tests.text.books import headings, read_one
from tests.text.samples import SIMPLIFIED


@pytest.mark.parametrize(
    ("markup", "lines"),
    [
        ("<p>一</p><p>二</p>", ["一", "二"]),
        ("一<br>二<br/>三", ["一", "二", "三"]),
        ("<div>一<div>二</div>三</div>", ["一", "二", "三"]),
        ("<p>一\n  二</p>", ["一二"]),
        ("<p>one\n  two</p>", ["one two"]),
        ("<p>　　一  二</p>", ["　　一 二"]),
        ("<p>一<b>二</b><i>三</i></p>", ["一二三"]),
        ("<pre>一\n  二\r\n三</pre>四\n五", ["一", "二", "三", "四五"]),
        ("<table><tr><td>一</td><td>二</td></tr><tr><td>三</td></tr></table>", ["一\t二", "三"]),
        ("<ul><li>一<li>二</ul>", ["一", "二"]),
        ("<head><style>p {}</style><meta></head><p>一</p>", ["一"]),
        ("<head><p>一</p>", ["一"]),
        ("<nav>一</nav>二<nav>三", ["二", "三"]),
        ("<nav>一<nav>二</nav>三</nav>四", ["四"]),
        ("<script>一</script><noscript>二</noscript>三", ["二三"]),
        ("<p><ruby>漢<rt>hàn</rt>字<rt>zì</rt></ruby>也</p>", ["漢字也"]),
        ("<p><ruby>漢<rt>hàn</ruby>也</p>", ["漢也"]),
        ("<p>漢<rt>hàn</p><p>也</p>", ["漢", "也"]),
        ("<p>&nbsp;</p><p>一&lt;二</p>", ["一<二"]),
        ("<p>一<!-- 二 -->三", ["一三"]),
        ("", []),
    ],
)
def test_the_visible_lines(markup, lines):
    assert read_page(markup).lines == lines


@pytest.mark.parametrize(
    ("markup", "marked"),
    [
        ("<h1>一</h1><p>二</p><h3>三</h3><h4>四</h4>", ["一", "三"]),
        ("<h2>第一章<br>灯</h2>", ["第一章 灯"]),
        ("<h2><p>第一章</p></h2><p>一</p>", ["第一章"]),
        ("<h2><div>第一章</div><div>灯</div></h2>", ["第一章 灯"]),
        ("<h2>第一章<p>一</p><p>二</p><h2>第二章</h2>", ["第一章", "第二章"]),
        ("<h1></h1><p>一</p>", []),
    ],
)
def test_headings_are_the_tagged_lines(markup, marked):
    page = read_page(markup)
    assert [page.lines[index] for index in sorted(page.marked)] == marked


def test_a_heading_left_open_does_not_swallow_the_chapter():
    assert read_page("<h2>第一章<p>一</p><p>二</p><h2>第二章</h2>").lines == ["第一章", "一", "二", "第二章"]


def test_title_and_author_come_from_the_head(tmp_path):
    path = tmp_path / "x.html"
    body = (
        f"<head><title>夜\n路</title><meta name=author content=无名></head><h1>灯</h1><p>{SIMPLIFIED[0]}</p>"
    )
    path.write_text(body, encoding="utf-8")
    manuscript = read_one(path)
    assert (manuscript.title, manuscript.author) == ("夜路", "无名")
    assert headings(manuscript) == ["灯"]


def test_a_title_that_names_the_site_too_gives_way_to_the_file_name(tmp_path):
    path = tmp_path / "夜路.htm"
    path.write_text(f"<title>第一章 灯_某某网</title><p>{SIMPLIFIED[0]}</p>", encoding="utf-8")
    assert read_one(path).title == "夜路"


@pytest.mark.parametrize(
    ("written", "declared"),
    [
        ("gbk", "gb2312"),
        ("gb18030", "GBK"),
        ("big5", "big5"),
        ("utf-8", "gbk"),
        ("gbk", "utf-8"),
        ("gbk", "nonsense"),
    ],
)
def test_the_declared_encoding_is_believed_only_where_it_can_be_true(written, declared):
    text = "山中有人，門外有雨，他們說了一夜的話。" * 5
    markup = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}"><p>{text}</p>'
    assert read_html(markup.encode(written)).decoded.text == text


def test_a_short_page_is_read_as_it_declares():
    raw = '<meta charset="big5"><p>山中</p>'.encode("big5")
    assert "山中" in decode_page(raw).text


def test_a_list_of_links_is_known_as_contents():
    links = "".join(f"<li><a href='{number}.html'>第{number}章</a></li>" for number in range(9))
    assert read_page(f"<h1>目录</h1><ul>{links}</ul>").is_contents()
    assert not read_page(f"<p>{'他说。' * 50}</p>{links}").is_contents()


@pytest.mark.parametrize("name", ["div", "h1", "nav", "rt", "svg", "pre", "a", "head", "title"])
def test_a_hundred_thousand_open_elements_do_no_harm(name):
    page = read_page(f"<{name}>" * 100_000 + "他" + f"</{name}>" * 3)
    assert len(page.lines) <= 1


def test_a_long_line_stays_one_line():
    assert [len(line) for line in read_page("<p>" + "他" * 3_000_000).lines] == [3_000_000]


@given(st.text(alphabet="<>/ph1rtnavbq!-\"'= 他\n", max_size=120))
@settings(deadline=None, max_examples=60)
def test_law_lines_hold_no_breaks_and_marks_name_lines(markup):
    page = read_page(markup)
    assert not any("\n" in line or not line.strip() for line in page.lines)
    assert all(0 <= index < len(page.lines) for index in page.marked)
