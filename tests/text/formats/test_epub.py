"""EPUBs built here, sound and hostile."""

import io
import zipfile

import pytest

from novelgpt.text.formats import archive
from tests.text.books import headings, notes, read_one, reason_of
from tests.text.samples import SIMPLIFIED

CONTAINER = """<?xml version="1.0"?>
<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>
<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""


def page(*blocks: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>不要</title>'
        f"<style>p {{}}</style></head><body>{''.join(blocks)}</body></html>"
    )


def chapter(heading: str, tag: str = "h2") -> str:
    return page(f"<{tag}>{heading}</{tag}>", *(f"<p>　　{paragraph}</p>\n" for paragraph in SIMPLIFIED))


def package(names: list[str], extra: str = "", spine: list[str] | None = None) -> str:
    items = "".join(
        f'<item id="i{index}" href="{name}" media-type="application/xhtml+xml"/>'
        for index, name in enumerate(names)
    )
    order = spine or [f"i{index}" for index in range(len(names))]
    refs = "".join(f'<itemref idref="{idref}"/>' for idref in order)
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        "<dc:title>夜路</dc:title><dc:creator>无名</dc:creator></metadata>"
        f"<manifest>{items}{extra}</manifest><spine>{refs}</spine></package>"
    )


def write_epub(
    path, pages: dict[str, str | bytes], *, opf: str | None = None, extra: dict[str, str] | None = None
):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("OEBPS/content.opf", opf or package(list(pages)))
        for name, content in {**pages, **(extra or {})}.items():
            archive.writestr(f"OEBPS/{name}" if "/" not in name else name, content)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.epub"


def ncx(*labels: tuple[str, str]) -> str:
    points = "".join(
        f'<navPoint><navLabel><text>{text}</text></navLabel><content src="{target}"/></navPoint>'
        for text, target in labels
    )
    return f"<ncx><docTitle><text>夜路</text></docTitle><navMap>{points}</navMap></ncx>"


NCX_ITEM = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in SIMPLIFIED)


def test_pages_come_in_the_order_of_the_spine_with_title_and_author(path):
    pages = {"b.xhtml": chapter("第二章 信"), "a.xhtml": chapter("第一章 灯")}
    write_epub(path, pages, opf=package(list(pages), spine=["i1", "i0"]))
    manuscript = read_one(path)
    assert (manuscript.title, manuscript.author, manuscript.name) == ("夜路", "无名", "file.epub")
    assert headings(manuscript) == ["第一章 灯", "第二章 信"]
    assert manuscript.lines[1:4] == [f"　　{paragraph}" for paragraph in SIMPLIFIED]
    assert manuscript.raw is None


def test_tagged_titles_need_no_numbers(path):
    write_epub(path, {"a.xhtml": chapter("灯", "h1"), "b.xhtml": chapter("信", "h3")})
    assert headings(read_one(path)) == ["灯", "信"]


def test_a_page_without_a_heading_continues_the_chapter_before(path):
    pages = {
        "a.xhtml": chapter("第一章 灯"),
        "b.xhtml": page("<p>他又来了。</p>"),
        "c.xhtml": chapter("第二章 信"),
    }
    manuscript = read_one(write_epub(path, pages))
    assert manuscript.lines[manuscript.lines.index("第二章 信") - 1] == "他又来了。"


def test_navigation_scripts_ruby_and_entities_leave_only_the_text(path):
    nav = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    body = page(
        "<h2>第一章<br/>灯</h2><nav><p>目录</p></nav><script>var x;</script>",
        "<p>他&amp;她&#x3002;<ruby>漢<rp>(</rp><rt>hàn</rt><rp>)</rp></ruby>字\n很多</p>",
        "<h2>第二章 信</h2><p>一行<br/>两行</p>",
    )
    opf = package(["a.xhtml"], extra=nav, spine=["nav", "missing", "i0"])
    write_epub(path, {"a.xhtml": body}, opf=opf, extra={"nav.xhtml": page("<p>导航</p>")})
    assert read_one(path).lines == ["第一章 灯", "他&她。漢字很多", "第二章 信", "一行", "两行"]


def test_the_contents_name_pages_that_tag_no_heading(path):
    pages = {name: page(BODY) for name in ("a.xhtml", "b.xhtml", "c.xhtml")}
    toc = ncx(("第一章 灯", "a.xhtml"), ("第二章 信", "c.xhtml#top"))
    write_epub(path, pages, opf=package(list(pages), extra=NCX_ITEM), extra={"toc.ncx": toc})
    manuscript = read_one(path)
    assert headings(manuscript) == ["第一章 灯", "第二章 信"]
    assert len(manuscript.lines) == 3 * len(SIMPLIFIED) + 2


@pytest.mark.parametrize("first", ["第一章 灯", "第一章　灯", "第一章", "灯 火"])
def test_a_first_line_that_says_the_label_is_the_heading(path, first):
    label = "灯火" if first == "灯 火" else "第一章 灯"
    write_epub(
        path,
        {"a.xhtml": page(f"<p>{first}</p>", BODY)},
        opf=package(["a.xhtml"], extra=NCX_ITEM),
        extra={"toc.ncx": ncx((label, "a.xhtml"))},
    )
    manuscript = read_one(path)
    assert headings(manuscript) == [first]
    assert len(manuscript.lines) == 1 + len(SIMPLIFIED)


def test_the_contents_can_point_into_a_page(path):
    body = page(f'<p>序的话</p><p id="one"><a id="x"></a></p>{BODY}<div id="two">{BODY}</div>')
    toc = ncx(("灯", "a.xhtml#one"), ("信", "a.xhtml#two"))
    write_epub(path, {"a.xhtml": body}, opf=package(["a.xhtml"], extra=NCX_ITEM), extra={"toc.ncx": toc})
    lines = read_one(path).lines
    assert [lines.index("灯"), lines.index("信")] == [1, 2 + len(SIMPLIFIED)]


def test_tags_are_believed_before_the_contents(path):
    write_epub(
        path,
        {"a.xhtml": chapter("第一章 灯")},
        opf=package(["a.xhtml"], extra=NCX_ITEM),
        extra={"toc.ncx": ncx(("别的", "a.xhtml"))},
    )
    assert headings(read_one(path)) == ["第一章 灯"]


def test_the_navigation_document_of_epub_3_names_pages_too(path):
    nav = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    links = '<nav><ol><li><a href="a.xhtml">灯<b>火</b></a></li></ol></nav><nav><a href="b.xhtml">3</a></nav>'
    pages = {"a.xhtml": page(BODY), "b.xhtml": page(BODY)}
    write_epub(path, pages, opf=package(list(pages), extra=nav), extra={"nav.xhtml": page(links)})
    assert headings(read_one(path)) == ["灯火"]


def test_a_page_of_links_is_a_table_of_contents_and_is_noted(path):
    links = "".join(f'<p><a href="b.xhtml#{number}">第{number}章</a></p>' for number in range(1, 9))
    write_epub(path, {"toc.xhtml": page("<h1>目录</h1>", links), "b.xhtml": chapter("第一章 灯")})
    manuscript = read_one(path)
    assert manuscript.lines[0] == "第一章 灯"
    assert notes(manuscript) == ["text.book.contents_page"]


def test_a_name_with_escapes_and_a_legacy_encoding_is_read(path):
    raw = chapter("第一章 灯").replace('encoding="utf-8"', 'encoding="gbk"').encode("gbk")
    write_epub(path, {"灯.xhtml": raw}, opf=package(["%E7%81%AF.xhtml#start"]))
    assert headings(read_one(path)) == ["第一章 灯"]


def test_encrypted_fonts_do_not_lock_a_book_but_encrypted_pages_do(path):
    def locks(name):
        return f'<encryption><EncryptedData><CipherReference URI="{name}"/></EncryptedData></encryption>'

    pages = {"a.xhtml": chapter("第一章 灯")}
    write_epub(path, pages, extra={"META-INF/encryption.xml": locks("OEBPS/font.ttf")})
    assert headings(read_one(path)) == ["第一章 灯"]
    write_epub(path, pages, extra={"META-INF/encryption.xml": locks("OEBPS/a.xhtml")})
    assert reason_of(path) == "text.epub.encrypted"


def test_a_member_locked_with_a_password_is_refused(path):
    write_epub(path, {"a.xhtml": chapter("第一章 灯")})
    raw = bytearray(path.read_bytes())
    central = raw.rindex(b"PK\x01\x02")  # the last member listed is the page
    raw[central + 8] |= 1
    path.write_bytes(raw)
    assert reason_of(path) == "text.epub.encrypted"


@pytest.mark.parametrize("bound", ["LARGEST_MEMBER", "LARGEST_TOTAL"])
def test_a_member_that_declares_too_much_is_not_unpacked(path, monkeypatch, bound):
    monkeypatch.setattr(archive, bound, 2000)
    write_epub(path, {"a.xhtml": page("<p>" + "他" * 100_000 + "</p>")})
    assert reason_of(path) == "text.epub.too_large"


def test_a_member_that_lies_about_its_size_is_stopped_while_reading(path, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST_MEMBER", 2000)
    write_epub(path, {"a.xhtml": page("<p>" + "他" * 100_000 + "</p>")})
    raw = bytearray(path.read_bytes())
    central = raw.rindex(b"PK\x01\x02")
    raw[central + 24 : central + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(raw)
    assert reason_of(path) in ("text.epub.too_large", "text.epub.damaged")


def test_too_many_members_are_refused(path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_MEMBERS", 3)
    write_epub(path, {"a.xhtml": chapter("第一章 灯")})
    assert reason_of(path) == "text.epub.too_large"


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"not a zip", "text.book.is_text"),
        (b"", "text.empty"),
        (b"\x00\x01\x02\x03" * 99, "text.epub.damaged"),
        (b"PK\x05\x06" + b"\x00" * 18, "text.epub.missing"),
    ],
)
def test_what_is_no_epub_is_refused(path, raw, key):
    path.write_bytes(raw)
    assert reason_of(path) == key


def test_a_missing_page_is_passed_over_with_a_note(path):
    write_epub(path, {"a.xhtml": chapter("第一章 灯")}, opf=package(["a.xhtml", "b.xhtml"]))
    assert notes(read_one(path)) == ["text.book.missing_page"]


def test_an_empty_spine_and_an_empty_book_are_refused(path):
    write_epub(path, {}, opf=package([]))
    assert reason_of(path) == "text.epub.no_spine"
    write_epub(path, {"a.xhtml": page("<p> </p>")})
    assert reason_of(path) == "text.empty"


def test_a_package_that_declares_entities_is_refused(path):
    bomb = '<!DOCTYPE package [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    write_epub(path, {"a.xhtml": chapter("第一章 灯")}, opf=bomb + package(["a.xhtml"]))
    assert reason_of(path) == "text.book.entities"


def test_a_damaged_archive_is_refused(path):
    write_epub(path, {"a.xhtml": chapter("第一章 灯")})
    raw = bytearray(path.read_bytes())
    start = raw.index(b"OEBPS/a.xhtml") + 40
    raw[start : start + 60] = b"\xff" * 60
    path.write_bytes(raw)
    assert reason_of(path) == "text.epub.damaged"


def test_a_wrong_checksum_alone_is_forgiven_and_noted(path):
    write_epub(path, {"a.xhtml": chapter("第一章 灯")})
    raw = bytearray(path.read_bytes())
    central = raw.rindex(b"PK\x01\x02")
    raw[central + 16] ^= 0xFF
    path.write_bytes(raw)
    manuscript = read_one(path)
    assert headings(manuscript) == ["第一章 灯"]
    assert notes(manuscript) == ["text.book.bad_checksum"]


def test_a_truncated_archive_is_refused_at_every_length(path):
    buffer = io.BytesIO()
    write_epub(buffer, {"a.xhtml": chapter("第一章 灯")})
    whole = buffer.getvalue()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert reason_of(path)
