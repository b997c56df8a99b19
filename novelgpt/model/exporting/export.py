"""`export_model`: a model's folder → a Hugging Face folder, an ONNX folder or a GGUF file, whole or not at all.

Law: whoever looks at the path sees nothing, or what was there, or the whole export; never a part of one.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from novelgpt.errors import BadValue, FolderUnwritable
from novelgpt.files import disk_full_is_said, sha256_file, sync_folder
from novelgpt.messages import Message
from novelgpt.model.exporting.gguf import write_gguf_file
from novelgpt.model.exporting.hugging_face import stored_dtype, write_folder
from novelgpt.model.exporting.onnx_graph import GRAPH, write_onnx
from novelgpt.model.exporting.refusal import ExportExists
from novelgpt.model.folder import Model, load_model
from novelgpt.model.known import WEIGHTS, ModelInfo

_Write = Callable[[Model, Path, str], None]


@dataclass(frozen=True)
class Format:
    """One kind of export: how it is written, the number types it can hold, and its main file if it is a folder."""

    write: _Write
    dtypes: tuple[str, ...]
    main: str | None
    default: str | None
    """The usual number type; None: the stored one."""


FORMATS = {
    "hf": Format(write_folder, ("fp32", "fp16", "bf16"), WEIGHTS, None),
    "onnx": Format(write_onnx, ("fp32",), GRAPH, "fp32"),
    "gguf": Format(write_gguf_file, ("fp32", "fp16", "bf16", "q8_0"), None, "fp16"),
}


@dataclass(frozen=True)
class Exported:
    """What was written: `sha256` is that of the file with the weights, `bytes` the sum of all files."""

    model: str
    format: str
    dtype: str
    path: Path
    bytes: int
    sha256: str
    files: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """Return the facts as JSON has them."""
        return {**vars(self), "path": str(self.path), "files": list(self.files)}


def usual_path(name: str, format_name: str, dtype: str | None, folder: Path) -> Path:
    """Return where an export goes unless asked otherwise."""
    if format_name == "gguf":
        return folder / f"{name}-{dtype or FORMATS[format_name].default}.gguf"
    return folder / (f"{name}-{format_name}" + (f"-{dtype}" if dtype else ""))


def export_model(
    info: ModelInfo, format_name: str, path: Path, *, dtype: str | None = None, force: bool = False
) -> Exported:
    """Write the model at `info` to `path`; what lies there is only replaced by `force`."""
    chosen = FORMATS[format_name]
    if dtype is not None and dtype not in chosen.dtypes:
        choices = Message("allowed.choices", {"choices": " ".join(chosen.dtypes)})
        raise BadValue(name="--dtype", value=dtype, allowed=choices)
    refuse_taken(path, force=force)
    asked = dtype or chosen.default
    model = load_model(info.folder, info.name, dtype=None if asked is None else torch.float32)
    asked = asked or stored_dtype(model)
    replace_whole(path, lambda place: chosen.write(model, place, asked))
    files = [path] if chosen.main is None else sorted(one for one in path.iterdir() if one.is_file())
    main = path if chosen.main is None else path / chosen.main
    size = sum(one.stat().st_size for one in files)
    names = tuple(one.name for one in files)
    return Exported(info.name, format_name, asked, path, size, sha256_file(main), names)


def refuse_taken(path: Path, *, force: bool) -> None:
    """Raise `ExportExists` where something lies already, unless it is to be replaced."""
    empty = path.is_dir() and not any(path.iterdir())
    if path.exists() and not empty and not force:
        raise ExportExists(path=path)


def replace_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a neighbour of `path`, file or folder, that then takes its name; what was there goes last."""
    mark = uuid.uuid4().hex[:8]
    fresh, former = path.with_name(f".{path.name}.{mark}.tmp"), path.with_name(f".{path.name}.{mark}.old")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise FolderUnwritable(path=path.parent, detail=error.strerror) from None
    try:
        with disk_full_is_said(path):
            write(fresh)
        if path.is_dir() or (path.exists() and fresh.is_dir()):
            path.rename(former)  # only a file can take another file's place in one step
        fresh.replace(path)
        sync_folder(path.parent)
    except PermissionError as error:
        raise FolderUnwritable(path=path.parent, detail=error.strerror) from None
    finally:
        if former.exists() and not path.exists():
            former.rename(path)
        for left in (fresh, former):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
