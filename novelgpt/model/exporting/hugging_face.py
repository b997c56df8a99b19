"""A model → a clean Hugging Face folder: configuration, safetensors, vocabulary and card, and nothing else.

Law: what transformers loads from it computes what the model computes, in the number type asked for.
"""

from __future__ import annotations

from pathlib import Path

import torch

from novelgpt.model.folder import Model, save_model

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_CARD, _LARGEST_CARD = "README.md", 1_000_000


def write_folder(model: Model, folder: Path, dtype: str) -> None:
    """Write `folder`."""
    kept = {"objective": model.objective}
    save_model(folder, model.network, model.tokenizer, card_of(model), DTYPES[dtype], **kept)


def stored_dtype(model: Model) -> str:
    """Return the name of the number type that the network is held in."""
    return next(name for name, dtype in DTYPES.items() if dtype == model.network.dtype)


def card_of(model: Model) -> str:
    """Return the card beside the model, or at least its name."""
    path = model.folder / _CARD
    if not path.is_file():
        return f"# {model.name}\n"
    with path.open("rb") as stream:
        return stream.read(_LARGEST_CARD).decode("utf-8", errors="replace")
