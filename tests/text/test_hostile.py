"""The list of bad files, each through the door: one clear refusal or a book, never a crash, a hang or a write."""

import io
import os
import struct
import zipfile
import zlib
from types import SimpleNamespace

import pytest

from novelgpt.text.books import read_manuscripts
from novelgpt.text.formats.manuscript import Manuscript
from tests.text.books import docx_of, paragraph, read_one, reason_of, zip_of
from tests.text.formats.test_epub import page, write_epub
from tests.text.samples import SIMPLIFIED, prose


def given_file(tmp_path, name: str, raw: bytes):
    path = tmp_path / name
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("name", "raw", "key"),
    [
        ("a.txt", b"", "text.empty"),
        ("a.txt", b"\x00" * 100_000, "text.empty"),
        ("a.txt", b"\n" * 1_000_000, "text.empty"),
        ("a.txt", b"\x7fELF" + bytes(range(256)) * 100, "text.disguised"),
        ("a.txt", bytes(range(32)) * 5000, "text.binary"),
        ("a.txt", "\ufffd".encode() * 5000 + prose().encode(), "text.ruined"),
        ("a.md", b"", "text.empty"),
        ("a.html", b"", "text.empty"),
        ("a.html", b"<html><body></body></html>", "text.empty"),
        ("a.epub", b"", "text.empty"),
        ("a.docx", b"\n\n", "text.empty"),
        ("a.zip", b"", "text.empty"),
        ("a.zip", b"PK\x05\x06" + b"\x00" * 18, "text.zip.no_books"),
        ("a.zip", b"PK\x03\x04" + b"\xff" * 1000, "text.epub.damaged"),
    ],
)
def test_bad_bytes_are_refused_with_their_reason(tmp_path, name, raw, key):
    assert reason_of(given_file(tmp_path, name, raw)) == key


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_a_million_blank_lines_around_a_book_do_not_matter(tmp_path, name):
    raw = b"\n" * 500_000 + prose().encode() + b"\r\n" * 500_000
    assert len(read_one(given_file(tmp_path, name, raw)).lines) == 1_000_004


@pytest.mark.parametrize(
    ("name", "head", "megabytes"), [("a.txt", "", 20), ("a.md", "# ", 4), ("a.html", "<h1>", 4)]
)
def test_a_line_of_many_megabytes_is_read_and_is_no_heading(tmp_path, name, head, megabytes):
    line = SIMPLIFIED[0] * (megabytes * 1_000_000 // len(SIMPLIFIED[0].encode("gb18030")))
    manuscript = read_one(given_file(tmp_path, name, (head + line).encode("gb18030")))
    assert len(manuscript.decoded.text) == len(line)
    assert not manuscript.marked


def test_nuls_in_the_middle_do_no_harm(tmp_path):
    for found in read_manuscripts(
        given_file(tmp_path, "a.txt", prose(30).encode() + b"\x00" * 5 + prose(300).encode())
    ):
        assert found.name == "a.txt"


@pytest.mark.parametrize("name", ["x.txt", "x.epub", "x.zip"])
def test_a_folder_of_that_name_is_no_file(tmp_path, name):
    (tmp_path / name).mkdir()
    assert reason_of(tmp_path / name) == "text.not_a_file"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_of_that_name_does_not_keep_us_waiting(tmp_path):
    os.mkfifo(tmp_path / "x.txt")
    assert reason_of(tmp_path / "x.txt") == "text.not_a_file"


@pytest.mark.skipif(os.name == "nt", reason="devices have no path there")
def test_a_device_behind_a_link_is_no_file(tmp_path):
    (tmp_path / "x.txt").symlink_to("/dev/zero")
    assert reason_of(tmp_path / "x.txt") == "text.not_a_file"


def test_a_file_that_is_gone_is_an_error_of_the_disk(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(read_manuscripts(tmp_path / "gone.txt"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_an_error_of_the_disk(tmp_path):
    path = given_file(tmp_path, "a.txt", prose().encode())
    path.chmod(0)
    with pytest.raises(PermissionError):
        list(read_manuscripts(path))


def bomb(size: int) -> bytes:
    """Return `size` zeros, packed."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return b"".join(stream.compress(b"\x00" * 2**20) for _ in range(size // 2**20)) + stream.flush()


def zip_that_lies(packed: bytes, count: int, *, declared: int, overlap: bool) -> bytes:
    """Return a ZIP of `count` members of the same packed bytes that declare another size; `overlap` stores them once."""
    body, listing = b"", b""
    for index in range(count):
        name = f"{index:05}.txt".encode()
        start = len(body) if not overlap else 0
        fields = struct.pack("<HHHHHLLLHH", 20, 0, 8, 0, 0, 0, len(packed), declared, len(name), 0)
        if not overlap or index == 0:
            body += b"PK\x03\x04" + fields + name + packed
        listing += b"PK\x01\x02" + struct.pack("<H", 20) + fields[:-2]
        listing += struct.pack("<HHHHLL", 0, 0, 0, 0, 0, start) + name
    end = struct.pack("<HHHHLLH", 0, 0, count, count, len(listing), len(body), 0)
    return body + listing + b"PK\x05\x06" + end


@pytest.mark.parametrize("declared", [64 * 2**20, 1000])
@pytest.mark.parametrize("overlap", [True, False])
def test_a_bomb_is_stopped_whatever_it_declares(tmp_path, monkeypatch, declared, overlap):
    unpacked = []
    whole = zipfile.ZipExtFile.read
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda self, n=-1: unpacked.append(n) or whole(self, n))
    raw = zip_that_lies(bomb(64 * 2**20), 5, declared=declared, overlap=overlap)
    found = list(read_manuscripts(given_file(tmp_path, "a.zip", raw)))
    assert {one.reason.key for one in found} == {"text.bad_zip"}
    assert all(0 < limit <= 251 * len(raw) for limit in unpacked)


def test_archives_in_archives_are_never_opened(tmp_path):
    layer = zip_of([("0.txt", b"0" * 1000)])
    for _ in range(5):
        layer = zip_of([(f"{index}.zip", layer) for index in range(16)])
    found = list(read_manuscripts(given_file(tmp_path, "42.zip", layer)))
    assert {one.reason.key for one in found} == {"text.zip.nested"}
    assert len(found) == 16


def test_more_members_than_any_library_has_are_refused(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index in range(10_001):
            archive.writestr(f"{index}.txt", b"")
    assert reason_of(given_file(tmp_path, "a.zip", buffer.getvalue())) == "text.epub.too_large"


def test_an_epub_page_that_is_a_bomb_is_refused(tmp_path):
    path = tmp_path / "a.epub"
    write_epub(path, {"a.xhtml": page("<p>" + "a" * 30_000_000 + "</p>")})
    assert reason_of(path) == "text.epub.too_large"


@pytest.mark.parametrize("name", ["a.epub", "a.docx", "a.html"])
def test_ninety_thousand_nested_elements_are_read(tmp_path, name):
    deep = "<div>" * 90_000 + SIMPLIFIED[0] + "</div>" * 90_000
    path = tmp_path / name
    if name == "a.epub":
        write_epub(path, {"a.xhtml": deep})
    else:
        path.write_bytes(docx_of(deep, paragraph(SIMPLIFIED[0])) if name == "a.docx" else deep.encode())
    assert read_one(path).lines == [SIMPLIFIED[0]]


def test_laughing_entities_are_never_expanded(tmp_path):
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<!DOCTYPE x [<!ENTITY l0 "ha">{entities}]>'
    markup = head + f"<p>&l9;{SIMPLIFIED[0]}</p>"
    assert read_one(given_file(tmp_path, "a.html", markup.encode())).lines == [f"&l9;{SIMPLIFIED[0]}"]
    assert (
        reason_of(given_file(tmp_path, "a.docx", docx_of(paragraph("&l9;"), head=head)))
        == "text.book.entities"
    )


def test_lone_surrogates_in_a_page_become_visible_and_encodable(tmp_path):
    markup = f"<p>&#xD800;&#xDC00;{SIMPLIFIED[0]}</p>"
    manuscript = read_one(given_file(tmp_path, "a.html", markup.encode()))
    assert manuscript.decoded.text.encode("utf-8")


def test_one_bad_member_of_each_kind_leaves_the_good_ones(tmp_path):
    bad = [
        ("a.txt", b"\x7fELF" + bytes(range(256))),
        ("b.epub", b"PK\x03\x04" + b"\xff" * 100),
        ("c.docx", zip_of([("x", b"")])),
        ("d.html", b"<p></p>"),
        ("good.txt", prose().encode("gb18030")),
    ]
    found = list(read_manuscripts(given_file(tmp_path, "a.zip", zip_of(bad))))
    good = [one.title for one in found if isinstance(one, Manuscript)]
    assert (len(found), good) == (5, ["good"])


def test_the_door_takes_what_vanishes_between_two_looks(tmp_path, monkeypatch):
    path = given_file(tmp_path, "a.txt", prose().encode())
    looked = path.stat()
    path.unlink()
    monkeypatch.setattr(type(path), "stat", lambda *_, **__: SimpleNamespace(st_mode=looked.st_mode))
    with pytest.raises(FileNotFoundError):
        list(read_manuscripts(path))
