"""The one catalogue: a key and facts go in, a sentence in Chinese or English comes out.

One page per room, `{key: (中文, English)}`. Law: both sentences of a key name the same facts.
Rooms never speak a language themselves: they pass `Message` objects up, and the face renders them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from novelgpt.messages import (
    api,
    cli,
    errors,
    library,
    mending,
    model,
    model_data,
    model_export,
    model_networks,
    model_recipe,
    model_report,
    scoring,
    shards,
    text,
    text_books,
    text_clean,
    text_decode,
    text_ingest,
    tokens,
    ui,
    vocab_report,
    workshop,
    workshop_page,
    writing,
)

Lang = Literal["zh", "en"]
LANGUAGES: tuple[Lang, ...] = ("zh", "en")

CATALOGUE: dict[str, tuple[str, str]] = {}
for _page in (
    errors,
    text,
    text_decode,
    text_clean,
    text_books,
    text_ingest,
    shards,
    vocab_report,
    tokens,
    model,
    model_networks,
    model_data,
    model_export,
    model_recipe,
    model_report,
    writing,
    scoring,
    library,
    mending,
    ui,
    workshop,
    workshop_page,
    api,
    cli,
):
    CATALOGUE.update(_page.MESSAGES)


@dataclass(frozen=True)
class Message:
    """A sentence that has not yet chosen its language."""

    key: str
    facts: dict[str, Any] = field(default_factory=dict)

    def text(self, lang: Lang) -> str:
        """Return the sentence in `lang`."""
        return translate(self.key, lang, **self.facts)


def translate(key: str, lang: Lang, **facts: Any) -> str:
    """Return the sentence for `key`; facts that are messages themselves are rendered first."""
    rendered = {name: fact.text(lang) if isinstance(fact, Message) else fact for name, fact in facts.items()}
    return CATALOGUE[key][LANGUAGES.index(lang)].format(**rendered)


def guess_language(environment: dict[str, str]) -> Lang:
    """Choose the language from the locale variables: an English locale means English, anything else Chinese."""
    for name in ("NOVELGPT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            return "en" if value.lower().startswith("en") else "zh"
    return "zh"
