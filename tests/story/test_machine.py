"""The library as people use it: several stories, two windows, crashes between any two steps; against plain lists."""

import shutil
from dataclasses import dataclass, field

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from novelgpt.errors import StoryChangedElsewhere
from novelgpt.story.store import Beside, LoreEntry, StoryStore
from tests.story.clock import Clock
from tests.story.conftest import memory_folder

TEXTS = st.text(alphabet="夜雨\n𠮷", max_size=5)
BESIDES = st.sampled_from(
    [Beside(), Beside("怕水"), Beside("", "冷静", (LoreEntry("渡口", ("桥",), "船", True),))]
)


@dataclass
class Plain:
    """What one story should be: the tips and texts it went through, and where in them it stands."""

    title: str
    past: list = field(default_factory=lambda: [(None, "")])
    place: int = 0
    archived: bool = False
    beside: Beside = field(default_factory=Beside)
    known: dict = field(default_factory=dict)
    """Every end that ever was, and its text."""

    @property
    def here(self):
        return self.past[self.place]

    def move(self, tip, text):
        if tip != self.here[0]:
            self.past, self.place = [*self.past[: self.place + 1], (tip, text)], self.place + 1
        self.known[tip] = text


class LibraryMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.folder = memory_folder()
        self.clock = Clock()
        self.store = StoryStore(self.folder / "stories.db", self.clock)
        self.crashed, self.stories = [], {}
        self.create("长夜")

    @rule(title=st.sampled_from(["长夜", "渡口", ""]))
    @precondition(lambda self: len(self.stories) < 3)
    def create(self, title):
        self.stories[self.store.create_story(title)] = Plain(title)

    @rule(texts=st.lists(TEXTS, max_size=3), beside=BESIDES)
    @precondition(lambda self: len(self.stories) < 3)
    def bring_in(self, texts, beside):
        story = self.store.import_story("带来", texts, beside)
        self.stories[story] = plain = Plain("带来", beside=beside)
        plain.move(self.store.tip(story), "".join(texts))

    def pick(self, data):
        story = data.draw(st.sampled_from(sorted(self.stories)))
        return story, self.stories[story]

    @rule(data=st.data(), added=TEXTS)
    def save(self, data, added):
        story, plain = self.pick(data)
        tip, before = plain.here
        text = before[: data.draw(st.integers(0, len(before)))] + added
        plain.move(self.store.replace_text(story, text, expected=tip), text)

    @rule(data=st.data(), added=TEXTS)
    def save_from_an_old_window(self, data, added):
        story, plain = self.pick(data)
        seen = data.draw(st.sampled_from([None, *sorted(plain.known.keys() - {None})]))
        text = plain.known.get(seen, "") + added
        try:
            plain.move(self.store.replace_text(story, text, expected=seen), text)
        except StoryChangedElsewhere as refused:
            assert seen != plain.here[0] and text != plain.here[1]
            plain.known[refused.facts["kept"]] = text
        else:
            assert plain.here[1] == text

    @rule(data=st.data(), pieces=st.lists(TEXTS, min_size=1, max_size=3))
    def stream(self, data, pieces):
        story, plain = self.pick(data)
        tip, before = plain.here
        growing = self.store.append(tip, pieces[0], "model", story=story, settings={"seed": 1})
        plain.move(growing, before + pieces[0])
        if data.draw(st.booleans(), label="crash"):
            self.crash()
        for count in range(2, len(pieces) + 1):
            self.store.extend(growing, "".join(pieces[:count]))
        plain.past[plain.place] = growing, before + "".join(pieces)
        plain.known[growing] = before + "".join(pieces)

    @rule(data=st.data())
    def undo(self, data):
        story, plain = self.pick(data)
        assert self.store.undo(story) == (plain.place > 0)
        plain.place = max(0, plain.place - 1)

    @rule(data=st.data())
    def redo(self, data):
        story, plain = self.pick(data)
        more = plain.place + 1 < len(plain.past)
        assert self.store.redo(story) == more
        plain.place += more

    @rule(data=st.data())
    def go_to(self, data):
        story, plain = self.pick(data)
        tip = data.draw(st.sampled_from([None, *sorted(plain.known.keys() - {None})]))
        self.store.go_to(story, tip)
        plain.move(tip, plain.known.get(tip, ""))

    @rule(data=st.data(), title=TEXTS)
    def rename(self, data, title):
        story, plain = self.pick(data)
        self.store.rename_story(story, title)
        plain.title = title

    @rule(data=st.data())
    def archive_or_bring_back(self, data):
        story, plain = self.pick(data)
        (self.store.bring_back_story if plain.archived else self.store.archive_story)(story)
        plain.archived = not plain.archived

    @rule(data=st.data(), beside=BESIDES)
    def set_beside(self, data, beside):
        story, plain = self.pick(data)
        self.store.set_beside(story, beside)
        plain.beside = beside

    @rule()
    def crash(self):
        """Leave the file as it is, without a goodbye, and open it again."""
        self.crashed.append(self.store)
        self.store = StoryStore(self.folder / "stories.db", self.clock)

    @rule()
    def another_day(self):
        self.crash()
        assert not list(self.folder.glob("**/.*.tmp"))

    @invariant()
    def every_story_is_what_its_list_says(self):
        listed = {
            archived: {e.id for e in self.store.stories(archived=archived)} for archived in (True, False)
        }
        for story, plain in self.stories.items():
            tip, text = plain.here
            assert (self.store.tip(story), self.store.text(story)) == (tip, text)
            assert (self.store.can_undo(story), self.store.can_redo(story)) == (
                plain.place > 0,
                plain.place + 1 < len(plain.past),
            )
            assert self.store.story(story).title == plain.title
            assert story in listed[plain.archived] and story not in listed[not plain.archived]
            assert self.store.beside(story) == plain.beside

    @invariant()
    def nothing_ever_written_is_lost(self):
        for story, plain in self.stories.items():
            for tip, text in plain.known.items():
                assert "".join(passage.text for passage in self.store.passages(tip)) == text
            ends = {branch.tip for branch in self.store.branches(story)}
            on_a_branch = {p.id for end in ends for p in self.store.passages(end)}
            assert plain.known.keys() - {None} <= on_a_branch

    def teardown(self):
        if hasattr(self, "store"):
            for store in (self.store, *self.crashed):
                store.close()
            shutil.rmtree(self.folder)


LibraryMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, derandomize=True, database=None
)
test_the_library_does_what_plain_lists_would = LibraryMachine.TestCase
