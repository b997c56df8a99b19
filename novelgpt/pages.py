"""What every report page of this program shares: its look, its head, and how it speaks.

A page stands by itself: styles inside, no script, nothing asked of the network. Law: what a `Speaker` says is escaped.
"""

from __future__ import annotations

from html import escape
from typing import Any

from novelgpt.messages import Lang, translate


class Speaker:
    """One language's voice on a page."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def __call__(self, key: str, **facts: Any) -> str:
        """Say a sentence of the catalogue, escaped."""
        return escape(translate(key, self.lang, **facts))


def head(title: str, lang: Lang, style: str) -> str:
    """Return the beginning of a page, up to what it shows; `title` is escaped already."""
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}{style}</style><main>"
    )


FOOT = "</main></html>\n"

_STYLE = """
:root{--paper:#f7f3ea;--card:#fffdf8;--ink:#2b2621;--soft:#7a7066;--line:#e4dccd;--red:#a8322a;--gold:#b9852f;--blue:#4a6b8a;--green:#6f8f72}
@media(prefers-color-scheme:dark){:root{--paper:#1b1a18;--card:#242220;--ink:#e8e2d8;--soft:#a39a8d;--line:#3a3632;--red:#e07a6f;--gold:#d9ab5f;--blue:#8fb0d0;--green:#9dbd9f}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.7 "Noto Serif CJK SC","Songti SC",SimSun,Georgia,serif}
main{max-width:64rem;margin:auto;padding:2rem 1rem 4rem}h1{font-size:1.9rem;margin:0 0 1rem}h2{font-size:1.25rem;margin:2.5rem 0 .8rem}
.figures{display:flex;flex-wrap:wrap;gap:.8rem}.figures div{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.6rem 1rem;min-width:7rem}
.figures b{display:block;font:600 1.5rem/1.3 system-ui,sans-serif}.figures span,.facts,.legend,small{color:var(--soft);font-size:.85rem;font-weight:400}
.legend i{display:inline-block;width:.7rem;height:.7rem;border-radius:2px;margin-right:.3rem}
article{background:var(--card);border:1px solid var(--line);border-radius:.6rem}
.todo{padding:.5rem 1rem .5rem 2rem;border-left:4px solid var(--gold);background:color-mix(in srgb,var(--gold) 10%,transparent);border-radius:.3rem}
"""
