"""A person's own file, looked at and put right."""

import io
import zipfile

import hypothesis.strategies as st
import pytest
from hypothesis import given

from novelgpt.errors import BadValue, ImportTooLarge, NotText, SeveralBooks
from novelgpt.story import importing
from novelgpt.story.importing import (
    ImportedChapter,
    Preview,
    merged,
    passages_of,
    preview_of,
    renamed,
    split_at,
)

NOVEL = "《渡口》\n作者：甲乙\n\n" + "\n".join(
    f"第{n}章 夜雨\n　　雨下了三天，河水漫过了石桥，老船夫坐在门口。\n　　“今晚还过河吗？”少年问道。"
    for n in "一二三四"
)

TRADITIONAL = str.maketrans("过门还问桥吗", "過門還問橋嗎")


def whole(preview):
    return "\n".join(chapter.whole() for chapter in preview.chapters)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "big5"])
def test_a_file_in_any_encoding_is_read_the_way_ingest_reads_it(encoding):
    text = NOVEL.translate(TRADITIONAL) if encoding == "big5" else NOVEL
    preview = preview_of("渡口.txt", text.encode(encoding))
    assert [chapter.title for chapter in preview.chapters if chapter.kind == "chapter"] == [
        f"第{n}章 夜雨" for n in "一二三四"
    ]
    assert (preview.title, preview.author, preview.lost_characters) == ("渡口", "甲乙", 0)
    assert "　" not in preview.chapters[-1].text


def test_a_damaged_file_is_refused_unless_the_loss_is_allowed():
    raw = bytearray(NOVEL.encode("utf-8") * 5)
    place = raw.index("河水".encode())
    raw[place : place + 2] = b"\xff\xff"
    with pytest.raises(NotText) as raised:
        preview_of("渡口.txt", bytes(raw))
    assert "缺字也导入" in raised.value.sentence("zh")
    preview = preview_of("渡口.txt", bytes(raw), allow_loss=True)
    assert preview.lost_characters and "�" in whole(preview)


@pytest.mark.parametrize(
    "name", ["a.pdf", "a.t\x00t", "a.txt", "../../etc/passwd", "a", "", "\x00.txt", "a/b\\c.txt.txt"]
)
def test_what_is_no_book_is_said(name):
    with pytest.raises(NotText):
        preview_of(name, b"%PDF-1.4 ...")


def test_a_name_never_leads_out_of_its_folder():
    for name in (
        "../../x/渡口.txt",
        "C:\\书\\渡口.txt",
        "/渡口.txt",
        "con.txt",
        "a" * 300 + ".txt",
        "\u202e.txt",
        "a.t\x00xt.txt",
        "\ud800.txt",
    ):
        assert preview_of(name, NOVEL.encode()).chapters


def packed(**files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.txt", text)
    return target.getvalue()


def test_an_archive_of_one_book_is_taken_and_one_of_several_is_not():
    assert len(preview_of("书.zip", packed(渡口=NOVEL)).chapters) >= 4
    with pytest.raises(SeveralBooks):
        preview_of("书.zip", packed(渡口=NOVEL, 石桥=NOVEL.replace("雨", "雪")))


def test_a_file_too_large_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(importing, "LARGEST", 2**20)
    with pytest.raises(ImportTooLarge, match="larger than 1 MB"):
        preview_of("渡口.txt", b"\xe5\xa4\x9c" * 2**19)


PREVIEW = Preview(
    "渡口",
    "",
    "utf-8",
    0,
    0,
    (
        ImportedChapter("", "front", "前言"),
        ImportedChapter("第一章", "chapter", "雨\n桥\n灯"),
        ImportedChapter("第二章", "chapter", ""),
    ),
)


def test_a_chapter_merged_into_the_one_before_keeps_its_heading_as_a_line():
    assert merged(PREVIEW, 1).chapters[0] == ImportedChapter("", "front", "前言\n第一章\n雨\n桥\n灯")
    assert merged(PREVIEW, 2).chapters[1].text == "雨\n桥\n灯\n第二章"


def test_a_chapter_split_at_a_line_makes_the_line_a_heading():
    assert split_at(PREVIEW, 1, 1).chapters[1:3] == (
        ImportedChapter("第一章", "chapter", "雨"),
        ImportedChapter("桥", "chapter", "灯"),
    )
    assert split_at(PREVIEW, 0, 0).chapters[0] == ImportedChapter("前言", "chapter", "")
    long = "夜" * 200
    parts = split_at(Preview("", "", "", 0, 0, (ImportedChapter("题", "chapter", f"雨\n{long}"),)), 0, 1)
    assert parts.chapters[1] == ImportedChapter("", "chapter", long)


def test_a_chapter_is_renamed_on_one_line():
    assert renamed(PREVIEW, 2, " 终章\n灯火 ").chapters[2].title == "终章 灯火"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: merged(PREVIEW, 0),
        lambda: merged(PREVIEW, 3),
        lambda: merged(PREVIEW, -1),
        lambda: split_at(PREVIEW, 1, 3),
        lambda: split_at(PREVIEW, 1, -1),
        lambda: split_at(PREVIEW, 2, 0),
        lambda: renamed(PREVIEW, 9, "夜"),
    ],
)
def test_what_does_not_exist_cannot_be_put_right(wrong):
    with pytest.raises(BadValue):
        wrong()


LINE = st.text(alphabet="夜雨章", min_size=1, max_size=120)
CHAPTER = st.builds(
    ImportedChapter,
    st.one_of(st.just(""), LINE),
    st.just("chapter"),
    st.lists(LINE, max_size=4).map("\n".join),
).filter(lambda chapter: chapter.whole())


@given(chapters=st.lists(CHAPTER, min_size=1, max_size=4).map(tuple), data=st.data())
def test_merging_and_splitting_lose_no_line(chapters, data):
    preview = Preview("", "", "", 0, 0, chapters)
    for _ in range(data.draw(st.integers(1, 6))):
        index = data.draw(st.integers(0, len(preview.chapters) - 1))
        before = whole(preview)
        if data.draw(st.booleans()) and index:
            preview = merged(preview, index)
        elif preview.chapters[index].text:
            lines = preview.chapters[index].text.count("\n")
            preview = split_at(preview, index, data.draw(st.integers(0, lines)))
        assert whole(preview) == before
    assert "".join(passages_of(preview.chapters)).replace("\n\n", "\n") == whole(preview)
