"""Causal attention in blocks of queries, for training on a processor.

In: queries, keys and values as transformers hands them to an attention function. Out: what its own function gives.
Law: the same values and gradients as `scaled_dot_product_attention(is_causal=True)`, to the arithmetic's precision. A block meets
only the keys up to its end, which halves the work, and its plain products run at the speed of a matrix product; the fused kernel
of torch 2.13 takes twice the time on a processor. Anything but plain causal training goes to the fused kernel.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

NAME = "novelgpt_blocks"
QUERIES = 256
LONGEST = 1024
"""Above this the kept probabilities would take more memory than the time is worth."""


def attend_in_blocks(network: Any) -> None:
    """Let a stock network train with this function; its `config.json` does not mention it."""
    from transformers import AttentionInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    def attention(
        module: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **asked: Any
    ) -> tuple[Tensor, None]:
        if mask is not None or asked.get("dropout") or not _suits(query, key, value):
            result: tuple[Tensor, None] = sdpa_attention_forward(module, query, key, value, mask, **asked)
            return result
        scale = asked.get("scaling") or query.shape[-1] ** -0.5
        return causal(query, key, value, scale).transpose(1, 2).contiguous(), None

    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    network.set_attn_implementation(NAME)


def _suits(query: Tensor, key: Tensor, value: Tensor) -> bool:
    lengths = {query.shape[2], key.shape[2]}
    same_heads = query.shape[1] == key.shape[1] == value.shape[1]
    return query.device.type == "cpu" and same_heads and len(lengths) == 1 and max(lengths) <= LONGEST


def causal(query_BHTD: Tensor, key_BHTD: Tensor, value_BHTD: Tensor, scale: float) -> Tensor:
    """Attend from every position to itself and all before it."""
    length = query_BHTD.shape[2]
    query, value = (query_BHTD * scale).to(value_BHTD.dtype), value_BHTD
    keys_BHDT = key_BHTD.to(value.dtype).transpose(2, 3)
    ahead = torch.full((QUERIES, QUERIES), -math.inf, dtype=value.dtype, device=value.device).triu(1)
    blocks = []
    for start in range(0, length, QUERIES):
        end = min(start + QUERIES, length)
        scores = query[:, :, start:end] @ keys_BHDT[..., :end]
        scores[..., start:] += ahead[: end - start, : end - start]
        # autocast would widen this to fp32: the sums inside are fp32 anyway
        with torch.autocast(value.device.type, enabled=False):
            weights = torch.softmax(scores, -1)
        blocks.append(weights @ value[:, :, :end])
    return torch.cat(blocks, dim=2)
