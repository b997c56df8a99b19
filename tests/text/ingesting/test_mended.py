"""Books put right by hand: step by step and back, through crashes, and when their files are taken in again."""

import contextlib

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from novelgpt.files import write_bytes
from novelgpt.text.chapter import Chapter, read_chapters, write_chapters
from novelgpt.text.ingest import BookIngested, BookRefused, ingest
from novelgpt.text.ingesting import mended
from novelgpt.text.ingesting.advice import advice
from novelgpt.text.ingesting.mended import is_mended, mend, set_aside, steps_of, unmend
from novelgpt.text.mending import left_out, renamed

CHAPTERS = tuple(Chapter(f"第{n}章", "雨下了三天。", index=n, book="渡口") for n in range(3))
SENTENCES = "雨下了三天，河水漫过了石桥。\n老船夫坐在门口，望着对岸的灯火。\n“今晚还过河吗？”少年问道。\n"
NOVEL = "\n".join(
    f"第{n}章 夜雨\n{SENTENCES}他想起第{n}年的冬天，河面结了冰，{'雪' * n}落满船篷。" for n in range(1, 12)
)


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "chapters" / "渡口.v1.jsonl"
    write_chapters(path, CHAPTERS)
    return path


def titles(path):
    return [chapter.title for chapter in read_chapters(path)]


def test_a_book_goes_forward_and_back_step_by_step_to_the_very_bytes_it_had(book):
    states = [book.read_bytes()]
    for title in ("楔子", "引子", "序"):
        mend(book, renamed(tuple(read_chapters(book)), 0, title))
        states.append(book.read_bytes())
    assert titles(book)[0] == "序" and is_mended(book) and len(steps_of(book)) == 3
    for state in reversed(states[:-1]):
        assert unmend(book) and book.read_bytes() == state
    assert not unmend(book) and not is_mended(book)


def test_the_chapters_are_numbered_anew(book):
    mend(book, left_out(CHAPTERS, 0))
    assert [chapter.index for chapter in read_chapters(book)] == [0, 1]


def test_of_very_many_steps_the_first_and_the_newest_are_kept(book, monkeypatch):
    monkeypatch.setattr(mended, "MOST_STEPS", 4)
    first = book.read_bytes()
    for number in range(7):
        mend(book, renamed(CHAPTERS, 0, f"夜{number}"))
    assert len(steps_of(book)) == 4
    for _ in range(3):
        assert unmend(book)
    assert titles(book)[0] == "夜3"
    assert unmend(book) and book.read_bytes() == first


def test_what_came_from_elsewhere_is_not_taken_back(book):
    mend(book, renamed(CHAPTERS, 0, "楔子"))
    write_chapters(book, renamed(CHAPTERS, 0, "别处写的"))
    assert not is_mended(book) and not unmend(book) and titles(book)[0] == "别处写的"
    mend(book, renamed(CHAPTERS, 0, "序"))
    assert unmend(book) and titles(book)[0] == "别处写的" and not unmend(book)


@given(writes=st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=6))
@settings(deadline=None, max_examples=25)
def test_a_crash_at_any_write_leaves_the_state_before_or_after(tmp_path_factory, writes):
    """Each act is cut off before its n-th write; then the book is a state it had, and the way back leads to the first."""
    book = tmp_path_factory.mktemp("corpus") / "chapters" / "渡口.jsonl"
    write_chapters(book, CHAPTERS)
    first, states = book.read_bytes(), [book.read_bytes()]
    for number, (forward, allowed) in enumerate(writes):
        with pytest.MonkeyPatch.context() as patch:
            write = cut_off(allowed)
            patch.setattr(mended, "write_bytes", write)
            patch.setattr(mended, "write_text", lambda path, content, to=write: to(path, content.encode()))
            with contextlib.suppress(KeyboardInterrupt):
                mend(book, renamed(CHAPTERS, 0, f"夜{number}")) if forward else unmend(book)
        after = book.read_bytes()
        assert after in states or titles(book)[0] == f"夜{number}"
        states.append(after)
    while unmend(book):
        assert book.read_bytes() in states
    assert book.read_bytes() == first


def cut_off(allowed):
    left = [allowed]

    def write(path, content):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        write_bytes(path, content)

    return write


def test_a_book_moved_aside_takes_no_steps_along(book):
    mend(book, renamed(CHAPTERS, 0, "楔子"))
    place = set_aside(book)
    assert titles(place)[0] == "楔子" and not book.exists()
    write_chapters(book, CHAPTERS)
    assert not is_mended(book)


def taken_in(folder, *paths, **options):
    """Return what was said of each book."""
    events = list(ingest(paths, folder, **options))
    return [event for event in events if isinstance(event, BookIngested | BookRefused)]


@pytest.fixture
def library(tmp_path):
    novel = tmp_path / "渡口.txt"
    novel.write_text(NOVEL, encoding="utf-8")
    taken_in(tmp_path / "corpus", novel)
    book = tmp_path / "corpus" / "chapters" / "渡口.jsonl"
    mend(book, renamed(tuple(read_chapters(book)), 0, "楔子"))
    return novel, book


def test_the_same_file_taken_in_again_leaves_what_was_put_right(library):
    novel, book = library
    before = book.read_bytes()
    (said,) = taken_in(book.parent.parent, novel)
    assert not said.fresh and book.read_bytes() == before
    (said,) = taken_in(book.parent.parent, novel, allow_loss=True)  # other settings: the file is read again
    assert said.fresh and book.read_bytes() == before
    assert "put right by hand" in advice(said.book)[0].text("en")
    assert unmend(book) and titles(book)[0] == "第1章 夜雨"


def test_another_text_takes_the_place_and_what_was_put_right_lies_aside(library):
    novel, book = library
    before = book.read_bytes()
    novel.write_text(NOVEL + "\n第12章 天明\n天亮了。", encoding="utf-8")
    (said,) = taken_in(book.parent.parent, novel)
    assert titles(book)[0] == "第1章 夜雨" and titles(book)[-1] == "第12章 天明"
    (place,) = (book.parent.parent / mended.REMOVED).iterdir()
    assert place.read_bytes() == before
    assert str(place) in advice(said.book)[0].text("zh")
    assert not is_mended(book)


def test_a_fuller_copy_and_a_file_that_is_no_novel_any_more_leave_it_aside_and_say_so(library, tmp_path):
    _, book = library
    fuller = tmp_path / "全本.txt"
    fuller.write_text(NOVEL + "\n第12章 天明\n" + SENTENCES * 3, encoding="utf-8")
    (said,) = taken_in(book.parent.parent, fuller)
    (place,) = (book.parent.parent / mended.REMOVED).iterdir()
    assert not book.exists() and str(place) in advice(said.book)[0].text("zh")
    other = book.with_name("全本.jsonl")
    mend(other, renamed(tuple(read_chapters(other)), 0, "楔子"))
    fuller.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(Exception, match="removed-books") as raised:
        taken_in(book.parent.parent, fuller)
    assert "挪到了" in raised.value.sentence("zh") and not other.exists()
