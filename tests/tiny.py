"""The smallest real model that can write Chinese, for tests: a vocabulary of 600 pieces and two layers of width 32."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from novelgpt.model.folder import save_model
from novelgpt.text.chapter import Chapter
from novelgpt.tokens.tokenizer import Tokenizer
from novelgpt.tokens.vocab import build_vocab

PIECES = 600
CONTEXT = 64

TALE = """雨下了三天，河水漫过了石桥。老船夫坐在门口，望着对岸的灯火出神。
“今晚还过河吗？”少年问道。他背着一只旧木箱，箱子里有声响。
老船夫没有回答，只是把竹篙在地上轻轻敲了三下。远处传来一声鸟叫，又静了下去。
“过河可以，”他终于说，“箱子里的东西，要先给我看一眼。”
少年低下头，雨水顺着他的头发往下淌。“您看了，就不会让我上船了。”
"""


@cache
def tiny_tokenizer() -> Tokenizer:
    """Return a vocabulary made from `TALE`."""
    chapter = Chapter("第一章 夜雨", TALE, number=1, book="渡口")
    return build_vocab([chapter], size=PIECES)


def tiny_network(seed: int = 1) -> GPT2LMHeadModel:
    """Return an untrained network for `tiny_tokenizer`."""
    tokenizer = tiny_tokenizer()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return GPT2LMHeadModel(
            GPT2Config(
                vocab_size=tokenizer.size,
                n_positions=CONTEXT,
                n_embd=32,
                n_layer=2,
                n_head=2,
                bos_token_id=tokenizer.chapter_start_id,
                eos_token_id=tokenizer.chapter_end_id,
                pad_token_id=tokenizer.padding_id,
            )
        )


def tiny_model_folder(folder: Path, seed: int = 1, steps: int = 0) -> Path:
    """Write a model folder that `load_model` and transformers load; after `steps` it knows `TALE` more or less by heart."""
    network = tiny_network(seed)
    learn_tale(network, steps)
    save_model(folder, network, tiny_tokenizer(), card="# tiny\n")
    return folder


def learn_tale(network: GPT2LMHeadModel, steps: int) -> None:
    """Let a network learn the tale by heart, so that what it writes looks like text."""
    tokenizer, generator = tiny_tokenizer(), torch.Generator().manual_seed(1)
    ids = torch.tensor([tokenizer.chapter_start_id, *tokenizer.encode(TALE * 4)])
    windows = ids.unfold(0, CONTEXT, 1)
    network.eval()  # dropout would make another model of it every time
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    for _ in range(steps):
        chosen = windows[torch.randint(len(windows), (8,), generator=generator)]
        logits = network(chosen).logits[:, :-1]
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), chosen[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
