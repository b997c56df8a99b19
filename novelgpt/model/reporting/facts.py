"""A plan, the shards and a network → plain values that the pre-flight, the report and the model card all speak from.

Law: the same plan and shards give the same facts; the text of the corpus is not among them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from novelgpt.tokens.shards import Shards, Split
from novelgpt.tokens.vocabulary import Vocabulary

Facts = Mapping[str, Any]

SLICES, SLICE_TOKENS = 64, 16_384
"""A sample of the training tokens: so many slices, evenly spread, of so many tokens."""


def run_facts(plan: Any, shards: Shards, network: Any = None, **more: Any) -> dict[str, Any]:
    """Return everything a report may say: the fields of the plan, the data, the network's sizes, and what else is known."""
    sizes = {} if network is None else network_facts(network)
    return {**asdict(plan), **data_facts(shards), **sizes, **more}


def data_facts(shards: Shards) -> dict[str, Any]:
    """Return how much text there is, and how the vocabulary cuts it."""
    lengths = np.diff(shards.train.offsets)
    return {
        "training_tokens": len(shards.train.tokens),
        "training_characters": shards.train.characters,
        "chapters": len(lengths),
        "median_chapter_tokens": int(np.median(lengths)) if len(lengths) else 0,
        "held_out_tokens": len(shards.held_out.tokens),
        "held_out_characters": shards.held_out.characters,
        "vocabulary": shards.tokenizer.size,
        "vocabulary_fingerprint": shards.tokenizer.fingerprint,
        **sample_facts(shards.train, shards.tokenizer),
    }


def sample_facts(split: Split, tokenizer: Vocabulary) -> dict[str, Any]:
    """Count a sample of the tokens: their entropy one by one, the share spelt in bytes, the largest id."""
    counts = np.bincount(_sample(split.tokens), minlength=tokenizer.size)
    total = max(1, int(counts.sum()))
    spelt = int(counts[list(tokenizer.byte_ids)].sum())
    return {
        "unigram_nats": unigram_nats(counts),
        "byte_share": spelt / total,
        "largest_id": int(np.flatnonzero(counts).max(initial=0)),
    }


def unigram_nats(counts: np.ndarray) -> float:
    """Return the entropy of tokens drawn with these counts, in nats; what a network that knows no order would lose.

    Miller and Madow's term makes up for the rare tokens that a sample happens to miss.
    """
    seen = counts[counts > 0].astype(np.float64)
    total = float(seen.sum())
    if not total:
        return 0.0
    shares = seen / total
    return float(-(shares * np.log(shares)).sum()) + (len(seen) - 1) / (2 * total)


def network_facts(network: Any) -> dict[str, Any]:
    """Return a network's sizes; `matrices` counts the weights inside the layers that Muon may take."""
    config = network.config
    parameters = dict(network.named_parameters())
    inside = [p for name, p in parameters.items() if p.dim() == 2 and ".weight" in name and _in_a_layer(name)]
    width = int(config.hidden_size)
    return {
        "family": config.model_type,
        "parameters": sum(p.numel() for p in parameters.values()),
        "trainable": sum(p.numel() for p in parameters.values() if p.requires_grad),
        "matrices": sum(p.numel() for p in inside if p.requires_grad),
        "layers": int(config.num_hidden_layers),
        "width": width,
        "heads": int(config.num_attention_heads),
        "inner_width": int(
            getattr(config, "intermediate_size", None) or getattr(config, "n_inner", None) or 4 * width
        ),
        "network_vocabulary": int(config.vocab_size),
        "output_weights": int(network.get_output_embeddings().weight.numel()),
    }


def bits_per_character(nats_per_token: float, facts: Facts) -> float:
    """Turn a loss per token into bits per character of the training text, which compare across vocabularies."""
    tokens_per_character = float(facts["training_tokens"] / max(1, facts["training_characters"]))
    return nats_per_token / math.log(2) * tokens_per_character


def _sample(tokens: np.ndarray) -> np.ndarray:
    if len(tokens) <= SLICES * SLICE_TOKENS:
        return np.asarray(tokens)
    starts = np.linspace(0, len(tokens) - SLICE_TOKENS, SLICES).astype(np.int64)
    return np.concatenate([tokens[start : start + SLICE_TOKENS] for start in starts])


def _in_a_layer(name: str) -> bool:
    return any(part.isdigit() for part in name.split("."))
