"""The confined child of `convert`: an old `pytorch_model.bin` → safetensors and one line of JSON. Run as a program.

Law: it knows nothing of the rest of the program and never runs what a file asks for. It has limits of memory, time and
file size where the system knows them, no network where the system lets it go, and after its imports nothing in it may
open a file for writing, start a program or reach for a socket.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

_NO_NETWORK, _NOBODY, _NO_NEW_RIGHTS = 0x40000000, 0x10000000, 38
_LARGEST_PICKLE, _MOST_MEMBERS, _MOST_TENSORS, _LONGEST_NAME = 50_000_000, 100_000, 50_000, 300
_ROOM = 1_000_000
_FORBIDDEN = ("socket.", "subprocess.", "os.", "shutil.", "ctypes.", "urllib.", "winreg.", "pty.")
_HARMLESS = {"os.listdir", "os.scandir", "os.walk", "os.fwalk"}
_CALLED = re.compile(r"(?:GLOBAL|class|function) ([\w.]+)")


class Refused(Exception):
    """The file broke a rule; the arguments are the rule's name and what was found."""


def main() -> None:
    """Convert the file named first to the one named second, within the limits named after them."""
    source, target, memory, seconds, library = sys.argv[1:]
    _confine(int(memory), int(seconds), 3 * Path(source).stat().st_size + _ROOM)
    if library not in sys.path:
        sys.path.append(library)  # where torch lies, if not among this Python's own packages
    told = answer(Path(source), Path(target), guard=lambda: sys.addaudithook(_refuse_deeds))
    sys.stdout.write(json.dumps(told) + "\n")


def answer(source: Path, target: Path, guard: Callable[[], None]) -> dict[str, Any]:
    """Write `target` and return how many tensors it holds, or the rule that `source` broke."""
    try:
        size = source.stat().st_size
        is_archive = _is_archive(source, size)
        import safetensors.torch
        import torch

        guard()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a file makes torch say is said by the rule
            tensors = _tensors(torch, source, size, is_archive)
        safetensors.torch.save_file(tensors, target, metadata={"format": "pt"})
    except Refused as refused:
        return _told(refused)
    except MemoryError:
        return {"rule": "limits", "detail": "memory"}
    except Exception as error:
        return _explained(error)
    return {"tensors": len(tensors)}


def _told(refused: Refused) -> dict[str, str]:
    return {"rule": refused.args[0], "detail": str(refused.args[1])[:200]}


def _confine(memory: int, seconds: int, largest_file: int) -> None:
    with contextlib.suppress(ImportError):  # Windows has no such limits
        import resource

        limits = {
            resource.RLIMIT_AS: memory,
            resource.RLIMIT_CPU: seconds,
            resource.RLIMIT_FSIZE: largest_file,
            resource.RLIMIT_CORE: 0,
        }
        for kind, most in limits.items():
            with contextlib.suppress(ValueError, OSError):  # a tighter one stands already
                resource.setrlimit(kind, (most, most))
    if sys.platform == "linux":
        import ctypes

        system = ctypes.CDLL(None)
        system.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
        if system.unshare(_NO_NETWORK) != 0:
            system.unshare(_NO_NETWORK | _NOBODY)


def _refuse_deeds(event: str, facts: tuple[Any, ...]) -> None:
    """Python tells of every deed before it is done."""
    writes = event == "open" and isinstance(facts[1], str) and set(facts[1]) & set("wax+")
    if writes or (event.startswith(_FORBIDDEN) and event not in _HARMLESS):
        raise Refused("code", event)


def _is_archive(source: Path, size: int) -> bool:
    with source.open("rb") as stream:
        is_archive = stream.read(4) == b"PK\x03\x04"
    if is_archive:
        _check_archive(source, size)
    return is_archive


def _tensors(torch: Any, source: Path, size: int, is_archive: bool) -> dict[str, Any]:
    # files from before torch 1.6 are no archives and cannot be mapped
    found = torch.load(source, map_location="cpu", weights_only=True, mmap=is_archive)
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    _check_contents(torch, found, size)
    return {name: value.detach().clone().contiguous() for name, value in found.items() if _is_weight(name)}


def _is_weight(name: str) -> bool:
    """Older files also hold masks, which a network makes itself."""
    return not name.endswith((".attn.bias", ".attn.masked_bias", ".rotary_emb.inv_freq"))


def _check_archive(source: Path, size: int) -> None:
    """An honest archive only lists what lies in it as it is."""
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise Refused("damaged", error) from None
    if len(members) > _MOST_MEMBERS or sum(one.file_size for one in members) > size:
        raise Refused("compressed", f"{len(members)} members, {sum(one.file_size for one in members)} bytes")
    for one in members:
        if one.compress_type != zipfile.ZIP_STORED or one.file_size != one.compress_size:
            raise Refused("compressed", one.filename)
        if one.filename.endswith(".pkl") and one.file_size > _LARGEST_PICKLE:
            raise Refused("too_large", one.filename)


def _check_contents(torch: Any, found: Any, size: int) -> None:
    if not isinstance(found, dict) or not 0 < len(found) <= _MOST_TENSORS:
        raise Refused("contents", type(found).__name__)
    total = 0
    for name, value in found.items():
        if not isinstance(name, str) or len(name) > _LONGEST_NAME:
            raise Refused("contents", repr(name)[:80])
        if type(value) not in (torch.Tensor, torch.nn.Parameter) or value.layout is not torch.strided:
            raise Refused("contents", f"{name}: {type(value).__name__}")
        if _is_weight(name) and value.dtype not in (torch.float32, torch.float16, torch.bfloat16):
            raise Refused("contents", f"{name}: {value.dtype}")
        total += value.numel() * value.element_size()
    # a tied matrix stands there twice; a tensor spread out of one number is a trap
    if total > 2 * size + _ROOM:
        raise Refused("too_large", f"{total} bytes of tensors in {size} bytes")


def _explained(error: Exception) -> dict[str, str]:
    """Torch names what a pickle wanted to call."""
    if isinstance(error.__context__, Refused):
        return _told(error.__context__)
    text = " ".join(str(error).split())
    if "Unsupported" in text or "unsupported" in text:
        called = _CALLED.search(text)
        operand = re.search(r"[Uu]nsupported [a-z]+(?: \d+)?", text)
        named = called[1] if called else operand[0] if operand else text
        return {"rule": "code", "detail": named[:200]}
    memory = "alloc" in text or "memory" in text
    return {"rule": "limits" if memory else "damaged", "detail": f"{type(error).__name__}: {text[:150]}"}


if __name__ == "__main__":
    main()
