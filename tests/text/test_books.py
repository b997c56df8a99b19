"""One file → a book: names, byte spans, bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.text import books
from novelgpt.text.books import name_from_file, name_from_head, read_book
from novelgpt.text.clean import clean_lines, split_lines
from novelgpt.text.decode import Undecodable
from tests.text.samples import SIMPLIFIED, TRADITIONAL, novel, prose


@pytest.mark.parametrize(
    ("stem", "title", "author"),
    [
        ("夜路", "夜路", ""),
        ("《夜路》作者：无名", "夜路", "无名"),
        ("《夜路》（校对版）作者：无名", "夜路", "无名"),
        ("夜路 作者：无名", "夜路", "无名"),
        ("夜路_无名", "夜路", "无名"),
        ("夜路-无名", "夜路", "无名"),
        ("夜路 - 无名", "夜路", "无名"),
        ("night-road", "night-road", ""),
        ("夜路-2", "夜路-2", ""),
        ("夜路.gbk", "夜路", ""),
        ("夜路_utf-8", "夜路", ""),
    ],
)
def test_a_file_name_tells_title_and_author(stem, title, author):
    assert name_from_file(stem) == (title, author)


@pytest.mark.parametrize(
    ("lines", "title", "author"),
    [
        (["《夜路》", "作者：无名"], "夜路", "无名"),
        (["书名：夜路", "作者: 无名"], "夜路", "无名"),
        (["書名：夜路", "著者：無名"], "夜路", "無名"),
        (["《夜路》作者：无名"], "夜路", "无名"),
        (["夜路", "无名　著"], "", "无名"),
        ([SIMPLIFIED[0], "他说：《夜路》是一本好书。"], "", ""),
        ([], "", ""),
    ],
)
def test_the_first_lines_tell_title_and_author(lines, title, author):
    assert name_from_head(lines) == (title, author)


def test_the_head_of_the_book_speaks_before_the_file_name(tmp_path):
    path = tmp_path / "abc_无名.txt"
    path.write_text("《夜路》\n\n" + novel("第一章 灯", "第二章 信"), encoding="utf-8")
    book = read_book(path)
    assert (book.title, book.author) == ("夜路", "无名")
    assert {(chapter.book, chapter.author) for chapter in book.chapters} == {("夜路", "无名")}


def test_a_book_mentioned_in_the_first_chapter_is_not_the_title(tmp_path):
    path = tmp_path / "夜路.txt"
    path.write_text("第一章 灯\n《水边》作者：别人\n" + prose(), encoding="utf-8")
    assert (read_book(path).title, read_book(path).author) == ("夜路", "")


ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "big5hkscs", "utf-16", "utf-16-be", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_byte_span_of_a_chapter_holds_exactly_its_lines(tmp_path, encoding, newline):
    body = prose(3, paragraphs=TRADITIONAL)
    text = f"《夜路》\n\n第一回 山\n\n{body}\n第二回 水\n\n{body}".replace("\n", newline)
    path = tmp_path / "夜路.txt"
    path.write_bytes(text.encode(encoding))
    raw = path.read_bytes()
    chapters = read_book(path).chapters
    assert len(chapters) == 3
    spans = [chapter.source.bytes for chapter in chapters]
    assert (spans[0][0], spans[-1][1]) == (0, len(raw))
    for chapter, (start, end) in zip(chapters, spans, strict=True):
        piece = raw[start:end].decode(chapter.source.encoding)
        lines = [line for line in clean_lines(split_lines(piece)[0])[0] if line]
        assert lines == chapter.whole().split("\n")


def test_a_damaged_file_keeps_its_byte_spans(tmp_path):
    path = tmp_path / "夜路.txt"
    raw = novel("第一章 灯", "第二章 信").encode("gb18030")
    broken = raw.index("山".encode("gb18030")) + 1
    path.write_bytes(raw[:broken] + raw[broken + 1 :])
    first, second = read_book(path).chapters
    assert path.read_bytes()[slice(*second.source.bytes)].decode("gb18030").startswith("第二章 信")
    assert first.source.bytes[0] == 0


@pytest.mark.parametrize("name", ["夜路.docx", "夜路.pdf", "夜路"])
def test_other_kinds_are_refused_with_what_is_supported(tmp_path, name):
    path = tmp_path / name
    path.write_text(prose(), encoding="utf-8")
    with pytest.raises(Undecodable) as refusal:
        read_book(path)
    assert refusal.value.reason.key == "text.unsupported"
    assert ".txt .epub" in refusal.value.sentence("en")


def test_a_file_beyond_the_bound_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(books, "LARGEST_FILE", 100)
    path = tmp_path / "夜路.txt"
    path.write_text(prose(), encoding="utf-8")
    with pytest.raises(Undecodable) as refusal:
        read_book(path)
    assert refusal.value.reason.key == "text.too_large"


def test_a_file_of_blank_lines_is_empty(tmp_path):
    path = tmp_path / "夜路.txt"
    path.write_text("　　\n\n　\n", encoding="utf-8")
    with pytest.raises(Undecodable) as refusal:
        read_book(path)
    assert refusal.value.reason.key == "text.empty"


@given(st.text(max_size=40))
def test_law_any_file_name_gives_a_title(stem):
    title, _ = name_from_file(stem)
    assert title or not stem.strip()
