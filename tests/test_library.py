"""The shelf of stories on a real library."""

import json
import shutil
from contextlib import closing, contextmanager

import pytest

from novelgpt.config import Workspace
from novelgpt.errors import BadValue, ImportTooLarge, StoryBeingWritten, UnknownStory
from novelgpt.story.store import Beside, LoreEntry, StoryId, StoryStore
from novelgpt.studio import library as shelf
from novelgpt.studio.library import FORMATS, MOST_FOUND, Library, file_name, merged, renamed
from tests.story.clock import Clock
from tests.story.conftest import memory_folder

NOVEL = "\n\n".join(f"第{n}章 夜雨\n　　雨下了三天。\n　　河水漫过了石桥。" for n in "一二三")


@pytest.fixture
def workspace():
    folder = memory_folder()
    yield Workspace(folder)
    shutil.rmtree(folder)


@pytest.fixture
def store(workspace):
    with closing(StoryStore(workspace.stories_path, Clock())) as store:
        yield store


@pytest.fixture
def library(store, workspace):
    return Library(lambda: store, workspace)


@pytest.fixture
def story(store):
    story = store.create_story("长夜")
    store.replace_text(story, NOVEL)
    return story


def test_stories_are_renamed_put_away_and_brought_back(library, story):
    library.rename(story, "  夜\n渡 ")
    assert [entry.title for entry in library.stories()] == ["夜 渡"]
    library.archive(story)
    assert library.stories() == [] and [e.id for e in library.stories(archived=True)] == [story]
    library.bring_back(story)
    assert [entry.id for entry in library.stories()] == [story]
    with pytest.raises(BadValue):
        library.rename(story, " \n ")


def test_while_a_model_writes_the_text_is_not_moved(store, workspace, story):
    @contextmanager
    def busy(_):
        raise StoryBeingWritten()
        yield

    library = Library(lambda: store, workspace, busy)
    for act in (lambda: library.go_to(story, store.tip(story)), lambda: library.archive(story)):
        with pytest.raises(StoryBeingWritten):
            act()
    library.rename(story, "别名")
    assert store.text(story) == NOVEL


def test_words_are_found_in_present_texts_of_stories_in_use(library, store, story):
    other, away = store.create_story("石桥"), store.create_story("旧稿")
    store.replace_text(other, "他又看见了石桥。")
    store.replace_text(away, "石桥石桥")
    library.archive(away)
    found = library.search("石桥")
    assert {one.story for one in found} == {story, other}
    assert [(one.title, one.start, one.excerpt_before) for one in found if one.story == other] == [
        ("石桥", 5, "他又看见了")
    ]
    assert library.search("石桥 看见", other) and not library.search("石桥 看见", story)
    assert library.search("石桥", away)
    assert library.search("") == [] == library.search("没有的字")
    store.replace_text(other, "别的。")
    assert {one.story for one in library.search("石桥")} == {story}
    with pytest.raises(UnknownStory):
        library.search("石桥", StoryId(99))


def test_of_very_many_places_some_are_shown(library, store):
    for number in range(8):
        store.replace_text(store.create_story(str(number)), ("夜" + "雨" * 100) * 18)
    assert len(library.search("夜")) == MOST_FOUND


def test_branches_are_compared_and_gone_to(library, store, story):
    tip = store.tip(story)
    store.replace_text(story, NOVEL[:-1] + "，")
    new, old = library.branches(story)
    assert (new.is_current, old.tip, old.excerpt) == (True, tip, "。")
    found = library.compare(story, old.tip, new.tip)
    assert (found.left, found.right) == ("。", "，")
    library.go_to(story, old.tip)
    assert store.text(story) == NOVEL
    assert store.undo(story) and store.text(story) == NOVEL[:-1] + "，"


@pytest.mark.parametrize("form", ["txt", "epub", "docx"])
def test_a_story_exported_and_imported_has_the_same_chapters(library, story, form):
    made = library.export(story, form, typography=True)
    assert made.filename == f"长夜.{form}" and made.media_type
    preview = library.preview(made.filename, made.data)
    assert [(one.title, one.text) for one in preview.chapters] == [
        (f"第{n}章 夜雨", "雨下了三天。\n河水漫过了石桥。") for n in "一二三"
    ]
    again = library.import_book(preview)
    assert [one.title for one in library.chapters(again)] == [one.title for one in library.chapters(story)]


def test_an_imported_book_is_one_passage_a_chapter_and_ends_where_one_writes_on(library, store):
    preview = library.preview("渡口.txt", NOVEL.encode("gb18030"))
    preview = renamed(merged(preview, 2), 0, "楔子")
    story = library.import_book(preview, "我的渡口")
    passages = store.passages(store.tip(story))
    assert len(passages) == 2 and {passage.author for passage in passages} == {"human"}
    assert store.text(story).startswith("楔子\n雨下了三天。\n") and store.text(story).endswith("石桥。")
    assert store.story(story).title == "我的渡口"
    assert store.undo(story) and store.text(story) == "" and not store.can_undo(story)


def test_one_chapter_is_exported_alone_and_an_unknown_one_is_said(library, story):
    made = library.export(story, "txt", 1)
    assert made.filename == "长夜 第二章 夜雨.txt" and made.data.decode().startswith("第二章 夜雨\n")
    for number in (-1, 3):
        with pytest.raises(BadValue):
            library.export(story, "txt", number)
    with pytest.raises(BadValue):
        library.export(story, "pdf")
    with pytest.raises(UnknownStory):
        library.export(StoryId(99), "txt")


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_story_is_exported_and_the_same_story_gives_the_same_bytes(library, store, story, form):
    assert library.export(store.create_story("空"), form).data is not None
    assert library.export(story, form) == library.export(story, form)


def test_a_story_goes_to_kobold_and_back_with_what_stands_beside_it(library, store, story):
    beside = Beside("怕水", "冷静", (LoreEntry("渡口", ("渡口", "石桥"), "一条船", True),))
    library.set_beside(story, beside)
    store.append(store.tip(story), "他起身。", "model", story=story)
    made = library.export(story, "kobold")
    assert made.filename == "长夜.json" and json.loads(made.data)["actions"] == ["他起身。"]
    again = library.import_kobold(made.data, "回来")
    assert (store.text(again), library.beside(again)) == (store.text(story), beside)
    assert json.loads(library.export(story, "kobold", 0).data)["actions"] == []


def test_an_import_is_bounded(library, monkeypatch):
    monkeypatch.setattr(shelf, "LARGEST", 10)
    with pytest.raises(ImportTooLarge):
        library.import_kobold(b" " * 11)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("长夜", "长夜.txt"),
        ("../../etc/passwd", "_.._etc_passwd.txt"),
        ('a<b>:"c"|?*', "a_b_c_.txt"),
        ("夜\u202egnp.exe", "夜 gnp.exe.txt"),
        ("\x00\n", "_.txt"),
        ("con", "_con.txt"),
        ("  夜 \u200b 渡. ", "夜 渡.txt"),
    ],
)
def test_a_title_becomes_a_name_that_every_system_accepts(title, name):
    assert file_name(title, ".txt") == name
    assert len(file_name("夜" * 500, ".txt").encode()) < 200
