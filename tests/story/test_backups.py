"""A backup a day, and none of its troubles stops the opening."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from novelgpt.story.backups import KEPT
from novelgpt.story.store import StoryStore

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def on_day(number):
    return lambda: START + timedelta(days=number)


def work(path, day, text):
    with StoryStore(path, on_day(day)) as store:
        story = store.stories()[0].id if store.stories() else store.create_story("长夜")
        store.replace_text(story, text)


def names(path):
    folder = path.parent / "backups"
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def text_in(backup):
    with closing(sqlite3.connect(backup)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return plain.execute("SELECT text FROM passage ORDER BY id DESC LIMIT 1").fetchone()[0]


def test_the_first_opening_of_a_day_keeps_what_was_there(path):
    work(path, 0, "第一天")
    assert names(path) == []
    work(path, 0, "第一天，接着写")
    work(path, 1, "第二天")
    work(path, 1, "第二天，接着写")
    assert names(path) == ["stories-2026-03-01.db", "stories-2026-03-02.db"]
    assert text_in(path.parent / "backups" / "stories-2026-03-01.db") == "第一天"
    assert text_in(path.parent / "backups" / "stories-2026-03-02.db") == "，接着写"


def test_a_backup_is_a_library_that_opens(path, tmp_path):
    work(path, 0, "夜深了。")
    work(path, 1, "夜深了。他")
    (backup,) = (path.parent / "backups").iterdir()
    with StoryStore(backup, on_day(1)) as store:
        assert store.text(store.stories()[0].id) == "夜深了。"


def test_the_newest_few_stay_and_files_of_others_are_not_touched(path):
    work(path, 0, "夜")
    (path.parent / "backups").mkdir()
    (path.parent / "backups" / "stories-mine.db").write_bytes(b"mine")
    for day in range(1, 9):
        work(path, day, "夜" * day)
    assert names(path) == [
        *(f"stories-2026-03-0{day}.db" for day in range(9 - KEPT + 1, 10)),
        "stories-mine.db",
    ]


@pytest.mark.parametrize("trouble", ["a file stands in the way", "a folder has its name"])
def test_a_backup_that_cannot_be_made_stops_nothing(path, trouble, caplog):
    work(path, 0, "夜")
    folder = path.parent / "backups"
    if trouble == "a file stands in the way":
        folder.write_bytes(b"")
    else:
        (folder / "stories-2026-03-02.db" / "x").mkdir(parents=True)
    work(path, 1, "夜深了")
    with StoryStore(path, on_day(1)) as store:
        assert store.text(store.stories()[0].id) == "夜深了"
    if trouble == "a file stands in the way":
        assert "no backup" in caplog.text


def test_half_a_backup_has_no_backups_name_and_does_not_stay(path, monkeypatch):
    work(path, 0, "夜")
    from novelgpt.story import backups

    def fail(_):
        raise OSError("disk")

    monkeypatch.setattr(backups, "sync_file", fail)
    work(path, 1, "夜深了")
    assert names(path) == []
