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
        found = plain.execute("SELECT text FROM passage ORDER BY id DESC LIMIT 1").fetchone()
        return found and found[0]


def test_the_first_opening_of_a_day_keeps_what_was_there(path):
    work(path, 0, "第一天")
    assert names(path) == []
    work(path, 0, "第一天，接着写")
    work(path, 1, "第二天")
    work(path, 1, "第二天，接着写")
    assert names(path) == ["stories-2026-03-01.db", "stories-2026-03-02.db"]
    assert text_in(path.parent / "backups" / "stories-2026-03-01.db") == "第一天"
    assert text_in(path.parent / "backups" / "stories-2026-03-02.db") == "，接着写"


class Days:
    """A clock that stands until it is told to go on."""

    def __init__(self):
        self.day = 0

    def __call__(self):
        return START + timedelta(days=self.day)


def test_a_library_that_stays_open_for_days_is_copied_before_the_first_change_of_each(path):
    days = Days()
    with StoryStore(path, days) as store:
        story = store.create_story("长夜")
        for days.day in (0, 0, 1, 1, 3):
            store.replace_text(story, store.text(story) + "夜")
            assert store.stories()
    assert names(path) == ["stories-2026-03-02.db", "stories-2026-03-04.db"]
    for name, characters in (("02", 2), ("04", 4)):
        with StoryStore(path.parent / "backups" / f"stories-2026-03-{name}.db", days) as backup:
            assert backup.text(story) == "夜" * characters


def test_reading_makes_no_backup(path):
    days = Days()
    work(path, 0, "夜")
    with StoryStore(path, days) as store:
        (name,) = names(path)
        days.day = 1
        assert store.text(store.stories()[0].id) == "夜"
        assert names(path) == [name]


def test_a_backup_that_failed_is_not_tried_again_at_every_change(path, caplog):
    days = Days()
    with StoryStore(path, days) as store:
        story = store.create_story("长夜")
        (path.parent / "backups").write_bytes(b"")
        for days.day in (1, 1, 1):
            store.replace_text(story, store.text(story) + "夜")
        assert store.text(story) == "夜夜夜"
        assert caplog.text.count("no backup") == 1
        (path.parent / "backups").unlink()
        days.day = 2
        store.replace_text(story, "晨")
    assert names(path) == ["stories-2026-03-03.db"]


def test_two_programs_with_one_library_make_one_backup_a_day(path):
    days = Days()
    with StoryStore(path, days) as one, StoryStore(path, days) as other:
        story = one.create_story("长夜")
        days.day = 1
        one.replace_text(story, "夜")
        other.replace_text(story, "夜深了")
    assert names(path) == ["stories-2026-03-02.db"]
    assert text_in(path.parent / "backups" / "stories-2026-03-02.db") is None


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
