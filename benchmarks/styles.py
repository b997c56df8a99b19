"""How settings of the sampler write, beside how people wrote: the measurements that the styles steady, balanced and free rest on.

    python benchmarks/styles.py CHAPTERS.jsonl... [--model DIR] [--prompts 20] [--characters 200] [--only NAME...]

CHAPTERS are books that the model has never read. Prompts are taken from them at even distances; every setting continues
the same prompts with the same seeds, and the text that really follows is measured in the same way ("real"). Columns:
repeated: share of 4-grams of characters that stood earlier in the same continuation; distinct-2 and -4: share of different
n-grams among all; copied: share of 4-grams that stand in the prompt; bits and rank: surprise (log2) and rank of the chosen
tokens under the bare model, mean and median. One core; about ten seconds for each setting.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from novelgpt.config import EMBEDDED_MODEL_DIR, STYLES, SampleConfig
from novelgpt.model.folder import Model, load_model
from novelgpt.scoring.metrics import distinct, repetition
from novelgpt.text.chapter import read_chapters
from novelgpt.writing.sampling import Known, compose

BARE: dict[str, Any] = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "repetition_penalty": 1.0}
DRY: dict[str, Any] = {"dry_multiplier": 0.8}
CANDIDATES: dict[str, dict[str, Any]] = {
    "bare T1": BARE,
    "bare T0.9": BARE | {"temperature": 0.9},
    "bare T0.7": BARE | {"temperature": 0.7},
    "defaults": {},
    "defaults, rep 1": {"repetition_penalty": 1.0},
    "T0.8 k40 p.9 rep1.05 dry": {"temperature": 0.8, "top_k": 40, "top_p": 0.9, "repetition_penalty": 1.05} | DRY,
    "T0.8 p.85 rep1.1": {"temperature": 0.8, "top_p": 0.85, "top_k": 0},
    "T0.8 p.9 rep1.1 dry": {"temperature": 0.8, "top_p": 0.9, "top_k": 0} | DRY,
    "T0.9 k200 p.92 rep1.1 dry": {"temperature": 0.9, "top_k": 200, "top_p": 0.92} | DRY,
    "T1 k50 p.9 min.02": {"temperature": 1.0, "top_p": 0.9, "min_p": 0.02},
    "T1 k200 p.92 rep1.05 dry": {"temperature": 1.0, "top_k": 200, "top_p": 0.92, "repetition_penalty": 1.05} | DRY,
    "T0.85 p.95 rep1.05": BARE | {"temperature": 0.85, "top_p": 0.95, "repetition_penalty": 1.05},
    "T0.9 p.92 rep1.05": BARE | {"temperature": 0.9, "top_p": 0.92, "repetition_penalty": 1.05},
    "T0.9 p.95 rep1.05": BARE | {"temperature": 0.9, "top_p": 0.95, "repetition_penalty": 1.05},
    "T0.9 p.98": BARE | {"temperature": 0.9, "top_p": 0.98},
    "T0.95 p.95": BARE | {"temperature": 0.95, "top_p": 0.95},
    "T1 p.9": BARE | {"top_p": 0.9},
    "T1 p.9 rep1.05": BARE | {"top_p": 0.9, "repetition_penalty": 1.05},
    "T1 p.95": BARE | {"top_p": 0.95},
    "T1 typical.9": BARE | {"typical": 0.9},
    "T1 min.005": BARE | {"min_p": 0.005},
    "T1 min.02 rep1.05 dry": BARE | {"min_p": 0.02, "repetition_penalty": 1.05} | DRY,
    "T1.1 min.02 dry": BARE | {"temperature": 1.1, "min_p": 0.02} | DRY,
    "T1.2 min.05 xtc.3": BARE | {"temperature": 1.2, "min_p": 0.05, "xtc_probability": 0.3},
    "T1.2 min.005 xtc.3": BARE | {"temperature": 1.2, "min_p": 0.005, "xtc_probability": 0.3},
    "mirostat2 tau5": BARE | {"mirostat": 2, "mirostat_tau": 5.0},
    "mirostat2 tau6": BARE | {"mirostat": 2, "mirostat_tau": 6.0},
    "mirostat2 tau9": BARE | {"mirostat": 2, "mirostat_tau": 9.0},
}  # fmt: skip


@dataclass(frozen=True)
class Page:
    """A place in a book: the ids before it, and the text that really follows."""

    prompt_ids: tuple[int, ...]
    follows: str


def pages(model: Model, books: Sequence[Path], count: int, length: int, characters: int) -> list[Page]:
    """Return places at even distances in the books, as many in each."""
    each = max(1, count // len(books))
    found = []
    for book in books:
        text = "\n".join(chapter.whole() for chapter in read_chapters(book))
        for place in range(1, each + 1):
            begin = len(text) * place // (each + 1)
            ids = model.tokenizer.encode(text[begin : begin + 4 * length])[:length]
            after = begin + len(model.tokenizer.decode(ids))
            found.append(Page(tuple(ids), text[after : after + characters]))
    return found[:count]


@torch.inference_mode()
def continue_pages(model: Model, known: Known, pages: Sequence[Page], sample: SampleConfig) -> list[str]:
    """Return the continuation of every page, all written side by side."""
    texts = model.tokenizer.texts
    silent = torch.tensor([not text for text in texts])
    rows = [list(page.prompt_ids) for page in pages]
    choices = [compose(sample, known, torch.Generator().manual_seed(seed)) for seed in range(len(rows))]
    written = ["" for _ in rows]
    cache, fresh = DynamicCache(config=model.network.config), torch.tensor(rows)
    while min(map(len, written)) < sample.max_chars:
        output = model.network(fresh, past_key_values=cache, use_cache=True, logits_to_keep=1)
        logits_BV = output.logits[:, -1].float().masked_fill(silent, -torch.inf)
        for number, (row, choose) in enumerate(zip(rows, choices, strict=True)):
            row.append(choose(logits_BV[number], row))
            written[number] += texts[row[-1]]
        fresh = torch.tensor([row[-1:] for row in rows])
    return [text[: sample.max_chars] for text in written]


@torch.inference_mode()
def surprises(model: Model, pages: Sequence[Page], texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Return the surprise in bits and the rank of every token of the continuations."""
    bits, ranks = [], []
    for page, text in zip(pages, texts, strict=True):
        ids = torch.tensor([*page.prompt_ids, *model.tokenizer.encode(text)])
        logits_TV = model.network(ids[None]).logits[0, len(page.prompt_ids) - 1 : -1].float()
        targets = ids[len(page.prompt_ids) :, None]
        chosen = logits_TV.gather(1, targets)
        bits.append((logits_TV.logsumexp(1, keepdim=True) - chosen)[:, 0] / 0.6931472)
        ranks.append((logits_TV > chosen).sum(1) + 1)
    return torch.cat(bits), torch.cat(ranks).float()


def copied(model: Model, pages: Sequence[Page], texts: Sequence[str]) -> float:
    """Return the share of 4-grams that stand in the prompt."""
    hits = [
        text[at : at + 4] in model.tokenizer.decode(page.prompt_ids)
        for page, text in zip(pages, texts, strict=True)
        for at in range(len(text) - 3)
    ]
    return sum(hits) / len(hits)


def row(name: str, model: Model, pages: Sequence[Page], texts: Sequence[str], seconds: float) -> str:
    """Return one line of the table."""
    bits, ranks = surprises(model, pages, texts)
    figures = [
        f"{repetition(texts).score:.3f}",
        f"{distinct(texts, 2).score:.3f}",
        f"{distinct(texts, 4).score:.3f}",
        f"{copied(model, pages, texts):.3f}",
        f"{bits.mean():.2f}",
        f"{bits.median():.2f}",
        f"{ranks.mean():.0f}",
        f"{ranks.median():.0f}",
        f"{seconds:.0f}",
    ]
    return f"| {name} | {' | '.join(figures)} |"


def lines(model: Model, places: Sequence[Page], candidates: dict[str, Any], characters: int) -> Iterator[str]:
    """Yield the table line by line."""
    known = Known.of(model.tokenizer)
    yield "| setting | repeated | distinct-2 | distinct-4 | copied | bits | median | rank | median | seconds |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    yield row("**real**", model, places, [page.follows for page in places], 0.0)
    for name, overrides in candidates.items():
        began = time.perf_counter()
        texts = continue_pages(model, known, places, SampleConfig(**(overrides | {"max_chars": characters})))
        yield row(name, model, places, texts, time.perf_counter() - began)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("chapters", type=Path, nargs="+")
    parser.add_argument("--model", type=Path, default=EMBEDDED_MODEL_DIR)
    parser.add_argument("--prompts", type=int, default=20)
    parser.add_argument("--prompt-tokens", type=int, default=160)
    parser.add_argument("--characters", type=int, default=200)
    parser.add_argument("--only", nargs="*", help="names of settings, styles too (default: all)")
    flags = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(flags.model)
    candidates = CANDIDATES | {f"style {name}": values for name, values in STYLES.items()}
    if flags.only:
        candidates = {name: candidates[name] for name in flags.only}
    places = pages(model, flags.chapters, flags.prompts, flags.prompt_tokens, flags.characters)
    for line in lines(model, places, candidates, flags.characters):
        print(line, flush=True)


if __name__ == "__main__":
    main()
