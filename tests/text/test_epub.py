"""EPUBs built here, sound and hostile."""

import io
import zipfile

import pytest

from novelgpt.messages import Message
from novelgpt.text import epub
from novelgpt.text.books import read_book
from novelgpt.text.decode import Undecodable
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


def reason(path) -> str:
    with pytest.raises(Undecodable) as refusal:
        read_book(path)
    detail = refusal.value.reason.facts.get("detail")
    return detail.key if isinstance(detail, Message) else refusal.value.reason.key


def test_chapters_come_in_the_order_of_the_spine_with_title_and_author(path):
    pages = {"b.xhtml": chapter("第二章 信"), "a.xhtml": chapter("第一章 灯")}
    write_epub(path, pages, opf=package(list(pages), spine=["i1", "i0"]))
    book = read_book(path)
    assert (book.title, book.author) == ("夜路", "无名")
    assert [(c.number, c.title) for c in book.chapters] == [(1, "第一章 灯"), (2, "第二章 信")]
    assert book.chapters[0].text == "\n".join(SIMPLIFIED)
    assert book.chapters[0].source.bytes is None
    assert book.chapters[0].source.file == "file.epub"


def test_tagged_titles_need_no_numbers(path):
    write_epub(path, {"a.xhtml": chapter("灯", "h1"), "b.xhtml": chapter("信", "h1")})
    assert [(c.kind, c.title) for c in read_book(path).chapters] == [("chapter", "灯"), ("chapter", "信")]


def test_a_page_without_a_heading_continues_the_chapter_before(path):
    pages = {
        "a.xhtml": chapter("第一章 灯"),
        "b.xhtml": page("<p>他又来了。</p>"),
        "c.xhtml": chapter("第二章 信"),
    }
    write_epub(path, pages)
    assert read_book(path).chapters[0].text.endswith("\n他又来了。")


def test_a_book_that_tags_no_headings_is_split_as_text(path):
    body = "".join(f"<p>{paragraph}</p>" for paragraph in SIMPLIFIED)
    write_epub(path, {"a.xhtml": page(f"<p>第一章 灯</p>{body}<p>第二章 信</p>{body}")})
    assert [c.number for c in read_book(path).chapters] == [1, 2]


def test_navigation_scripts_ruby_and_entities_leave_only_the_text(path):
    nav = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    body = page(
        "<h2>第一章<br/>灯</h2><nav><p>目录</p></nav><script>var x;</script>",
        "<p>他&amp;她&#x3002;<ruby>漢<rp>(</rp><rt>hàn</rt><rp>)</rp></ruby>字\n很多</p>",
        "<h2>第二章 信</h2><p>一行<br/>两行</p>",
    )
    opf = package(["a.xhtml"], extra=nav, spine=["nav", "missing", "i0"])
    write_epub(path, {"a.xhtml": body}, opf=opf, extra={"nav.xhtml": page("<p>导航</p>")})
    first, second = read_book(path).chapters
    assert (first.title, first.text) == ("第一章 灯", "他&她。漢字很多")
    assert second.text == "一行\n两行"


def test_a_name_with_escapes_and_a_legacy_encoding_is_read(path):
    raw = chapter("第一章 灯").replace('encoding="utf-8"', 'encoding="gbk"').encode("gbk")
    opf = package(["%E7%81%AF.xhtml#start"])
    write_epub(path, {"灯.xhtml": raw}, opf=opf)
    assert read_book(path).chapters[0].title == "第一章 灯"


def test_encrypted_fonts_do_not_lock_a_book_but_encrypted_pages_do(path):
    def locks(name):
        return f'<encryption><EncryptedData><CipherReference URI="{name}"/></EncryptedData></encryption>'

    pages = {"a.xhtml": chapter("第一章 灯")}
    write_epub(path, pages, extra={"META-INF/encryption.xml": locks("OEBPS/font.ttf")})
    assert len(read_book(path).chapters) == 1
    write_epub(path, pages, extra={"META-INF/encryption.xml": locks("OEBPS/a.xhtml")})
    assert reason(path) == "text.epub.encrypted"


def test_a_member_locked_with_a_password_is_refused(path):
    write_epub(path, {"a.xhtml": chapter("第一章 灯")})
    raw = bytearray(path.read_bytes())
    central = raw.rindex(b"PK\x01\x02")  # the last member listed is the page
    raw[central + 8] |= 1
    path.write_bytes(raw)
    assert reason(path) == "text.epub.encrypted"


@pytest.mark.parametrize("bound", ["LARGEST_MEMBER", "LARGEST_TOTAL"])
def test_a_member_that_declares_too_much_is_not_unpacked(path, monkeypatch, bound):
    monkeypatch.setattr(epub, bound, 2000)
    write_epub(path, {"a.xhtml": page("<p>" + "他" * 100_000 + "</p>")})
    assert reason(path) == "text.epub.too_large"


def test_a_member_that_lies_about_its_size_is_stopped_while_reading(path, monkeypatch):
    monkeypatch.setattr(epub, "LARGEST_MEMBER", 2000)
    write_epub(path, {"a.xhtml": page("<p>" + "他" * 100_000 + "</p>")})
    raw = bytearray(path.read_bytes())
    central = raw.rindex(b"PK\x01\x02")
    raw[central + 24 : central + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(raw)
    assert reason(path) in ("text.epub.too_large", "text.epub.damaged")


def test_too_many_members_are_refused(path, monkeypatch):
    monkeypatch.setattr(epub, "MOST_MEMBERS", 3)
    write_epub(path, {"a.xhtml": chapter("第一章 灯")})
    assert reason(path) == "text.epub.too_large"


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"not a zip", "text.epub.damaged"),
        (b"", "text.epub.damaged"),
        (b"PK\x05\x06" + b"\x00" * 18, "text.epub.missing"),
    ],
)
def test_what_is_no_epub_is_refused(path, raw, key):
    path.write_bytes(raw)
    assert reason(path) == key


def test_a_missing_page_is_refused_rather_than_silently_skipped(path):
    write_epub(path, {"a.xhtml": chapter("第一章 灯")}, opf=package(["a.xhtml", "b.xhtml"]))
    assert reason(path) == "text.epub.missing"


def test_an_empty_spine_and_an_empty_book_are_refused(path):
    write_epub(path, {}, opf=package([]))
    assert reason(path) == "text.epub.no_spine"
    write_epub(path, {"a.xhtml": page("<p> </p>")})
    assert reason(path) == "text.empty"


def test_a_damaged_archive_is_refused(path):
    write_epub(path, {"a.xhtml": chapter("第一章 灯")})
    raw = bytearray(path.read_bytes())
    start = raw.index(b"OEBPS/a.xhtml") + 40
    raw[start : start + 60] = b"\xff" * 60
    path.write_bytes(raw)
    assert reason(path) == "text.epub.damaged"


def test_a_truncated_archive_is_refused_at_every_length(path):
    buffer = io.BytesIO()
    write_epub(buffer, {"a.xhtml": chapter("第一章 灯")})
    whole = buffer.getvalue()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(Undecodable):
            read_book(path)
