"""Which language a visitor reads: an Accept-Language header goes in, `zh` or `en` comes out.

Law: the page and the sentences the server sends follow this one rule. The language named first wins; whoever names
neither Chinese nor English gets the default.
"""

from __future__ import annotations

from novelgpt.messages import LANGUAGES, Lang

LOCALES: dict[Lang, str] = {"zh": "zh-CN", "en": "en"}
"""Our languages by the names that Gradio's browser side knows."""


def preferred_language(accept: str | None, default: Lang = "zh") -> Lang:
    """Return the language that the header likes best among ours."""
    likings = [_liking(entry) for entry in (accept or "").split(",")]
    for weight, tag in sorted(likings, key=lambda liking: -liking[0]):
        for lang in LANGUAGES:
            if weight > 0 and tag.split("-")[0] == lang:
                return lang
    return default


def _liking(entry: str) -> tuple[float, str]:
    """Return weight and tag of one entry like `en-US;q=0.8`."""
    tag, _, parameter = entry.strip().lower().partition(";")
    name, _, weight = parameter.strip().partition("=")
    try:
        return (float(weight) if name.strip() == "q" else 1.0), tag
    except ValueError:
        return 0.0, tag
