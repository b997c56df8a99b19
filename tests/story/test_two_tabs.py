"""Two pages on one story: the later one does not overwrite the earlier one, and nothing typed is lost."""

import pytest

from novelgpt.errors import StoryChangedElsewhere, UnknownPassage
from novelgpt.story.store import StoryStore
from tests.story.clock import Clock


@pytest.fixture
def store(path):
    with StoryStore(path, Clock()) as store:
        yield store


def text_of(store, tip):
    return "".join(passage.text for passage in store.passages(tip))


@pytest.fixture
def story(store):
    story = store.create_story("长夜")
    store.replace_text(story, "夜深了。")
    return story


def test_a_page_built_on_the_present_tip_is_taken_over(store, story):
    tip = store.tip(story)
    new = store.replace_text(story, "夜深了。他起身。", expected=tip)
    assert (store.tip(story), store.text(story)) == (new, "夜深了。他起身。")


def test_a_page_built_on_an_earlier_tip_is_refused_and_kept_as_a_branch(store, story):
    seen = store.tip(story)
    there = store.replace_text(story, "夜深了。雨停了。", expected=seen)
    with pytest.raises(StoryChangedElsewhere) as raised:
        store.replace_text(story, "夜深了。他起身。", expected=seen)
    assert (store.tip(story), store.text(story)) == (there, "夜深了。雨停了。")
    kept = raised.value.facts["kept"]
    assert text_of(store, kept) == "夜深了。他起身。"
    assert store.passages(kept)[-1].author == "human"


def test_an_empty_story_has_a_tip_too(store):
    story = store.create_story("长夜")
    store.replace_text(story, "甲", expected=None)
    with pytest.raises(StoryChangedElsewhere) as raised:
        store.replace_text(story, "乙", expected=None)
    assert (store.text(story), text_of(store, raised.value.facts["kept"])) == ("甲", "乙")


def test_the_same_text_overwrites_nothing_whoever_saved_it_first(store, story):
    seen = store.tip(story)
    there = store.replace_text(story, "夜深了。雨停了。", expected=seen)
    assert store.replace_text(story, "夜深了。雨停了。", expected=seen) == there


def test_what_was_undone_elsewhere_is_a_change_too(store, story):
    seen = store.tip(story)
    store.undo(story)
    with pytest.raises(StoryChangedElsewhere):
        store.replace_text(story, "夜深了。他", expected=seen)
    assert store.text(story) == ""
    assert store.redo(story) and store.text(story) == "夜深了。"


def test_a_refused_page_that_grows_goes_on_in_its_branch(store, story):
    seen = store.tip(story)
    store.replace_text(story, "夜深了。雨停了。", expected=seen)
    kept = []
    for text in ("夜深了。他", "夜深了。他", "夜深了。他起", "夜深了。他起身。", "夜深"):
        with pytest.raises(StoryChangedElsewhere) as raised:
            store.replace_text(story, text, expected=seen)
        kept.append(raised.value.facts["kept"])
        assert text_of(store, kept[-1]) == text
    assert kept[0] == kept[1]
    assert [passage.text for passage in store.passages(kept[3])] == ["夜深了。", "他", "起", "身。"]


def test_a_passage_of_another_story_is_no_tip_of_this_one(store, story):
    other = store.create_story("别的")
    tip = store.replace_text(other, "别的。")
    with pytest.raises(UnknownPassage):
        store.replace_text(story, "夜", expected=tip)
    assert store.text(story) == "夜深了。"
