"""The branches of a story, held against a plain reading of its tree."""

import shutil

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from novelgpt.errors import UnknownPassage, UnknownStory
from novelgpt.story.branches import EXCERPT, MOST_BRANCHES, common_length
from novelgpt.story.store import StoryId, StoryStore
from tests.story.clock import Clock
from tests.story.conftest import memory_folder


@pytest.fixture
def store(path):
    with StoryStore(path, Clock()) as store:
        yield store


def text_of(store, tip):
    return "".join(passage.text for passage in store.passages(tip))


def test_an_empty_story_has_no_branch(store):
    assert store.branches(store.create_story("长夜")) == []


def test_every_end_of_the_tree_is_a_branch_and_says_where_it_leaves(store):
    story = store.create_story("长夜")
    root = store.append(None, "夜深了。", "human", story=story)
    left = store.append(root, "他起身。", "model", story=story)
    right = store.append(root, "他睡着了。", "human", story=story)
    new, old = store.branches(story)
    assert (new.tip, new.leaves_at, new.excerpt, new.length, new.is_current) == (right, 9, "", 9, True)
    assert (old.tip, old.leaves_at, old.excerpt, old.length, old.is_current) == (left, 5, "起身。", 8, False)
    assert (new.author, old.author) == ("human", "model") and old.created_at < new.created_at


def test_the_present_end_is_listed_even_where_the_tree_goes_on(store):
    story = store.create_story("长夜")
    root = store.append(None, "夜", "human", story=story)
    store.append(root, "深" * 50, "model", story=story)
    store.undo(story)
    ahead, here = store.branches(story)
    assert (ahead.leaves_at, ahead.excerpt, ahead.length) == (1, "深" * EXCERPT, 51)
    assert (here.tip, here.is_current, here.leaves_at) == (root, True, 1)


def test_a_branch_with_another_beginning_leaves_at_the_start(store):
    story = store.create_story("长夜")
    first = store.append(None, "甲", "human", story=story)
    store.append(None, "乙", "human", story=story)
    assert [(b.tip == first, b.leaves_at) for b in store.branches(story)] == [(False, 1), (True, 0)]


def test_going_to_a_branch_is_a_move_that_undo_takes_back(store):
    story = store.create_story("长夜")
    root = store.append(None, "根", "human", story=story)
    left = store.append(root, "左", "model", story=story)
    store.append(root, "右", "model", story=story)
    store.go_to(story, left)
    assert (store.text(story), store.tip(story)) == ("根左", left)
    store.go_to(story, left)
    assert store.undo(story) and store.text(story) == "根右"
    assert store.redo(story) and store.text(story) == "根左"


def test_a_branch_of_another_story_cannot_be_gone_to_or_compared(store):
    story, other = store.create_story("长夜"), store.create_story("别的")
    tip = store.replace_text(other, "别的。")
    with pytest.raises(UnknownPassage):
        store.go_to(story, tip)
    with pytest.raises(UnknownPassage):
        store.compare(story, None, tip)
    for ask in (store.branches, lambda none: store.go_to(none, tip)):
        with pytest.raises(UnknownStory):
            ask(StoryId(99))
    assert store.text(story) == ""


def test_two_branches_are_compared_by_characters_not_by_passages(store):
    story = store.create_story("长夜")
    one = store.append(None, "夜深了，他", "human", story=story)
    other = store.append(None, "夜深了。", "human", story=story)
    found = store.compare(story, one, other)
    assert (found.common, found.left, found.right) == ("夜深了", "，他", "。")
    assert store.compare(story, None, other).right == "夜深了。"


TEXTS = st.text(alphabet="夜雨\x00𠮷", max_size=6)


@given(one=TEXTS, other=TEXTS)
def test_the_common_beginning_is_the_longest_there_is(one, other):
    length = common_length(one, other)
    assert one[:length] == other[:length]
    assert length == min(len(one), len(other)) or one[length] != other[length]


@given(data=st.data(), count=st.integers(1, 12))
@settings(deadline=None, max_examples=60)
def test_what_a_branch_shares_and_has_of_its_own_join_to_its_text(data, count):
    folder = memory_folder()
    with StoryStore(folder / "stories.db", Clock()) as store:
        story = store.create_story("长夜")
        known = []
        for _ in range(count):
            parent = data.draw(st.sampled_from([None, *known]))
            known.append(store.append(parent, data.draw(TEXTS), "model", story=story))
        present = store.text(story)
        branches = store.branches(story)
        assert {b.tip for b in branches} == {p for p in known if not store.children(p)} | {store.tip(story)}
        assert [b.tip for b in branches] == sorted((b.tip for b in branches), reverse=True)
        for branch in branches:
            text = text_of(store, branch.tip)
            assert branch.length == len(text)
            assert text[: branch.leaves_at] == present[: branch.leaves_at]
            assert text[branch.leaves_at :][:EXCERPT] == branch.excerpt
            assert branch.is_current == (branch.tip == store.tip(story))
    shutil.rmtree(folder)


def test_of_very_many_branches_the_newest_are_listed(store):
    story = store.create_story("长夜")
    with store._writing() as database:
        database.executemany(
            "INSERT INTO passage (story, parent, author, text, created_at) VALUES (?, NULL, 'model', ?, ?)",
            [(story, f"{number}", "2026-01-01T00:00:00.000+00:00") for number in range(5000)],
        )
    store.go_to(story, 1)
    branches = store.branches(story)
    assert len(branches) == MOST_BRANCHES + 1
    assert branches[0].excerpt == "4999" and branches[-1].is_current
