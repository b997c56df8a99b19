"""GPT-2's activation by one kernel, for training on a processor.

Law: the same function as transformers' `gelu_new`, which spells the tanh form out in eight operations over the widest tensor of
a layer; the kernel of torch makes one pass, and keeps one tensor for the way back.
"""

from __future__ import annotations

from typing import Any

from torch import nn
from transformers.activations import NewGELUActivation


def fuse_activations(network: Any) -> None:
    """Exchange the activations of a stock network; its `config.json` keeps their name."""
    spelt_out = [
        (module, name)
        for module in network.modules()
        for name, child in module.named_children()
        if isinstance(child, NewGELUActivation)
    ]
    for module, name in spelt_out:
        setattr(module, name, nn.GELU(approximate="tanh"))
