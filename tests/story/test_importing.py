"""A person's own file, looked at and put right."""

import io
import zipfile
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given

from novelgpt.errors import ImportTooLarge, NotText, SeveralBooks
from novelgpt.story import importing
from novelgpt.story.importing import (
    MOST_STEPS,
    Preview,
    left_out,
    merged,
    passages_of,
    preview_of,
    renamed,
    split_at,
    taken_back,
)
from novelgpt.text.chapter import Chapter

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
        Chapter("", "前言", "front"),
        Chapter("第一章", "雨\n桥\n灯"),
        Chapter("第二章", ""),
    ),
)


def test_a_preview_is_put_right_step_by_step_and_every_step_can_be_taken_back():
    steps = [
        PREVIEW,
        merged(PREVIEW, 1),
        split_at(merged(PREVIEW, 1), 0, 2),
        renamed(split_at(merged(PREVIEW, 1), 0, 2), 1, " 终章\n灯火 "),
    ]
    assert [[chapter.title for chapter in step.chapters] for step in steps] == [
        ["", "第一章", "第二章"],
        ["", "第二章"],
        ["", "雨", "第二章"],
        ["", "终章 灯火", "第二章"],
    ]
    assert [chapter.title for chapter in left_out(steps[-1], 0).chapters] == ["终章 灯火", "第二章"]
    for before, after in pairwise(steps):
        assert taken_back(after) == before
    assert taken_back(PREVIEW) == PREVIEW


def test_of_very_many_steps_the_newest_are_kept():
    preview = PREVIEW
    for number in range(MOST_STEPS + 5):
        preview = renamed(preview, 1, f"夜{number}")
    for _ in range(MOST_STEPS):
        preview = taken_back(preview)
    assert preview.chapters[1].title == "夜4" and preview.former == ()


LINE = st.text(alphabet="夜雨章", min_size=1, max_size=120)
CHAPTER = st.builds(Chapter, st.one_of(st.just(""), LINE), st.lists(LINE, max_size=4).map("\n".join)).filter(
    lambda chapter: chapter.whole()
)


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
