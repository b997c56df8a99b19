"""The writing desk: a studio goes in, a Gradio page comes out.

Law: the page holds no state but what the browser shows; stories live in the library, and a reload or a restart finds
them again. The dials and their ranges are those of `SampleConfig`; every word on the page is in the catalogue.
"""

from __future__ import annotations

import math
import re
from dataclasses import Field
from typing import Any

import gradio as gr

from novelgpt.config import Dial, SampleConfig, dials
from novelgpt.messages import CATALOGUE, LANGUAGES, Lang
from novelgpt.ui.desk import Desk, Parts
from novelgpt.ui.look import CSS_PATH, SCRIPT_PATH, paper_theme

LOCALES: dict[Lang, str] = {"zh": "zh-CN", "en": "en"}
"""Our languages by the names that Gradio's browser side knows."""

WRITERS_AT_ONCE = 8
MOST_WAITING = 64
LONGEST_TITLE = 100
_MOST_STOPS = 1000
_NAME, _MORE = ".name", ".more"

# the last story is remembered in the address and, for visits without one, in the browser: its number, never its text
_WANTED = """() => [new URLSearchParams(location.search).get("story") ?? localStorage.getItem("novelgpt.story") ?? ""]"""
_REMEMBER = """(story) => {
    if (!story) return;
    localStorage.setItem("novelgpt.story", story);
    history.replaceState(null, "", "?story=" + encodeURIComponent(story));
}"""
_RELEASE = "() => window.novelgpt.release()"


def translations() -> gr.I18n:
    """Return the page's words and the dials' help in every language, for the browser to choose from."""
    words: dict[str, dict[str, str]] = {LOCALES[lang]: {} for lang in LANGUAGES}
    for key, sentences in CATALOGUE.items():
        if key.startswith(("ui.", "dial.")):
            for lang, sentence, halves in zip(LANGUAGES, sentences, _halves(key), strict=True):
                words[LOCALES[lang]] |= {key: sentence, key + _NAME: halves[0], key + _MORE: halves[-1]}
    return gr.I18n(**words)


def _halves(key: str) -> list[list[str]]:
    """Split 'temperature: higher is bolder' in two, in every language or in none."""
    halves = [re.split("：|: ", sentence, maxsplit=1) for sentence in CATALOGUE[key]]
    whole = any(len(half) < 2 or {"(", "（"} & set(half[0]) for half in halves)
    return [[sentence] for sentence in CATALOGUE[key]] if whole else halves


def build_demo(studio: Any, lang_default: Lang = "zh") -> gr.Blocks:
    """Return the page; nothing is read from the studio before a browser opens it."""
    say = gr.I18n()
    with gr.Blocks(title="NovelGPT", analytics_enabled=False, fill_width=True) as demo:
        parts = _lay_out(say)
        save = gr.Button(say("ui.save"), elem_id="save", visible="hidden")
        _wire(demo, Desk(studio, parts, lang_default), parts, save)
    demo.queue(max_size=MOST_WAITING, default_concurrency_limit=WRITERS_AT_ONCE, api_open=False)
    return demo


def mount_settings() -> dict[str, Any]:
    """Return what `gr.mount_gradio_app` must be told for the page to look, speak and behave as it should."""
    return {
        "theme": paper_theme(),
        "css_paths": [CSS_PATH],
        "js": SCRIPT_PATH.read_text(encoding="utf-8"),
        "i18n": translations(),
    }


def _lay_out(say: gr.I18n) -> Parts:
    with gr.Row(elem_id="shelf"):
        picker = gr.Dropdown(
            label=say("ui.story"),
            show_label=False,
            container=False,
            choices=[],
            interactive=True,
            scale=3,
            min_width=160,
            elem_id="story",
        )
        title = gr.Textbox(
            label=say("ui.new_title"),
            show_label=False,
            container=False,
            placeholder=say("ui.new_title"),
            max_lines=1,
            max_length=LONGEST_TITLE,
            scale=2,
            min_width=120,
            elem_id="title",
        )
        new = gr.Button(say("ui.new_story"), scale=0, min_width=72, elem_id="new")
    current = gr.Textbox(visible="hidden", elem_id="current")
    with gr.Row(elem_id="desk"):
        with gr.Column(scale=7, min_width=320, elem_id="page"):
            paper, status, go, stop, undo, redo = _lay_out_page(say)
        with gr.Column(scale=3, min_width=280, elem_id="dials"):
            model, knobs = _lay_out_dials(say)
    return Parts(picker, title, new, current, paper, status, go, stop, undo, redo, model, knobs)


def _lay_out_page(say: gr.I18n) -> tuple[Any, ...]:
    paper = gr.Textbox(
        label=say("ui.paper"),
        show_label=False,
        placeholder=say("ui.paper_hint"),
        lines=20,
        max_lines=20,  # as many as `lines`: the text scrolls inside, and nothing is measured at every keystroke
        container=False,
        interactive=True,
        elem_id="paper",
        html_attributes=gr.InputHTMLAttributes(spellcheck=False, autocorrect="off", autocapitalize="off"),
    )
    with gr.Row(elem_id="tools"):
        go = gr.Button(say("ui.continue"), variant="primary", elem_id="continue", min_width=96, scale=2)
        stop = gr.Button(say("ui.stop"), interactive=False, elem_id="stop", min_width=64, scale=1)
        undo = gr.Button(say("ui.undo"), interactive=False, elem_id="undo", min_width=64, scale=1)
        redo = gr.Button(say("ui.redo"), interactive=False, elem_id="redo", min_width=64, scale=1)
    status = gr.HTML(elem_id="status")
    return paper, status, go, stop, undo, redo


def _lay_out_dials(say: gr.I18n) -> tuple[Any, dict[str, Any]]:
    model = gr.Dropdown(label=say("ui.model"), choices=[], interactive=True, elem_id="model")
    with gr.Accordion(say("ui.dials"), open=True):
        knobs = {
            name: _knob(name, spec, dial, say)
            for name, (spec, dial) in dials(SampleConfig).items()
            if not dial.advanced
        }
    return model, knobs


def _knob(name: str, spec: Field[Any], dial: Dial, say: gr.I18n) -> Any:
    """Return a slider, or a field to type in where a slider would have too many stops or cannot say "none"."""
    two_halves = len(_halves(dial.help)[0]) > 1
    words = {
        "label": say(dial.help + _NAME),
        "info": say(dial.help + _MORE) if two_halves else None,
        "elem_id": f"dial-{name}",
    }
    low, high, step = dial.low or 0, dial.high or math.inf, dial.step or 1
    if spec.default is None:
        return gr.Textbox(placeholder=say("ui.by_chance"), max_lines=1, **words)
    if (high - low) / step > _MOST_STOPS:
        return gr.Number(value=spec.default, step=step, **words)
    return gr.Slider(minimum=low, maximum=high, step=step, value=spec.default, **words)


def _wire(demo: gr.Blocks, desk: Desk, parts: Parts, save: Any) -> None:
    written, shown = parts.written(), [parts.current, parts.paper]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}

    demo.load(desk.handler(desk.open_page), [parts.current], written, js=_WANTED, **quiet)
    parts.current.change(None, [parts.current], js=_REMEMBER)
    parts.picker.input(desk.handler(desk.choose_story), [parts.picker, *shown], written, **quiet)
    for event in (parts.new.click, parts.title.submit):
        event(desk.handler(desk.new_story), [parts.title, *shown], written, **quiet)
    save.click(desk.handler(desk.save), shown, written, trigger_mode="always_last", **quiet)
    parts.undo.click(desk.handler(desk.undo), shown, written, **quiet)
    parts.redo.click(desk.handler(desk.redo), shown, written, **quiet)
    parts.stop.click(desk.handler(desk.stop), [parts.current], written, **quiet)
    going = parts.go.click(
        desk.handler(desk.write), [*shown, parts.model, *parts.dials.values()], written, **quiet
    )
    going.then(None, js=_RELEASE)
