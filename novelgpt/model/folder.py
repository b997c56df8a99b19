"""Model folders: what `AutoModelForCausalLM` loads, written and read with care.

Law: `load_model(save_model(x))` computes what `x` computes, and `load_model` computes what transformers would. A folder
is hostile until checked: only known numbers of `config.json` are taken (`families`), only safetensors are read, and
every tensor's shape is checked before use (`weights`).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from safetensors.torch import save_file

from novelgpt.errors import BadModel, VocabularyError
from novelgpt.files import sync_file, sync_folder, write_json, write_text
from novelgpt.messages import Message
from novelgpt.model.known import WEIGHTS
from novelgpt.model.networks.adapters import base_of, work_in
from novelgpt.model.networks.families import TOKEN_IDS, plain_config, read_config
from novelgpt.model.networks.weights import NoSafeWeights, filled_network, stored_tensors
from novelgpt.tokens.foreign import load_vocabulary
from novelgpt.tokens.vocabulary import Vocabulary

_OBJECTIVE = "novelgpt_objective"
DAMAGES = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    RuntimeError,
    struct.error,
    SafetensorError,
    StrictDataclassError,
)
"""What reading a hostile or damaged folder may raise."""


@dataclass(frozen=True)
class Model:
    """A loaded model: a network ready to be read from, and its own vocabulary."""

    name: str
    folder: Path
    network: Any
    tokenizer: Vocabulary
    objective: str = "causal"
    """What it has learnt besides writing on: "infill" fills gaps."""


def load_model(folder: Path, name: str | None = None, *, dtype: torch.dtype | None = torch.float32) -> Model:
    """Load a model folder, ours or a foreign one, ready for reading; without a `dtype` as it was stored."""
    try:
        base = base_of(folder)
        tokenizer = load_vocabulary(base)
        config = read_config(base)
        if config.vocab_size != tokenizer.size:
            raise ValueError(f"{config.vocab_size} rows for {tokenizer.size} pieces")
        network = filled_network(config, stored_tensors(base), dtype)
        if base != folder:
            work_in(network, folder)
    except VocabularyError:
        raise
    except NoSafeWeights as error:
        found = Message("networks.only_safetensors", {"found": error})
        raise BadModel(path=folder, detail=found) from None
    except DAMAGES as error:
        detail = " ".join(str(error).split())[:300]  # some libraries explain at length
        raise BadModel(path=folder, detail=detail) from None
    return Model(
        name or folder.name, folder, network.eval().requires_grad_(False), tokenizer, _objective(base)
    )


def _objective(folder: Path) -> str:
    """Read what was checked already once more: transformers keeps a key that it does not know, and so do others."""
    raw = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return "infill" if raw.get(_OBJECTIVE) == "infill" else "causal"


def save_model(
    folder: Path,
    network: Any,
    tokenizer: Vocabulary,
    card: str,
    dtype: torch.dtype = torch.float32,
    *,
    objective: str = "causal",
) -> None:
    """Write `folder` in the shape that transformers loads; weights last. Adapters must have been merged before."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(folder)
    config = plain_config(network.config)
    learnt = {} if objective == "causal" else {_OBJECTIVE: objective}
    write_json(folder / "config.json", {**config, **learnt, "dtype": str(dtype).removeprefix("torch.")})
    ids = {name: config[name] for name in TOKEN_IDS if config[name] is not None}
    write_json(folder / "generation_config.json", {"do_sample": True, **ids})
    write_text(folder / "README.md", card)
    tensors = {name: value.detach().to(dtype).contiguous() for name, value in network.named_parameters()}
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / WEIGHTS).chmod(0o644)  # safetensors leaves it readable by its owner alone
    sync_file(folder / WEIGHTS)
    sync_folder(folder)


def trained_tensors(network: Any) -> dict[str, torch.Tensor]:
    """Return each tensor that is trained, once (tied matrices are one); of a network that only reads, every tensor."""
    every = dict(network.named_parameters())
    return {name: value for name, value in every.items() if value.requires_grad} or every
