"""The handlers of the page: what the browser sends goes in, updates of its parts come out.

Law: each handler is one call on the studio, everything said is in the visitor's language, and an error leaves one
sentence in the status line and the page ready for the next try. Values are checked here, not by Gradio, so that a bad
one is answered in our own words.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from novelgpt.config import STYLES, SampleConfig, dials
from novelgpt.errors import BadValue, InputError, UnknownStory
from novelgpt.messages import Lang, Message, translate
from novelgpt.story.store import UNSET, Beside, PassageId, StoryId
from novelgpt.studio import WAITING, Proposal, Seen, Studio
from novelgpt.studio.background import lines_of, lore_of
from novelgpt.studio.proposals import Span
from novelgpt.ui.cards import alternative_words, context_view, finished_cards, growing_cards
from novelgpt.ui.handling import Room, Updates, line, problem, story_number, whole_number
from novelgpt.ui.places import browser_runs, browser_units, heard_place, our_place
from novelgpt.ui.tables import model_label, still
from novelgpt.writing.pieces import Piece

CARDS = 3
"""Candidates, where the dial says one."""
REFRESH_SECONDS = 0.2
"""A browser that gets a long text more often than this cannot keep up."""

_FINISHES = {
    "length": "ui.finish_length",
    "chapter_end": "ui.finish_chapter_end",
    None: "ui.finish_stopped",
}


class NothingSelected(InputError):
    """What should be rewritten was not selected."""


@dataclass(frozen=True)
class Parts:
    """The components that handlers read and write; `current` holds the id of the story that the page shows, `paper` what
    the sheet is told (`ui/sheet.js` shows it)."""

    picker: Any
    title: Any
    new: Any
    current: Any
    paper: Any
    status: Any
    go: Any
    retry: Any
    propose: Any
    rewrite: Any
    expand: Any
    bridge: Any
    stop: Any
    undo: Any
    redo: Any
    cards: Any
    others: Any
    model: Any
    memory: Any
    note: Any
    lore: Any
    told: Any
    look: Any
    style: Any
    dials: dict[str, Any]

    def written(self) -> list[Any]:
        """Return everything a handler may change, but for the dials."""
        return [part for name, part in vars(self).items() if name != "dials"]


class Desk(Room):
    """The handlers of the writing page on one studio."""

    def __init__(
        self,
        studio: Studio,
        parts: Parts,
        lang_default: Lang = "zh",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._studio, self._parts = studio, parts
        super().__init__(lang_default)
        self._clock = clock

    def _refused(self, sentence: str) -> Updates:
        return {
            **self._ready(),
            self._parts.paper: message(held=False),
            self._parts.status: problem(sentence),
        }

    def open_page(self, lang: Lang, wanted: Any) -> Iterator[Updates]:
        """Show the story that was open last, else the newest, else a new one."""
        sample = translate("ui.sample_title", lang), translate("ui.sample_opening", lang)
        story = self._studio.last_story(story_number(wanted), *sample)
        models = self._models(None, lang)
        yield {self._parts.model: models}
        yield self._opened(story, lang)
        if not models["choices"]:
            yield {self._parts.status: problem(translate("ui.no_model", lang))}

    def refresh(self, lang: Lang, model: Any) -> Iterator[Updates]:
        """Offer the models and stories there are by now: they may have come or gone in another room."""
        yield {
            self._parts.model: self._models(model, lang),
            self._parts.picker: gr.update(choices=self._titles()),
        }

    def _models(self, chosen: Any, lang: Lang) -> Any:
        names = [info.name for info in self._studio.models()]
        named = [(model_label(name, lang), name) for name in names]
        return gr.update(choices=named, value=still(chosen, names, next(iter(names), None)))

    def _titles(self) -> list[tuple[str, str]]:
        return [(entry.title, str(entry.id)) for entry in self._studio.stories()]

    def choose_story(self, lang: Lang, picked: Any, current: Any, page: Any) -> Iterator[Updates]:
        """Keep the page, then show another story."""
        self._keep(current, page)
        yield self._opened(_story(picked), lang)

    def open_from_the_shelf(self, lang: Lang, wanted: Any, current: Any, page: Any) -> Iterator[Updates]:
        """Show the story, and the place in it, that another room names; it may be the one on the page, changed there, and
        then the page is not kept."""
        story, place = heard_place(wanted)
        if story is None:
            return
        if story_number(current) != story:
            self._keep(current, page)
        yield self._opened(story, lang, place)

    def reopen(self, lang: Lang, current: Any) -> Iterator[Updates]:
        """Show the story on the page as it stands in the library."""
        yield self._shown(_story(current), lang)

    def new_story(self, lang: Lang, title: Any, current: Any, page: Any) -> Iterator[Updates]:
        """Keep the page, then show an empty story."""
        self._keep(current, page)
        named = " ".join(str(title or "").split()) or translate("ui.untitled", lang)
        yield {**self._opened(self._studio.create_story(named), lang), self._parts.title: ""}

    def save(self, lang: Lang, current: Any, page: Any) -> Iterator[Updates]:
        """Keep what a person has typed; the page itself stays as it is."""
        story, seen = _story(current), seen_of(page)
        self._studio.save_text(story, seen)
        now = self._studio.open_story(story)
        if now.being_written:  # by the page itself, which has carried its text there: the save was overtaken
            return
        yield {
            self._parts.paper: message(story=story, tip=now.tip),
            self._parts.undo: gr.update(interactive=now.can_undo),
            self._parts.redo: gr.update(interactive=now.can_redo),
            self._parts.status: line(_count(seen.text, lang), translate("ui.saved", lang)),
        }

    def undo(self, lang: Lang, current: Any, page: Any) -> Iterator[Updates]:
        """Go back one change."""
        self._studio.undo(_story(current), seen_of(page))
        yield self._shown(_story(current), lang)

    def redo(self, lang: Lang, current: Any, page: Any) -> Iterator[Updates]:
        """Take an undone change again."""
        self._studio.redo(_story(current), seen_of(page))
        yield self._shown(_story(current), lang)

    def stop(self, lang: Lang, current: Any) -> Iterator[Updates]:
        """End the continuation; its own handler then shows what was written."""
        self._studio.stop(_story(current))
        yield from ()

    def write(self, lang: Lang, current: Any, page: Any, model: Any, *values: Any) -> Iterator[Updates]:
        """Let the model write on, and show it as it comes."""
        seen = seen_of(page)
        yield from self._writing(lang, _story(current), seen.text, seen, model, self._sample(values))

    def retry(self, lang: Lang, current: Any, page: Any, model: Any, *values: Any) -> Iterator[Updates]:
        """Take back what the model wrote last, and let it write anew: a seed that was set would only bring it back."""
        story, sample = _story(current), replace(self._sample(values), seed=None)
        text = self._studio.take_back(story, seen_of(page))
        yield self._shown(story, lang)
        yield from self._writing(lang, story, text, None, model, sample)

    def propose(self, lang: Lang, current: Any, page: Any, model: Any, *values: Any) -> Iterator[Updates]:
        """Let the model write candidates for the end of the story, and show them side by side."""
        yield from self._proposing(lang, current, page, model, values, None)

    def rewrite(self, lang: Lang, current: Any, page: Any, model: Any, *values: Any) -> Iterator[Updates]:
        """Let the model write candidates for the passage that is selected."""
        yield from self._proposing(lang, current, page, model, values, _passage(page))

    def expand(self, lang: Lang, current: Any, page: Any, model: Any, *values: Any) -> Iterator[Updates]:
        """Let the model write what could follow the passage that is selected, before what follows it now."""
        _, end = _passage(page)
        yield from self._proposing(lang, current, page, model, values, (end, end))

    def bridge(self, lang: Lang, current: Any, page: Any, model: Any, *values: Any) -> Iterator[Updates]:
        """Let the model write what could stand at the caret."""
        _, caret = selection_of(page) or (0, len(seen_of(page).text))
        yield from self._proposing(lang, current, page, model, values, (caret, caret))

    def _proposing(
        self, lang: Lang, current: Any, page: Any, model: Any, values: Sequence[Any], span: Span | None
    ) -> Iterator[Updates]:
        story, seen, sample = _story(current), seen_of(page), self._sample(values)
        sample = replace(sample, n=sample.n if sample.n > 1 else CARDS)
        yield {**self._ready(writing=True), self._parts.status: line(translate("ui.preparing", lang))}
        asked = self._studio.propose(story, sample, span=span, model=model or None, seen=seen)
        proposals: list[Proposal] = []
        shown_at = -math.inf
        with closing(asked) as steps:
            for proposals in steps:
                if self._clock() - shown_at >= REFRESH_SECONDS:
                    shown_at = self._clock()
                    yield {self._parts.cards: growing_cards(proposals, lang), **self._busy(story, lang)}
        told = translate("ui.proposed" if proposals else "ui.wrote_nothing", lang, count=len(proposals))
        yield {
            **self._shown(story, lang),
            self._parts.cards: finished_cards(proposals, lang),
            self._parts.status: line(told),
        }

    def choose(self, lang: Lang, current: Any, page: Any, chosen: Any) -> Iterator[Updates]:
        """Let the story go on with a candidate, or with the beginning of one."""
        story = _story(current)
        passage, _, upto = str(chosen or "").partition(":")
        self._studio.save_text(story, seen_of(page))
        self._studio.choose(story, PassageId(_whole(passage)), _whole(upto) if upto else None)
        yield {**self._shown(story, lang), self._parts.cards: ""}

    def dismiss(self, lang: Lang) -> Iterator[Updates]:
        """Put the candidates away; they stay branches of the story."""
        yield {self._parts.cards: "", self._parts.others: ""}

    def look(self, lang: Lang, page: Any, model: Any) -> Iterator[Updates]:
        """Show what else the model might have written at the caret."""
        seen, place = seen_of(page), selection_of(page)
        found = self._studio.alternatives(seen.text, place[0], model=model or None) if place else None
        yield {self._parts.others: alternative_words(found, lang) if found else ""}

    def take(
        self, lang: Lang, current: Any, page: Any, chosen: Any, model: Any, *values: Any
    ) -> Iterator[Updates]:
        """Put another word where one stands, and let the model write on from there."""
        story = _story(current)
        start, _, word = str(chosen or "").partition(":")
        text = self._studio.take_alternative(story, _whole(start), word, seen=seen_of(page))
        yield {**self._shown(story, lang), self._parts.others: ""}
        yield from self._writing(lang, story, text, None, model, replace(self._sample(values), seed=None))

    def keep_beside(self, lang: Lang, current: Any, *values: Any) -> Iterator[Updates]:
        """Keep memory, note and lore of a story."""
        memory, note, lore = map(_text, values)
        self._studio.library.set_beside(_story(current), Beside(memory, note, lore_of(lore)))
        yield {self._parts.status: line(translate("ui.saved", lang))}

    def show_told(self, lang: Lang, current: Any, page: Any, model: Any) -> Iterator[Updates]:
        """Show exactly what the model would be sent."""
        told = self._studio.told(_story(current), seen_of(page).text, model or None)
        yield {self._parts.told: context_view(told, lang)}

    def style(self, lang: Lang, name: Any) -> Iterator[Updates]:
        """Turn all dials that a style turns."""
        chosen = SampleConfig.of_style(str(name)).to_dict()
        yield {self._parts.dials[dial]: chosen[dial] for dial in turned_by_styles()}

    def _sample(self, values: Sequence[Any]) -> SampleConfig:
        given = zip(self._parts.dials, values, strict=True)
        return SampleConfig(
            **{name: _setting(name, value) for name, value in given if value not in (None, "")}
        )

    def _writing(
        self, lang: Lang, story: StoryId, before: str, seen: Seen | None, model: Any, sample: SampleConfig
    ) -> Iterator[Updates]:
        """Let the model write on after `before`, and show it as it comes."""
        sample = replace(sample, n=1)
        yield {**self._ready(writing=True), self._parts.status: line(translate("ui.preparing", lang))}
        written, shown_at = "", -math.inf
        last: Piece | None = None
        with closing(self._studio.continue_story(story, sample, model=model or None, seen=seen)) as pieces:
            for piece in pieces:
                if piece is WAITING:
                    yield self._busy(story, lang)
                    continue
                last = piece
                written += piece.text
                if self._clock() - shown_at >= REFRESH_SECONDS:
                    shown_at = self._clock()
                    status = line(translate("ui.writing", lang), _wrote(written, lang))
                    keep = browser_units(before, len(before))
                    paper = message(story=story, keep=keep, tail=written, held=True)
                    yield {self._parts.paper: paper, self._parts.status: status}
        yield {**self._shown(story, lang), self._parts.status: _outcome(written, last, lang)}

    def _keep(self, current: Any, page: Any) -> None:
        story = story_number(current)
        if story is not None:
            self._studio.leave(story, seen_of(page))

    def _opened(self, story: StoryId, lang: Lang, place: Span | None = None) -> Updates:
        """Return a story and what stands beside it, to be shown in the place of another."""
        picker = gr.update(choices=self._titles(), value=str(story))
        beside, parts = self._studio.library.beside(story), self._parts
        kept = {parts.memory: beside.memory, parts.note: beside.note, parts.lore: lines_of(beside.lore)}
        empty = {parts.cards: "", parts.others: "", parts.told: ""}
        found = {"reveal": place} if place else {}
        shown = self._shown(story, lang, opens=True, **found)
        return {**shown, parts.current: str(story), parts.picker: picker, **kept, **empty}

    def _shown(self, story: StoryId, lang: Lang, reveal: Span | None = None, **more: Any) -> Updates:
        """Return the story as it stands; while a model writes in it, for another window perhaps, the sheet asks again."""
        now, parts = self._studio.open_story(story), self._parts
        shown = {
            **self._ready(now.being_written),
            parts.paper: message(
                story=story,
                text=now.text,
                runs=browser_runs(now.text, now.runs),
                tip=now.tip,
                held=now.being_written,
                watch=now.being_written,
                name=translate("ui.paper", lang),
                hint=translate("ui.paper_hint", lang),
                **({"reveal": [browser_units(now.text, end) for end in reveal]} if reveal else {}),
                **more,
            ),
        }
        if now.being_written:
            return {**shown, parts.status: line(self._doing(story, lang))}
        return {
            **shown,
            parts.undo: gr.update(interactive=now.can_undo),
            parts.redo: gr.update(interactive=now.can_redo),
            parts.status: line(_count(now.text, lang)),
        }

    def _busy(self, story: StoryId, lang: Lang) -> Updates:
        """Say how far the model is; a sheet that hears nothing for long would ask how the story stands."""
        paper = message(story=story, held=True)
        return {self._parts.paper: paper, self._parts.status: line(self._doing(story, lang))}

    def _doing(self, story: StoryId, lang: Lang) -> str:
        before = self._studio.position(story)
        return translate("ui.waiting" if before else "ui.writing", lang, before=before)

    def _ready(self, writing: bool = False) -> Updates:
        """Return the buttons for while a model writes, or for while none does."""
        parts = self._parts
        writers = (parts.go, parts.retry, parts.propose, parts.rewrite, parts.expand, parts.bridge)
        changing = {part: gr.update(interactive=not writing) for part in (*writers, parts.picker, parts.new)}
        if writing:
            changing |= {part: gr.update(interactive=False) for part in (parts.undo, parts.redo)}
        return {**changing, parts.stop: gr.update(interactive=writing)}


def turned_by_styles() -> list[str]:
    """Return the dials that some style turns."""
    turned = {name for style in STYLES.values() for name in style}
    return [name for name in dials(SampleConfig) if name in turned]


def message(**said: Any) -> str:
    """Return what the sheet is told; no two are the same, or the browser would not notice the second."""
    return json.dumps({"at": time.monotonic_ns(), **said}, ensure_ascii=False)


def seen_of(page: Any) -> Seen:
    """Return the page that a browser sends: an object from the sheet, or a bare text."""
    if not isinstance(page, dict):
        return Seen(_text(page))
    tip = page.get("tip")
    known = UNSET if tip == "" else None if tip is None else PassageId(_whole(tip))
    number = whole_number(page.get("number")) or 0
    return Seen(_text(page.get("text")), known, _text(page.get("window"))[:100], number)


def selection_of(page: Any) -> tuple[int, int] | None:
    """Return the characters that are selected on a page; an empty span is where the caret stands."""
    chosen = page.get("selection") if isinstance(page, dict) else None
    if not isinstance(chosen, list) or len(chosen) != 2:
        return None
    text = _text(page.get("text"))
    start, end = sorted(our_place(text, _whole(place)) for place in chosen)
    return start, end


def _passage(page: Any) -> tuple[int, int]:
    span = selection_of(page)
    if span is None or span[0] == span[1]:
        raise NothingSelected()
    return span


def _whole(value: Any) -> int:
    number = whole_number(value)
    if number is None:
        raise BadValue(name="?", value=value, allowed=Message("allowed.whole"))
    return number


def _story(value: Any) -> StoryId:
    story = story_number(value)
    if story is None:
        raise UnknownStory(story=value)
    return story


def _setting(name: str, value: Any) -> Any:
    """Return a dial's value; what was typed into a field must be a number of the dial's kind."""
    spec, _ = dials(SampleConfig)[name]
    kind = float if "float" in str(spec.type) else int
    try:
        return kind(value) if isinstance(value, str) else value
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
