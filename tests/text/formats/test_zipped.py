"""A .zip of books: names in the writing of their makers, members read or refused one by one."""

import stat
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.text.books import read_manuscripts
from novelgpt.text.formats import archive
from novelgpt.text.formats.archive import Budget, open_archive, shown_name
from novelgpt.text.formats.manuscript import Manuscript
from tests.text.books import docx_of, headings, paragraph, reason_of, zip_of, zip_with_raw_names
from tests.text.formats.test_epub import chapter, write_epub
from tests.text.samples import SIMPLIFIED, prose

TEXT = prose().encode("gb18030")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "书.zip"


def found(path) -> dict[str, str]:
    """Return every member with its title, or the key of the reason against it."""
    shown = {}
    for one in read_manuscripts(path):
        assert one.name not in shown
        shown[one.name] = one.title if isinstance(one, Manuscript) else one.reason.key
        assert isinstance(one, Manuscript) or one.reason.text("zh") != one.reason.text("en")
    return shown


def test_every_kind_of_book_is_read_from_a_zip(path, tmp_path):
    epub = write_epub(tmp_path / "a.epub", {"a.xhtml": chapter("灯")}).read_bytes()
    members = [
        ("集/一.txt", TEXT),
        ("集/二.md", "# 灯\n" + prose()),
        ("集/三.html", f"<h1>灯</h1><p>{SIMPLIFIED[0]}</p>"),
        ("四.epub", epub),
        ("五.docx", docx_of(paragraph("灯", "Heading1"))),
    ]
    path.write_bytes(zip_of(members))
    books = list(read_manuscripts(path))
    assert [book.name for book in books] == [f"书.zip/{name}" for name, _ in members]
    assert [book.title for book in books] == ["一", "二", "三", "夜路", "五"]
    assert [headings(book) for book in books] == [[], ["灯"], ["灯"], ["灯"], ["灯"]]
    assert [book.raw is not None for book in books] == [True, False, False, False, False]


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-8"])
def test_names_without_a_word_about_their_encoding_are_judged_together(path, encoding):
    names = ["山中之書/一個人走了.txt", "山中之書/他們說了一夜.txt"]
    path.write_bytes(zip_with_raw_names([(name.encode(encoding), TEXT) for name in names]))
    assert list(found(path)) == [f"书.zip/{name}" for name in names]


def test_names_marked_as_unicode_and_old_names_stand_side_by_side(path):
    path.write_bytes(zip_of([("夜路.txt", TEXT), ("plain.txt", TEXT)]))
    assert found(path) == {"书.zip/夜路.txt": "夜路", "书.zip/plain.txt": "plain"}


@pytest.mark.parametrize(("crc_of", "shown"), [(b"a.txt", "夜路.txt"), (b"b.txt", "a.txt")])
def test_a_unicode_path_counts_if_it_belongs_to_the_name(path, crc_of, shown):
    name = "夜路.txt".encode()
    field = struct.pack("<HHBL", 0x7075, 5 + len(name), 1, zlib.crc32(crc_of)) + name
    path.write_bytes(zip_with_raw_names([(b"a.txt", TEXT)], extra=field))
    assert list(found(path)) == [f"书.zip/{shown}"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/a.txt", "etc/a.txt"),
        ("/root/a.txt", "root/a.txt"),
        ("C:\\x\\..\\a.txt", "x/a.txt"),
        ("a\x07\x1b[31m.txt", "a[31m.txt"),
        ("a\u202etxt.exe.txt", "atxt.exe.txt"),
        ("a\u200b\ufeff.txt", "a.txt"),
        ("./a.txt", "a.txt"),
        ("..", "?"),
        ("", "?"),
        ("长" * 500 + ".txt", "长" * 196 + ".txt"),
    ],
)
def test_a_name_is_shown_without_what_could_mislead(name, shown):
    assert shown_name(name) == shown


def test_a_traversal_writes_nothing_and_its_text_is_read(path, tmp_path):
    path.write_bytes(zip_of([("../outside.txt", TEXT), ("/abs.txt", TEXT)]))
    assert found(path) == {"书.zip/outside.txt": "outside", "书.zip/abs.txt": "abs"}
    assert [file.name for file in tmp_path.iterdir()] == ["书.zip"]


def test_what_is_no_book_is_passed_over_and_what_cannot_be_read_is_said(path):
    link = zipfile.ZipInfo("link.txt")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    path.write_bytes(
        zip_of(
            [
                ("folder.txt/", b""),
                ("__MACOSX/._a.txt", b"x"),
                (".hidden.txt", b"x"),
                ("cover.jpg", b"x"),
                ("a.txt", TEXT),
                ("b.txt", b""),
                ("inner.zip", zip_of([("c.txt", TEXT)])),
                ("inner.rar", b"Rar!"),
                (link, "/etc/passwd"),
                ("d.epub", TEXT),
            ]
        )
    )
    assert found(path) == {
        "书.zip/a.txt": "a",
        "书.zip/b.txt": "text.empty",
        "书.zip/inner.zip": "text.zip.nested",
        "书.zip/inner.rar": "text.zip.nested",
        "书.zip/link.txt": "text.zip.link",
        "书.zip/d.epub": "text.bad_epub",
    }


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_two_books(path):
    path.write_bytes(zip_of([("a.txt", TEXT), ("a.txt", TEXT + TEXT)]))
    first, second = read_manuscripts(path)
    assert (first.name, second.name) == ("书.zip/a.txt", "书.zip/a.txt (2)")
    assert second.size_bytes == 2 * first.size_bytes


def test_a_locked_member_never_stops_the_others(path):
    raw = bytearray(zip_of([("a.txt", TEXT), ("b.txt", TEXT)]))
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert found(path) == {"书.zip/a.txt": "text.zip.locked", "书.zip/b.txt": "b"}


def test_a_damaged_member_never_stops_the_others(path):
    raw = bytearray(zip_of([("a.txt", TEXT), ("b.txt", TEXT)]))
    raw[35:60] = b"\xff" * 25
    path.write_bytes(raw)
    assert found(path) == {"书.zip/a.txt": "text.bad_zip", "书.zip/b.txt": "b"}


@pytest.mark.parametrize("members", [[], [("cover.jpg", b"x")], [("__MACOSX/a.txt", b"x")]])
def test_a_zip_without_books_says_what_can_be_read(path, members):
    path.write_bytes(zip_of(members))
    assert reason_of(path) == "text.zip.no_books"


def test_a_zip_of_one_book_has_it(path):
    path.write_bytes(zip_of([("夜路.txt", TEXT)], zipfile.ZIP_STORED))
    (book,) = read_manuscripts(path)
    assert book.lines == prose().split("\n")


def test_a_broken_zip_is_refused_whole(path):
    path.write_bytes(zip_of([("a.txt", TEXT)])[:-30])
    assert reason_of(path) == "text.epub.damaged"


def test_all_members_together_have_one_bound(path, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST_TOTAL", 2 * len(TEXT))
    path.write_bytes(zip_of([(f"{name}.txt", TEXT) for name in "abcd"]))
    assert found(path) == {"书.zip/a.txt": "a", "书.zip/b.txt": "b", "书.zip": "text.zip.full"}


def test_reading_draws_on_the_budget_and_stops_at_it():
    opened = open_archive(zip_of([("a", b"x" * 100), ("b", b"y" * 100)]), Budget(150))
    assert opened.read("a") == b"x" * 100
    assert opened.budget.left == 50
    with pytest.raises(archive.BadArchive):
        opened.read("b")


@given(where=st.integers(0, 400), flipped=st.binary(min_size=1, max_size=8))
@settings(deadline=None, max_examples=60)
def test_law_a_zip_changed_anywhere_gives_books_or_refusals(tmp_path_factory, where, flipped):
    raw = bytearray(zip_with_raw_names([("夜.txt".encode("gbk"), TEXT[:80]), (b"b.txt", TEXT[:80])]))
    place = where % len(raw)
    raw[place : place + len(flipped)] = flipped
    path = tmp_path_factory.getbasetemp() / "changed.zip"
    path.write_bytes(raw)
    for one in read_manuscripts(path):
        assert one.name
