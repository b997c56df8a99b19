"""A run's facts → its model card in Markdown, in Chinese and in English.

Law: every number in it comes from the run itself; what is not known is not mentioned.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from novelgpt.messages import LANGUAGES, Lang, translate
from novelgpt.model.reporting.facts import Facts
from novelgpt.model.reporting.outcome import signature

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_DESIGNS = ("gpt2", "qwen3", "qwen2", "llama")
_LARGEST_NATS = 50.0

_BITS = re.compile(
    r"^\|[^|\n]*(?:留出文字|held out)[^|\n]*\|[^|\n]*?(\d+\.\d+) (?:比特/字|bits per character)", re.MULTILINE
)

_USE = """\
```python
from transformers import AutoModelForCausalLM, AutoTokenizer
model, tokenizer = AutoModelForCausalLM.from_pretrained("."), AutoTokenizer.from_pretrained(".")
ids = tokenizer("[MASK]", split_special_tokens=False, return_tensors="pt").input_ids  # {comment}
print(tokenizer.decode(model.generate(ids, max_new_tokens=100)[0], skip_special_tokens=True))
```
"""
_USE_FOREIGN = """\
```python
from transformers import AutoModelForCausalLM, AutoTokenizer
model, tokenizer = AutoModelForCausalLM.from_pretrained("."), AutoTokenizer.from_pretrained(".")
ids = tokenizer("话说", return_tensors="pt").input_ids
print(tokenizer.decode(model.generate(ids, max_new_tokens=100)[0], skip_special_tokens=True))
```
"""


def model_card(facts: Facts) -> str:
    """Return the card of the model that a run made.

    `facts` are `run_facts`, with `step` and `bits` (held-out bits per character) of the weights that are exported, and
    where known `nats` (per token).
    """
    return "".join([_front_matter(facts), *(_part(facts, lang) for lang in LANGUAGES), _usage(facts)])


def bits_in_card(card: str) -> float | None:
    """Return the bits per character of held-out text that a card tells of; None where it does not."""
    found = _BITS.search(card)
    return float(found[1]) if found else None


def _front_matter(facts: Facts) -> str:
    """Return what the hub reads; a name that is not one of its own would be refused there."""
    lines = ["language: zh", "library_name: transformers", "pipeline_tag: text-generation"]
    base = str(facts.get("base") or "")
    if _HUB_NAME.fullmatch(base):
        lines += [f"base_model: {json.dumps(base)}"]
    return "---\n" + "\n".join(lines) + "\n---\n# NovelGPT\n"


def _part(facts: Facts, lang: Lang) -> str:
    title, limits = translate("card.title", lang), translate("card.limits", lang)
    rows = "".join(f"| {name} | {value} |\n" for name, value in _rows(facts, lang))
    return f"\n## {title}\n\n{_about(facts, lang)}\n\n| | |\n|---|---|\n{rows}\n{limits}\n"


def _about(facts: Facts, lang: Lang) -> str:
    design = facts.get("family") if facts.get("family") in _DESIGNS else "other"
    what = translate(f"card.design.{design}", lang, family=facts.get("family", ""))
    if not facts.get("base"):
        return what
    how = "adapters" if facts.get("config", {}).get("lora") else "tuned"
    return f"{what}\n{translate(f'card.{how}', lang, base=_cell(facts['base']))}"


def _rows(facts: Facts, lang: Lang) -> Iterator[tuple[str, str]]:
    """Yield the table's rows; one that lacks a fact is left out."""
    wanted = {
        "network": ("preset", "parameters", "layers", "width", "heads", "context_length"),
        "vocabulary": ("vocabulary", "fingerprint"),
        "learnt": ("training_characters", "training_tokens", "source"),
        "training": ("step", "total_steps", "batch_size", "optimizer", "schedule", "learning_rate", "dtype"),
        "objective": ("objective",),
        "held_out": ("held_out_characters", "bits"),
        "before": ("bits_before",),
        "perplexity": ("perplexity",),
        "signature": ("signature",),
    }
    known = {**facts, **_derived(facts)}
    for name, needed in wanted.items():
        if all(known.get(fact) is not None for fact in needed):
            values = {fact: _cell(known[fact]) for fact in needed}
            yield translate(f"card.row.{name}", lang), translate(f"card.value.{name}", lang, **values)


def _derived(facts: Facts) -> dict[str, Any]:
    nats, bits = facts.get("nats"), facts.get("bits")
    objective = facts.get("config", {}).get("objective")
    return {
        "signature": signature(facts),
        "bits": bits if bits is not None and math.isfinite(bits) else None,
        "perplexity": math.exp(nats) if nats is not None and nats < _LARGEST_NATS else None,
        "bits_before": (facts.get("before") or {}).get("bits_per_character"),
        "objective": objective if objective == "infill" else None,
    }


def _cell(value: Any) -> Any:
    """Keep a text from breaking out of its cell; numbers are formatted by their sentence."""
    if isinstance(value, int | float):
        return value
    return " ".join(str(value).replace("|", "¦").replace("<", "&lt;").replace("`", "'").split())


def _usage(facts: Facts) -> str:
    if facts.get("base"):  # its own tokenizer came with it
        return f"\n{_USE_FOREIGN}"
    comment = " / ".join(translate("card.starts_chapter", lang) for lang in LANGUAGES)
    return "\n" + _USE.format(comment=comment)
