"""What all handlers of the page share: they speak the visitor's language, and an error becomes one sentence on the page.

Law: nothing a person typed is taken for HTML, and whatever goes wrong leaves the page ready for the next try.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from novelgpt.errors import NovelGPTError
from novelgpt.messages import Lang, translate
from novelgpt.ui.language import preferred_language

Updates = dict[Any, Any]
"""Parts of the page, and what they show from now on."""
Handler = Callable[..., Iterator[Updates]]
"""Takes the visitor's language, then the values of the parts that it reads."""


def handled(handler: Handler, lang_default: Lang, refused: Callable[[str], Updates]) -> Handler:
    """Return `handler` as Gradio calls it; `refused` says what the page shows where it ends with an error."""

    def said(request: gr.Request, *values: Any) -> Iterator[Updates]:
        lang = preferred_language(request.headers.get("accept-language"), lang_default)
        try:
            yield from handler(lang, *values)
        except NovelGPTError as error:
            yield refused(error.sentence(lang))
        except Exception as error:
            yield refused(translate("ui.unexpected", lang, kind=type(error).__name__))
            raise

    return said


def line(*sentences: str) -> str:
    """Return sentences for a status line."""
    return f'<span role="status">{html.escape(" · ".join(sentences))}</span>'


def problem(sentence: str) -> str:
    """Return what went wrong for a status line."""
    return f'<span role="alert" class="problem">{html.escape(sentence)}</span>'
