"""Small networks of every family with vocabularies of every kind, all real and made here."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import tokenizers
import torch
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import Qwen3Config, Qwen3ForCausalLM

from novelgpt.model.networks.families import FAMILIES
from novelgpt.tokens.pipelines import _KNOWN_PATTERNS
from tests.tiny import TALE

END = "<|endoftext|>"
QWEN = min(_KNOWN_PATTERNS, key=lambda pattern: (r"\p{L}+|\p{N}|" not in pattern, r"\p{M}" in pattern))
TEXTS = [TALE, TALE * 2, "第1234章 The end’s near\r\n\n\t x  y", "🙂👨‍👩‍👧𠮷", f"{END} [SEP] <s>"]

LLAMA = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "tie_word_embeddings": True,
}
DETAILS: dict[str, dict[str, Any]] = {
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 64},
    "llama": {
        **LLAMA,
        "tie_word_embeddings": False,
        "rope_parameters": {
            "rope_type": "llama3",
            "rope_theta": 500_000.0,
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 16,
        },
    },
    "mistral": {**LLAMA, "sliding_window": 8},
    "qwen2": {**LLAMA, "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1},
    "qwen3": {
        **LLAMA,
        "head_dim": 16,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0},
    },
}
KINDS = tuple(DETAILS)


def tiny_config(kind: str, size: int, **changes: Any) -> Any:
    return FAMILIES[kind].new_config(
        vocab_size=size, bos_token_id=0, eos_token_id=0, **{**DETAILS[kind], **changes}
    )


def tiny_foreign(kind: str, size: int, **changes: Any) -> Any:
    """A network whose every number is drawn by chance, norms and biases too: nothing is at its usual value."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = FAMILIES[kind].new_network(tiny_config(kind, size, **changes))
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    return network.eval()


def tiny_qwen3(pieces: int, context_length: int, *, tied: bool) -> Any:
    """Return an untrained network of two layers, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return Qwen3ForCausalLM(
            Qwen3Config(
                vocab_size=pieces,
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=2,
                num_key_value_heads=2,
                head_dim=16,
                max_position_embeddings=context_length,
                tie_word_embeddings=tied,
            )
        )


def _trained(engine: tokenizers.Tokenizer, trainer: Any) -> tokenizers.Tokenizer:
    engine.train_from_iterator([TALE] * 3, trainer)
    return engine


@cache
def byte_level(pattern: str | None = None) -> str:
    """Return the `tokenizer.json` of a byte-level BPE: GPT-2's, or Qwen's with its pattern."""
    engine = tokenizers.Tokenizer(models.BPE())
    cut = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    if pattern is not None:
        split = pre_tokenizers.Split(tokenizers.Regex(pattern), "isolated")
        engine.normalizer, engine.pre_tokenizer = normalizers.NFC(), pre_tokenizers.Sequence([split, cut])
    else:
        engine.pre_tokenizer = cut
    engine.decoder, engine.post_processor = decoders.ByteLevel(), processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return _trained(
        engine,
        trainers.BpeTrainer(
            vocab_size=420, initial_alphabet=alphabet, special_tokens=[END], show_progress=False
        ),
    ).to_str()


@cache
def llama_like() -> str:
    """Return the `tokenizer.json` of a BPE with spaces as ▁ and byte fallback, as Llama 2 has it."""
    engine = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    engine.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    engine.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    specials = ["<unk>", "<s>", "</s>"]
    lines = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=[*specials, *(f"<0x{value:02X}>" for value in range(256))],
        show_progress=False,
    )
    engine.train_from_iterator(TALE.split("\n") * 3, lines)
    raw = json.loads(engine.to_str())
    raw["added_tokens"] = [one for one in raw["added_tokens"] if one["content"] in specials]
    return json.dumps(raw)


@cache
def unigram() -> str:
    """Return the `tokenizer.json` of a Unigram model with byte fallback."""
    names = [*sorted(set(TALE) - {"\n"}), "▁", "石桥", "船夫"]
    fixed = ["<unk>", "<s>", "</s>", *(f"<0x{value:02X}>" for value in range(256))]
    model = models.Unigram([(name, -5.0) for name in (*fixed, *names)], 0, True)
    engine = tokenizers.Tokenizer(model)
    engine.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    engine.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    engine.add_special_tokens(["<unk>", "<s>", "</s>"])
    return engine.to_str()


VOCABULARIES = {
    "gpt2": lambda: byte_level(None),
    "qwen": lambda: byte_level(QWEN),
    "llama": llama_like,
    "unigram": unigram,
}
MARKED = {
    "gpt2": {"eos_token": END},
    "qwen": {"eos_token": END, "pad_token": {"content": END}},
    "llama": {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"},
    "unigram": {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"},
}
USUAL = {"gpt2": "gpt2", "llama": "llama", "mistral": "unigram", "qwen2": "qwen", "qwen3": "qwen"}


def write_vocabulary(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(VOCABULARIES[name](), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(MARKED[name]))
    return folder


def write_foreign(folder: Path, kind: str, rows: int = 512, **changes: Any) -> Any:
    """Let transformers itself write a model folder, and return the network in it."""
    network = tiny_foreign(kind, rows, **changes)
    network.save_pretrained(folder)
    write_vocabulary(folder, USUAL[kind])
    return network


def logits(network: Any, count: int = 20) -> torch.Tensor:
    ids = torch.randint(0, 400, (2, count), generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        return network(ids).logits
