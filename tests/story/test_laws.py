"""The store against the plainest model of it: a list of texts and a place in it."""

import shutil

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from novelgpt.story.store import StoryStore
from tests.story.clock import Clock
from tests.story.conftest import memory_folder

TEXTS = st.text(alphabet="夜雨\n𠮷\x00", max_size=4)
AUTHORS = st.sampled_from(["human", "model"])


class StoreMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.folder = memory_folder()
        self.clock = Clock()
        self.store = StoryStore(self.folder / "stories.db", self.clock)
        self.story = self.store.create_story("长夜")
        self.other = self.store.create_story("别的")
        self.store.append(None, "不变", "human", story=self.other)
        self.past, self.place = [(None, "")], 0
        self.written = {}

    def moved(self, tip, text):
        self.past, self.place = [*self.past[: self.place + 1], (tip, text)], self.place + 1

    @property
    def here(self):
        return self.past[self.place]

    def note(self, tip):
        """Remember every passage that is ever on the way to a tip."""
        for passage in self.store.passages(tip):
            assert self.written.setdefault(passage.id, passage.text) == passage.text

    @rule(text=TEXTS, author=AUTHORS)
    def append(self, text, author):
        tip, before = self.here
        new = self.store.append(tip, text, author, story=self.story, settings={"n": len(self.written)})
        self.moved(new, before + text)

    @rule(data=st.data(), text=TEXTS)
    @precondition(lambda self: self.written)
    def branch(self, data, text):
        parent = data.draw(st.sampled_from(sorted(self.written)))
        before = "".join(passage.text for passage in self.store.passages(parent))
        self.moved(self.store.append(parent, text, "model", story=self.story), before + text)

    @rule(texts=st.lists(TEXTS, min_size=1, max_size=3))
    def stream(self, texts):
        tip, before = self.here
        growing = self.store.append(tip, "", "model", story=self.story)
        whole = ""
        for text in texts:
            whole += text
            self.store.extend(growing, whole)
        self.moved(growing, before + whole)

    @rule(data=st.data(), added=TEXTS, author=AUTHORS)
    def edit(self, data, added, author):
        tip, before = self.here
        keep = data.draw(st.integers(0, len(before)))
        new = self.store.replace_text(self.story, before[:keep] + added, author)
        if new != tip:
            self.moved(new, before[:keep] + added)

    @rule()
    def undo(self):
        assert self.store.undo(self.story) == (self.place > 0)
        self.place = max(0, self.place - 1)

    @rule()
    def redo(self):
        more = self.place + 1 < len(self.past)
        assert self.store.redo(self.story) == more
        self.place += more

    @rule()
    def undo_then_redo_changes_nothing(self):
        if self.store.undo(self.story):
            assert self.store.redo(self.story)

    @rule()
    def reopen(self):
        stories = self.store.stories()
        self.store.close()
        self.store = StoryStore(self.folder / "stories.db", self.clock)
        assert self.store.stories() == stories

    @invariant()
    def the_text_is_what_was_last_written(self):
        tip, text = self.here
        assert (self.store.tip(self.story), self.store.text(self.story)) == (tip, text)
        assert self.store.can_undo(self.story) == (self.place > 0)
        assert self.store.can_redo(self.story) == (self.place + 1 < len(self.past))
        self.note(tip)

    @invariant()
    def no_passage_is_lost_and_no_other_story_touched(self):
        for number, text in self.written.items():
            assert self.store.passages(number)[-1].text == text
        assert self.store.text(self.other) == "不变"

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)


StoreMachine.TestCase.settings = settings(
    max_examples=80, stateful_step_count=25, deadline=None, derandomize=True, database=None
)
test_the_store_does_what_a_list_of_texts_would = StoreMachine.TestCase
