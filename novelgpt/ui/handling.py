"""What all handlers of the page share: they speak the visitor's language, and an error becomes one sentence on the page.

Law: nothing a person typed is taken for HTML, and whatever goes wrong leaves the page ready for the next try.
"""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from novelgpt.errors import NovelGPTError
from novelgpt.messages import Lang, translate
from novelgpt.story.store import StoryId
from novelgpt.ui.language import preferred_language

Updates = dict[Any, Any]
"""Parts of the page, and what they show from now on."""
Handler = Callable[..., Iterator[Updates]]
"""Takes the visitor's language, then the values of the parts that it reads."""


QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}
"""How events are wired: no clock over the page, no public route, and values checked by us."""


def handled(handler: Handler, lang_default: Lang, refused: Callable[[str], Updates]) -> Handler:
    """Return `handler` as Gradio calls it; `refused` says what the page shows where it ends with an error."""

    def steps(request: gr.Request, *values: Any) -> Iterator[Updates]:
        lang = preferred_language(request.headers.get("accept-language"), lang_default)
        try:
            yield from handler(lang, *values)
        except NovelGPTError as error:
            yield refused(error.sentence(lang))
        except Exception as error:
            yield refused(translate("ui.unexpected", lang, kind=type(error).__name__))
            raise

    def said(request: gr.Request, *values: Any) -> Iterator[Updates]:
        told = _kept_up(steps(request, *values))
        yield next(told, gr.skip())  # Gradio would empty every part that a handler without a word may change
        yield from told

    return said


def _kept_up(steps: Iterator[Updates]) -> Iterator[Updates]:
    """Let each step say again which settings of parts earlier ones changed: of steps that come close together Gradio's
    browser side takes back what the last one does not say."""
    kept: Updates = {}
    for step in steps:
        for part, value in step.items():
            if isinstance(value, dict) and "__type__" in value:
                kept[part] = {**kept.get(part, {}), **value}
            else:
                kept.pop(part, None)
        yield {**step, **kept}


class Room(ABC):
    """The handlers of one room of the page."""

    def __init__(self, lang_default: Lang = "zh") -> None:
        self._lang_default: Lang = lang_default

    def handler(self, handler: Handler) -> Handler:
        """Return `handler` as Gradio calls it: given the visitor's language, and with errors said on the page."""
        return handled(handler, self._lang_default, self._refused)

    @abstractmethod
    def _refused(self, sentence: str) -> Updates:
        """Return what the room shows where a handler ends with an error."""


def line(*sentences: str) -> str:
    """Return sentences for a status line."""
    return f'<span role="status">{html.escape(" · ".join(sentences))}</span>'


def problem(sentence: str) -> str:
    """Return what went wrong for a status line."""
    return f'<span role="alert" class="problem">{html.escape(sentence)}</span>'


def whole_number(value: Any) -> int | None:
    """Return a number that was sent as digits, or None where it is none, or too large for the library."""
    text = "" if value is None else str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def story_number(value: Any) -> StoryId | None:
    """Return which story is meant, or None where no story can be."""
    number = whole_number(value)
    return None if number is None else StoryId(number)
