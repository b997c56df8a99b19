"""A small vocabulary and tiny real networks with fixed random weights."""

from pathlib import Path

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from novelgpt.model.folder import Model
from novelgpt.text.markers import SPECIALS
from novelgpt.tokens.tokenizer import BYTES, ESCAPED, JOINER, Tokenizer, byte_piece

CONTEXT = 16
CHARACTERS = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
WORDS = (
    "一个",
    "我们",
    "自己",
    "说道",
    "不知道",
    "大江东去",
    "。”",
    "……",
    "，",
    "。",
    "“",
    "”",
    "？",
    "！",
    "�",
)


def small_tokenizer() -> Tokenizer:
    fixed = [*SPECIALS, *map(byte_piece, range(BYTES)), *(sign + JOINER for sign in ESCAPED)]
    scores = [-25.0, -25.0, -25.0, -3.0, -25.0, *[-25.0] * BYTES, *[-9.0] * len(ESCAPED)]
    return Tokenizer([*zip(fixed, scores, strict=True), *((piece, -4.0) for piece in (*CHARACTERS, *WORDS))])


def tiny_network(size: int, context: int = CONTEXT) -> GPT2LMHeadModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=size,
                n_positions=context,
                n_embd=32,
                n_layer=2,
                n_head=2,
                initializer_range=0.3,  # far from zero, so that what was read really changes what comes next
                pad_token_id=0,
                bos_token_id=4,
                eos_token_id=2,
            )
        )
    return network.eval().requires_grad_(False)


def fond_of(network: GPT2LMHeadModel, ids: list[int], by: float) -> GPT2LMHeadModel:
    """Raise the logits of `ids` by about `by`, through the weights."""
    with torch.no_grad():
        direction = torch.ones_like(network.transformer.ln_f.bias)
        network.transformer.ln_f.bias.copy_(direction)
        network.transformer.wte.weight[ids] += by * direction / direction.square().sum()
    return network


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return small_tokenizer()


@pytest.fixture(scope="session")
def network(tokenizer: Tokenizer) -> GPT2LMHeadModel:
    return tiny_network(tokenizer.size)


@pytest.fixture(scope="session")
def model(tokenizer: Tokenizer, network: GPT2LMHeadModel) -> Model:
    return Model("tiny", Path("tiny"), network, tokenizer)


@pytest.fixture(scope="session")
def byte_model(tokenizer: Tokenizer) -> Model:
    """It would write almost nothing but bytes, U+FFFD and markers, in any order."""
    odd = [*tokenizer.byte_ids, *range(5), tokenizer.size - 1]
    return Model("bytes", Path("bytes"), fond_of(tiny_network(tokenizer.size), odd, 12.0), tokenizer)
