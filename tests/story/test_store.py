import contextlib
import json
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from novelgpt.errors import (
    DiskFull,
    NotUnicode,
    PassageFinished,
    StoriesBusy,
    UnknownPassage,
    UnknownStory,
)
from novelgpt.story.store import PassageId, StoryId, StoryStore
from tests.story.clock import Clock


@pytest.fixture
def store(path):
    with StoryStore(path, Clock()) as store:
        yield store


def write(store, *texts, author="human"):
    """Make a story of these passages; return it and them."""
    story = store.create_story("长夜")
    passages = []
    for text in texts:
        passages.append(
            store.append(passages[-1] if passages else None, text, author, story=story),
        )
    return story, passages


def test_a_new_story_is_empty_and_has_nothing_to_undo(store):
    story = store.create_story("长夜")
    assert (store.text(story), store.tip(story), store.passages(store.tip(story))) == ("", None, [])
    assert not store.can_undo(story) and not store.can_redo(story)
    assert not store.undo(story) and not store.redo(story)


def test_passages_join_to_the_text_from_the_root_to_the_tip(store):
    story, passages = write(store, "夜深了。", "\n　　他", "推开门。")
    assert store.text(story) == "夜深了。\n　　他推开门。"
    assert store.tip(story) == passages[-1]
    assert [passage.id for passage in store.passages(passages[1])] == passages[:2]
    assert [passage.parent for passage in store.passages(passages[2])] == [None, *passages[:2]]


def test_a_passage_remembers_who_wrote_it_how_and_when(store):
    story = store.create_story("长夜")
    settings = {"temperature": 0.9, "model": "默认", "seed": None}
    root = store.append(None, "夜", "human", story=story)
    store.append(root, "深了。", "model", story=story, settings=settings)
    first, second = store.passages(store.tip(story))
    assert (first.author, first.settings, first.story) == ("human", None, story)
    assert (second.author, second.settings) == ("model", settings)
    assert second.created_at > first.created_at


def test_undo_and_redo_walk_the_moves_one_by_one(store):
    story, _ = write(store, "一", "二", "三")
    seen = [store.text(story)]
    while store.undo(story):
        seen.append(store.text(story))
    assert seen == ["一二三", "一二", "一", ""]
    while store.redo(story):
        seen.append(store.text(story))
    assert seen[4:] == ["一", "一二", "一二三"]


def test_writing_after_undo_makes_a_branch_and_loses_nothing(store):
    story, (root, left) = write(store, "根", "左")
    store.undo(story)
    right = store.append(root, "右", "model", story=story)
    assert store.text(story) == "根右"
    assert not store.can_redo(story)
    assert [(child.id, child.text) for child in store.children(root)] == [(left, "左"), (right, "右")]
    store.undo(story)
    assert store.redo(story) and store.text(story) == "根右"


def test_undo_takes_back_a_jump_to_another_branch(store):
    story, (root, _) = write(store, "根", "左")
    store.append(root, "右", "human", story=story)
    store.undo(story)
    assert store.text(story) == "根左"


def test_stories_do_not_touch_each_other(store):
    one, _ = write(store, "一")
    other, _ = write(store, "甲", "乙")
    store.undo(other)
    assert (store.text(one), store.text(other)) == ("一", "甲")
    assert not store.can_redo(one)


def test_a_streamed_passage_grows_in_place_and_is_one_move(store):
    story, (root,) = write(store, "夜")
    growing = store.append(root, "", "model", story=story)
    for text in ("深", "深了", "深了。"):
        store.extend(growing, text)
        assert store.text(story) == "夜" + text
    store.undo(story)
    assert store.text(story) == "夜"
    store.extend(growing, "深了。雨")  # the last words of a stream that was undone meanwhile are kept as well
    store.redo(story)
    assert store.text(story) == "夜深了。雨"


def test_only_the_newest_passage_of_a_model_grows(store):
    story, (human,) = write(store, "夜")
    with pytest.raises(PassageFinished):
        store.extend(human, "夜更")
    older = store.append(human, "深", "model", story=story)
    store.append(older, "了", "model", story=story)
    for passage in (human, older):
        with pytest.raises(PassageFinished):
            store.extend(passage, store.passages(passage)[-1].text + "更")
    assert store.text(story) == "夜深了"


def test_extending_by_the_new_part_alone_is_refused_and_loses_nothing(store):
    story = store.create_story("长夜")
    growing = store.append(None, "夜深", "model", story=story)
    with pytest.raises(ValueError, match="whole passage"):
        store.extend(growing, "了")
    assert store.text(story) == "夜深"


@pytest.mark.parametrize(
    ("edited", "texts"),
    [
        ("一二三四", ["一", "二", "三四"]),
        ("一二三四又一句", ["一", "二", "三四", "又一句"]),
        ("一二三", ["一", "二", "三"]),
        ("一二", ["一", "二"]),
        ("一改", ["一", "改"]),
        ("改一二三四", ["改一二三四"]),
        ("", []),
    ],
)
def test_an_edited_page_keeps_the_passages_it_begins_with(store, edited, texts):
    story, passages = write(store, "一", "二", "三四")
    tip = store.replace_text(story, edited)
    assert tip == store.tip(story)
    assert [passage.text for passage in store.passages(tip)] == texts
    assert store.text(story) == edited
    kept = [passage.id for passage in store.passages(tip) if passage.id in passages]
    assert kept == passages[: len(kept)]
    store.undo(story)
    assert store.text(story) == ("一二三四" if edited != "一二三四" else "一二")


def test_an_unchanged_page_is_no_move(store):
    story, passages = write(store, "一", "二", "")
    assert store.replace_text(story, "一二") == passages[-1]
    store.undo(story)
    assert store.tip(story) == passages[1]


def test_an_edit_is_the_humans_unless_said_otherwise(store):
    story, _ = write(store, "一")
    store.replace_text(story, "一二")
    store.replace_text(story, "一二三", "model")
    assert [passage.author for passage in store.passages(store.tip(story))] == ["human", "human", "model"]


def test_the_story_worked_on_last_comes_first(store):
    one, two = store.create_story("一"), store.create_story("二")
    assert [story.id for story in store.stories()] == [two, one]
    store.append(None, "字", "human", story=one)
    assert [story.id for story in store.stories()] == [one, two]
    store.rename_story(two, "改名")
    assert [story.title for story in store.stories()] == ["改名", "一"]
    assert all(story.updated_at > story.created_at for story in store.stories())


UNKNOWN_STORY, UNKNOWN_PASSAGE = StoryId(99), PassageId(99)


@pytest.mark.parametrize(
    ("error", "act"),
    [
        (UnknownStory, lambda store, story: store.append(None, "字", "human", story=UNKNOWN_STORY)),
        (UnknownStory, lambda store, story: store.rename_story(UNKNOWN_STORY, "名")),
        (UnknownStory, lambda store, story: store.replace_text(UNKNOWN_STORY, "字")),
        (UnknownStory, lambda store, story: store.text(UNKNOWN_STORY)),
        (UnknownStory, lambda store, story: store.undo(UNKNOWN_STORY)),
        (UnknownStory, lambda store, story: store.can_redo(UNKNOWN_STORY)),
        (UnknownPassage, lambda store, story: store.append(UNKNOWN_PASSAGE, "字", "human", story=story)),
        (UnknownPassage, lambda store, story: store.extend(UNKNOWN_PASSAGE, "字")),
        (UnknownPassage, lambda store, story: store.passages(UNKNOWN_PASSAGE)),
        (UnknownPassage, lambda store, story: store.children(UNKNOWN_PASSAGE)),
        (NotUnicode, lambda store, story: store.append(None, "字\ud800", "human", story=story)),
        (NotUnicode, lambda store, story: store.replace_text(story, "\udfff")),
        (NotUnicode, lambda store, story: store.create_story("\ud83d")),
        (NotUnicode, lambda store, story: store.rename_story(story, "\ud83d")),
        (
            NotUnicode,
            lambda store, story: store.append(None, "字", "model", story=story, settings={"名": "\ud800"}),
        ),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(store, error, act):
    story, _ = write(store, "一")
    before = store.stories()
    with pytest.raises(error) as raised:
        act(store, story)
    assert raised.value.sentence("zh") and raised.value.sentence("en")
    assert (store.text(story), store.stories()) == ("一", before)


def test_a_passage_of_another_story_is_no_parent(store):
    _, (foreign,) = write(store, "甲")
    story, _ = write(store, "一")
    with pytest.raises(UnknownPassage):
        store.append(foreign, "二", "human", story=story)
    assert store.text(story) == "一"


@pytest.mark.parametrize(
    "text", ["", "\x00中\x00", "𠮷㐀—“”", "\ufeff\r\n\u2028", "'; DROP TABLE story; --", "%s{0}"]
)
def test_every_text_comes_back_as_it_was_after_reopening(path, text):
    with StoryStore(path) as store:
        story, _ = write(store, text, "尾")
        store.rename_story(story, text)
    with StoryStore(path) as store:
        assert store.text(story) == text + "尾"
        assert store.stories()[0].title == text


def test_the_past_is_there_after_reopening(path):
    with StoryStore(path) as store:
        story, _ = write(store, "一", "二")
        store.undo(story)
    with StoryStore(path) as store:
        assert (store.text(story), store.can_undo(story), store.can_redo(story)) == ("一", True, True)
        store.redo(story)
        assert store.text(story) == "一二"


def test_the_file_reads_well_in_plain_sqlite(path, store):
    write(store, "夜深了。")
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute(
            "SELECT title, author, text, kind FROM story"
            " JOIN move ON move.id = story.move JOIN passage ON passage.id = move.tip"
        ).fetchall() == [("长夜", "human", "夜深了。", "append")]


def test_threads_of_one_process_write_into_one_store(store):
    stories = [store.create_story(str(number)) for number in range(4)]

    def work(story):
        tip = None
        for number in range(5):
            tip = store.append(tip, f"{number}", "human", story=story)

    threads = [threading.Thread(target=work, args=(story,)) for story in stories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.text(story) for story in stories] == ["01234"] * 4


PROCESS = """
import json, pathlib, sys
from novelgpt.story.store import StoryStore
with StoryStore(pathlib.Path(sys.argv[1])) as store:
    story = store.create_story("进程")
    for number in range(8):
        store.replace_text(story, store.text(story) + str(number))
    print(json.dumps([story, store.text(story)]))
"""


def test_processes_that_open_a_new_library_together_all_write_into_it(path):
    running = [
        subprocess.Popen([sys.executable, "-c", PROCESS, str(path)], stdout=subprocess.PIPE) for _ in range(3)
    ]
    said = [json.loads(process.communicate()[0]) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    with StoryStore(path) as store:
        assert len({story for story, _ in said}) == 3
        assert [store.text(story) for story, _ in said] == ["01234567"] * 3


def test_a_library_held_by_another_program_is_said(path, store):
    story, _ = write(store, "一")
    store._connection.execute("PRAGMA busy_timeout = 10")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoriesBusy):
            store.append(None, "二", "human", story=story)
    assert store.text(story) == "一"


def test_a_full_disk_is_said_and_what_was_written_stays(store):
    story, _ = write(store, "一")
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull):
        store.replace_text(story, "长" * 100_000)
    assert store.text(story) == "一"
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.replace_text(story, "长" * 100_000)
    assert store.text(story) == "长" * 100_000


def test_a_library_that_another_process_makes_while_it_is_looked_at_is_ours(path, monkeypatch):
    connect = sqlite3.connect

    class Slow(sqlite3.Connection):
        """Between its first question and its second, another process opens the new library."""

        def execute(self, sql, *rest):
            found = super().execute(sql, *rest)
            if sql != "PRAGMA application_id":
                return found
            (owner,) = found.fetchone()
            monkeypatch.setattr(
                sqlite3, "connect", lambda *args, **kwargs: connect(*args, **{**kwargs, "timeout": 0})
            )
            with contextlib.suppress(StoriesBusy):
                StoryStore(path).close()
            return super().execute(f"SELECT {owner}")

    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, factory=Slow, **kwargs))
    with StoryStore(path) as store:
        assert store.stories() == []
