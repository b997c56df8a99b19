"""A folder with LoRA adapters only → where its base lies, and the base's network with the adapters worked in.

In: `adapter_config.json` and `adapter_model.safetensors` as peft saves them. Out: plain weights, W + scale · B A.
Law: the folder is hostile until checked: the base is a folder on this machine, every adapter names a matrix of the
network and fits it, and a kind of adapter that plain arithmetic cannot work in is refused, never left out.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from novelgpt.model.known import ADAPTER
from novelgpt.model.networks.weights import NoSafeWeights, Stored, header_of

ADAPTERS = "adapter_model.safetensors"
_LARGEST_SETTINGS, _MOST_RANK = 1_000_000, 4_096
_NAME = re.compile(r"base_model\.model\.(.{1,200})\.lora_([AB])(?:\.default)?\.weight")
_NONE: tuple[Any, ...] = (None, False, [], {}, "none")
_REFUSED = (
    "use_dora",
    "bias",
    "lora_bias",
    "modules_to_save",
    "rank_pattern",
    "alpha_pattern",
    "alora_invocation_tokens",
    "trainable_token_indices",
    "target_parameters",
    "layer_replication",
    "megatron_config",
)


def base_of(folder: Path) -> Path:
    """Return the folder itself, or, if it holds adapters only, that of the model they were made for."""
    if (folder / "config.json").is_file() or not (folder / ADAPTER).is_file():
        return folder
    named = _settings(folder).get("base_model_name_or_path")
    if not isinstance(named, str) or not named or named.startswith(("//", "\\\\")):
        raise ValueError(f"{ADAPTER}: base_model_name_or_path = {str(named)[:80]!r}")
    base = next((one for one in (folder / named, Path(named)) if (one / "config.json").is_file()), None)
    if base is None:
        raise ValueError(f"{ADAPTER}: base_model_name_or_path = {named[:80]!r} is no model folder here")
    return base


def work_in(network: Any, folder: Path) -> None:
    """Add the adapters of `folder` to the weights of the network, in place."""
    settings, stored = _settings(folder), _stored(folder)
    pairs = _pairs(stored)
    parameters = dict(network.named_parameters())
    for name, (down, up) in pairs.items():
        parameter = parameters.get(f"{name}.weight")
        if parameter is None or parameter.dim() != 2:
            raise ValueError(f"{ADAPTERS}: {name[:80]} is no matrix of the network")
        across = type(network.get_submodule(name)).__name__ == "Conv1D"
        rows, columns = reversed(parameter.shape) if across else parameter.shape
        rank = settings["r"]
        if (down.shape, up.shape) != ((rank, columns), (rows, rank)):
            raise ValueError(f"{ADAPTERS}: {name[:80]} has the shapes {up.shape} and {down.shape}")
        change = _scale(settings) * (up.read().float() @ down.read().float())
        with torch.no_grad():
            parameter.copy_(parameter.float() + (change.T if across else change))


def _settings(folder: Path) -> dict[str, Any]:
    with (folder / ADAPTER).open("rb") as stream:
        raw = json.loads(stream.read(_LARGEST_SETTINGS))
    if not isinstance(raw, dict) or raw.get("peft_type") != "LORA":
        raise ValueError(f"{ADAPTER}: peft_type is not LORA")
    for name in _REFUSED:
        if raw.get(name) not in _NONE:
            raise ValueError(f"{ADAPTER}: {name} = {str(raw[name])[:60]}")
    rank, alpha = raw.get("r"), raw.get("lora_alpha")
    if type(rank) is not int or not 0 < rank <= _MOST_RANK:
        raise ValueError(f"{ADAPTER}: r = {str(rank)[:40]}")
    if not isinstance(alpha, int | float) or not 0 < alpha <= 1e6:
        raise ValueError(f"{ADAPTER}: lora_alpha = {str(alpha)[:40]}")
    return raw


def _scale(settings: Mapping[str, Any]) -> float:
    rank = settings["r"]
    return float(settings["lora_alpha"]) / (math.sqrt(rank) if settings.get("use_rslora") is True else rank)


def _stored(folder: Path) -> dict[str, Stored]:
    path = folder / ADAPTERS
    if not path.is_file():
        raise NoSafeWeights(f"no {ADAPTERS}")
    return header_of(path)


def _pairs(stored: Mapping[str, Stored]) -> dict[str, tuple[Stored, Stored]]:
    """Return the two halves of each adapter by the name of the module that it adapts."""
    halves: dict[tuple[str, str], Stored] = {}
    for full_name, one in stored.items():
        found = _NAME.fullmatch(full_name)
        if found is None or (found[1], found[2]) in halves:
            raise ValueError(f"{ADAPTERS}: the tensor {full_name[:80]}")
        halves[found[1], found[2]] = one
    names = sorted({name for name, _ in halves})
    if not names or len(halves) != 2 * len(names):
        raise ValueError(f"{ADAPTERS}: half an adapter is missing")
    return {name: (halves[name, "A"], halves[name, "B"]) for name in names}
