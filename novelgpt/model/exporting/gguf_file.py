"""Named values and tensors → the bytes of a GGUF file, version 3.

Law: the header names every tensor's place before any tensor is asked for, and only one tensor is held at a time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import torch

_MAGIC, _VERSION, _ALIGNMENT = b"GGUF", 3, 32
_INT32, _TEXT, _ARRAY = 5, 8, 9
_BLOCK = 32
_Q8_BLOCK = np.dtype([("scale", "<f2"), ("steps", "i1", _BLOCK)])
_TAGS = {bool: (7, "<?"), int: (4, "<I"), float: (6, "<f")}


@dataclass(frozen=True)
class Kind:
    """How the numbers of a tensor are written: its number in the format, and the bytes of so many values."""

    number: int
    block_bytes: int
    block: int = 1


KINDS = {
    "fp32": Kind(0, 4),
    "fp16": Kind(1, 2),
    "q8_0": Kind(8, _Q8_BLOCK.itemsize, _BLOCK),
    "bf16": Kind(30, 2),
}


@dataclass(frozen=True)
class Entry:
    """A tensor that will be written: rows last but one, as torch counts them."""

    name: str
    shape: tuple[int, ...]
    kind: str
    read: Callable[[], torch.Tensor]

    @property
    def size(self) -> int:
        """How many bytes the tensor takes."""
        kind, count = KINDS[self.kind], 1
        for length in self.shape:
            count *= length
        return count // kind.block * kind.block_bytes


def write_gguf(stream: IO[bytes], values: Mapping[str, Any], entries: Sequence[Entry]) -> None:
    """Write a whole file; a value is a switch, a whole number, a number, a text, or a list of one of the last three."""
    stream.write(_MAGIC + struct.pack("<IQQ", _VERSION, len(entries), len(values)))
    for name, value in values.items():
        stream.write(_text(name) + _value(value))
    place = 0
    for entry in entries:
        lengths = entry.shape[::-1]  # the format counts the numbers of a row first
        stream.write(_text(entry.name) + struct.pack(f"<I{len(lengths)}Q", len(lengths), *lengths))
        stream.write(struct.pack("<IQ", KINDS[entry.kind].number, place))
        place = _rounded(place + entry.size)
    stream.write(b"\0" * (_rounded(stream.tell()) - stream.tell()))
    for entry in entries:
        written = stream.write(_numbers(entry.read(), entry.kind))
        if written != entry.size:
            raise RuntimeError(f"{entry.name}: {written} bytes instead of {entry.size}")
        stream.write(b"\0" * (_rounded(written) - written))


def _rounded(place: int) -> int:
    return -(-place // _ALIGNMENT) * _ALIGNMENT


def _text(text: str) -> bytes:
    content = text.encode("utf-8")
    return struct.pack("<Q", len(content)) + content


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", _TEXT) + _text(value)
    if isinstance(value, list):
        return struct.pack("<I", _ARRAY) + _list(value)
    tag, form = _TAGS[type(value)]
    return struct.pack("<I", tag) + struct.pack(form, value)


def _list(values: list[Any]) -> bytes:
    if values and isinstance(values[0], str):
        return struct.pack("<IQ", _TEXT, len(values)) + b"".join(map(_text, values))
    numeric, tag = ("<f4", _TAGS[float][0]) if values and isinstance(values[0], float) else ("<i4", _INT32)
    return struct.pack("<IQ", tag, len(values)) + np.asarray(values, dtype=numeric).tobytes()


def _numbers(tensor: torch.Tensor, kind: str) -> bytes:
    if kind == "bf16":
        return tensor.to(torch.bfloat16).contiguous().view(torch.int16).numpy().astype("<i2").tobytes()
    plain = tensor.to(torch.float32).contiguous().numpy()
    if kind == "q8_0":
        return _in_blocks(plain)
    return plain.astype("<f2" if kind == "fp16" else "<f4").tobytes()


def _in_blocks(plain: np.ndarray[Any, Any]) -> bytes:
    """Each 32 numbers of a row become one scale and 32 whole steps of it."""
    rows = plain.reshape(-1, _BLOCK)
    scales = np.abs(rows).max(axis=1, keepdims=True) / 127
    steps = np.rint(np.divide(rows, scales, out=np.zeros_like(rows), where=scales > 0))
    blocks = np.empty(len(rows), dtype=_Q8_BLOCK)
    blocks["scale"], blocks["steps"] = scales[:, 0], steps
    return blocks.tobytes()
