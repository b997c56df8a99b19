"""A model → `model.onnx` with its vocabulary beside it: `input_ids` [batch, length] in, `logits` [batch, length, vocabulary] out.

Law: for every batch and length up to the context the graph's logits are the network's, up to rounding.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from novelgpt.files import sync_file, sync_folder, write_json, write_text
from novelgpt.messages import Message
from novelgpt.model.exporting.hugging_face import card_of
from novelgpt.model.exporting.refusal import CannotExport, NoOnnx
from novelgpt.model.folder import Model
from novelgpt.model.networks.families import plain_config

GRAPH = "model.onnx"
_LARGEST_FILE = 1_900_000_000
"""One file of this format cannot hold more than 2 GB; what is larger gets a second file for its tensors."""


class _Logits(torch.nn.Module):
    """The network with one thing in and one thing out."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(input_ids=input_ids, use_cache=False).logits
        return logits


def write_onnx(model: Model, folder: Path, dtype: str) -> None:
    """Write `folder`; of the number types there is only fp32, which every runtime computes with."""
    if any(importlib.util.find_spec(name) is None for name in ("onnx", "onnxscript")):
        raise NoOnnx()
    folder.mkdir(parents=True, exist_ok=True)
    model.tokenizer.save(folder)
    write_json(folder / "config.json", {**plain_config(model.network.config), "dtype": "float32"})
    write_text(folder / "README.md", card_of(model))
    former = model.network.config._attn_implementation
    model.network.set_attn_implementation("eager")  # plain sums and products, which every runtime has
    try:
        with _silent():
            _export(model.network, folder / GRAPH)
    except torch.onnx.errors.OnnxExporterError as error:
        told = Message("export.exporter", {"error": str(error).strip().splitlines()[0][:200]})
        raise CannotExport(format="onnx", detail=told) from None
    finally:
        model.network.set_attn_implementation(former)
    for path in folder.glob(f"{GRAPH}*"):
        path.chmod(0o644)
        sync_file(path)
    sync_folder(folder)


def _export(network: Any, path: Path) -> None:
    size = sum(parameter.numel() * parameter.element_size() for parameter in network.parameters())
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    torch.onnx.export(
        _Logits(network),
        (torch.zeros(2, 7, dtype=torch.long),),  # any sizes but 1, which would be taken for fixed
        path,
        input_names=["input_ids"],
        output_names=["logits"],
        dynamic_shapes=({0: batch, 1: length},),
        dynamo=True,
        external_data=size > _LARGEST_FILE,
        verbose=False,
    )


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """The exporter speaks of other libraries' operators and its own old names."""
    logger = logging.getLogger("torch.onnx")
    former = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(former)
