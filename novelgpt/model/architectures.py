"""A preset's name and the vocabulary's size → a fresh `GPT2LMHeadModel`.

Law: the same configuration and seed give the same weights, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from novelgpt.config import TrainConfig
from novelgpt.messages import Message
from novelgpt.tokens.tokenizer import Tokenizer


@dataclass(frozen=True)
class Shape:
    """The sizes that a preset fixes."""

    layers: int
    width: int
    heads: int


PRESETS: dict[str, Shape] = {
    "gpt2-tiny": Shape(layers=6, width=256, heads=4),
    "gpt2-small": Shape(layers=8, width=512, heads=8),
    "gpt2-base": Shape(layers=12, width=768, heads=12),
}


def choose_preset(asked: str, characters: int, on_gpu: bool) -> tuple[str, Message]:
    """Return the preset to use and the sentence that says why."""
    if asked != "auto":
        return asked, Message("train.preset_asked", {"preset": asked})
    if not on_gpu or characters < 5_000_000:
        preset = "gpt2-tiny"
    else:
        preset = "gpt2-small" if characters < 100_000_000 else "gpt2-base"
    machine = Message("train.machine_gpu" if on_gpu else "train.machine_cpu")
    return preset, Message(
        "train.preset_chosen", {"preset": preset, "characters": characters, "machine": machine}
    )


def new_network(config: TrainConfig, preset: str, tokenizer: Tokenizer) -> Any:
    """Return a network with fresh weights drawn from `config.seed`."""
    shape = PRESETS[preset]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=tokenizer.size,
                n_positions=config.context_length,
                n_embd=shape.width,
                n_layer=shape.layers,
                n_head=shape.heads,
                resid_pdrop=config.dropout,
                embd_pdrop=config.dropout,
                attn_pdrop=0.0,  # any other value silently takes attention off its fast kernel on a CPU
                bos_token_id=tokenizer.chapter_start_id,
                eos_token_id=tokenizer.chapter_end_id,
                pad_token_id=tokenizer.padding_id,
            )
        )
    for name, parameter in network.named_parameters():
        if name.endswith("c_proj.weight"):  # every block begins as the identity, which learns faster
            torch.nn.init.zeros_(parameter)
    return network
