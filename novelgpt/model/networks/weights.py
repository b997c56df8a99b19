"""The safetensors of a model folder → a network filled with them.

In: one `model.safetensors`, or several with an index. Out: the network that a configuration describes.
Law: the names and shapes in the headers are compared with the network before any memory is taken, every parameter is
filled exactly once, and nothing but safetensors is read.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from novelgpt.model.known import INDEX, WEIGHTS
from novelgpt.model.networks.families import FAMILIES, Family

_LARGEST_HEADER, _LARGEST_INDEX, _MOST_FILES = 10_000_000, 50_000_000, 1_000
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,200}\.safetensors")
_DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


class NoSafeWeights(ValueError):
    """The folder holds weights only in a form that may run code when it is read."""


@dataclass(frozen=True)
class Stored:
    """Where a tensor lies, and what its header says of it."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype

    def read(self) -> torch.Tensor:
        """Return the tensor."""
        with safe_open(self.path, framework="pt") as file:
            tensor: torch.Tensor = file.get_tensor(self.name)
        return tensor


def stored_tensors(folder: Path) -> dict[str, Stored]:
    """Return what the headers in `folder` list, by the name of the tensor."""
    found: dict[str, Stored] = {}
    for path in _weight_files(folder):
        for name, one in header_of(path).items():
            if name in found:
                raise ValueError(f"{name} stands in two files")
            found[name] = one
    return found


def _weight_files(folder: Path) -> list[Path]:
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    index = folder / INDEX
    if not index.is_file():
        others = sorted(
            path.name for path in folder.glob("*") if path.suffix in (".bin", ".pt", ".pth", ".ckpt")
        )
        raise NoSafeWeights(f"no {WEIGHTS}" + (f", only {others[0]}" if others else ""))
    if index.stat().st_size > _LARGEST_INDEX:
        raise ValueError(f"{INDEX} is too large")
    names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    strange = [name for name in names if not isinstance(name, str) or not _FILE_NAME.fullmatch(name)]
    if strange or not 0 < len(names) <= _MOST_FILES:
        raise ValueError(f"{INDEX} names {len(names)} files {str(strange)[:60]}")
    return [folder / name for name in sorted(names)]


def header_of(path: Path) -> dict[str, Stored]:
    """Return what one file of safetensors says that it holds."""
    with path.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > _LARGEST_HEADER:
            raise ValueError("the header is too large")
        entries = json.loads(stream.read(length))
    return {
        name: Stored(path, name, tuple(entry["shape"]), _DTYPES[entry["dtype"]])
        for name, entry in entries.items()
        if name != "__metadata__"
    }


def filled_network(config: Any, stored: Mapping[str, Stored], dtype: torch.dtype | None) -> Any:
    """Return the network of `config` with the stored weights, in `dtype` or, without one, as they were stored."""
    family = FAMILIES[config.model_type]
    network = _empty(family, config)
    wanted = _renamed(family, network, stored)
    head = _name_of(network, network.get_output_embeddings())
    if config.tie_word_embeddings and head in wanted:
        wanted = _settle_head(config, network, wanted, head)
        network = _empty(family, config)
    expected = {name: tuple(value.shape) for name, value in network.named_parameters()}
    found = {name: one.shape for name, one in wanted.items()}
    wrong = [name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)]
    if wrong:
        raise ValueError(f"tensors differ: {sorted(wrong)[:3]}")
    network.to(dtype or next(iter(wanted.values())).dtype).to_empty(device="cpu")
    network.tie_weights()
    _compute_rotations(network)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(wanted[name].read())
    return network


def _empty(family: Family, config: Any) -> Any:
    with torch.device("meta"):
        return family.new_network(config)


def _renamed(family: Family, network: Any, stored: Mapping[str, Stored]) -> dict[str, Stored]:
    """Older files leave out the first part of the names, and hold masks that a network makes itself."""
    prefix = f"{network.base_model_prefix}."
    whole = {name for name, _ in network.named_parameters(remove_duplicate=False)}
    kept = {name: one for name, one in stored.items() if not name.endswith(family.legacy)}
    renamed = {
        prefix + name if name not in whole and prefix + name in whole else name: one
        for name, one in kept.items()
    }
    if len(renamed) < len(kept):
        raise ValueError("a tensor stands there twice")
    return renamed


def _settle_head(config: Any, network: Any, wanted: dict[str, Stored], head: str) -> dict[str, Stored]:
    """One matrix may be stored twice, or only as the other one; two different ones are not tied, whatever is said."""
    base = _name_of(network, network.get_input_embeddings())
    rest = {name: one for name, one in wanted.items() if name != head}
    if base not in wanted:
        return {**rest, base: wanted[head]}
    if wanted[base].shape == wanted[head].shape and torch.equal(wanted[base].read(), wanted[head].read()):
        return rest
    config.tie_word_embeddings = False
    return wanted


def _name_of(network: Any, module: Any) -> str:
    name: str = next(name for name, one in network.named_modules() if one is module)
    return f"{name}.weight"


def _compute_rotations(network: Any) -> None:
    """Rotation angles are computed, not stored, so they were not filled."""
    rotations = [name for name, module in network.named_modules() if hasattr(module, "inv_freq")]
    for name in rotations:
        parent, _, child = name.rpartition(".")
        kind = type(network.get_submodule(name))
        setattr(network.get_submodule(parent), child, kind(network.config))
    empty = [name for name, buffer in network.named_buffers() if buffer.device.type == "meta"]
    if empty:
        raise RuntimeError(f"nothing is known of {empty[:3]}")
