"""Rows of plain text → a table, a list or a row of figures for the page. Law: every text in them is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from itertools import islice
from typing import Any

from novelgpt.messages import Lang, translate
from novelgpt.model.known import EMBEDDED

MOST_ROWS = 2000


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table that scrolls sideways where the page is too narrow for it; empty columns are left out."""
    full = [place for place in range(len(heads)) if any(row[place] for row in rows)]
    heads, rows = [heads[place] for place in full], [[row[place] for place in full] for row in rows]
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table class="facts"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def long_table(
    name: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    total: int,
    lang: Lang,
    most: int = MOST_ROWS,
) -> str:
    """Return a table that scrolls, of column keys and of cells that are HTML already; of very many rows the first."""
    head = "".join(f'<th scope="col">{escape(translate(one, lang))}</th>' for one in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in islice(rows, most)
    )
    more = escape(translate("ui.bench.more", lang, shown=most, total=total)) if total > most else ""
    return (
        f'<div class="scrolling"><table class="{name}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>" + (f"<p>{more}</p>" if more else "")
    )


def titled_list(title: str, sentences: Sequence[str]) -> str:
    """Return a list under a title; nothing where there is nothing to list."""
    if not sentences:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<p><b>{escape(title)}</b></p><ul>{items}</ul>"


def figures(pairs: Sequence[tuple[str, str]]) -> str:
    """Return values in large letters, each with its name."""
    cells = "".join(
        f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for name, value in pairs if value
    )
    return f'<div class="figures">{cells}</div>'


def bar(percent: int) -> str:
    """Return a bar that is full so far."""
    return (
        f'<div class="bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}">'
        f'<i style="width:{percent}%"></i></div>'
    )


def day(seconds: float) -> str:
    """Return a moment as a person at this machine reads it."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def model_label(name: str, lang: Lang) -> str:
    """Return what a model is called on the page."""
    return translate("ui.embedded", lang) if name == EMBEDDED else name


def still(chosen: Any, offered: Sequence[str], usual: str | None) -> str | None:
    """Return what was chosen if it is still offered, else the usual."""
    return chosen if isinstance(chosen, str) and chosen in offered else usual


def labels(keys: Sequence[str], lang: Lang) -> list[str]:
    """Return the words of several keys."""
    return [translate(key, lang) for key in keys]
