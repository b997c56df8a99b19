"""A folder with an old `pytorch_model.bin` → a folder with safetensors that everything here and transformers load.

Law: the old file is read in a confined process alone (`unpickle`), what comes out of it is checked like any stranger's
folder, and the new folder appears whole or not at all; the old one is not touched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from novelgpt.errors import BadModel, FolderUnwritable, InputError, ModelError, NovelGPTError
from novelgpt.files import sha256_file
from novelgpt.messages import LANGUAGES, Message
from novelgpt.model import unpickle
from novelgpt.model.exporting.export import replace_whole
from novelgpt.model.exporting.refusal import ExportExists
from novelgpt.model.folder import DAMAGES, save_model
from novelgpt.model.known import WEIGHTS
from novelgpt.model.networks.families import LARGEST_CONFIG, checked_config
from novelgpt.model.networks.weights import filled_network, stored_tensors
from novelgpt.tokens.foreign import load_vocabulary

OLD_WEIGHTS = "pytorch_model.bin"
_LARGEST_FILE = 40_000_000_000
_MEMORY_FOR_TORCH = 12 << 30
_SECONDS, _BYTES_PER_SECOND = 120, 20_000_000
_GPT2_KEYS = {"n_embd", "n_head", "n_layer"}


class NotConverted(ModelError):
    """The old file broke a rule."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(**facts)
        self.rule: str = facts["rule"].key.removeprefix("convert.")


class NothingToConvert(InputError):
    """The folder holds no old weights."""


@dataclass(frozen=True)
class Converted:
    """A folder that was made."""

    path: Path
    tensors: int
    bytes: int
    sha256: str

    def plain(self) -> dict[str, Any]:
        """Return the facts as JSON has them."""
        return {**vars(self), "path": str(self.path)}


def convert_folder(folder: Path, out: Path) -> Converted:
    """Make `out` from `folder`; something that lies there already is left alone."""
    source = folder / OLD_WEIGHTS
    if not source.is_file() or not (folder / "config.json").is_file():
        raise NothingToConvert(path=folder)
    if out.exists():
        raise ExportExists(path=out)
    tokenizer, config = load_vocabulary(folder), _config(folder)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as work:
            tensors = _unpickled(source, Path(work) / WEIGHTS)
            network = filled_network(config, stored_tensors(Path(work)), None)
    except NovelGPTError:
        raise
    except PermissionError as error:
        raise FolderUnwritable(path=out.parent, detail=error.strerror) from None
    except DAMAGES as error:
        raise BadModel(path=folder, detail=" ".join(str(error).split())[:300]) from None
    card = _card(folder.resolve().name, sha256_file(source))
    replace_whole(out, lambda place: save_model(place, network, tokenizer, card, network.dtype))
    weights = out / WEIGHTS
    return Converted(out, tensors, weights.stat().st_size, sha256_file(weights))


def _config(folder: Path) -> Any:
    """Return the configuration; the oldest Chinese GPT-2s do not say what they are."""
    path = folder / "config.json"
    try:
        with path.open("rb") as stream:
            raw = json.loads(stream.read(LARGEST_CONFIG))
        if isinstance(raw, dict) and raw.keys() >= _GPT2_KEYS:
            raw = {"model_type": "gpt2", "n_positions": raw.get("n_ctx"), **raw}
        return checked_config(raw)
    except DAMAGES as error:
        raise BadModel(path=folder, detail=" ".join(str(error).split())[:300]) from None


def _card(name: str, fingerprint: str) -> str:
    told = Message("convert.card", {"file": OLD_WEIGHTS, "sha256": fingerprint})
    return f"# {name}\n\n" + "\n\n".join(told.text(lang) for lang in LANGUAGES) + "\n"


def _unpickled(source: Path, target: Path) -> int:
    """Let the confined child write `target`, and return how many tensors it found."""
    size = source.stat().st_size
    if size > _LARGEST_FILE:
        raise _refused(source, "too_large", f"{size} bytes")
    seconds = _SECONDS + size // _BYTES_PER_SECOND
    limits = (_MEMORY_FOR_TORCH + 4 * size, seconds, Path(torch.__file__).parent.parent)
    files = (Path(unpickle.__file__), source.resolve(), target.resolve())
    command = [sys.executable, "-I", "-W", "ignore", *map(str, (*files, *limits))]
    try:
        done = subprocess.run(
            command,
            cwd=target.parent,
            env=_bare_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=2 * seconds,
        )
    except subprocess.TimeoutExpired:
        raise _refused(source, "limits", f"{2 * seconds} s") from None
    return _told(source, done)


def _bare_environment() -> dict[str, str]:
    """No secrets and no switches; only Windows cannot start a program without knowing where it lives itself."""
    system = os.environ.get("SYSTEMROOT")
    return {"OMP_NUM_THREADS": "1", **({"SYSTEMROOT": system} if system else {})}


def _told(source: Path, done: subprocess.CompletedProcess[bytes]) -> int:
    try:
        told = json.loads(done.stdout)
        if "rule" not in told:
            return int(told["tensors"])
    except (ValueError, KeyError, TypeError):
        ended = f"exit {done.returncode}: {done.stderr[-150:].decode(errors='replace')}"
        raise _refused(source, "limits" if done.returncode < 0 else "damaged", ended) from None
    raise _refused(source, told["rule"], told["detail"])


def _refused(source: Path, rule: str, detail: str) -> NotConverted:
    # what a stranger's file says is shown on one line
    return NotConverted(path=source, rule=Message(f"convert.{rule}", {"detail": " ".join(detail.split())}))
