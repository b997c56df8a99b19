"""The single door: a workspace goes in, stories that can be read, edited, continued and taken back come out.

Laws: what a model has written is in the library before the continuation ends, however it ends, and at most a second
after it appeared; an empty continuation leaves nothing behind; while a model writes in a story nobody else changes it.
Models are loaded when first needed and shared; one text is computed at a time, the others wait their turn (`turns`).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from novelgpt.config import SampleConfig, Workspace
from novelgpt.errors import StoryBeingWritten, StoryChangedElsewhere
from novelgpt.model.known import ModelInfo, find_model, list_models
from novelgpt.story.authorship import Run
from novelgpt.story.pages import runs_of
from novelgpt.story.store import UNSET, PassageId, Story, StoryId, StoryStore, Unset
from novelgpt.studio.background import Memories, Told, tell
from novelgpt.studio.draft import Clock, Draft
from novelgpt.studio.library import Library
from novelgpt.studio.proposals import (
    Proposal,
    Span,
    fillings,
    growing,
    kept,
    proposal_of,
    ranked,
)
from novelgpt.studio.workshop import Workshop
from novelgpt.studio.writers import Writers
from novelgpt.text.chapter import chapter_files
from novelgpt.tokens.shards import held_out_chapters, read_all
from novelgpt.turns import Turn, Turns
from novelgpt.writing.alternatives import Alternatives, alternatives_at
from novelgpt.writing.context import Context
from novelgpt.writing.pieces import Chosen, Piece

if TYPE_CHECKING:
    from novelgpt.scoring.score import Continued, Score
    from novelgpt.writing.writer import Writer


LOOK_SECONDS = 0.5
"""How often a text that waits its turn tells that it still does."""
WAITING = Piece("", (), None, 0)
"""What a continuation yields instead of a piece while it waits its turn."""


@dataclass(frozen=True)
class OpenStory:
    """What a desk shows of a story."""

    text: str
    can_undo: bool
    can_redo: bool
    being_written: bool
    runs: tuple[Run, ...] = ()
    """Who wrote which characters."""
    tip: PassageId | None = None


@dataclass(frozen=True)
class Seen:
    """A page as it stands in somebody's window, and what it was made from."""

    text: str
    tip: PassageId | Unset | None = UNSET
    """What the story ended with when the window last heard of it."""
    window: str = ""
    """Which window it is: nobody stands in their own way."""
    number: int = 0
    """Which of the window's pages it is: one that is overtaken by a later one on its way changes nothing. 0: not counted."""


Page = Seen | str | None
"""A page to take over first; a bare text is taken over whatever happened elsewhere, nothing where there is none."""


def open_studio(workspace: Workspace, default_model: str | None = None) -> Studio:
    """Return the studio of a workspace; stories and models are opened when they are first needed.

    `default_model` writes where no other is asked for; without it, the newest. An unknown one is refused at once.
    """
    if default_model is not None:
        find_model(default_model, workspace)
    return Studio(workspace, default_model)


class Studio:
    """The use cases of the desk; may be used by several threads at once."""

    def __init__(
        self, workspace: Workspace, default_model: str | None = None, clock: Clock = time.monotonic
    ) -> None:
        self.workspace, self._clock = workspace, clock
        self._lock = threading.RLock()
        self._writers = Writers(workspace)
        self.workshop = Workshop(workspace, default_model)
        self._drafts: dict[StoryId, Draft] = {}
        self._hands: dict[StoryId, tuple[str, int]] = {}
        self._memories = Memories()
        self._opened: StoryStore | None = None
        self.turns = Turns()
        self.library = Library(lambda: self._store, workspace, self._editing)
        self.tokens_written = 0

    @property
    def _default_model(self) -> str | None:
        return self.workshop.default_model

    def models(self) -> list[ModelInfo]:
        """Return the models that can write, the default first."""
        known = list_models(self.workspace)
        if self._default_model is None:
            return known
        default = find_model(self._default_model, self.workspace)
        return [default, *(info for info in known if info.folder != default.folder)]

    def warm_up(self) -> None:
        """Read the default model into memory, so that the first continuation need not wait for it."""
        if self.models():
            with self.turns.enter("warm-up") as turn:
                if turn.wait():
                    self.writer().next_tokens("", 1)

    def stories(self) -> list[Story]:
        """Return every story, the one worked on last first."""
        return self._store.stories()

    def create_story(self, title: str) -> StoryId:
        """Start an empty story."""
        return self._store.create_story(title)

    def last_story(self, wanted: StoryId | None, title: str, opening: str = "") -> StoryId:
        """Return the story asked for, else the one worked on last; an empty library gets a first one, ready to go on."""
        known = [story.id for story in self.stories()]
        if wanted in known:
            return wanted
        if known:
            return known[0]
        first = self.create_story(title)
        self._store.replace_text(first, opening)
        return first

    def open_story(self, story: StoryId) -> OpenStory:
        """Return a story as it reads now, and which way it can go."""
        with self._lock:
            store, written = self._store, story in self._drafts
            passages = store.passages(store.tip(story))
            text = "".join(passage.text for passage in passages)
            tip = passages[-1].id if passages else None
            ways = store.can_undo(story), store.can_redo(story)
            return OpenStory(text, *ways, written, tuple(runs_of(passages)), tip)

    def text(self, story: StoryId) -> str:
        """Return a story as it reads now."""
        return self._store.text(story)

    def save_text(self, story: StoryId, page: Page) -> None:
        """Take over what a person made of the page; one made elsewhere meanwhile is not overwritten."""
        with self._lock:
            if self._is_overtaken(story, page):
                return  # also while a model writes: it has begun with the later page
            with self._editing(story):
                self._take_over(story, page)

    def leave(self, story: StoryId, page: Seen) -> None:
        """Keep a page that is put away for another, as a branch where the story went on without it; nothing stops that."""
        with self._lock:
            if story not in self._drafts:
                hand, tip = self._hands.get(story), self._store.tip(story)
                with contextlib.suppress(StoryChangedElsewhere):  # the branch is kept
                    self._take_over(story, page)
                if hand and self._store.tip(story) == tip:
                    self._hands[story] = hand  # who only looked at it has not had a hand in it
                return
            now = self._store.text(story)
            if not now.startswith(page.text) and not page.text.startswith(
                now
            ):  # more than a glance at what is written
                self._store.propose(story, page.text, "human")

    def undo(self, story: StoryId, seen: Page = None) -> bool:
        """Go back one change; `seen` is the page as it stands, taken over first. False if there was none."""
        with self._editing(story):
            self._take_over(story, seen)
            return self._store.undo(story)

    def redo(self, story: StoryId, seen: Page = None) -> bool:
        """Take the change again that was undone last; False if there was none."""
        with self._editing(story):
            self._take_over(story, seen)
            return self._store.redo(story)

    def writer(self, model: str | None = None) -> Writer:
        """Return the writer that `continue_story` and `write` use: for its vocabulary and its window."""
        return self._writers.get(model or self._default_model)

    def write(
        self,
        prompt: str | Sequence[int],
        sample: SampleConfig,
        *,
        model: str | None = None,
        client: str = "program",
        turn: Turn | None = None,
    ) -> Generator[Piece, None, None]:
        """Continue a text that belongs to no story; nothing of it is kept.

        Who brings a `turn` can cancel it from another thread, and leaves it; else one is taken for `client`.
        """
        with contextlib.nullcontext(turn) if turn else self.turns.enter(client) as mine:
            yield from self._pieces(mine, self.writer(model), prompt, sample)

    def likelihoods(
        self,
        prompt: str | Sequence[int],
        alternatives: int,
        *,
        model: str | None = None,
        client: str = "program",
    ) -> list[Chosen]:
        """Return how likely each token of a text was."""
        with self.turns.enter(client) as turn:
            return self.writer(model).told(prompt, alternatives) if turn.wait() else []

    def continue_story(
        self,
        story: StoryId,
        sample: SampleConfig,
        *,
        model: str | None = None,
        seen: Page = None,
        client: str | None = None,
    ) -> Generator[Piece, None, None]:
        """Write on at the end of a story; leaving the loop or `stop` ends it, and what was written stays.

        `seen` is the page as it stands, taken over first. A stopped continuation has no finish reason. Where nobody is
        named as the `client`, each story is one. While it waits its turn it yields `WAITING`, so that whoever reads it can
        ask for its `position`.
        """
        with self._drafting(story) as draft:
            self._take_over(story, seen)
            writer = self.writer(model)
            draft.settings = {**sample.to_dict(), "model": writer.model.name}
            with self.turns.enter(client or f"story {story}") as turn:
                draft.has(turn)
                yield from (WAITING for _ in turn.waits(LOOK_SECONDS))
                text = self._store.text(story)
                told = self._told(story, text, writer)
                sample = replace(sample, names=(*sample.names, *told.names))
                with contextlib.closing(self._pieces(turn, writer, told.prompt, sample, page=text)) as pieces:
                    for piece in pieces:
                        draft.take(piece)
                        yield piece

    def take_back(self, story: StoryId, seen: Page = None) -> str:
        """Take back what a model wrote last, if the story ends with it, so that it can write anew; return what is left."""
        with self._editing(story):
            self._take_over(story, seen)
            passages = self._store.passages(self._store.tip(story))
            if passages and passages[-1].author == "model":
                passages.pop()
            text = "".join(passage.text for passage in passages)
            self._store.replace_text(story, text)
            return text

    def propose(
        self,
        story: StoryId,
        sample: SampleConfig,
        *,
        span: Span | None = None,
        model: str | None = None,
        seen: Page = None,
    ) -> Generator[list[Proposal], None, None]:
        """Write `sample.n` candidates for the end of a story, or for a `span` of it, and yield how far they have come; at
        last, if nobody stopped it, yield them judged, the best first, each kept as a branch to choose. While it waits its
        turn there are none."""
        with self._drafting(story) as draft:
            self._take_over(story, seen)
            writer = self.writer(model)
            text = self._store.text(story)
            span = (min(span[0], len(text)), min(span[1], len(text))) if span else (len(text), len(text))
            settings = {**sample.to_dict(), "model": writer.model.name}
            with self.turns.enter(f"story {story}") as turn:
                draft.has(turn)
                yield from ([] for _ in turn.waits(LOOK_SECONDS))
                found = yield from self._candidates(turn, writer, story, text, span, sample)
                yield kept(self._store, story, text, span, found, settings)

    def choose(self, story: StoryId, passage: PassageId, upto: int | None = None) -> None:
        """Let a story go on with a candidate, or with its first `upto` characters."""
        with self._editing(story):
            passages = self._store.passages(passage)
            start, length = proposal_of(passages[-1])
            if upto is None or upto >= length:
                self._store.go_to(story, passage)
                return
            text = "".join(one.text for one in passages)
            whole = text[: start + max(0, upto)] + text[start + length :]
            self._store.replace_text(story, whole, "model")

    def alternatives(
        self, text: str, place: int, *, model: str | None = None, count: int = 10
    ) -> Alternatives | None:
        """Return what the model might have written at a place of a text; None where it does not see that far."""
        writer = self.writer(model)
        with self.turns.enter("alternatives") as turn:
            return alternatives_at(writer, text, place, count) if turn.wait() else None

    def take_alternative(self, story: StoryId, start: int, word: str, *, seen: Page = None) -> str:
        """Let a story end with another word at a place, and return it; what stood there stays a branch."""
        with self._editing(story):
            self._take_over(story, seen)
            text = self._store.text(story)[:start] + word
            self._store.replace_text(story, text, "model")
            return text

    def told(self, story: StoryId, page: str, model: str | None = None) -> Context:
        """Return exactly what a model would see of a story now."""
        return self._told(story, page, self.writer(model)).context

    def position(self, story: StoryId) -> int:
        """Return how many texts go before this story's; 0 where it does not wait."""
        with self._lock:
            draft = self._drafts.get(story)
        return draft.turn.position if draft and draft.turn else 0

    def stop(self, story: StoryId) -> bool:
        """End the continuation of a story after the token it is at; False if none is being written."""
        with self._lock:
            draft = self._drafts.get(story)
            if draft:
                draft.stop()
            return draft is not None

    def score_model(
        self, model: str | None, paths: Sequence[Path], sample: SampleConfig, *, limit: int | None = None
    ) -> Iterator[Continued | Score]:
        """Let a model continue chapters; yield each one, then the score. Without `paths`: those its run held out."""
        from novelgpt.scoring.score import score_continuations

        info = find_model(model or self._default_model, self.workspace)
        writer = self.writer(model)
        files = chapter_files(paths or [self.workspace.chapters_dir])
        chapters = read_all(files) if paths else held_out_chapters(info.folder.parent / "data", files)

        def continue_text(prompt: str, characters: int) -> str:
            exact = replace(sample, max_chars=characters, whole_sentences=False, ends=False)
            return "".join(piece.text for piece in self.write(prompt, exact, model=model, client="score"))

        settings = "|".join(
            f"{name}:{value}" for name, value in sample.to_dict().items() if name != "max_chars"
        )
        yield from score_continuations(
            chapters,
            writer.model.network,
            writer.model.tokenizer,
            continue_text,
            limit=limit,
            writer=f"model:{writer.model.name}|{settings}",
        )

    def close(self) -> None:
        """Keep what is being written, stop it, and let go of the library."""
        self.turns.cancel_all()
        with self._lock:
            for draft in self._drafts.values():
                draft.stop()
                draft.close()
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    @property
    def _store(self) -> StoryStore:
        with self._lock:
            if self._opened is None:
                self._opened = StoryStore(self.workspace.stories_path)
            return self._opened

    def _take_over(self, story: StoryId, page: Page) -> None:
        if page is None or self._is_overtaken(story, page):
            return
        if isinstance(page, str):
            page = Seen(page)
        window, _ = self._hands.get(story, ("", 0))
        expected = UNSET if page.window and page.window == window else page.tip
        self._store.replace_text(story, page.text, expected=expected)
        self._hands[story] = page.window, page.number

    def _is_overtaken(self, story: StoryId, page: Page) -> bool:
        """Tell whether a later page of the same window was taken over already."""
        window, number = self._hands.get(story, ("", 0))
        return isinstance(page, Seen) and page.window == window and 0 < page.number < number

    def _candidates(
        self, turn: Turn, writer: Writer, story: StoryId, text: str, span: Span, sample: SampleConfig
    ) -> Generator[list[Proposal], None, list[Proposal]]:
        """Write candidates for a place of a story and return them judged; those for its end are told while they grow."""
        sample = replace(sample, alternatives=-1)

        def pieces(
            prompt: str | Sequence[int], sample: SampleConfig, **how: Any
        ) -> Generator[Piece, None, None]:
            return self._pieces(turn, writer, prompt, sample, **how)

        if span[0] < len(text):
            return fillings(writer, text, span, sample, pieces)
        told = self._told(story, text, writer)
        sample = replace(sample, names=(*sample.names, *told.names))
        return ranked(text, (yield from growing(pieces(told.prompt, sample, page=text), sample.n)))

    def _told(self, story: StoryId, text: str, writer: Writer) -> Told:
        return tell(self._memories, self._store.beside(story), text, writer)

    @contextlib.contextmanager
    def _editing(self, story: StoryId) -> Iterator[None]:
        """Hold the story still for one change by a person."""
        with self._lock:
            if story in self._drafts:
                raise StoryBeingWritten()
            yield

    @contextlib.contextmanager
    def _drafting(self, story: StoryId) -> Iterator[Draft]:
        """Reserve the story for one continuation; at the end what was written is kept, whatever ended it."""
        with self._editing(story):
            draft = self._drafts[story] = Draft(self._store, story, self._clock)
        try:
            yield draft
        finally:
            try:
                draft.close()
            finally:
                with self._lock:
                    del self._drafts[story]

    def _pieces(
        self, turn: Turn, writer: Writer, prompt: str | Sequence[int], sample: SampleConfig, **how: Any
    ) -> Generator[Piece, None, None]:
        """Wait for the turn, then write until it is cancelled; `how` is what `Writer.stream` takes besides."""
        if not turn.wait():
            return
        with contextlib.closing(writer.stream(prompt, sample, **how)) as pieces:
            for piece in pieces:
                if turn.cancelled:
                    return
                self.tokens_written += len(piece.tokens)
                yield piece
                if not turn.share():
                    return
