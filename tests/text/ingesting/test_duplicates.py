import pytest

from novelgpt.text.chapter import Chapter, Kind
from novelgpt.text.ingesting.duplicates import Repeat, Shelf, repeated_chapters
from novelgpt.text.ingesting.sketch import sketch
from novelgpt.text.rules import Rules
from tests.text.ingesting.test_sketch import long_text


def chapter(number: int, text: str, title: str = "", kind: Kind = "chapter") -> Chapter:
    return Chapter(title or f"第{number}章", text, kind, number)


BOOK = [chapter(number, long_text(number, 900)) for number in range(1, 7)]


def test_a_book_that_tells_nothing_twice_keeps_everything() -> None:
    repeats, hashes = repeated_chapters(BOOK)
    assert repeats == []
    assert len(hashes) == 64


def test_a_tail_that_loops_goes_and_the_first_telling_stays() -> None:
    repeats, hashes = repeated_chapters(BOOK + BOOK[2:4])
    assert repeats == [Repeat(6, 2, "repeated_chapter"), Repeat(7, 3, "repeated_chapter")]
    assert (hashes == repeated_chapters(BOOK)[1]).all()


def test_the_same_text_under_another_title_goes_too() -> None:
    repeats, _ = repeated_chapters([*BOOK, chapter(7, BOOK[0].text, "第七章 另起")])
    assert [repeat.index for repeat in repeats] == [6]


def test_nearly_the_same_text_goes_the_one_that_tells_less() -> None:
    longer = BOOK[1].text + "完了。"
    repeats, _ = repeated_chapters([*BOOK, chapter(2, longer)])
    assert repeats == [Repeat(1, 6, "near_chapter")]


def test_a_stub_goes_when_the_whole_chapter_stands_elsewhere_under_its_name() -> None:
    stub = chapter(3, BOOK[2].text[:300])
    assert repeated_chapters([*BOOK[:2], stub, *BOOK[2:]])[0] == [Repeat(2, 3, "stub_chapter")]


@pytest.mark.parametrize(
    "other",
    [
        chapter(3, long_text(99, 900)),  # the same number, another story: a slip of the numbering
        chapter(9, BOOK[2].text[:300]),  # another name: an excerpt, a recollection
        chapter(3, BOOK[2].text[:100]),  # too short to say
        chapter(3, BOOK[2].text[:400] + long_text(98, 500)),  # begins alike and goes on otherwise
    ],
    ids=["another story", "excerpt", "too short", "goes on otherwise"],
)
def test_what_tells_something_of_its_own_stays(other: Chapter) -> None:
    assert repeated_chapters([*BOOK, other])[0] == []


def test_refrains_notes_and_volumes_are_never_repeats() -> None:
    notes = [chapter(number, "本章暂缺。") for number in (1, 2)]
    volumes = [chapter(number, BOOK[0].text, kind="volume") for number in (1, 2)]
    assert repeated_chapters(notes + volumes)[0] == []


def test_a_person_may_keep_a_repeat() -> None:
    twice = [*BOOK, BOOK[0]]
    assert repeated_chapters(twice, Rules(off=frozenset(["repeated_chapter"])))[0] == []
    assert repeated_chapters(twice, Rules(keep_lines=frozenset([BOOK[0].whole()])))[0] == []


def test_a_chapter_told_three_times_stays_once() -> None:
    assert [r.index for r in repeated_chapters([BOOK[0], BOOK[1], BOOK[0], BOOK[0]])[0]] == [2, 3]


def test_the_shelf_knows_a_book_again_and_forgets_it_when_told() -> None:
    shelf = Shelf()
    one, two = long_text(1, 50_000), long_text(2, 50_000)
    shelf.add("one", sketch(one))
    assert shelf.same_book(sketch(two)) is None
    assert shelf.same_book(sketch(one[:46_000])) is not None
    shelf.add("two", sketch(two))
    found = shelf.same_book(sketch("，".join(two[start : start + 30] for start in range(0, len(two), 30))))
    assert found == ("two", 1.0)
    shelf.discard("two")
    assert shelf.same_book(sketch(two)) is None
    assert shelf.same_book(sketch("")) is None
