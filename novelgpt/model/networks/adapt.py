"""Going on from a model that exists: its folder or its name on the Hub → a network to train, whole or by adapters.

Laws: a network with fresh adapters computes what it computed without them; only adapters learn; and what `merged`
returns is a stock network that computes what the adapted one computes.
"""

from __future__ import annotations

import copy
import re
import warnings
from pathlib import Path
from typing import Any

import torch

from novelgpt.config import EMBEDDED_MODEL_DIR
from novelgpt.errors import BadValue, MachineError, ModelError
from novelgpt.messages import Message
from novelgpt.model.folder import Model, load_model
from novelgpt.model.known import EMBEDDED
from novelgpt.model.networks.families import family_of
from novelgpt.tokens.tokenizer import require_vocabulary
from novelgpt.tokens.vocabulary import Vocabulary

_HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}")
_WANTED_FILES = ("*.json", "*.safetensors", "*.txt")


class NoPeft(MachineError):
    """Adapters were asked for and peft is not installed."""


class NoInitialModel(ModelError):
    """What training should go on from is neither a folder here nor a name that the Hub gives."""


def initial_model(name_or_folder: str | Path, *, tokenizer: Vocabulary | None = None) -> Model:
    """Return the model to go on from, in fp32 and ready to learn; a `tokenizer` given must be the model's own."""
    folder = _folder_of(str(name_or_folder))
    model = load_model(folder, Path(str(name_or_folder)).name)
    if tokenizer is not None:
        hand = Message("shards.vocabulary_at_hand")
        require_vocabulary(model.tokenizer.fingerprint, folder, tokenizer, hand)
    model.network.train().requires_grad_(True)
    return model


def _folder_of(name: str) -> Path:
    folder = EMBEDDED_MODEL_DIR if name == EMBEDDED else Path(name).expanduser()
    if folder.is_dir():
        return folder
    if not _HUB_NAME.fullmatch(name):
        raise NoInitialModel(name=name, detail=Message("networks.no_such_folder"))
    return _downloaded(name)


def _downloaded(name: str) -> Path:
    """Fetch weights, settings and vocabulary, and nothing that could run."""
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(_WANTED_FILES), ignore_patterns=["*/*"]))
    except Exception as error:  # the library's own, those of its HTTP client and of the disk: all end here
        detail = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise NoInitialModel(name=name, detail=detail) from None


def with_lora(network: Any, rank: int, targets: str = "auto", seed: int = 1) -> Any:
    """Return the network frozen, with fresh adapters of `rank` on `targets` (names with commas; auto: all matrices)."""
    names = _targets(network, targets)
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError:
        raise NoPeft() from None
    settings = LoraConfig(
        task_type="CAUSAL_LM",
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.0,
        target_modules=names,
        fan_in_fan_out=network.config.model_type == "gpt2",  # its matrices lie the other way round
        bias="none",
    )
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        # peft still asks transformers by an old name
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
        torch.manual_seed(seed)
        return get_peft_model(network, settings)


def _targets(network: Any, targets: str) -> list[str]:
    possible = family_of(network).matrices
    if targets == "auto":
        return list(possible)
    names = [name.strip() for name in targets.split(",") if name.strip()]
    if not names or set(names) - set(possible):
        choices = Message("allowed.choices", {"choices": " ".join(("auto", *possible))})
        raise BadValue(name="lora_targets", value=targets, allowed=choices)
    return names


def is_adapted(network: Any) -> bool:
    """Tell whether the network carries adapters."""
    return hasattr(network, "peft_config")


def stock(network: Any) -> Any:
    """Return the transformers network itself, adapters still inside if it has any."""
    return network.get_base_model() if is_adapted(network) else network


def merged(network: Any) -> Any:
    """Return a stock network with the adapters worked in; one without adapters is returned as it is."""
    if not is_adapted(network):
        return network
    # on a copy: working them in and out again would not give the same bits back
    return copy.deepcopy(network).merge_and_unload().requires_grad_(True)
