"""A file → its manuscripts: names, byte spans, bounds, other kinds."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.text import books
from novelgpt.text.books import SUFFIXES, byte_spans, read_manuscripts
from novelgpt.text.formats.manuscript import Manuscript, Refused
from tests.text.books import docx_of, headings, paragraph, read_one, reason_of, zip_of
from tests.text.formats.test_epub import chapter, write_epub
from tests.text.samples import SIMPLIFIED, TRADITIONAL, novel, prose


@dataclass(frozen=True)
class Stretch:
    start: int
    end: int


def test_the_head_of_the_book_speaks_before_the_file_name(tmp_path):
    path = tmp_path / "abc_无名.txt"
    path.write_text("《夜路》\n\n" + novel("第一章 灯", "第二章 信"), encoding="utf-8")
    manuscript = read_one(path)
    assert (manuscript.name, manuscript.title, manuscript.author) == ("abc_无名.txt", "夜路", "无名")
    assert manuscript.lines[0] == "《夜路》"
    assert not manuscript.marked


def test_a_book_mentioned_in_the_first_chapter_is_not_the_title(tmp_path):
    path = tmp_path / "夜路.txt"
    path.write_text("第一章 灯\n《水边》作者：别人\n" + prose(), encoding="utf-8")
    assert (read_one(path).title, read_one(path).author) == ("夜路", "")


ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "big5hkscs", "utf-16", "utf-16-be", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_byte_span_of_lines_holds_exactly_these_lines(tmp_path, encoding, newline):
    body = prose(3, paragraphs=TRADITIONAL)
    text = f"《夜路》\n\n第一回 山\n\n{body}\n第二回 水\n\n{body}"
    path = tmp_path / "夜路.txt"
    path.write_bytes(text.replace("\n", newline).encode(encoding))
    raw, manuscript = path.read_bytes(), read_one(path)
    lines = manuscript.lines
    assert lines == text.split("\n")
    second = lines.index("第二回 水")
    sections = [Stretch(0, 2), Stretch(2, second), Stretch(second, len(lines))]
    spans = list(byte_spans(manuscript, sections))
    assert (spans[0][0], spans[-1][1]) == (0, len(raw))
    for section, (start, end) in zip(sections, spans, strict=True):
        piece = raw[start:end].decode(manuscript.decoded.encoding).lstrip("\ufeff").replace(newline, "\n")
        ended = "" if section is sections[-1] else "\n"
        assert piece == "\n".join(lines[section.start : section.end]) + ended


def test_a_damaged_file_keeps_its_byte_spans(tmp_path):
    path = tmp_path / "夜路.txt"
    raw = novel("第一章 灯", "第二章 信").encode("gb18030")
    broken = raw.index("山".encode("gb18030")) + 1
    path.write_bytes(raw[:broken] + raw[broken + 1 :])
    manuscript = read_one(path)
    second = manuscript.lines.index("第二章 信")
    (span,) = byte_spans(manuscript, [Stretch(second, len(manuscript.lines))])
    assert path.read_bytes()[slice(*span)].decode("gb18030").startswith("第二章 信")


def test_lines_that_are_not_those_of_the_bytes_have_no_spans(tmp_path):
    path = tmp_path / "夜路.md"
    path.write_text("# 灯\n" + prose(), encoding="utf-8")
    assert list(byte_spans(read_one(path), [Stretch(0, 4)])) == [None]
    plain = tmp_path / "夜路.txt"
    plain.write_text(prose(), encoding="utf-8")
    assert list(byte_spans(read_one(plain), [Stretch(0, 99)])) == [None]


@pytest.mark.parametrize("name", ["夜路.pdf", "夜路.mobi", "夜路"])
def test_other_kinds_are_refused_with_what_is_supported(tmp_path, name):
    path = tmp_path / name
    path.write_text(prose(), encoding="utf-8")
    (refused,) = read_manuscripts(path)
    assert refused.reason.key == "text.unsupported"
    assert all(suffix in refused.reason.text("en") for suffix in SUFFIXES)


def test_a_file_beyond_the_bound_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(books, "LARGEST_FILE", 100)
    path = tmp_path / "夜路.txt"
    path.write_text(prose(), encoding="utf-8")
    assert reason_of(path) == "text.too_large"


@pytest.mark.parametrize("text", ["", "　　\n\n　\n", "\ufeff"])
def test_a_file_without_a_word_is_empty(tmp_path, text):
    path = tmp_path / "夜路.txt"
    path.write_text(text, encoding="utf-8")
    assert reason_of(path) == "text.empty"


def test_a_suffix_in_capitals_is_the_same_suffix(tmp_path):
    path = tmp_path / "夜路.TXT"
    path.write_text(prose(), encoding="utf-8")
    assert read_one(path).title == "夜路"


def test_a_web_page_saved_as_text_is_read_as_a_web_page(tmp_path):
    path = tmp_path / "夜路.txt"
    path.write_text(f"<!DOCTYPE html><html><body><h2>灯</h2><p>{SIMPLIFIED[0]}</p></body></html>", "utf-8")
    manuscript = read_one(path)
    assert (manuscript.lines, headings(manuscript)) == (["灯", SIMPLIFIED[0]], ["灯"])


def _epub(tmp_path):
    return write_epub(tmp_path / "made.epub", {"a.xhtml": chapter("灯")}).read_bytes()


@pytest.mark.parametrize(
    ("kind", "name", "key", "cure"),
    [
        ("epub", "夜路.txt", "text.misnamed", ".epub"),
        ("epub", "夜路.zip", "text.misnamed", ".epub"),
        ("epub", "夜路.docx", "text.misnamed", ".epub"),
        ("docx", "夜路.txt", "text.misnamed", ".docx"),
        ("docx", "夜路.epub", "text.misnamed", ".docx"),
        ("zip", "夜路.txt", "text.misnamed", ".zip"),
        ("zip", "夜路.epub", "text.bad_epub", "META-INF"),
        ("text", "夜路.epub", "text.bad_epub", ".txt"),
        ("text", "夜路.docx", "text.misnamed", ".txt"),
        ("text", "夜路.zip", "text.misnamed", ".txt"),
        ("rar", "夜路.zip", "text.disguised", "RAR"),
        ("rar", "夜路.txt", "text.disguised", "RAR"),
        ("pdf", "夜路.md", "text.disguised", "PDF"),
        ("doc", "夜路.docx", "text.disguised", "DOC"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_the_cure(tmp_path, kind, name, key, cure):
    contents = {
        "epub": lambda: _epub(tmp_path),
        "docx": lambda: docx_of(paragraph("灯")),
        "zip": lambda: zip_of([("a.txt", prose())]),
        "text": lambda: prose().encode("gb18030"),
        "rar": lambda: b"Rar!\x1a\x07\x00" + bytes(range(256)),
        "pdf": lambda: b"%PDF-1.7\n" + bytes(range(256)),
        "doc": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)),
    }
    path = tmp_path / name
    path.write_bytes(contents[kind]())
    (refused,) = read_manuscripts(path)
    assert refused.reason.key == key
    assert cure in refused.reason.text("zh")
    assert cure in refused.reason.text("en")


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(
    raw=st.binary(max_size=300),
    magic=st.sampled_from([b"", b"PK\x03\x04", b"<html>", b"---\n", b"PK\x05\x06"]),
)
@settings(deadline=None, max_examples=40)
def test_law_any_bytes_give_books_or_refusals(tmp_path_factory, suffix, raw, magic):
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(magic + raw)
    for found in read_manuscripts(path):
        assert isinstance(found, Manuscript) or (isinstance(found, Refused) and found.reason.text("zh"))
