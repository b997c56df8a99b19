"""The bench of the corpus page on a real book."""

from contextlib import closing
from dataclasses import fields

import gradio as gr
import pytest

from novelgpt.config import Workspace
from novelgpt.studio import open_studio
from novelgpt.text.chapter import Chapter, read_chapters, write_chapters
from novelgpt.ui.chapter_bench import chapter_list
from novelgpt.ui.corpus_chapters import ChaptersParts, CorpusChapters
from novelgpt.ui.tables import MOST_ROWS
from tests.ui.test_desk import Visitor

PARTS = ChaptersParts(**{field.name: field.name for field in fields(ChaptersParts)})
SCRIPT = "<script>alert(1)</script>"
BOOK = "chapters/渡口.jsonl"


@pytest.fixture
def studio(tmp_path):
    workspace = Workspace(tmp_path)
    titles = ("第一章 夜雨", f"第二章 {SCRIPT}", "第三章 渡口")
    chapters = [Chapter(title, f"雨\n{SCRIPT}\n桥", index=n, book="渡口") for n, title in enumerate(titles)]
    write_chapters(workspace.chapters_dir / "渡口.jsonl", chapters)
    with closing(open_studio(workspace)) as studio:
        yield studio


@pytest.fixture
def room(studio):
    return CorpusChapters(studio, PARTS)


def after(room, handler, *values, accept=""):
    """Return what the page shows after a handler has run; every part must be one of the bench's."""
    shown = {}
    for update in room.handler(handler)(Visitor(accept), *values):
        assert set(update) <= set(PARTS.written())
        for part, value in update.items():
            if isinstance(value, dict):
                shown[part] = {**(shown.get(part) if isinstance(shown.get(part), dict) else {}), **value}
            else:
                shown[part] = value
    return shown


def on_disk(studio):
    path = studio.workspace.chapters_dir / "渡口.jsonl"
    return [chapter.title for chapter in read_chapters(path)]


def test_a_chosen_book_is_shown_with_its_chapters_and_none_hides_the_bench(room):
    shown = after(room, room.choose_book, BOOK)
    assert shown["bench"]["visible"] and "《渡口》 · 3 章" in shown["facts"]
    assert [label for label, _ in shown["chapter"]["choices"]][2] == "3 · 第三章 渡口"
    assert shown["chapter_title"] == "第一章 夜雨" and len(shown["at_line"]["choices"]) == 3
    assert (shown["merge"]["interactive"], shown["take_back"]["interactive"]) == (False, False)
    assert "<script" not in shown["table"] and shown["table"].count("&lt;script") == 4
    for none in (None, ""):
        assert after(room, room.choose_book, none) == {"status": "", "bench": gr.update(visible=False)}


def test_chapters_are_put_right_and_taken_back(room, studio):
    before = on_disk(studio)
    shown = after(room, room.choose_book, BOOK)
    values = [value for _, value in shown["chapter"]["choices"]]
    chosen = after(room, room.choose_chapter, BOOK, values[2])
    assert (chosen["chapter_title"], chosen["merge"]["interactive"]) == ("第三章 渡口", True)
    shown = after(room, room.rename, BOOK, values[2], "第三章 归航")
    assert "改好了" in shown["status"] and shown["chapter_title"] == "第三章 归航"
    shown = after(room, room.split, BOOK, shown["chapter"]["value"], "2")
    assert (shown["chapter_title"], on_disk(studio)[2:]) == ("桥", ["第三章 归航", "桥"])
    shown = after(room, room.leave_out, BOOK, shown["chapter"]["value"])
    assert on_disk(studio)[2:] == ["第三章 归航"]
    shown = after(room, room.merge, BOOK, shown["chapter"]["value"])
    assert len(on_disk(studio)) == 2 and shown["chapter"]["value"].endswith(":1")
    for _ in range(4):
        shown = after(room, room.take_back, BOOK, shown["chapter"]["value"])
    assert on_disk(studio) == before and not shown["take_back"]["interactive"]
    assert 'role="alert"' in after(room, room.take_back, BOOK, shown["chapter"]["value"])["status"]


def test_a_book_that_changed_meanwhile_is_shown_anew_and_nothing_is_done(room, studio):
    stale = after(room, room.choose_book, BOOK)["chapter"]["value"]
    after(room, room.rename, BOOK, stale, "楔子")
    for handler, values in ((room.leave_out, ()), (room.choose_chapter, ()), (room.rename, ("序",))):
        shown = after(room, handler, BOOK, stale, *values)
        assert "在别处改过了" in shown["status"] and "楔子" in shown["table"]
    assert on_disk(studio)[0] == "楔子"


@pytest.mark.parametrize("chapter", [None, "", "x", "0", ":", ":x", ":99", "abc:1", {}, 7])
def test_what_is_no_chapter_is_said(room, studio, chapter):
    before = on_disk(studio)
    for handler, values in (
        (room.choose_chapter, ()),
        (room.merge, ()),
        (room.split, ("0",)),
        (room.rename, ("夜",)),
        (room.leave_out, ()),
        (room.take_back, ()),
    ):
        assert 'role="alert"' in after(room, handler, BOOK, chapter, *values)["status"]
    assert on_disk(studio) == before


@pytest.mark.parametrize("book", ["x", "../x", "mine/没有.jsonl", 7, {"a": 1}])
def test_what_is_no_book_is_said(room, book):
    assert 'role="alert"' in after(room, room.choose_book, book)["status"]


def test_no_line_is_chosen_and_the_room_speaks_english(room):
    shown = after(room, room.choose_book, BOOK, accept="en")
    assert "chapters: 3" in shown["facts"] and "Heading" in shown["table"]
    assert "line" in after(room, room.split, BOOK, shown["chapter"]["value"], None, accept="en")["status"]


def test_a_long_list_is_bounded_and_says_so():
    page = chapter_list("preview", [Chapter(f"第{n}章", "雨") for n in range(MOST_ROWS + 5)], "en")
    assert page.count("<tr>") == MOST_ROWS + 1 and f"of {MOST_ROWS + 5:,}" in page
