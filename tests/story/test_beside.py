"""What stands beside a story, and putting stories away."""

import shutil
import sqlite3
from contextlib import closing

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from novelgpt.errors import BadValue, NotUnicode, UnknownStory
from novelgpt.story.beside import MOST_CHARACTERS
from novelgpt.story.database import open_database
from novelgpt.story.migrations import MIGRATIONS
from novelgpt.story.store import Beside, LoreEntry, StoryId, StoryStore
from tests.story.clock import Clock
from tests.story.conftest import memory_folder

FULL = Beside(
    "他怕水。", "冷静的笔调。", (LoreEntry("渡口", ("渡口", "石桥"), "只有一条船。", True), LoreEntry("箱子"))
)


@pytest.fixture
def store(path):
    with StoryStore(path, Clock()) as store:
        yield store


def test_nothing_stands_beside_a_new_story(store):
    assert store.beside(store.create_story("长夜")) == Beside()


def test_what_was_set_last_counts_and_a_reopened_library_still_knows_it(path):
    with StoryStore(path, Clock()) as store:
        story, other = store.create_story("长夜"), store.create_story("别的")
        store.set_beside(story, Beside(memory="旧的"))
        store.set_beside(story, FULL)
    with StoryStore(path, Clock()) as store:
        assert (store.beside(story), store.beside(other)) == (FULL, Beside())


def test_earlier_states_stay_in_the_file_and_setting_the_same_again_adds_none(store, path):
    story = store.create_story("长夜")
    for beside in (Beside(memory="一"), Beside(memory="一"), FULL, FULL, Beside(memory="一")):
        store.set_beside(story, beside)
    with closing(sqlite3.connect(path)) as plain:
        memories = plain.execute("SELECT memory FROM beside ORDER BY id").fetchall()
    assert memories == [("一",), ("他怕水。",), ("一",)]


def test_changing_what_stands_beside_is_work_on_the_story_and_no_change_of_its_text(store):
    story, later = store.create_story("长夜"), store.create_story("后来")
    store.replace_text(story, "夜")
    store.replace_text(later, "晨")
    store.set_beside(story, FULL)
    assert [entry.id for entry in store.stories()] == [story, later]
    assert store.text(story) == "夜"
    assert store.undo(story) and store.beside(story) == FULL


@pytest.mark.parametrize(
    "beside",
    [Beside(memory="\ud800"), Beside(note="\udfff"), Beside(lore=(LoreEntry("\ud800", ("夜",), "深"),))],
)
def test_half_a_character_is_refused_and_nothing_changes(store, beside):
    story = store.create_story("长夜")
    store.set_beside(story, FULL)
    with pytest.raises(NotUnicode):
        store.set_beside(story, beside)
    assert store.beside(story) == FULL


def test_what_stands_beside_a_story_is_bounded(store):
    story = store.create_story("长夜")
    for beside in (
        Beside("夜" * (MOST_CHARACTERS + 1)),
        Beside("夜", lore=(LoreEntry("雨", text="雨" * MOST_CHARACTERS),)),
    ):
        with pytest.raises(BadValue, match="1,000,000"):
            store.set_beside(story, beside)
    store.set_beside(story, Beside("夜" * MOST_CHARACTERS))


WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=5)
ENTRIES = st.builds(LoreEntry, WORDS, st.lists(WORDS, max_size=3).map(tuple), WORDS, st.booleans())


@given(beside=st.builds(Beside, WORDS, WORDS, st.lists(ENTRIES, max_size=3).map(tuple)))
@settings(deadline=None, max_examples=60)
def test_whatever_is_set_comes_back(beside):
    folder = memory_folder()
    with StoryStore(folder / "stories.db", Clock()) as store:
        story = store.create_story("长夜")
        store.set_beside(story, beside)
        assert store.beside(story) == beside
    shutil.rmtree(folder)


def test_a_story_put_away_is_listed_apart_and_comes_back_whole(store):
    story, other = store.create_story("长夜"), store.create_story("别的")
    store.replace_text(story, "夜深了。")
    store.archive_story(story)
    assert [entry.id for entry in store.stories()] == [other]
    assert [entry.id for entry in store.stories(archived=True)] == [story]
    assert store.story(story).archived_at is not None and store.text(story) == "夜深了。"
    store.bring_back_story(story)
    assert {entry.id for entry in store.stories()} == {story, other}
    assert store.stories(archived=True) == [] and store.story(story).archived_at is None
    assert store.undo(story)


def test_an_unknown_story_is_said_whatever_is_asked_of_it(store):
    none = StoryId(7)
    for ask in (store.beside, store.story, store.archive_story, store.bring_back_story):
        with pytest.raises(UnknownStory):
            ask(none)
    with pytest.raises(UnknownStory):
        store.set_beside(none, FULL)


def test_a_library_of_the_first_version_gets_the_new_shelves(path):
    path.parent.mkdir()
    open_database(path, Clock(), MIGRATIONS[:1]).close()
    with closing(sqlite3.connect(path)) as old:
        old.executescript(
            "INSERT INTO story VALUES (1, '长夜', '2026-01-01T00:00:00.000+00:00', '2026-01-01T00:00:00.000+00:00', NULL);"
        )
    with StoryStore(path, Clock()) as store:
        (story,) = store.stories()
        assert (story.title, store.beside(story.id)) == ("长夜", Beside())
        store.set_beside(story.id, FULL)
        store.archive_story(story.id)
        assert store.beside(story.id) == FULL and store.stories() == []
