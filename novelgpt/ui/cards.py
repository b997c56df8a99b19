"""What the page shows of candidates, of other words and of the model's view: results of the studio go in, HTML comes out.

Law: every text is escaped; whatever can be pressed is a button that names, in `data-press`, what it presses.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from novelgpt.messages import Lang, translate
from novelgpt.studio import Alternatives, Proposal
from novelgpt.writing.context import Context, Part

_SENTENCE = re.compile(r"[^。！？…\n]*[。！？…]*[”’」』]*\n*")


def growing_cards(proposals: Sequence[Proposal], lang: Lang) -> str:
    """Show candidates while they are written."""
    cards = [_card(number, html.escape(one.text), "") for number, one in enumerate(proposals, 1)]
    return f'<div class="cards" aria-busy="true">{"".join(cards)}</div>'


def finished_cards(proposals: Sequence[Proposal], lang: Lang) -> str:
    """Show candidates to choose from, whole or up to a sentence."""
    if not proposals:
        return ""
    cards = [
        _card(
            number,
            _sentences(one, lang),
            _scores(one, lang) + _button("choose", one.passage, "ui.keep", lang),
        )
        for number, one in enumerate(proposals, 1)
    ]
    away = _button("dismiss", "", "ui.keep_none", lang)
    return f'<div class="cards">{"".join(cards)}</div><div class="cards-foot">{away}</div>'


def _card(number: int, text: str, foot: str) -> str:
    return (
        f'<article class="card"><p class="prose"><b>{number}</b>{text}</p><footer>{foot}</footer></article>'
    )


def _sentences(one: Proposal, lang: Lang) -> str:
    """Cut a text into sentences, each a button that keeps everything up to its end."""
    shown, end = [], 0
    hint = html.escape(translate("ui.keep_up_to", lang))
    for sentence in filter(None, _SENTENCE.findall(one.text)):
        end += len(sentence)
        shown.append(
            f'<span role="button" tabindex="0" title="{hint}" data-press="choose" data-value="{one.passage}:{end}">'
            f"{html.escape(sentence)}</span>"
        )
    return "".join(shown)


def _scores(one: Proposal, lang: Lang) -> str:
    judged = one.judged
    if judged is None:
        return ""
    said = [
        translate("ui.score_likelihood", lang, value=judged.likelihood),
        translate("ui.score_repetition", lang, value=judged.repetition),
        translate("ui.score_copied", lang, value=judged.copied),
        translate("ui.score_whole" if judged.whole else "ui.score_cut", lang),
    ]
    if one.fits is not None:
        said.insert(0, translate("ui.score_fits", lang, value=one.fits))
    return f"<small>{html.escape(' · '.join(said))}</small>"


def _button(press: str, value: object, key: str, lang: Lang) -> str:
    label = html.escape(translate(key, lang))
    return (
        f'<button type="button" data-press="{press}" data-value="{html.escape(str(value))}">{label}</button>'
    )


def alternative_words(found: Alternatives, lang: Lang) -> str:
    """Show what else might stand at a place, likeliest first."""
    stands = html.escape(translate("ui.stands", lang, word=_visible(found.word), chance=found.probability))
    words = [
        f'<button type="button" data-press="take" data-value="{found.start}:{html.escape(word)}">'
        f"{html.escape(_visible(word))}<small>{chance:.1%}</small></button>"
        for word, chance in found.others
    ]
    away = _button("dismiss", "", "ui.close", lang)
    return f'<div class="words"><span>{stands}</span>{"".join(words)}{away}</div>'


def _visible(word: str) -> str:
    return word.replace("\n", "¶") or "∅"


def context_view(told: Context, lang: Lang) -> str:
    """Show what the model is sent: a bar of its shares, and below it every part as it is."""
    bars = "".join(
        f'<i class="part-{part.kind}" style="width:{100 * part.tokens / max(1, told.window):.2f}%"></i>'
        for part in told.parts
    )
    total = translate("context.total", lang, tokens=told.tokens, window=told.window)
    left = translate("context.left_out", lang, names="、".join(told.left_out)) if told.left_out else ""
    parts = "".join(_part(part, lang) for part in told.parts)
    notes = "".join(f"<p>{html.escape(one)}</p>" for one in (total, left) if one)
    return f'<div class="told"><div class="bar">{bars}</div>{notes}{parts}</div>'


def _part(part: Part, lang: Lang) -> str:
    cut = translate("context.cut", lang) if part.cut else ""
    kind = translate(f"context.{part.kind}", lang)
    head = translate("context.part", lang, kind=kind, source=part.source, tokens=part.tokens, cut=cut)
    shut = "" if part.kind == "story" else " open"
    return (
        f'<details class="part-{part.kind}"{shut}><summary>{html.escape(head)}</summary>'
        f"<pre>{html.escape(part.text)}</pre></details>"
    )
