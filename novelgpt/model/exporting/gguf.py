"""A model → one GGUF file, which llama.cpp and the programs built on it read.

Law: the file holds the very network, with the matrices rounded to the number type asked for, or nothing is written: what
llama.cpp would compute otherwise is refused by name. Vectors and positions always stay in fp32.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from novelgpt.files import atomic_file
from novelgpt.messages import Message
from novelgpt.model.exporting.gguf_file import KINDS, Entry, write_gguf
from novelgpt.model.exporting.gguf_words import vocabulary_values
from novelgpt.model.exporting.refusal import CannotExport
from novelgpt.model.folder import Model

_FILE_TYPES = {"fp32": 0, "fp16": 1, "q8_0": 7, "bf16": 32}
_ARCHITECTURES = {"gpt2": "gpt2", "llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}
_PLACE = re.compile(r"(?:(?:transformer|model)\.)?(?:(?:h|layers)\.(\d+)\.)?(.+)\.(weight|bias)")
_NAMES = {
    "wte": "token_embd",
    "wpe": "position_embd",
    "ln_f": "output_norm",
    "ln_1": "attn_norm",
    "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output",
    "ln_2": "ffn_norm",
    "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down",
    "lm_head": "output",
    "embed_tokens": "token_embd",
    "norm": "output_norm",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_LYING_ACROSS = ("attn_qkv", "attn_output", "ffn_up", "ffn_down")
"""GPT-2 keeps these matrices the other way round."""


def write_gguf_file(model: Model, path: Path, dtype: str) -> None:
    """Write `path`; a network that llama.cpp would compute differently is refused."""
    config = model.network.config
    _refuse_what_differs(config)
    values = {
        "general.architecture": _ARCHITECTURES[config.model_type],
        "general.name": model.name,
        "general.file_type": _FILE_TYPES[dtype],
        "general.quantization_version": 2,
        **{f"{_ARCHITECTURES[config.model_type]}.{name}": value for name, value in _sizes(config).items()},
        **vocabulary_values(model.tokenizer),
    }
    with atomic_file(path) as stream:
        write_gguf(stream, values, list(_entries(model.network, dtype)))


def _refuse_what_differs(config: Any) -> None:
    """Name the first setting that llama.cpp does not know or reads otherwise."""
    if config.model_type == "gpt2":
        usual = {
            "activation_function": ("gelu_new", "gelu_pytorch_tanh", "gelu_fast"),
            "scale_attn_weights": (True,),
            "scale_attn_by_inverse_layer_idx": (False,),
        }
    else:
        usual = {"hidden_act": ("silu", "swish")}
        if config.model_type == "qwen3":
            usual["attention_bias"] = (False,)
        kind = config.rope_parameters["rope_type"]
        if kind not in ("default", "linear") and (kind, _ARCHITECTURES[config.model_type]) != (
            "llama3",
            "llama",
        ):
            raise _refused("rope_type", kind)
    for name, values in usual.items():
        if getattr(config, name) not in values:
            raise _refused(name, getattr(config, name))


def _refused(name: str, value: object) -> CannotExport:
    return CannotExport(format="gguf", detail=Message("export.setting", {"name": name, "value": value}))


def _sizes(config: Any) -> dict[str, Any]:
    if config.model_type == "gpt2":
        return {
            "context_length": config.n_positions,
            "embedding_length": config.n_embd,
            "feed_forward_length": config.n_inner or 4 * config.n_embd,
            "block_count": config.n_layer,
            "attention.head_count": config.n_head,
            "attention.layer_norm_epsilon": float(config.layer_norm_epsilon),
        }
    width, rope = _head_width(config), config.rope_parameters
    sizes = {
        "context_length": _context_length(config),
        "embedding_length": config.hidden_size,
        "feed_forward_length": config.intermediate_size,
        "block_count": config.num_hidden_layers,
        "vocab_size": config.vocab_size,
        "attention.head_count": config.num_attention_heads,
        "attention.head_count_kv": config.num_key_value_heads,
        "attention.layer_norm_rms_epsilon": float(config.rms_norm_eps),
        "attention.key_length": width,
        "attention.value_length": width,
        "rope.dimension_count": width,
        "rope.freq_base": float(rope["rope_theta"]),
    }
    if rope["rope_type"] == "linear":
        sizes |= {"rope.scaling.type": "linear", "rope.scaling.factor": float(rope["factor"])}
    return sizes


def _head_width(config: Any) -> int:
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)


def _context_length(config: Any) -> int:
    """llama.cpp lets these networks look back all the way; within the sliding window that is the same."""
    longest, window = int(config.max_position_embeddings), getattr(config, "sliding_window", None)
    slides = config.model_type == "mistral" or "sliding_attention" in (
        getattr(config, "layer_types", None) or ()
    )
    return min(longest, int(window)) if slides and window else longest


def _entries(network: Any, dtype: str) -> Iterator[Entry]:
    config = network.config
    for full_name, parameter in network.named_parameters():
        found = _PLACE.fullmatch(full_name)
        if found is None or found[2] not in _NAMES:
            raise _refused("tensor", full_name)
        layer, kind = found[1], _NAMES[found[2]]
        laid = _laid(parameter.detach(), kind, config)
        name = f"{kind}.{found[3]}" if layer is None else f"blk.{layer}.{kind}.{found[3]}"
        yield Entry(name, tuple(laid.shape), _number_type(laid, kind, dtype), partial(_itself, laid))
    if config.model_type != "gpt2" and config.rope_parameters["rope_type"] == "llama3":
        slowed = _slowed(network)
        yield Entry("rope_freqs.weight", tuple(slowed.shape), "fp32", partial(_itself, slowed))


def _itself(tensor: torch.Tensor) -> torch.Tensor:
    return tensor


def _number_type(tensor: torch.Tensor, kind: str, dtype: str) -> str:
    if tensor.dim() < 2 or kind == "position_embd":
        return "fp32"
    return dtype if tensor.shape[-1] % KINDS[dtype].block == 0 else "fp16"


def _laid(tensor: torch.Tensor, kind: str, config: Any) -> torch.Tensor:
    """Return a view of the tensor as llama.cpp lays it."""
    if config.model_type == "gpt2":
        return tensor.T if kind in _LYING_ACROSS and tensor.dim() == 2 else tensor
    if _ARCHITECTURES[config.model_type] == "llama" and kind in ("attn_q", "attn_k"):
        heads = config.num_attention_heads if kind == "attn_q" else config.num_key_value_heads
        # there the two numbers that a rotation turns stand side by side, here half a head apart
        split = tensor.reshape(heads, 2, tensor.shape[0] // heads // 2, *tensor.shape[1:])
        return split.transpose(1, 2).reshape(tensor.shape)
    return tensor


def _slowed(network: Any) -> torch.Tensor:
    """Return how many times slower than usual each pair of numbers is turned (Llama 3)."""
    config = network.config
    width, theta = _head_width(config), config.rope_parameters["rope_theta"]
    usual = theta ** -(torch.arange(0, width, 2, dtype=torch.float32) / width)
    slowed: torch.Tensor = usual / network.model.rotary_emb.inv_freq.float()
    return slowed
