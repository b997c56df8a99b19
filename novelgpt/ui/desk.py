"""The handlers of the page: what the browser sends goes in, updates of its parts come out.

Law: each handler is one call on the studio, everything said is in the visitor's language, and an error leaves one
sentence in the status line and the page ready for the next try. Values are checked here, not by Gradio, so that a bad
one is answered in our own words.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from novelgpt.config import SampleConfig
from novelgpt.errors import BadValue, UnknownStory
from novelgpt.messages import Lang, Message, translate
from novelgpt.model.folder import EMBEDDED
from novelgpt.story.store import StoryId
from novelgpt.studio import Studio
from novelgpt.ui.handling import Handler, Updates, handled, line, problem
from novelgpt.writing.writer import Piece

REFRESH_SECONDS = 0.2
"""A browser that gets a long text more often than this cannot keep up."""

_FINISHES = {
    "length": "ui.finish_length",
    "chapter_end": "ui.finish_chapter_end",
    None: "ui.finish_stopped",
}


@dataclass(frozen=True)
class Parts:
    """The components that handlers read and write; `current` holds the id of the story that `paper` shows."""

    picker: Any
    title: Any
    new: Any
    current: Any
    paper: Any
    status: Any
    go: Any
    stop: Any
    undo: Any
    redo: Any
    model: Any
    dials: dict[str, Any]

    def written(self) -> list[Any]:
        """Return everything a handler may change."""
        return [part for name, part in vars(self).items() if name != "dials"]


class Desk:
    """The handlers of one page on one studio."""

    def __init__(
        self,
        studio: Studio,
        parts: Parts,
        lang_default: Lang = "zh",
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._studio, self._parts = studio, parts
        self._lang_default: Lang = lang_default
        self._clock, self._pause = clock, pause

    def handler(self, handler: Handler) -> Handler:
        """Return `handler` as Gradio calls it: given the visitor's language, and with errors said in the status line."""

        return handled(handler, self._lang_default, self._refused)

    def _refused(self, sentence: str) -> Updates:
        return {**self._ready(), self._parts.status: problem(sentence)}

    def open_page(self, lang: Lang, wanted: Any) -> Iterator[Updates]:
        """Show the story that was open last, else the newest, else a new one."""
        story = self._studio.last_story(_number(wanted), translate("ui.untitled", lang))
        names = [info.name for info in self._studio.models()]
        labels = [translate("ui.embedded", lang) if name == EMBEDDED else name for name in names]
        models = gr.update(choices=list(zip(labels, names, strict=True)), value=names[0] if names else None)
        yield {self._parts.model: models}
        yield from self._opened(story, lang)
        if not names:
            yield {self._parts.status: problem(translate("ui.no_model", lang))}

    def choose_story(self, lang: Lang, picked: Any, current: Any, text: Any) -> Iterator[Updates]:
        """Keep the page, then show another story."""
        self._keep(current, text)
        yield from self._opened(_story(picked), lang)

    def new_story(self, lang: Lang, title: Any, current: Any, text: Any) -> Iterator[Updates]:
        """Keep the page, then show an empty story."""
        self._keep(current, text)
        named = " ".join(str(title or "").split()) or translate("ui.untitled", lang)
        yield from self._opened(self._studio.create_story(named), lang)
        yield {self._parts.title: ""}

    def save(self, lang: Lang, current: Any, text: Any) -> Iterator[Updates]:
        """Keep what a person has typed; the page itself stays as it is."""
        story = _story(current)
        self._studio.save_text(story, _text(text))
        now = self._studio.open_story(story)
        yield {
            self._parts.undo: gr.update(interactive=now.can_undo),
            self._parts.redo: gr.update(interactive=now.can_redo),
            self._parts.status: line(_count(text, lang), translate("ui.saved", lang)),
        }

    def undo(self, lang: Lang, current: Any, text: Any) -> Iterator[Updates]:
        """Go back one change."""
        self._studio.undo(_story(current), _text(text))
        yield self._shown(_story(current), lang)

    def redo(self, lang: Lang, current: Any, text: Any) -> Iterator[Updates]:
        """Take an undone change again."""
        self._studio.redo(_story(current), _text(text))
        yield self._shown(_story(current), lang)

    def stop(self, lang: Lang, current: Any) -> Iterator[Updates]:
        """End the continuation; its own handler then shows what was written."""
        self._studio.stop(_story(current))
        yield from ()

    def write(self, lang: Lang, current: Any, text: Any, model: Any, *values: Any) -> Iterator[Updates]:
        """Let the model write on, and show it as it comes."""
        story, seen = _story(current), _text(text)
        given = zip(self._parts.dials, values, strict=True)
        sample = SampleConfig(
            **{name: _setting(name, value) for name, value in given if value not in (None, "")}
        )
        yield {**self._ready(writing=True), self._parts.status: line(translate("ui.preparing", lang))}
        written, last, shown_at = "", None, -math.inf
        with closing(self._studio.continue_story(story, sample, model=model or None, seen=seen)) as pieces:
            for last in pieces:
                written += last.text
                if self._clock() - shown_at >= REFRESH_SECONDS:
                    shown_at = self._clock()
                    status = line(translate("ui.writing", lang), _wrote(written, lang))
                    yield {self._parts.paper: seen + written, self._parts.status: status}
        yield {**self._shown(story, lang), self._parts.status: _outcome(written, last, lang)}

    def _keep(self, current: Any, text: Any) -> None:
        story = _number(current)
        if story is not None:
            self._studio.save_text(story, _text(text))

    def _opened(self, story: StoryId, lang: Lang) -> Iterator[Updates]:
        """Show a story; if a model is writing in it, in another window or for a page just reloaded, watch till the end."""
        titles = [(entry.title, str(entry.id)) for entry in self._studio.stories()]
        picker = gr.update(choices=titles, value=str(story))
        yield {**self._shown(story, lang), self._parts.picker: picker}
        while self._studio.open_story(story).being_written:
            self._pause(REFRESH_SECONDS)
            yield self._shown(story, lang)

    def _shown(self, story: StoryId, lang: Lang) -> Updates:
        now, parts = self._studio.open_story(story), self._parts
        shown = {
            **self._ready(now.being_written),
            parts.current: str(story),
            parts.paper: gr.update(value=now.text, interactive=not now.being_written),
        }
        if now.being_written:
            return {**shown, parts.status: line(translate("ui.writing", lang))}
        return {
            **shown,
            parts.undo: gr.update(interactive=now.can_undo),
            parts.redo: gr.update(interactive=now.can_redo),
            parts.status: line(_count(now.text, lang)),
        }

    def _ready(self, writing: bool = False) -> Updates:
        """Return the buttons for while a model writes, or for while none does."""
        parts = self._parts
        resting = (parts.go, parts.picker, parts.new)
        changing = {part: gr.update(interactive=not writing) for part in resting}
        if writing:
            changing |= {part: gr.update(interactive=False) for part in (parts.undo, parts.redo)}
        return {**changing, parts.stop: gr.update(interactive=writing)}


def _number(value: Any) -> StoryId | None:
    text = str(value or "")
    return StoryId(int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _story(value: Any) -> StoryId:
    story = _number(value)
    if story is None:
        raise UnknownStory(story=value)
    return story


def _setting(name: str, value: Any) -> Any:
    """Return a dial's value; what was typed into a field must be a whole number."""
    try:
        return int(value) if isinstance(value, str) else value
    except ValueError:
        raise BadValue(name=name, value=value, allowed=Message("allowed.whole")) from None


def _text(value: Any) -> str:
    return str(value or "")


def _count(text: Any, lang: Lang) -> str:
    return translate("ui.count", lang, characters=len("".join(_text(text).split())))


def _wrote(written: str, lang: Lang) -> str:
    return translate("ui.wrote", lang, characters=len(written))


def _outcome(written: str, last: Piece | None, lang: Lang) -> str:
    if last is None:
        return line(translate("ui.wrote_nothing", lang))
    reason = translate(_FINISHES[last.finish_reason], lang)
    return line(_wrote(written, lang), reason, translate("ui.seed", lang, seed=last.seed))
