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
from novelgpt.model.muon import Muon

MATRIX_SCALE = 2.0
"""Muon's steps are scaled to the size of AdamW's; on the blocks' matrices twice the rate was measured best."""
_BETAS = (0.9, 0.95)
_IN_A_BLOCK = re.compile(r"\.(h|layers)\.\d+\.")
_JOINT = re.compile(r"\.attn\.c_attn\.weight$")  # GPT-2's query, key and value, side by side


def new_optimizers(
    network: Any, optimizer: str, learning_rate: float, config: TrainConfig
) -> list[torch.optim.Optimizer]:
    """Return the optimizers; each group's learning rate is the schedule's times its `scale`."""
    decay = config.weight_decay
    trained = {name: value for name, value in network.named_parameters() if value.requires_grad}
    flat = [value for value in trained.values() if value.dim() < 2]
    wide = {name: value for name, value in trained.items() if value.dim() >= 2}
    matrices = {name: value for name, value in wide.items() if value.dim() == 2 and _IN_A_BLOCK.search(name)}
    if optimizer != "muon" or not matrices:
        return [_adamw(list(wide.values()), flat, learning_rate, decay)]
    rest = [value for name, value in wide.items() if name not in matrices]
    muon = Muon(_by_blocks(matrices, decay), lr=learning_rate)
    return [muon, _adamw(rest, flat, learning_rate, decay)] if rest or flat else [muon]


def _adamw(
    wide: list[Tensor], flat: list[Tensor], learning_rate: float, weight_decay: float
) -> torch.optim.Optimizer:
    groups = [
        {"params": wide, "weight_decay": weight_decay, "scale": 1.0},
        {"params": flat, "weight_decay": 0.0, "scale": 1.0},
    ]
    kept = [group for group in groups if group["params"]]
    return torch.optim.AdamW(kept, lr=learning_rate, betas=_BETAS, fused=True)


def _by_blocks(matrices: dict[str, Tensor], weight_decay: float) -> list[dict[str, Any]]:
    joint = [value for name, value in matrices.items() if _JOINT.search(name)]
    single = [value for name, value in matrices.items() if not _JOINT.search(name)]
    shared = {"weight_decay": weight_decay, "scale": MATRIX_SCALE}
    groups = [{"params": single, "blocks": 1, **shared}, {"params": joint, "blocks": 3, **shared}]
    return [group for group in groups if group["params"]]
