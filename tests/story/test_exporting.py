"""Files for readers: what is exported is read again by the house's own readers, and holds the same paragraphs."""

import io
import re
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from novelgpt.errors import NotKoboldStory
from novelgpt.story.beside import Beside, LoreEntry
from novelgpt.story.exporting.docx import to_docx
from novelgpt.story.exporting.epub import to_epub
from novelgpt.story.exporting.kobold import read_kobold, to_kobold
from novelgpt.story.exporting.manuscript import full_width, manuscript_of
from novelgpt.story.exporting.plain import to_plain
from novelgpt.story.sections import paragraphs_of, sections_of
from novelgpt.text.books import Manuscript, read_manuscripts
from novelgpt.text.formats.docx import read_docx
from novelgpt.text.formats.epub import read_epub

STARTED, WRITTEN = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NOVEL = "\n\n".join(f"第{n}章 <夜> & “雨”\n　　雨下了三天，\n\n　　他说：“过河？”" for n in "一二三")
TYPESET = "第一章 <夜> & “雨”\n\n　　雨下了三天，\n　　他说：“过河？”"


def made(text, *, title="长夜 <b>&", typography=False, sections=()):
    return manuscript_of(
        title, text, started_at=STARTED, written_at=WRITTEN, typography=typography, sections=sections
    )


def lines_of(reading):
    return [line for line in reading.decoded.text.split("\n") if line.strip()]


def plain_lines(manuscript):
    return [
        line
        for part in manuscript.parts
        for line in ([part.title] if part.title else []) + list(part.paragraphs)
    ]


@pytest.mark.parametrize(("write", "read"), [(to_epub, read_epub), (to_docx, read_docx)])
def test_a_book_is_read_again_with_its_title_headings_and_paragraphs(write, read):
    manuscript = made(NOVEL)
    reading = read(write(manuscript))
    lines = reading.decoded.text.split("\n")
    assert lines_of(reading) == paragraphs_of(NOVEL) == plain_lines(manuscript)
    assert [lines[index] for index in sorted(reading.marked)] == [part.title for part in manuscript.parts]
    assert reading.title == "长夜 <b>&"


@pytest.mark.parametrize(("suffix", "write"), [(".epub", to_epub), (".docx", to_docx)])
def test_the_readers_of_ingest_take_the_file(tmp_path, suffix, write):
    path = tmp_path / f"长夜{suffix}"
    path.write_bytes(write(made(NOVEL)))
    (found,) = read_manuscripts(path)
    assert isinstance(found, Manuscript)
    assert [line for line in found.lines if line.strip()] == paragraphs_of(NOVEL)


def test_plain_text_is_the_text_itself_and_with_typography_well_set():
    assert to_plain(made(NOVEL), typography=False).decode() == NOVEL
    typeset = to_plain(made(NOVEL, typography=True), typography=True).decode()
    assert typeset.startswith(TYPESET + "\n\n第二章") and typeset.endswith("”\n")
    assert paragraphs_of(typeset) == paragraphs_of(NOVEL)


def test_one_section_is_exported_alone():
    second = sections_of(NOVEL)[1]
    assert [part.title for part in made(NOVEL, sections=[second]).parts] == ["第二章 <夜> & “雨”"]
    assert to_plain(made(NOVEL, sections=[second]), typography=False).decode().strip() in NOVEL


def test_an_epub_is_laid_out_as_the_format_asks():
    with zipfile.ZipFile(io.BytesIO(to_epub(made(NOVEL)))) as book:
        first = book.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
        assert book.read("mimetype") == b"application/epub+zip"
        for name in book.namelist():
            if name.endswith((".xhtml", ".opf", ".xml")):
                ElementTree.fromstring(book.read(name))
        package = book.read("EPUB/book.opf").decode()
        for href in re.findall(r'href="([^"]+)"', package):
            assert f"EPUB/{href}" in book.namelist()
        assert 'properties="nav"' in package and "<dc:language>zh-CN</dc:language>" in package
        assert "2026-03-04T05:06:07Z" in package
        assert book.read("EPUB/nav.xhtml").count(b"<li>") == 3


def test_every_part_of_a_word_document_is_sound():
    with zipfile.ZipFile(io.BytesIO(to_docx(made(NOVEL)))) as document:
        for name in document.namelist():
            ElementTree.fromstring(document.read(name))
        body = document.read("word/document.xml").decode()
    assert body.count('w:val="Heading1"') == 3 and body.count('w:val="Body"') == 6


@pytest.mark.parametrize("write", [to_epub, to_docx])
def test_the_same_story_gives_the_same_bytes(write):
    assert write(made(NOVEL)) == write(made(NOVEL))
    with zipfile.ZipFile(io.BytesIO(write(made(NOVEL)))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


PARAGRAPH = st.text(alphabet="夜雨<>&\"'㐀𠮷—“”，。a1", min_size=1, max_size=12)


@given(paragraphs=st.lists(PARAGRAPH, min_size=1, max_size=6))
@settings(deadline=None, max_examples=80)
def test_whatever_is_written_is_read_again(paragraphs):
    manuscript = made("\n".join(paragraphs))
    assert lines_of(read_docx(to_docx(manuscript))) == paragraphs
    assert lines_of(read_epub(to_epub(manuscript))) == [manuscript.title, *paragraphs]


@pytest.mark.parametrize("write", [to_epub, to_docx])
@pytest.mark.parametrize("text", ["", "\x00夜\x01\ufffe", "<script>alert(1)</script>\n]]>", "夜\t深"])
def test_odd_texts_make_sound_files(write, text):
    with zipfile.ZipFile(io.BytesIO(write(made(text, title="\x02<script>")))) as archive:
        for name in archive.namelist():
            if name.endswith(("ml", ".opf", ".rels")):
                ElementTree.fromstring(archive.read(name))
            assert b"<script" not in archive.read(name)


@pytest.mark.parametrize(
    ("half", "full"),
    [
        ("他说,走吧!", "他说，走吧！"),
        ("真的?!", "真的？！"),
        ("走吧.", "走吧。"),
        ("走吧...", "走吧……"),
        ("他(老船夫)笑了", "他（老船夫）笑了"),
        ("“走吧”,他说", "“走吧”，他说"),
        ("见www.a.com/b?c=1", "见www.a.com/b?c=1"),
        ("共3.14,1,000", "共3.14,1,000"),
        ("at 3:15, he said.", "at 3:15, he said."),
        ("晚上:8点", "晚上:8点"),
        ("夜。", "夜。"),
    ],
)
def test_marks_after_chinese_become_full_width(half, full):
    assert full_width(half) == full == full_width(full)


WORDS = st.text(alphabet="夜雨, a\n𠮷", max_size=6)
KEYS = st.lists(st.sampled_from(["渡口", "石桥", "a b"]), max_size=2).map(tuple)
LORE = st.builds(LoreEntry, st.text(alphabet="夜雨", min_size=1, max_size=4), KEYS, WORDS, st.booleans())


@given(
    passages=st.lists(WORDS.filter(bool), max_size=5),
    beside=st.builds(Beside, WORDS, WORDS, st.lists(LORE, max_size=2).map(tuple)),
)
def test_a_kobold_story_comes_back_whole(passages, beside):
    read = read_kobold(to_kobold(passages, beside))
    assert (list(read.passages), read.beside) == (passages, beside)


def test_both_generations_of_kobold_stories_are_read():
    newer = b'{"prompt": "A", "actions": {"actions": {"10": {"Selected Text": "C"}, "9": {"Selected Text": "B"}}}}'
    assert read_kobold(newer).passages == ("A", "B", "C")
    assert read_kobold(b'\xef\xbb\xbf{"prompt": "A", "actions": ["B", ""]}').passages == ("A", "B")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"prompt": 1}',
        b'{"prompt": "\\ud800"}',
        b'{"prompt": "", "actions": "x"}',
        b'{"prompt": "", "actions": {"actions": 5}}',
        b'{"prompt": "", "actions": {"actions": {"x": {}}}}',
        b'{"prompt": "", "actions": {"actions": {"1": 5}}}',
        b'{"prompt": "", "worldinfo": 7}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_kobold_story_is_said(data):
    with pytest.raises(NotKoboldStory) as raised:
        read_kobold(data)
    assert ".json" in raised.value.sentence("zh")
