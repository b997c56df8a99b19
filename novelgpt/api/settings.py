"""What a program asks for, under any of the names that programs use: a JSON object goes in, a `SampleConfig` comes out.

Laws: a field nobody knows is ignored; a number out of range becomes the nearest one in range; only what is no number at
all where a number must be is refused. What is left out gets the default of the page's own dials.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from novelgpt.api.refusals import Refusal
from novelgpt.config import SampleConfig, dials

Fields = Mapping[str, Any]

LONGEST = 100_000
"""Tokens in one continuation; the same as the dial's most characters."""
MOST_ALTERNATIVES = 20
_MOST_STOPS = 64
_ENDLESS = 100.0
"""How far a logit can be pushed; so far that the token is certain, or never comes."""

_NAMES = {
    "temperature": ("temperature",),
    "top_k": ("top_k",),
    "top_p": ("top_p",),
    "min_p": ("min_p",),
    "typical": ("typical", "typical_p"),
    "repetition_range": (
        "repetition_penalty_range",
        "rep_pen_range",
        "repeat_last_n",
        "repetition_range",
    ),
    "frequency_penalty": ("frequency_penalty",),
    "presence_penalty": ("presence_penalty",),
    "no_repeat_ngram": ("no_repeat_ngram_size", "no_repeat_ngram"),
    "dry_multiplier": ("dry_multiplier",),
    "dry_base": ("dry_base",),
    "dry_allowed_length": ("dry_allowed_length",),
    "dry_range": ("dry_penalty_last_n", "dry_range"),
    "xtc_probability": ("xtc_probability",),
    "xtc_threshold": ("xtc_threshold",),
    "mirostat": ("mirostat", "mirostat_mode"),
    "mirostat_tau": ("mirostat_tau",),
    "mirostat_eta": ("mirostat_eta",),
    "n": ("n",),
}
_REPETITION = ("repetition_penalty", "rep_pen", "repeat_penalty")
_LENGTHS = ("max_tokens", "max_completion_tokens", "max_new_tokens", "n_predict", "max_length")
_STOPS = ("stop", "stopping_strings", "stop_sequence")
_BANS = ("banned_strings", "banned_tokens")
_ENDLESS_FLAGS = ("ban_eos_token", "ignore_eos", "use_default_badwordsids", "bypass_eos")
_SEEDS = ("seed", "sampler_seed")
_WHOLE_WINDOW = ("repetition_range", "dry_range")
"""Where -1 means: as far back as there is text."""


def sample_from(fields: Fields, *, size: int, default_tokens: int, alternatives: int = 0) -> SampleConfig:
    """Return how to write; `size` is the vocabulary's."""
    settings: dict[str, Any] = {}
    for name, names in _NAMES.items():
        value = _first(fields, names)
        if value is not None:
            settings[name] = _in_range(name, math.inf if name in _WHOLE_WINDOW and value < 0 else value)
    penalties = [value for name in _REPETITION if (value := _number(fields, name)) is not None]
    if penalties:
        settings["repetition_penalty"] = _in_range("repetition_penalty", max(penalties))
    return SampleConfig(
        **settings,
        max_chars=LONGEST,
        max_tokens=max(1, tokens_asked(fields, default_tokens)),
        seed=_seed(fields),
        stop=_texts(fields, _STOPS),
        banned=_texts(fields, _BANS),
        bias=_bias(fields, size),
        alternatives=max(-1, min(MOST_ALTERNATIVES, alternatives)),
        ends=not any(fields.get(name) is True for name in _ENDLESS_FLAGS),
        whole_sentences=False,  # programs count tokens, and cut sentences themselves
    )


def tokens_asked(fields: Fields, default: int) -> int:
    """Return how many tokens to write at most; a number below 0 asks for the default."""
    asked = _first(fields, _LENGTHS)
    return default if asked is None or asked < 0 else int(min(asked, LONGEST))


def whole_number(fields: Fields, name: str) -> int | None:
    """Return a number without its fraction, or None where there is none; a yes is 1."""
    value = _number(fields, name)
    return None if value is None else int(max(-LONGEST, min(LONGEST, value)))


def _first(fields: Fields, names: tuple[str, ...]) -> float | None:
    return next((value for name in names if (value := _number(fields, name)) is not None), None)


def _number(fields: Fields, name: str) -> float | None:
    value = fields.get(name)
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except (TypeError, ValueError):
        raise Refusal(400, "api.bad_number", param=name, name=name) from None
    if math.isnan(number):
        raise Refusal(400, "api.bad_number", param=name, name=name)
    return number


def _in_range(name: str, value: float) -> int | float:
    spec, dial = dials(SampleConfig)[name]
    low, high = dial.low, dial.high
    near = max(-math.inf if low is None else low, min(math.inf if high is None else high, value))
    return int(near) if "int" in str(spec.type) else near


def _seed(fields: Fields) -> int | None:
    seed = _first(fields, _SEEDS)
    if seed is None or seed < 0:
        return None
    exact = next(value for name in _SEEDS if (value := fields.get(name)) not in (None, ""))
    return int(exact if isinstance(exact, int) else min(seed, 2.0**62)) % 2**63


def _texts(fields: Fields, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the texts listed under any of the names, each once; a single one may stand alone, or a list inside a string."""
    found: dict[str, None] = {}
    for name in names:
        for text in _listed(fields.get(name)):
            if isinstance(text, str) and text and _is_unicode(text):
                found[text] = None
    return tuple(found)[:_MOST_STOPS]


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [value]
    return value if isinstance(value, list) else [value]


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _bias(fields: Fields, size: int) -> tuple[tuple[int, float], ...]:
    """Return what to add to logits; ids that are not in the vocabulary mean nothing here."""
    given = fields.get("logit_bias")
    pairs = dict(given) if isinstance(given, dict) else {}
    bans = fields.get("custom_token_bans")
    for token in bans.split(",") if isinstance(bans, str) else ():
        pairs[token.strip()] = -_ENDLESS
    bias: dict[int, float] = {}
    for token in pairs:
        amount = _number(pairs, token)
        if (
            token.isascii()
            and token.isdigit()
            and len(token) < 10
            and int(token) < size
            and amount is not None
        ):
            bias[int(token)] = max(-_ENDLESS, min(_ENDLESS, amount))
    return tuple(bias.items())
