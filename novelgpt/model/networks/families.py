"""The kinds of network this program knows: a `config.json` ⇄ a stock transformers configuration.

In: the numbers of a file that anybody may have written. Out: a configuration of the family it names, or a ValueError.
Law: only known keys are taken, each within bounds, so a hostile file can neither run code nor ask for much memory; and
`read_config(plain_config(c))` computes what `c` computes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LARGEST_CONFIG = 1_000_000
TOKEN_IDS = ("bos_token_id", "eos_token_id", "pad_token_id")

_Check = Callable[[Any], bool]


def _whole(most: int, least: int = 1) -> _Check:
    return lambda value: type(value) is int and least <= value <= most


def _number(low: float, high: float) -> _Check:
    return lambda value: type(value) in (int, float) and low <= value <= high


def _one_of(*choices: Any) -> _Check:
    return lambda value: any(value is choice or value == choice for choice in choices)


def _switch(value: Any) -> bool:
    return type(value) is bool


def _or_none(check: _Check) -> _Check:
    return lambda value: value is None or check(value)


def _layer_types(value: Any) -> bool:
    known = ("full_attention", "sliding_attention")
    return isinstance(value, list) and len(value) <= _MOST_LAYERS and all(one in known for one in value)


_MOST_LAYERS, _MOST_HEADS, _WIDEST, _LONGEST = 96, 128, 8_192, 4_194_304
_ACTIVATIONS = _one_of("gelu_new", "gelu", "gelu_fast", "gelu_pytorch_tanh", "relu", "silu", "swish")

_GPT2_SIZES: dict[str, _Check] = {
    "vocab_size": _whole(1_000_000),
    "n_positions": _whole(65_536),
    "n_embd": _whole(_WIDEST),
    "n_layer": _whole(_MOST_LAYERS),
    "n_head": _whole(_MOST_HEADS),
}
_GPT2_DETAILS: dict[str, _Check] = {
    "n_inner": _or_none(_whole(4 * _WIDEST)),
    "activation_function": _ACTIVATIONS,
    "layer_norm_epsilon": _number(0, 0.1),
    "scale_attn_weights": _switch,
    "scale_attn_by_inverse_layer_idx": _switch,
    "reorder_and_upcast_attn": _switch,
    "resid_pdrop": _number(0, 1),
    "embd_pdrop": _number(0, 1),
    "attn_pdrop": _number(0, 1),
    "initializer_range": _number(0, 10),
    "tie_word_embeddings": _switch,
}
_LLAMA_SIZES: dict[str, _Check] = {
    "vocab_size": _whole(1_000_000),
    "hidden_size": _whole(_WIDEST),
    "intermediate_size": _whole(8 * _WIDEST),
    "num_hidden_layers": _whole(_MOST_LAYERS),
    "num_attention_heads": _whole(_MOST_HEADS),
    "max_position_embeddings": _whole(_LONGEST),
}
_LLAMA_DETAILS: dict[str, _Check] = {
    "num_key_value_heads": _or_none(_whole(_MOST_HEADS)),
    "hidden_act": _ACTIVATIONS,
    "rms_norm_eps": _number(0, 0.1),
    "initializer_range": _number(0, 10),
    "attention_dropout": _number(0, 1),
    "tie_word_embeddings": _switch,
}
_HEAD_WIDTH: dict[str, _Check] = {"head_dim": _or_none(_whole(1_024))}
_SLIDING: dict[str, _Check] = {
    "use_sliding_window": _switch,
    "sliding_window": _or_none(_whole(_LONGEST)),
    "max_window_layers": _whole(_LONGEST, 0),
    "layer_types": _or_none(_layer_types),
}
_ROPE: dict[str, _Check] = {
    "rope_type": _one_of("default", "linear", "llama3", "yarn"),
    "rope_theta": _number(1, 1e12),
    "factor": _number(1, 1e4),
    "low_freq_factor": _number(0, 1e4),
    "high_freq_factor": _number(0, 1e4),
    "original_max_position_embeddings": _whole(_LONGEST),
    "attention_factor": _or_none(_number(0, 1e4)),
    "beta_fast": _number(0, 1e4),
    "beta_slow": _number(0, 1e4),
    "mscale": _number(0, 1e4),
    "mscale_all_dim": _number(0, 1e4),
    "truncate": _switch,
}
_ROPE_KEYS = ("rope_theta", "rope_scaling", "rope_parameters")
_LLAMA_MATRICES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Family:
    """One kind of network: its classes in transformers, the keys of its configuration, its blocks' matrices."""

    model_type: str
    config_class: str
    network_class: str
    sizes: Mapping[str, _Check]
    details: Mapping[str, _Check]
    matrices: tuple[str, ...]
    into_stream: tuple[str, ...]
    """The matrices whose outputs are added to what runs through all blocks."""
    has_rope: bool = True
    legacy: tuple[str, ...] = field(default=(".rotary_emb.inv_freq",))
    """Endings of tensors in older files that hold no weights."""

    def transformers_class(self, name: str) -> Any:
        """Return one of the two classes; only the family asked for is imported."""
        import transformers

        return getattr(transformers, name)

    def new_config(self, **values: Any) -> Any:
        """Return a configuration."""
        return self.transformers_class(self.config_class)(**values)

    def new_network(self, config: Any) -> Any:
        """Return a network with fresh weights."""
        return self.transformers_class(self.network_class)(config)


def _like_llama(model_type: str, name: str, **details: _Check) -> Family:
    return Family(
        model_type=model_type,
        config_class=f"{name}Config",
        network_class=f"{name}ForCausalLM",
        sizes=_LLAMA_SIZES,
        details={**_LLAMA_DETAILS, **details},
        matrices=_LLAMA_MATRICES,
        into_stream=("o_proj", "down_proj"),
    )


_GPT2 = Family(
    model_type="gpt2",
    config_class="GPT2Config",
    network_class="GPT2LMHeadModel",
    sizes=_GPT2_SIZES,
    details=_GPT2_DETAILS,
    matrices=("c_attn", "c_fc", "c_proj"),
    into_stream=("c_proj",),
    has_rope=False,
    legacy=(".attn.bias", ".attn.masked_bias"),
)

FAMILIES: dict[str, Family] = {
    family.model_type: family
    for family in (
        _GPT2,
        _like_llama("llama", "Llama", **_HEAD_WIDTH, attention_bias=_switch, mlp_bias=_switch),
        _like_llama("mistral", "Mistral", **_HEAD_WIDTH, sliding_window=_SLIDING["sliding_window"]),
        _like_llama("qwen2", "Qwen2", **_SLIDING),
        _like_llama("qwen3", "Qwen3", **_HEAD_WIDTH, **_SLIDING, attention_bias=_switch),
    )
}


def family_of(network: Any) -> Family:
    """Return the family of a network, also of one that carries adapters."""
    return FAMILIES[network.config.model_type]


def read_config(folder: Path) -> Any:
    """Return the configuration in a model folder; what is wrong with it is an OSError, ValueError or LookupError."""
    path = folder / "config.json"
    if path.stat().st_size > LARGEST_CONFIG:
        raise ValueError("config.json is too large")
    return checked_config(json.loads(path.read_text(encoding="utf-8")))


def checked_config(raw: Any) -> Any:
    """Return the configuration that the known keys of a `config.json` describe."""
    if not isinstance(raw, dict) or raw.get("model_type") not in FAMILIES:
        named = raw.get("model_type") if isinstance(raw, dict) else raw
        raise ValueError(f"config.json: model_type {str(named)[:40]!r} is none of {', '.join(FAMILIES)}")
    family = FAMILIES[raw["model_type"]]
    values = {name: _checked(name, raw[name], check) for name, check in family.sizes.items()}
    values |= {
        name: _checked(name, raw[name], check) for name, check in family.details.items() if name in raw
    }
    if family.has_rope:
        values["rope_parameters"] = _rope(raw)
    _refuse_uneven(values, needs_whole_heads=family.model_type == "llama")
    return family.new_config(**values, **_token_ids(raw, values["vocab_size"]))


def _checked(name: str, value: Any, check: _Check) -> Any:
    if not check(value):
        raise ValueError(f"{name} = {str(value)[:40]!r}")
    return value


def _rope(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rotation's numbers, which older files keep in two places under other names."""
    given = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
    if not isinstance(given, dict):
        raise ValueError(f"rope_parameters = {str(given)[:40]!r}")
    named = {"rope_type": given.get("rope_type", given.get("type", "default"))}
    theta = given.get("rope_theta", raw.get("rope_theta", 10_000.0))
    found = {**given, **named, "rope_theta": theta}
    return {name: _checked(name, found[name], check) for name, check in _ROPE.items() if name in found}


def _refuse_uneven(values: Mapping[str, Any], *, needs_whole_heads: bool) -> None:
    """Sizes that do not divide would only fail deep inside the network."""
    if "n_head" in values:
        if values["n_embd"] % values["n_head"]:
            raise ValueError("n_embd is not a multiple of n_head")
        return
    heads, shared = values["num_attention_heads"], values.get("num_key_value_heads")
    if (needs_whole_heads or not values.get("head_dim")) and values["hidden_size"] % heads:
        raise ValueError("hidden_size is not a multiple of num_attention_heads")
    if heads % (shared or heads):
        raise ValueError("num_attention_heads is not a multiple of num_key_value_heads")
    if (values.get("head_dim") or values["hidden_size"] // heads) % 2:
        raise ValueError("a head's width is odd")
    types = values.get("layer_types")
    if types is not None and len(types) != values["num_hidden_layers"]:
        raise ValueError(f"layer_types names {len(types)} layers")


def _token_ids(raw: Mapping[str, Any], size: int) -> dict[str, int | None]:
    ids: dict[str, int | None] = {}
    for name in TOKEN_IDS:
        value = raw.get(name)
        value = value[0] if isinstance(value, list) and value else value  # several may end a text
        ids[name] = value if type(value) is int and 0 <= value < size else None
    if ids["pad_token_id"] in (ids["bos_token_id"], ids["eos_token_id"]):
        ids["pad_token_id"] = None  # a padding row never learns, and these two must
    return ids


def plain_config(config: Any) -> dict[str, Any]:
    """Return what a `config.json` has to say of `config`, the weights' number type apart."""
    family = FAMILIES[config.model_type]
    keys = (*family.sizes, *family.details)
    plain: dict[str, Any] = {"model_type": family.model_type, "architectures": [family.network_class]}
    plain |= {name: getattr(config, name) for name in TOKEN_IDS}
    plain |= {name: getattr(config, name) for name in keys if getattr(config, name, None) is not None}
    if "sliding_window" in family.details:
        plain["sliding_window"] = config.sliding_window  # null means none, no word means the default
    if family.has_rope:
        rope = dict(config.rope_parameters)
        # transformers 4 looks for the last two
        plain |= {"rope_parameters": rope, "rope_theta": rope["rope_theta"]}
        if rope["rope_type"] != "default":
            plain["rope_scaling"] = rope
    return plain
