"""A preset's name, sizes and the vocabulary's size → a fresh stock network.

Law: the same configuration and seed give the same weights, bit for bit, and `parameter_count` is their true number.
`gpt2-*` are `GPT2LMHeadModel`. `novel-*` are `Qwen3ForCausalLM`: rotary positions, RMSNorm before each part and on
queries and keys, SwiGLU. In both, every block begins as the identity, which learns faster.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from novelgpt.config import TrainConfig
from novelgpt.errors import BadValue
from novelgpt.messages import Message
from novelgpt.model.networks.dropout import set_dropout
from novelgpt.model.networks.families import FAMILIES
from novelgpt.tokens.vocabulary import Vocabulary

_HEAD_WIDTH = 64
_ROPE_THETA = 10_000.0
_LITTLE_TEXT = 1_000_000
_LARGE_CORPUS = 100_000_000
_LEAST_MEMORY_FOR_BASE = 8.0


@dataclass(frozen=True)
class Shape:
    """The sizes that a preset fixes, and the family they belong to."""

    layers: int
    width: int
    heads: int
    family: str = "gpt2"

    @property
    def inner_width(self) -> int:
        """The width inside a block's second half; SwiGLU has three matrices there, so that each is narrower."""
        if self.family == "gpt2":
            return 4 * self.width
        return max(1, round(self.width * 8 / 3 / 64)) * 64


PRESETS: dict[str, Shape] = {
    "gpt2-tiny": Shape(layers=6, width=256, heads=4),
    "gpt2-small": Shape(layers=8, width=512, heads=8),
    "gpt2-base": Shape(layers=12, width=768, heads=12),
    "gpt2-medium": Shape(layers=24, width=1024, heads=16),
    "gpt2-large": Shape(layers=36, width=1280, heads=20),
    "gpt2-xl": Shape(layers=48, width=1600, heads=25),
    "novel-tiny": Shape(layers=6, width=384, heads=6, family="qwen3"),
    "novel-small": Shape(layers=8, width=512, heads=8, family="qwen3"),
    "novel-base": Shape(layers=12, width=768, heads=12, family="qwen3"),
}


def choose_preset(
    asked: str, characters: int, on_gpu: bool, gpu_gigabytes: float | None = None
) -> tuple[str, Message]:
    """Return the preset to use and the sentence that says why."""
    if asked != "auto":
        return asked, Message("train.preset_asked", {"preset": asked})
    if not on_gpu and characters < _LITTLE_TEXT:
        preset, why = "gpt2-tiny", Message("networks.because_little_text", {"most": _LITTLE_TEXT})
    elif not on_gpu:
        preset, why = "novel-tiny", Message("networks.because_cpu")
    elif characters < _LARGE_CORPUS:
        preset, why = "novel-small", Message("networks.because_small_corpus", {"most": _LARGE_CORPUS})
    elif gpu_gigabytes is not None and gpu_gigabytes < _LEAST_MEMORY_FOR_BASE:
        preset, why = "novel-small", Message("networks.because_small_gpu", {"gigabytes": gpu_gigabytes})
    else:
        preset, why = "novel-base", Message("networks.because_large_corpus", {"least": _LARGE_CORPUS})
    return preset, Message("networks.chosen", {"preset": preset, "characters": characters, "why": why})


def shape_for(config: TrainConfig, preset: str) -> Shape:
    """Return the preset's sizes with those that `config` sets instead."""
    shape = PRESETS[preset]
    width, layers = config.width or shape.width, config.layers or shape.layers
    # a wider network gets more heads, not wider ones
    usual = width // _HEAD_WIDTH if width % _HEAD_WIDTH == 0 else shape.heads
    shape = replace(shape, layers=layers, width=width, heads=config.heads or usual)
    step = shape.heads if shape.family == "gpt2" else 2 * shape.heads  # a rotation turns pairs of numbers
    if shape.width % step:
        near = max(1, round(shape.width / step)) * step
        facts = {"heads": shape.heads, "step": step, "near": near}
        raise BadValue(name="width", value=shape.width, allowed=Message("networks.width_for_heads", facts))
    return shape


def parameter_count(shape: Shape, vocabulary: int, context_length: int, *, tied: bool = True) -> int:
    """Return how many numbers a network of this shape learns."""
    width, inner = shape.width, shape.inner_width
    outside = vocabulary * width * (1 if tied else 2)
    if shape.family == "gpt2":
        block = 4 * width * width + 2 * width * inner + (9 * width + inner)  # matrices, then biases and norms
        return outside + context_length * width + shape.layers * block + 2 * width
    block = 4 * width * width + 3 * width * inner + 2 * width + 2 * (width // shape.heads)
    return outside + shape.layers * block + width


def new_network(config: TrainConfig, preset: str, tokenizer: Vocabulary, *, tied: bool = True) -> Any:
    """Return a network with fresh weights drawn from `config.seed`."""
    shape = shape_for(config, preset)
    family = FAMILIES[shape.family]
    sizes = _gpt2_sizes(shape, config) if shape.family == "gpt2" else _novel_sizes(shape, config)
    start, end, padding = tokenizer.chapter_start_id, tokenizer.chapter_end_id, tokenizer.padding_id
    # a padding row never learns, and the other two must
    padded = None if padding in (start, end) else padding
    marks = {"bos_token_id": start, "eos_token_id": end, "pad_token_id": padded}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = family.new_network(
            family.new_config(vocab_size=tokenizer.size, tie_word_embeddings=tied, **sizes, **marks)
        )
    into_stream = tuple(f".{name}.weight" for name in family.into_stream)
    for name, parameter in network.named_parameters():
        if name.endswith(into_stream):
            torch.nn.init.zeros_(parameter)
    set_dropout(network, config.dropout)
    return network


def _gpt2_sizes(shape: Shape, config: TrainConfig) -> dict[str, Any]:
    return {
        "n_positions": config.context_length,
        "n_embd": shape.width,
        "n_layer": shape.layers,
        "n_head": shape.heads,
    }


def _novel_sizes(shape: Shape, config: TrainConfig) -> dict[str, Any]:
    return {
        "max_position_embeddings": config.context_length,
        "hidden_size": shape.width,
        "intermediate_size": shape.inner_width,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "head_dim": shape.width // shape.heads,
        "rope_parameters": {"rope_type": "default", "rope_theta": _ROPE_THETA},
    }
