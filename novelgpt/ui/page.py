"""The writing desk: a studio goes in, a Gradio page comes out.

Law: the page holds no state but what the browser shows; stories live in the library, and a reload or a restart finds
them again. The dials and their ranges are those of `SampleConfig`; every word on the page is in the catalogue.
"""

from __future__ import annotations

import math
import re
from typing import Any

import gradio as gr

from novelgpt.config import STYLES, SampleConfig, dials
from novelgpt.messages import CATALOGUE, LANGUAGES, Lang
from novelgpt.ui import corpus_tab, models_tab, score_tab, stories_tab, train_tab
from novelgpt.ui.desk import Desk, Parts, turned_by_styles
from novelgpt.ui.handling import QUIET
from novelgpt.ui.language import LOCALES
from novelgpt.ui.look import CSS_PATHS, page_script, paper_theme
from novelgpt.ui.stories_tab import StoriesTab

WORKSHOP = {"corpus": corpus_tab, "train": train_tab, "score": score_tab, "models": models_tab}
"""The rooms where models are made, in the order of the work."""

WRITERS_AT_ONCE = 24
"""Of Gradio's forty places: so many may wait for the model and be told how many go before, and savers still find one."""
MOST_WAITING = 64
LONGEST_TITLE = 100
LONGEST_BESIDE = 20_000
_ONE_AFTER_THE_OTHER: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "shelf"}
"""How events are wired that tell which stories there are: an older list must not come after a newer one."""
_MOST_STOPS = 1000
_NAME, _MORE = ".name", ".more"

# the last story is remembered in the address and, for visits without one, in the browser: its number, never its text
_WANTED = """() => [new URLSearchParams(location.search).get("story") ?? localStorage.getItem("novelgpt.story") ?? ""]"""
_REMEMBER = """(story) => {
    if (!story) return;
    localStorage.setItem("novelgpt.story", story);
    history.replaceState(null, "", "?story=" + encodeURIComponent(story));
}"""
_TELL = "(said) => window.novelgpt.told(said)"
_GO_WRITE = "(story) => { if (story) document.querySelector('#rooms button[role=tab]')?.click(); }"
_SHEET = (
    '<div id="sheet" class="prose" contenteditable="false" role="textbox" aria-multiline="true" '
    'spellcheck="false" autocapitalize="off"></div>'
)


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
        with gr.Tabs(elem_id="rooms", selected="write"):
            parts, hidden, stories = _lay_out_rooms(studio, say, lang_default)
        desk = Desk(studio, parts, lang_default)
        _wire(demo, desk, parts, hidden)
        _open_what_the_shelf_names(desk, parts, hidden, stories)
    demo.queue(max_size=MOST_WAITING, default_concurrency_limit=WRITERS_AT_ONCE, api_open=False)
    return demo


def _lay_out_rooms(studio: Any, say: gr.I18n, lang_default: Lang) -> tuple[Parts, dict[str, Any], StoriesTab]:
    with gr.Tab(say("ui.tab.write"), id="write"):
        parts, hidden = _lay_out(say), _lay_out_hidden(say)
    with gr.Tab(say("ui.tab.stories"), id="stories") as shelf:
        stories = stories_tab.lay_out(studio, say, lang_default)
    stories.shown_anew_on(shelf.select)
    for name, room in WORKSHOP.items():
        with gr.Tab(say(f"ui.tab.{name}"), id=name) as tab:
            handler, inputs, outputs = room.lay_out(studio, say, lang_default)
        tab.select(handler, inputs, outputs, **QUIET)
    return parts, hidden, stories


def mount_settings() -> dict[str, Any]:
    """Return what `gr.mount_gradio_app` must be told for the page to look, speak and behave as it should."""
    return {
        "theme": paper_theme(),
        "css_paths": CSS_PATHS,
        "js": page_script(),
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
            on_page = _lay_out_page(say)
        with gr.Column(scale=3, min_width=280, elem_id="dials"):
            beside = _lay_out_side(say)
    return Parts(picker=picker, title=title, new=new, current=current, **on_page, **beside)


def _lay_out_page(say: gr.I18n) -> dict[str, Any]:
    gr.HTML(_SHEET, elem_id="page-sheet")
    buttons = {}
    with gr.Row(elem_id="tools"):
        buttons["go"] = gr.Button(
            say("ui.continue"), variant="primary", elem_id="continue", min_width=96, scale=2
        )
        for part, key in (("propose", "ui.propose"), ("retry", "ui.retry")):
            buttons[part] = gr.Button(say(key), elem_id=part, min_width=64, scale=1)
        for part, key in (("stop", "ui.stop"), ("undo", "ui.undo"), ("redo", "ui.redo")):
            buttons[part] = gr.Button(say(key), interactive=False, elem_id=part, min_width=56, scale=1)
    status = gr.HTML(elem_id="status")
    with gr.Row(elem_id="passage-tools"):
        for part in ("rewrite", "expand", "bridge"):
            buttons[part] = gr.Button(
                say(f"ui.{part}"), size="sm", variant="secondary", elem_id=part, min_width=72, scale=0
            )
    others, cards = gr.HTML(elem_id="others"), gr.HTML(elem_id="cards")
    paper = gr.Textbox(visible="hidden", elem_id="paper")
    return {**buttons, "status": status, "others": others, "cards": cards, "paper": paper}


def _lay_out_side(say: gr.I18n) -> dict[str, Any]:
    model = gr.Dropdown(label=say("ui.model"), choices=[], interactive=True, elem_id="model")
    with gr.Accordion(say("ui.dials"), open=True):
        styles = [(say(f"ui.style.{name}"), name) for name in STYLES]
        style = gr.Radio(styles, label=say("ui.style"), elem_id="style", value=None)
        knobs = {name: _knob(name, say) for name in dials(SampleConfig) if not _rare(name)}
    with gr.Accordion(say("ui.advanced"), open=False, elem_id="advanced"):
        knobs |= {name: _knob(name, say) for name in dials(SampleConfig) if _rare(name)}
    with gr.Accordion(say("ui.context"), open=False, elem_id="context"):
        memory = gr.Textbox(label=say("ui.memory"), lines=2, max_length=LONGEST_BESIDE, elem_id="memory")
        note = gr.Textbox(label=say("ui.note"), lines=1, max_length=LONGEST_BESIDE, elem_id="note")
        lore = gr.Textbox(label=say("ui.lore"), lines=3, max_length=LONGEST_BESIDE, elem_id="lore")
        look = gr.Button(say("ui.show_told"), size="sm", elem_id="show-told")
        told = gr.HTML(elem_id="told")
    beside = {"memory": memory, "note": note, "lore": lore, "told": told, "look": look}
    return {"model": model, "style": style, **beside, "dials": knobs}


def _rare(name: str) -> bool:
    return dials(SampleConfig)[name][1].advanced


def _knob(name: str, say: gr.I18n) -> Any:
    """Return a slider; a tick for a yes or no; or a field to type in where a slider would have too many stops or cannot
    say "none"."""
    spec, dial = dials(SampleConfig)[name]
    two_halves = len(_halves(dial.help)[0]) > 1
    words = {
        "label": say(dial.help + _NAME),
        "info": say(dial.help + _MORE) if two_halves else None,
        "elem_id": f"dial-{name}",
    }
    low, high, step = dial.low or 0, dial.high or math.inf, dial.step or 1
    if isinstance(spec.default, bool):
        return gr.Checkbox(value=spec.default, **words)
    if spec.default is None:
        return gr.Textbox(
            placeholder=say("ui.by_chance" if name == "seed" else "ui.off"), max_lines=1, **words
        )
    if (high - low) / step > _MOST_STOPS:
        return gr.Number(value=spec.default, step=step, **words)
    return gr.Slider(minimum=low, maximum=high, step=step, value=spec.default, **words)


def _lay_out_hidden(say: gr.I18n) -> dict[str, Any]:
    """Return what only scripts touch: buttons that they press, and the story that another room asks to open."""
    names = ("save", "choose", "dismiss", "look", "take", "open", "reopen", "refresh")
    hidden = {name: gr.Button(name, elem_id=name, visible="hidden") for name in names}
    return {**hidden, "page": gr.JSON(visible=False), "chosen": gr.JSON(visible=False)}


def _open_what_the_shelf_names(desk: Desk, parts: Parts, hidden: dict[str, Any], stories: StoriesTab) -> None:
    """Show the story that another room wants opened, and the writing room with it."""
    inputs = [stories.opened, parts.current, hidden["page"]]
    opening = stories.opened.change(
        desk.handler(desk.open_from_the_shelf),
        inputs,
        parts.written(),
        js=_with_sheet(page=2, story=1),
        **QUIET,
        **_ONE_AFTER_THE_OTHER,
    )
    opening.then(None, [stories.opened], js=_GO_WRITE)


def _with_sheet(page: int | None = None, story: int | None = None, chosen: int | None = None) -> str:
    """Return a script that puts the sheet as it stands, the story it shows, and what was pressed on it, among what a handler
    gets: a text and the story it belongs to come from one place."""
    words = {"page()": page, "story() || values[place]": story, "chosen()": chosen}
    puts = "".join(
        f"values[{place}] = window.novelgpt.{word.replace('[place]', f'[{place}]')};"
        for word, place in words.items()
        if place is not None
    )
    return f"(...values) => {{ {puts} return values; }}"


def _wire(demo: gr.Blocks, desk: Desk, parts: Parts, hidden: dict[str, Any]) -> None:
    written, page, chosen = parts.written(), hidden["page"], hidden["chosen"]
    shown, asked = [parts.current, page], [parts.model, *parts.dials.values()]

    def on(event: Any, handler: Any, inputs: list[Any], **how: Any) -> None:
        known = {"page": page, "story": parts.current, "chosen": chosen}
        places = {name: inputs.index(part) for name, part in known.items() if part in inputs}
        event(desk.handler(handler), inputs, written, js=_with_sheet(**places), **QUIET, **how)

    for event in (demo.load, hidden["open"].click):
        event(desk.handler(desk.open_page), [parts.current], written, js=_WANTED, **QUIET)
    parts.current.change(None, [parts.current], js=_REMEMBER)
    parts.paper.change(None, [parts.paper], js=_TELL)
    on(parts.picker.input, desk.choose_story, [parts.picker, *shown], **_ONE_AFTER_THE_OTHER)
    for event in (parts.new.click, parts.title.submit):
        on(event, desk.new_story, [parts.title, *shown], **_ONE_AFTER_THE_OTHER)
    on(hidden["save"].click, desk.save, shown, trigger_mode="multiple")  # one that comes late changes nothing
    on(parts.undo.click, desk.undo, shown)
    on(parts.redo.click, desk.redo, shown)
    on(parts.stop.click, desk.stop, [parts.current], trigger_mode="multiple")
    for button, handler in (
        (parts.go, desk.write),
        (parts.retry, desk.retry),
        (parts.propose, desk.propose),
        (parts.rewrite, desk.rewrite),
        (parts.expand, desk.expand),
        (parts.bridge, desk.bridge),
    ):
        on(
            button.click, handler, [*shown, *asked], trigger_mode="multiple"
        )  # the script lets one through at a time
    on(hidden["choose"].click, desk.choose, [*shown, chosen])
    on(hidden["take"].click, desk.take, [*shown, chosen, *asked])
    on(hidden["look"].click, desk.look, [page, parts.model], trigger_mode="always_last")
    offered = [parts.model, parts.picker]
    hidden["refresh"].click(
        desk.handler(desk.refresh), [parts.model], offered, **QUIET, **_ONE_AFTER_THE_OTHER
    )
    on(hidden["reopen"].click, desk.reopen, [parts.current], trigger_mode="multiple")
    hidden["dismiss"].click(desk.handler(desk.dismiss), [], written, **QUIET)
    beside = [parts.memory, parts.note, parts.lore]
    for box in beside:
        on(box.blur, desk.keep_beside, [parts.current, *beside])
    on(parts.look.click, desk.show_told, [*shown, parts.model])
    turned = [parts.dials[name] for name in turned_by_styles()]
    parts.style.input(desk.handler(desk.style), [parts.style], turned, **QUIET)
