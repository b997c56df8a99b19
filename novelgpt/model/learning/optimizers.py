"""A network → its optimizers.

In: a stock network, or one with adapters. Out: fused AdamW for everything, or Muon for the matrices of the blocks and AdamW
for the rest. Law: every trained parameter belongs to exactly one group, no other one to any; norms and biases never decay.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from novelgpt.config import TrainConfig
from novelgpt.model.learning.muon import Muon

MATRIX_SCALE = 2.0
"""Muon's steps are scaled to the size of AdamW's; on the blocks' matrices twice the rate was measured best."""
_BETAS = (0.9, 0.95)
_IN_A_BLOCK = re.compile(r"\.(h|layers)\.\d+\.")
_JOINT = re.compile(r"\.attn\.c_attn\.weight$")  # GPT-2's query, key and value, side by side


def new_optimizers(
    network: Any, optimizer: str, learning_rate: float, config: TrainConfig, *, outer_scale: float = 1.0
) -> list[torch.optim.Optimizer]:
    """Return the optimizers; each group's learning rate is the schedule's times its `scale`.

    `outer_scale` is that of the matrices outside the blocks: what turns tokens into vectors and back.
    """
    decay = config.weight_decay
    trained = {name: value for name, value in network.named_parameters() if value.requires_grad}
    flat = [value for value in trained.values() if value.dim() < 2]
    inner = {name: p for name, p in trained.items() if p.dim() >= 2 and _IN_A_BLOCK.search(name)}
    outer = [p for name, p in trained.items() if p.dim() >= 2 and name not in inner]
    matrices = {name: p for name, p in inner.items() if p.dim() == 2} if optimizer == "muon" else {}
    rest = [p for name, p in inner.items() if name not in matrices]
    groups = [
        {"params": rest, "weight_decay": decay, "scale": 1.0},
        {"params": outer, "weight_decay": decay, "scale": outer_scale},
        {"params": flat, "weight_decay": 0.0, "scale": 1.0},
    ]
    kept = [group for group in groups if group["params"]]
    optimizers: list[torch.optim.Optimizer] = []
    if matrices:
        optimizers.append(Muon(_by_blocks(matrices, decay), lr=learning_rate))
    if kept:
        optimizers.append(torch.optim.AdamW(kept, lr=learning_rate, betas=_BETAS, fused=True))
    return optimizers


def _by_blocks(matrices: dict[str, Tensor], weight_decay: float) -> list[dict[str, Any]]:
    joint = [value for name, value in matrices.items() if _JOINT.search(name)]
    single = [value for name, value in matrices.items() if not _JOINT.search(name)]
    shared = {"weight_decay": weight_decay, "scale": MATRIX_SCALE}
    groups = [{"params": single, "blocks": 1, **shared}, {"params": joint, "blocks": 3, **shared}]
    return [group for group in groups if group["params"]]
