import sqlite3
import threading
from contextlib import closing

import pytest

from novelgpt.errors import BadStories, DiskFull, NewerStories, StoriesUnwritable
from novelgpt.story import database
from novelgpt.story.database import open_database
from novelgpt.story.migrations import MIGRATIONS, upgrade
from novelgpt.story.store import StoryStore
from tests.story.clock import Clock

LATER = (*MIGRATIONS, ("ALTER TABLE story ADD COLUMN summary TEXT",))


@pytest.fixture
def path(path):
    path.parent.mkdir()
    return path


def fill(path):
    with StoryStore(path, Clock()) as store:
        story = store.create_story("长夜")
        for number in range(1, 5):
            store.replace_text(story, "夜" * number * 3000)
    return path.read_bytes()


def other_files(path):
    return sorted(file.name for file in path.parent.iterdir() if file.name != path.name)


def test_a_library_is_opened_the_safe_way(path):
    with StoryStore(path) as store:
        settings = {
            name: store._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema", "busy_timeout")
        }
    assert settings == {
        "journal_mode": "truncate",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "busy_timeout": 5000,
    }


@pytest.mark.parametrize("content", [b"hello", "第一章　夜\n".encode("gb18030") * 500, b"\0" * 8192])
def test_what_is_no_database_is_copied_aside_and_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(BadStories) as raised:
        StoryStore(path, Clock())
    copy = raised.value.facts["copy"]
    assert copy.name == "stories.damaged-20260102T030406Z.db"
    assert copy.read_bytes() == path.read_bytes() == content
    assert str(copy) in raised.value.sentence("zh") and str(copy) in raised.value.sentence("en")


def test_damage_inside_is_noticed(path):
    whole = fill(path)
    damaged = bytearray(whole)
    damaged[4096:8192] = b"\xa5" * 4096
    for content in (bytes(damaged), whole[: len(whole) // 2], whole[:5000]):
        path.write_bytes(content)
        with pytest.raises(BadStories) as raised:
            StoryStore(path, Clock())
        assert raised.value.facts["copy"].read_bytes() == path.read_bytes() == content
        assert not isinstance(raised.value, NewerStories | StoriesUnwritable)
    assert len(other_files(path)) == 4  # three copies, and the journal of the first filling


def test_damage_found_while_working_is_said(path):
    fill(path)
    with StoryStore(path, Clock()) as store:
        story = store.stories()[0].id
        with path.open("rb+") as file:
            file.seek(24)  # where SQLite counts changes: it must not trust what it has in memory
            file.write(b"\xff" * 8000)
        with pytest.raises(BadStories):
            store.text(story)


def test_the_same_damage_is_copied_once_and_another_never_over_it(path):
    frozen = Clock().now
    for content, count in ((b"hello", 1), (b"hello", 1), (b"other", 2), (b"hello", 2), (b"third", 3)):
        path.write_bytes(content)
        with pytest.raises(BadStories):
            StoryStore(path, lambda: frozen)
        assert len(other_files(path)) == count
    assert other_files(path) == [
        "stories.damaged-20260102T030405Z-2.db",
        "stories.damaged-20260102T030405Z-3.db",
        "stories.damaged-20260102T030405Z.db",
    ]


def test_another_programs_database_is_not_written_into(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmark (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(BadStories, match="another program"):
        StoryStore(path)
    assert path.read_bytes() == before


def test_a_library_of_a_later_version_is_left_alone(path):
    open_database(path, Clock(), LATER).close()
    before, files = path.read_bytes(), other_files(path)
    with pytest.raises(NewerStories, match=f"format {len(LATER)}; this one knows {len(MIGRATIONS)}"):
        StoryStore(path)
    assert (path.read_bytes(), other_files(path)) == (before, files)


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_every_earlier_version_is_upgraded_with_everything_in_it_and_backed_up(path, version):
    open_database(path, Clock(), MIGRATIONS[:version]).close()
    with closing(sqlite3.connect(path)) as old:
        old.executescript(
            "INSERT INTO story (id, title, created_at, updated_at, move) VALUES (1, '长夜', '2026-01-01T00:00:00.000+00:00', '2026-01-01T00:00:00.000+00:00', NULL);"
            "INSERT INTO passage VALUES (1, 1, NULL, 'human', '夜深了。', NULL, '2026-01-01T00:00:00.000+00:00');"
            "INSERT INTO move VALUES (1, 1, NULL, 1, 'append', '2026-01-01T00:00:00.000+00:00');"
            "UPDATE story SET move = 1;"
        )
    open_database(path, Clock(), LATER).close()
    backups = list(path.parent.glob(f"stories.before-v{len(LATER)}-*.db"))
    for file, steps in ((path, len(LATER)), (backups[0], version)):
        with closing(sqlite3.connect(file)) as plain:
            assert plain.execute("PRAGMA user_version").fetchone() == (steps,)
            columns = {row[1] for row in plain.execute("PRAGMA table_info(story)")}
            assert ("summary" in columns) == (steps == len(LATER))
            assert plain.execute("SELECT text FROM passage").fetchall() == [("夜深了。",)]
            assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    open_database(path, Clock(), LATER).close()
    assert len(list(path.parent.glob("stories.before-*"))) == 1


def test_a_new_library_needs_no_backup(path):
    StoryStore(path).close()
    assert not list(path.parent.glob("stories.before-*"))


def test_a_step_that_fails_leaves_the_old_version(path):
    fill(path)
    broken = (*MIGRATIONS, ("ALTER TABLE story ADD COLUMN summary TEXT", "SELECT nothing FROM nowhere"))
    with pytest.raises(sqlite3.OperationalError):
        open_database(path, Clock(), broken)
    with closing(sqlite3.connect(path)) as plain:
        assert (
            "summary" not in plain.execute("SELECT sql FROM sqlite_schema WHERE name = 'story'").fetchone()[0]
        )
    with StoryStore(path) as store:
        assert store.text(store.stories()[0].id) == "夜" * 12000


def test_an_opener_waits_while_another_takes_the_steps_and_takes_none_twice(path):
    opened = []
    with closing(sqlite3.connect(path, isolation_level=None)) as first:
        first.execute("BEGIN IMMEDIATE")
        upgrade(first)
        second = threading.Thread(target=lambda: opened.append(StoryStore(path)))
        second.start()
        second.join(0.3)  # long enough to stand at the door
        first.execute("COMMIT")
        second.join()
    (store,) = opened
    with store:
        assert store.text(store.create_story("长夜")) == ""


@pytest.mark.parametrize("place", ["a folder", "below a file"])
def test_a_place_that_cannot_hold_a_library_is_said(tmp_path, place):
    path = tmp_path / "stories.db"
    if place == "a folder":
        path.mkdir()
    else:
        path.write_text("", encoding="utf-8")
        path = path / "stories.db"
    with pytest.raises(StoriesUnwritable) as raised:
        StoryStore(path)
    assert str(path) in raised.value.sentence("zh")


def test_half_a_backup_does_not_stay(path, monkeypatch):
    fill(path)
    monkeypatch.setattr(database.sqlite3, "connect", _full_disk(database.sqlite3.connect))
    with pytest.raises(DiskFull):
        open_database(path, Clock(), LATER)
    monkeypatch.undo()
    assert not list(path.parent.glob("stories.before-*"))
    StoryStore(path).close()


def _full_disk(connect):
    def small(place, **settings):
        connection = connect(place, **settings)
        if "before" in str(place):
            connection.execute("PRAGMA max_page_count = 2")
        return connection

    return small
