"""A stock network's weights → a forward pass with nothing in it but the mathematics.

In: ids of some rows, and a cache that remembers what came before. Out: the logits after the last id, or after every one.
Law: the logits are those of the transformers network, to the arithmetic's precision. A network that would forget what slides
out of its attention gets a window that ends before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from novelgpt.writing.reading.cache import Cache, CacheShape

Function = Callable[[Tensor], Tensor]
MakeLinear = Callable[[Tensor, Tensor | None], Function]
"""A weight of (outputs, inputs) and a bias → the function that multiplies by it."""

LONGEST = 8192
"""Tokens of the widest window: some networks claim a hundred times as many as a laptop can hold."""

_ACTIVATIONS: dict[str, Function] = {
    "gelu": functional.gelu,
    "gelu_new": lambda x: functional.gelu(x, approximate="tanh"),
    "gelu_fast": lambda x: functional.gelu(x, approximate="tanh"),
    "gelu_pytorch_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "relu": functional.relu,
    "silu": functional.silu,
    "swish": functional.silu,
}


@dataclass(frozen=True)
class Place:
    """Where in the window some tokens stand: who may see whom, and how far each position is turned."""

    mask: Tensor | None
    rotation: tuple[Tensor, Tensor] | None = None


class Layer(Protocol):
    """One block: what runs through all of them goes in and comes out."""

    def __call__(self, stream_BTE: Tensor, cache: Cache, number: int, place: Place) -> Tensor:
        """Return the stream with this block's share added."""


def plain_linear(weight_OI: Tensor, bias_O: Tensor | None) -> Function:
    """Return the product as it stands: the oracle of every faster one."""
    return lambda x: functional.linear(x, weight_OI, bias_O)


def decoder_for(network: Any, make_linear: MakeLinear = plain_linear) -> Decoder:
    """Return the decoder of a network of a known family."""
    kind = GptDecoder if network.config.model_type == "gpt2" else LlamaDecoder
    return kind(network, make_linear)


def _longest(config: Any) -> int:
    """Return the widest window in which every layer sees everything."""
    kinds = getattr(config, "layer_types", None) or ()
    slides = config.model_type == "mistral" or "sliding_attention" in kinds
    sliding = getattr(config, "sliding_window", None) if slides else None
    positions: int = config.max_position_embeddings
    return min(positions, LONGEST, sliding or LONGEST)


class Decoder:
    """A network that can be read on and on; holds nothing but weights, so any number of threads may read."""

    def __init__(self, network: Any, heads: int, width: int, layers: list[Layer], end: Function) -> None:
        config, weight = network.config, network.get_input_embeddings().weight.detach()
        self.device, self.dtype = weight.device, weight.dtype
        self.shape = CacheShape(config.num_hidden_layers, heads, width, _longest(config))
        self._embedding, self._layers, self._end = weight, layers, end

    def new_cache(self, rows: int = 1) -> Cache:
        """Return an empty memory for so many texts."""
        return Cache(self.shape, rows, self.dtype, self.device)

    def read(self, ids_BT: Tensor, cache: Cache, wanted: Literal["last", "every", "none"] = "last") -> Tensor:
        """Read ids into the cache; return the fp32 logits after the last, after each of them, or an empty tensor."""
        count = ids_BT.shape[1]
        cache.make_room(count)
        stream = self._begin(functional.embedding(ids_BT, self._embedding), cache.used)
        place = self._place(cache.used, count)
        for number, layer in enumerate(self._layers):
            stream = layer(stream, cache, number, place)
        cache.advance(count)
        if wanted == "none":
            return stream[:, :0]
        return self._end(stream if wanted == "every" else stream[:, -1]).float()

    def _begin(self, embedded_BTE: Tensor, position: int) -> Tensor:
        return embedded_BTE

    def _place(self, position: int, count: int) -> Place:
        return Place(_mask(count, position, self.device))


def _mask(count: int, before: int, device: torch.device) -> Tensor | None:
    """Return who may see whom where several tokens come after others; one alone sees all there is."""
    if count == 1:
        return None
    return torch.ones(count, before + count, dtype=torch.bool, device=device).tril(before)


def attend(
    query_BHTD: Tensor, keys_BKSD: Tensor, values_BKSD: Tensor, mask: Tensor | None, scale: float
) -> Tensor:
    """Return what every query finds, as (rows, tokens, heads x width); several heads may share their keys."""
    rows, heads, count, width = query_BHTD.shape
    first = mask is not None and mask.shape[0] == mask.shape[1]
    mixed = functional.scaled_dot_product_attention(
        query_BHTD,
        keys_BKSD,
        values_BKSD,
        attn_mask=None if first else mask,
        is_causal=first,
        scale=scale,
        enable_gqa=heads != keys_BKSD.shape[1],
    )
    return mixed.transpose(1, 2).reshape(rows, count, heads * width)


class GptDecoder(Decoder):
    """GPT-2: learnt positions, layer norms, one product for query, key and value."""

    def __init__(self, network: Any, make_linear: MakeLinear) -> None:
        config, body = network.config, network.transformer
        layers: list[Layer] = [_GptLayer(*one, config, make_linear) for one in enumerate(body.h)]
        end = _then(_layer_norm(body.ln_f), _head(network, make_linear))
        super().__init__(network, config.n_head, config.n_embd // config.n_head, layers, end)
        self._positions = body.wpe.weight.detach()

    def _begin(self, embedded_BTE: Tensor, position: int) -> Tensor:
        positions: Tensor = self._positions[position : position + embedded_BTE.shape[1]]
        return embedded_BTE + positions


def _head(network: Any, make_linear: MakeLinear) -> Function:
    return make_linear(network.get_output_embeddings().weight.detach(), None)


def _then(first: Function, second: Function) -> Function:
    return lambda x: second(first(x))


class _GptLayer:
    def __init__(self, number: int, block: Any, config: Any, make_linear: MakeLinear) -> None:
        def linear(module: Any) -> Function:  # GPT-2's matrices lie the other way round
            return make_linear(module.weight.detach().t(), module.bias.detach())

        self._heads = config.n_head
        self._scale = (config.n_embd // config.n_head) ** -0.5 if config.scale_attn_weights else 1.0
        if config.scale_attn_by_inverse_layer_idx:
            self._scale /= number + 1
        self._norm, self._norm_after = _layer_norm(block.ln_1), _layer_norm(block.ln_2)
        self._joint, self._out = linear(block.attn.c_attn), linear(block.attn.c_proj)
        self._up, self._down = linear(block.mlp.c_fc), linear(block.mlp.c_proj)
        self._activation = _ACTIVATIONS[config.activation_function]

    def __call__(self, stream_BTE: Tensor, cache: Cache, number: int, place: Place) -> Tensor:
        rows, count, width = stream_BTE.shape
        joint = self._joint(self._norm(stream_BTE)).view(rows, count, 3, self._heads, width // self._heads)
        query, key, value = joint.permute(2, 0, 3, 1, 4).unbind(0)
        keys, values = cache.add(number, key, value)
        stream = stream_BTE + self._out(attend(query, keys, values, place.mask, self._scale))
        return stream + self._down(self._activation(self._up(self._norm_after(stream))))


def _layer_norm(module: Any) -> Function:
    shape, epsilon = module.normalized_shape, module.eps
    weight, bias = module.weight.detach(), module.bias.detach()
    return lambda x: functional.layer_norm(x, shape, weight, bias, epsilon)


class LlamaDecoder(Decoder):
    """Llama, Mistral, Qwen: rotary positions, root-mean-square norms, gated layers, shared keys."""

    def __init__(self, network: Any, make_linear: MakeLinear) -> None:
        config, body = network.config, network.model
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        shared = config.num_key_value_heads or config.num_attention_heads
        layers: list[Layer] = [
            _LlamaLayer(block, config, (shared, width), make_linear) for block in body.layers
        ]
        end = _then(_rms_norm(body.norm), _head(network, make_linear))
        super().__init__(network, shared, width, layers, end)
        with torch.no_grad():
            turned = body.rotary_emb(
                self._embedding[:1], torch.arange(self.shape.longest, device=self.device)[None]
            )
        self._cosines, self._sines = (part[0] for part in turned)

    def _place(self, position: int, count: int) -> Place:
        window = slice(position, position + count)
        return Place(_mask(count, position, self.device), (self._cosines[window], self._sines[window]))


class _LlamaLayer:
    def __init__(
        self, block: Any, config: Any, shared_and_width: tuple[int, int], make_linear: MakeLinear
    ) -> None:
        attention, gated = block.self_attn, block.mlp
        self._heads, (self._shared, self._width) = config.num_attention_heads, shared_and_width
        self._norm, self._norm_after = (
            _rms_norm(block.input_layernorm),
            _rms_norm(block.post_attention_layernorm),
        )
        self._query_norm, self._key_norm = (
            _rms_norm(getattr(attention, name)) if hasattr(attention, name) else None
            for name in ("q_norm", "k_norm")
        )
        self._joint = _side_by_side(make_linear, attention.q_proj, attention.k_proj, attention.v_proj)
        self._out = _side_by_side(make_linear, attention.o_proj)
        self._gate_and_up = _side_by_side(make_linear, gated.gate_proj, gated.up_proj)
        self._down = _side_by_side(make_linear, gated.down_proj)
        self._activation = _ACTIVATIONS[config.hidden_act]

    def __call__(self, stream_BTE: Tensor, cache: Cache, number: int, place: Place) -> Tensor:
        rows, count, _ = stream_BTE.shape
        joint = self._joint(self._norm(stream_BTE)).view(rows, count, -1, self._width).transpose(1, 2)
        query, key, value = torch.split(joint, [self._heads, self._shared, self._shared], dim=1)
        if self._query_norm and self._key_norm:
            query, key = self._query_norm(query), self._key_norm(key)
        assert place.rotation is not None
        keys, values = cache.add(number, _turned(key, *place.rotation), value)
        query = _turned(query, *place.rotation)
        stream = stream_BTE + self._out(attend(query, keys, values, place.mask, self._width**-0.5))
        gate, up = self._gate_and_up(self._norm_after(stream)).chunk(2, dim=-1)
        return stream + self._down(self._activation(gate) * up)


def _turned(vectors_BHTD: Tensor, cosines_TD: Tensor, sines_TD: Tensor) -> Tensor:
    """Turn every pair of numbers by the angle of its position."""
    first, second = vectors_BHTD.chunk(2, dim=-1)
    return vectors_BHTD * cosines_TD + torch.cat((-second, first), dim=-1) * sines_TD


def _side_by_side(make_linear: MakeLinear, *modules: Any) -> Function:
    """Return several products of the same inputs as one."""
    weight = torch.cat([module.weight.detach() for module in modules])
    biases = [module.bias for module in modules if module.bias is not None]
    return make_linear(weight, torch.cat(biases).detach() if biases else None)


def _rms_norm(module: Any) -> Function:
    weight, epsilon = module.weight.detach(), module.variance_epsilon
    return lambda x: functional.rms_norm(x, weight.shape, weight, epsilon)
