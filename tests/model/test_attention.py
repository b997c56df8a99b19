"""Attention in blocks is attention."""

from typing import Any

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from novelgpt.model.networks.attention import NAME, QUERIES, attend_in_blocks, causal
from tests.tiny import PIECES, tiny_network


@pytest.mark.parametrize("length", [1, 7, QUERIES, QUERIES + 1, 2 * QUERIES + 40])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_values_and_gradients_are_those_of_torch(length: int, dtype: torch.dtype, tolerance: float) -> None:
    random = torch.Generator().manual_seed(length)
    parts = [torch.randn(2, 3, length, 8, generator=random).to(dtype) for _ in range(4)]
    ours, plain = ([part.clone().requires_grad_() for part in parts[:3]] for _ in range(2))
    mine = causal(*ours, 0.3)
    expected = torch.nn.functional.scaled_dot_product_attention(*plain, is_causal=True, scale=0.3)
    mine.backward(parts[3])
    expected.backward(parts[3])
    pairs = [(mine, expected), *((a.grad, b.grad) for a, b in zip(ours, plain, strict=True))]
    for left, right in pairs:
        assert (left - right).norm() <= tolerance * right.norm() + 1e-6


def network_of(family: str) -> Any:
    if family == "gpt2":
        return tiny_network().eval()
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = Qwen3Config(vocab_size=PIECES, head_dim=16, num_key_value_heads=2, **sizes)
    return Qwen3ForCausalLM(config).eval()


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize("family", ["gpt2", "qwen3"])
def test_a_network_computes_what_it_computed_and_really_goes_this_way(
    family: str, autocast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, ids = network_of(family), torch.arange(60)[None].repeat(2, 1)

    def logits() -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast), torch.no_grad():
            return network(ids, use_cache=False).logits.float()

    before = logits()
    attend_in_blocks(network)
    after = logits()
    assert (after - before).norm() <= (2e-2 if autocast else 1e-5) * before.norm()
    monkeypatch.setattr(
        "novelgpt.model.networks.attention.causal", lambda q, k, v, scale: torch.zeros_like(v)
    )
    assert not torch.equal(logits(), after)
    assert NAME not in str(network.config.to_dict())


def test_reading_on_with_a_cache_or_padding_still_gives_the_same() -> None:
    network, ids = network_of("qwen3"), torch.arange(20)[None]
    mask = torch.ones_like(ids).index_fill_(1, torch.arange(4), 0)
    with torch.no_grad():
        padded = network(ids, attention_mask=mask).logits[:, 5:]
        whole = network(ids).logits
        attend_in_blocks(network)
        cache = network(ids[:, :19], use_cache=True).past_key_values
        last = network(ids[:, 19:], past_key_values=cache).logits
        assert torch.allclose(last[0, 0], whole[0, -1], atol=1e-5)
        assert torch.allclose(network(ids, attention_mask=mask).logits[:, 5:], padded, atol=1e-5)
