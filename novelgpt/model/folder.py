"""Model folders: what `AutoModelForCausalLM` loads, written and read with care.

Law: `load_model(save_model(x))` computes what `x` computes. A folder is hostile until checked: only known numbers of
`config.json` are taken, within bounds, only safetensors are read, and every tensor's shape is checked before use.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel

from novelgpt.config import EMBEDDED_MODEL_DIR, Workspace
from novelgpt.errors import BadModel, UnknownModel, VocabularyError
from novelgpt.files import sync_file, sync_folder, write_json, write_text
from novelgpt.tokens.tokenizer import Tokenizer

EMBEDDED = "embedded"
WEIGHTS = "model.safetensors"
_BOUNDS = {
    "vocab_size": 1_000_000,
    "n_positions": 65_536,
    "n_embd": 8_192,
    "n_layer": 96,
    "n_head": 128,
}
_TOKEN_IDS = ("bos_token_id", "eos_token_id", "pad_token_id")
_LARGEST_CONFIG = 1_000_000


@dataclass(frozen=True)
class ModelInfo:
    """A model that can be chosen, by name."""

    name: str
    folder: Path


@dataclass(frozen=True)
class Model:
    """A loaded model: a network ready to be read from, and its own vocabulary."""

    name: str
    folder: Path
    network: Any
    tokenizer: Tokenizer


def list_models(workspace: Workspace) -> list[ModelInfo]:
    """Return the finished runs, newest first, then the model inside the package."""
    finals = [path.parent for path in workspace.runs_dir.glob(f"*/final/{WEIGHTS}")]
    finals.sort(key=lambda folder: (folder / WEIGHTS).stat().st_mtime, reverse=True)
    found = [ModelInfo(folder.parent.name, folder) for folder in finals]
    if (EMBEDDED_MODEL_DIR / WEIGHTS).is_file():
        found.append(ModelInfo(EMBEDDED, EMBEDDED_MODEL_DIR))
    return found


def find_model(name: str | None, workspace: Workspace) -> ModelInfo:
    """Return the model called `name` (a run, `embedded`, or a folder); without a name the newest."""
    known = list_models(workspace)
    if name is None and known:
        return known[0]
    for info in known:
        if info.name == name:
            return info
    if name is not None and (Path(name) / "config.json").is_file():
        return ModelInfo(Path(name).name, Path(name))
    raise UnknownModel(name=name or "-", known=" ".join(info.name for info in known) or "-")


def load_model(folder: Path, name: str | None = None) -> Model:
    """Load a GPT-2 folder written by `save_model`, in fp32 and ready for reading."""
    try:
        tokenizer = Tokenizer.load(folder)
        config = _read_config(folder)
        if config.vocab_size != tokenizer.size:
            raise ValueError(f"{config.vocab_size} rows for {tokenizer.size} pieces")
        _check_header(folder / WEIGHTS, config)
        network = _filled(config, load_file(folder / WEIGHTS))
    except VocabularyError:
        raise
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        RuntimeError,
        struct.error,
        SafetensorError,
    ) as error:
        raise BadModel(path=folder, detail=error) from None
    return Model(name or folder.name, folder, network.eval().requires_grad_(False), tokenizer)


def save_model(
    folder: Path, network: Any, tokenizer: Tokenizer, card: str, dtype: torch.dtype = torch.float32
) -> None:
    """Write `folder` in the shape that transformers loads; weights last."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(folder)
    config = network.config.to_dict()
    plain = {key: config[key] for key in (*_BOUNDS, *_TOKEN_IDS, "resid_pdrop", "embd_pdrop", "attn_pdrop")}
    kind = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "tie_word_embeddings": True}
    write_json(folder / "config.json", {**kind, **plain, "dtype": str(dtype).removeprefix("torch.")})
    write_json(
        folder / "generation_config.json", {"do_sample": True, **{key: config[key] for key in _TOKEN_IDS}}
    )
    write_text(folder / "README.md", card)
    tensors = {
        name: value.detach().to(dtype).contiguous() for name, value in trained_tensors(network).items()
    }
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / WEIGHTS).chmod(0o644)  # safetensors leaves it readable by its owner alone
    sync_file(folder / WEIGHTS)
    sync_folder(folder)


def trained_tensors(network: Any) -> dict[str, torch.Tensor]:
    """Return each trained tensor once: the output matrix is the input matrix and is not repeated."""
    return dict(network.named_parameters())


def _filled(config: GPT2Config, tensors: dict[str, torch.Tensor]) -> Any:
    with torch.device("meta"):
        network = GPT2LMHeadModel(config)
    network.to_empty(device="cpu")
    network.tie_weights()
    expected = trained_tensors(network)
    if expected.keys() != tensors.keys():
        raise ValueError(f"tensors differ: {sorted(expected.keys() ^ tensors.keys())[:3]}")
    with torch.no_grad():
        for name, parameter in expected.items():
            parameter.copy_(tensors[name])
    return network


def _read_config(folder: Path) -> GPT2Config:
    path = folder / "config.json"
    if path.stat().st_size > _LARGEST_CONFIG:
        raise ValueError("config.json is too large")
    raw = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(raw, dict) or raw.get("model_type") != "gpt2":
        raise ValueError("config.json is not that of a GPT-2 model")
    sizes = {name: _whole_number(raw, name, bound) for name, bound in _BOUNDS.items()}
    if sizes["n_embd"] % sizes["n_head"]:
        raise ValueError("n_embd is not a multiple of n_head")
    ids = {name: raw[name] for name in _TOKEN_IDS if isinstance(raw.get(name), int)}
    return GPT2Config(**sizes, **ids)


def _whole_number(raw: dict[str, Any], name: str, bound: int) -> int:
    value = raw[name]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= bound:
        raise ValueError(f"{name} = {value!r}")
    return value


def _check_header(path: Path, config: GPT2Config) -> None:
    """Compare the shapes in the file's header with the configuration before any memory is taken."""
    with path.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > 10_000_000:
            raise ValueError("the header is too large")
        header = json.loads(stream.read(length))
    with torch.device("meta"):
        expected = {name: list(value.shape) for name, value in GPT2LMHeadModel(config).named_parameters()}
    found = {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"}
    wrong = [name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)]
    if wrong:
        raise ValueError(f"tensors differ: {sorted(wrong)[:3]}")
