"""What a person said of a story's lines is kept with the story."""

from contextlib import closing

import pytest

from novelgpt.config import Workspace
from novelgpt.errors import BadValue, UnknownStory
from novelgpt.story.database import open_database
from novelgpt.story.importing import Preview, merged, renamed, split_at
from novelgpt.story.migrations import MIGRATIONS
from novelgpt.story.store import StoryId, StoryStore
from novelgpt.studio.library import Library
from tests.story.clock import Clock

NOVEL = "卷一 渡口\n" + "\n".join(f"第{n}章 夜雨\n雨下了三天。\n河水漫过了石桥。" for n in "一二三四")


def test_what_was_said_stays_with_its_story_when_the_library_is_opened_again(path):
    cuts = {"夜渡": ("chapter",), "第三章": ("none", "chapter"), "夜" * 200: ("untitled",)}
    with StoryStore(path, Clock()) as store:
        story = store.import_story("长夜", ["夜渡\n雨"], cuts=cuts)
        other = store.create_story("别的")
    with StoryStore(path, Clock()) as store:
        assert {key: tuple(said) for key, said in store.cuts(story).items()} == cuts
        assert store.cuts(other) == {}
        with pytest.raises(UnknownStory):
            store.cuts(StoryId(99))


def test_a_library_of_an_earlier_version_says_nothing_of_lines(path):
    path.parent.mkdir()
    open_database(path, Clock(), MIGRATIONS[:2]).close()
    with StoryStore(path, Clock()) as store:
        assert store.cuts(store.create_story("长夜")) == {}


@pytest.mark.parametrize(
    "fix",
    [
        lambda preview: renamed(preview, 2, "夜渡"),
        lambda preview: merged(preview, 3),
        lambda preview: split_at(preview, 2, 1),
        lambda preview: renamed(preview, 1, ""),
        lambda preview: merged(renamed(preview, 3, "石桥"), 2),
    ],
)
def test_an_imported_book_has_the_chapters_that_the_preview_showed(path, tmp_path, fix):
    with closing(StoryStore(path, Clock())) as store:
        library = Library(lambda: store, Workspace(tmp_path))
        preview: Preview = fix(library.preview("渡口.txt", NOVEL.encode()))
        story = library.import_book(preview, "渡口")
        wanted = [chapter.title for chapter in preview.chapters]
        assert [section.title for section in library.chapters(story)] == wanted
        again = library.preview("渡口.epub", library.export(story, "epub").data)
        assert [chapter.title for chapter in again.chapters] == [one or "渡口" for one in wanted]
        text = library.export(story, "txt", 2).data.decode()
        assert preview.chapters[2].text in text


def test_a_volume_is_exported_with_its_chapters(path, tmp_path):
    with closing(StoryStore(path, Clock())) as store:
        library = Library(lambda: store, Workspace(tmp_path))
        story = library.import_book(
            library.preview("渡口.txt", (NOVEL + "\n卷二 石桥\n第五章 灯\n晴。").encode())
        )
        volume = library.export(story, "txt", 0)
        assert volume.filename == "渡口 卷一 渡口.txt"
        assert "第四章" in volume.data.decode() and "石桥\n第五章" not in volume.data.decode()
        last = library.preview("卷二.docx", library.export(story, "docx", 5).data)
        assert [chapter.title for chapter in last.chapters] == ["卷二 石桥", "第五章 灯"]
        with pytest.raises(BadValue):
            library.export(story, "txt", 7)
