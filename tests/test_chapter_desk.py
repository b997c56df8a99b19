"""The chapters of a book of the corpus, put right from the workshop."""

import threading

import pytest

from novelgpt.config import Workspace
from novelgpt.errors import BadValue
from novelgpt.studio import corpus_desk
from novelgpt.studio.chapter_desk import BookChanged, NothingToTakeBack
from novelgpt.studio.corpus_desk import CorpusBusy, OwnStory, UnknownBook
from novelgpt.studio.workshop import Workshop
from novelgpt.text.chapter import read_chapters
from tests.tiny import TALE

BOOK = "chapters/夜航.jsonl"
NOVEL = "\n\n".join(f"第{n}章 启航{n}\n\n　　雨下了{n}天。\n　　" + TALE for n in (1, 2, 3))


@pytest.fixture
def workshop(tmp_path):
    workshop = Workshop(Workspace(tmp_path))
    list(workshop.ingest([("夜航.txt", NOVEL.encode("gb18030"))]))
    return workshop


def titles(book):
    return [chapter.title for chapter in book.chapters]


def test_a_book_is_put_right_in_every_way_and_back(workshop):
    books = workshop.chapters
    opened = books.open(BOOK)
    assert (opened.title, opened.steps, titles(opened)) == (
        "夜航",
        0,
        ["第1章 启航1", "第2章 启航2", "第3章 启航3"],
    )
    seen = [opened]
    for change, values in (
        (books.rename, (0, "楔子")),
        (books.split, (1, 0)),
        (books.merge, (2,)),
        (books.leave_out, (0,)),
    ):
        seen.append(change(BOOK, seen[-1].version, *values))
    assert titles(seen[2]) == ["楔子", "第2章 启航2", "雨下了2天。", "第3章 启航3"]
    assert [book.at for book in seen] == [0, 0, 2, 1, 0]
    assert [book.steps for book in seen] == [0, 1, 2, 3, 4]
    on_disk = list(read_chapters(workshop.book_paths([BOOK])[0]))
    assert tuple(on_disk) == seen[-1].chapters
    assert [book.chapters for book in workshop.books() if book.id == BOOK] == [len(on_disk)]
    back = seen[-1]
    for former in reversed(seen[:-1]):
        back = books.undo(BOOK, back.version)
        assert back == former
    with pytest.raises(NothingToTakeBack):
        books.undo(BOOK, back.version)


def test_a_change_to_a_book_that_changed_meanwhile_is_refused(workshop):
    books = workshop.chapters
    seen = books.open(BOOK)
    books.rename(BOOK, seen.version, 0, "楔子")
    for late in (
        lambda: books.leave_out(BOOK, seen.version, 0),
        lambda: books.undo(BOOK, seen.version),
        lambda: books.rename(BOOK, "", 0, "序"),
    ):
        with pytest.raises(BookChanged):
            late()
    assert titles(books.open(BOOK))[0] == "楔子"


def test_what_cannot_be_done_changes_nothing(workshop):
    books = workshop.chapters
    seen = books.open(BOOK)
    for wrong in (lambda: books.merge(BOOK, seen.version, 0), lambda: books.split(BOOK, seen.version, 9, 0)):
        with pytest.raises(BadValue):
            wrong()
    assert books.open(BOOK) == seen
    for name in ("", "chapters/../../x.jsonl", "chapters/没有.jsonl"):
        with pytest.raises(UnknownBook):
            books.open(name)


def test_a_book_made_of_a_story_is_changed_where_it_is_written(workshop):
    path = workshop._corpus.keep_story("第一章 夜\n" + TALE * 20, "我的书")
    with pytest.raises(OwnStory):
        workshop.chapters.open(f"mine/{path.name}")


def test_while_books_are_taken_in_the_others_wait_and_say_so(workshop, monkeypatch):
    monkeypatch.setattr(corpus_desk, "PATIENCE_SECONDS", 0.01)
    version = workshop.chapters.open(BOOK).version
    coming = workshop.ingest([("石桥.txt", NOVEL.encode())])
    next(coming)
    said = []

    def change():
        try:
            workshop.chapters.rename(BOOK, version, 0, "楔子")
        except CorpusBusy as error:
            said.append(error.sentence("zh"))

    other = threading.Thread(target=change)
    other.start()
    other.join()
    coming.close()
    assert len(said) == 1
    assert titles(workshop.chapters.rename(BOOK, version, 0, "楔子"))[0] == "楔子"


def test_a_removed_book_takes_its_steps_along(workshop):
    books = workshop.chapters
    changed = books.rename(BOOK, books.open(BOOK).version, 0, "楔子")
    place = workshop.remove_book(BOOK)
    assert next(read_chapters(place)).title == changed.chapters[0].title
    list(workshop.ingest([("夜航.txt", NOVEL.encode("gb18030"))]))
    anew = books.open(BOOK)
    assert (anew.steps, titles(anew)[0]) == (0, "第1章 启航1")
