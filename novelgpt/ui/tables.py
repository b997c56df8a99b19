"""Rows of plain text → a table, a list or a row of figures for the page. Law: every text in them is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

from novelgpt.messages import Lang, translate
from novelgpt.model.known import EMBEDDED


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table that scrolls sideways where the page is too narrow for it; empty columns are left out."""
    full = [place for place in range(len(heads)) if any(row[place] for row in rows)]
    heads, rows = [heads[place] for place in full], [[row[place] for place in full] for row in rows]
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table class="facts"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


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
