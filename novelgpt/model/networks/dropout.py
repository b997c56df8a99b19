"""A network and a rate → the same network, which forgets that share of what runs between its blocks while it learns.

Law: with rate 0, and whenever the network is only read, it computes what it computed before; what is forgotten is drawn
from torch's own generator, so that the loop's seed decides it. Attention itself never forgets: any other value would
silently take it off its fast kernel on a CPU.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from novelgpt.model.networks.families import family_of


class _Forgetting:
    """A hook behind a module; where a stock class has no dropout of its own, this is how it gets one."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        return functional.dropout(output, self.rate, module.training)


def set_dropout(network: Any, rate: float) -> None:
    """Set the rate behind the embedding and behind each part of each block; attention's own becomes 0."""
    family = family_of(network)
    if family.model_type == "gpt2":
        _set_gpt2(network, rate)
        return
    network.config.attention_dropout = 0.0
    for name, module in network.named_modules():
        if hasattr(module, "attention_dropout"):
            module.attention_dropout = 0.0
        if name.endswith(family.into_stream) or module is network.get_input_embeddings():
            _set_hook(module, rate)


def _set_gpt2(network: Any, rate: float) -> None:
    config = network.config
    config.resid_pdrop, config.embd_pdrop, config.attn_pdrop = rate, rate, 0.0
    for name, module in network.named_modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0 if name.endswith("attn_dropout") else rate


def _set_hook(module: nn.Module, rate: float) -> None:
    hooks = module._forward_hooks
    for number in [number for number, hook in hooks.items() if isinstance(hook, _Forgetting)]:
        del hooks[number]
    if rate:
        module.register_forward_hook(_Forgetting(rate))
