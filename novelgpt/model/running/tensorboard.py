"""Scalars and texts of a run → an event file that TensorBoard shows, without TensorBoard installed.

The file is a row of TFRecords (length, checksum, bytes, checksum; little-endian, CRC-32C, masked), each one protobuf
`Event`. Law: after `rebuild` the folder shows every step once, however often the run was stopped and resumed.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from novelgpt.files import disk_full_is_said
from novelgpt.messages import Lang
from novelgpt.model.reporting.outcome import alarm_text
from novelgpt.model.running.records import is_number, records

TAGS = {
    "loss": "loss/training",
    "held_out_nats_per_token": "loss/held_out",
    "held_out_bits_per_character": "held_out/bits_per_character",
    "learning_rate": "learning_rate",
    "tokens_per_second": "tokens_per_second",
    "gradient_norm": "gradient_norm",
    "copied_share": "sample/copied_share",
}
"""What TensorBoard calls a measure; what stands before the slash shares a panel."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types of protobuf
_POLYNOMIAL = 0x82F63B78  # Castagnoli's, mirrored
_MASK = 0xA282EAD8
_DT_STRING = 7
_SESSION_STARTS = 1


class EventFile:
    """One event file, growing at its end; what a full disk refused waits in memory and is written later."""

    def __init__(self, folder: Path, lang: Lang = "zh") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        found = _event_files(folder)
        self.path = found[-1] if found else folder / _name(0)
        self.lang = lang
        self._stream = self.path.open("ab", buffering=0)
        self._waiting = bytearray()
        if self._stream.tell() == 0:
            self._write(_field(3, _BYTES, b"brain.Event:2"), 0, 0.0)

    def __enter__(self) -> EventFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        self.close()

    def scalar(self, tag: str, value: float, step: int, wall_time: float) -> None:
        """Put a number on the curve `tag`."""
        self._write(_summary([_scalar_value(tag, value)]), step, wall_time)

    def text(self, tag: str, text: str, step: int, wall_time: float) -> None:
        """Add a text; TensorBoard shows it as Markdown."""
        self._write(_summary([_text_value(tag, text)]), step, wall_time)

    def record(self, record: Mapping[str, Any], wall_time: float) -> None:
        """Add a line of `metrics.jsonl`: all its numbers and texts in one event."""
        values = [_scalar_value(TAGS[name], record[name]) for name in TAGS if is_number(record.get(name))]
        nats = record.get("held_out_nats_per_token")
        if is_number(nats) and nats < _LARGEST_NATS:
            values.append(_scalar_value("held_out/perplexity", math.exp(nats)))
        if "sample" in record:
            values.append(_text_value("sample", _as_code(str(record["sample"]))))
        if "alarm" in record:
            values.append(_text_value("alarm", alarm_text(record["alarm"], self.lang)))
        if values:
            self._write(_summary(values), record["step"], wall_time)

    def restart(self) -> None:
        """Tell a TensorBoard that is looking to forget what an earlier file said of these steps."""
        self._write(_field(7, _BYTES, _field(1, _VARINT, _SESSION_STARTS)), 0, 0.0)

    def flush(self) -> None:
        """Let a TensorBoard that is looking see what was added; raises `DiskFull`, losing nothing."""
        with disk_full_is_said(self.path):
            while self._waiting:
                del self._waiting[: self._stream.write(self._waiting)]

    def close(self) -> None:
        """Flush and close."""
        try:
            self.flush()
        finally:
            self._stream.close()

    def _write(self, content: bytes, step: int, wall_time: float) -> None:
        self._waiting += framed(_field(1, _FIXED64, wall_time) + _field(2, _VARINT, step) + content)


def rebuild(folder: Path, metrics_path: Path, until_step: int, wall_time: float, lang: Lang = "zh") -> None:
    """Write the events anew from `metrics.jsonl` up to a step, under a new name, and empty the former file."""
    former = _event_files(folder) if folder.is_dir() else []
    number = 1 + max((_number(path) for path in former), default=-1)
    building = folder / "building"
    for path in _event_files(building):
        path.unlink()  # a crash left it half written
    with EventFile(building, lang) as events:
        events.restart()
        for record in records(metrics_path, until_step):
            events.record(record, record.get("at", wall_time))
    events.path.replace(folder / _name(number))
    building.rmdir()
    for path in former[:-1]:
        path.unlink()
    for path in former[-1:]:
        path.write_bytes(b"")  # a TensorBoard that is looking would wait for ever at a file that went away


def framed(content: bytes) -> bytes:
    """Return `content` as a TFRecord."""
    length = struct.pack("<Q", len(content))
    return length + struct.pack("<I", _masked(length)) + content + struct.pack("<I", _masked(content))


def crc32c(content: bytes) -> int:
    """Return the CRC-32C (Castagnoli) of `content`."""
    table, rest = _table(), 0xFFFFFFFF
    for byte in content:
        rest = table[(rest ^ byte) & 0xFF] ^ rest >> 8
    return rest ^ 0xFFFFFFFF


def _masked(content: bytes) -> int:
    """Return the checksum as TFRecords keep it: turned and shifted, lest a checksum be summed again."""
    checksum = crc32c(content)
    return ((checksum >> 15 | checksum << 17) + _MASK) & 0xFFFFFFFF


@cache
def _table() -> tuple[int, ...]:
    return tuple(_after_byte(byte) for byte in range(256))


def _after_byte(rest: int) -> int:
    for _ in range(8):
        rest = (rest >> 1) ^ (_POLYNOMIAL if rest & 1 else 0)
    return rest


def _field(number: int, wire: int, value: Any) -> bytes:
    """Return one field of a protobuf message."""
    key = _varint(number << 3 | wire)
    if wire == _VARINT:
        return key + _varint(value)
    if wire == _BYTES:
        return key + _varint(len(value)) + bytes(value)
    return key + struct.pack("<d" if wire == _FIXED64 else "<f", value)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _summary(values: list[bytes]) -> bytes:
    return _field(5, _BYTES, b"".join(_field(1, _BYTES, value) for value in values))


def _scalar_value(tag: str, value: float) -> bytes:
    return _field(1, _BYTES, tag.encode()) + _field(2, _FIXED32, value)


def _text_value(tag: str, text: str) -> bytes:
    shape = _field(2, _BYTES, _field(2, _BYTES, _field(1, _VARINT, 1)))  # one dimension of size one
    tensor = _field(1, _VARINT, _DT_STRING) + shape + _field(8, _BYTES, text.encode("utf-8", "replace"))
    plugin = _field(1, _BYTES, _field(1, _BYTES, b"text"))
    return _field(1, _BYTES, tag.encode()) + _field(9, _BYTES, plugin) + _field(8, _BYTES, tensor)


def _as_code(text: str) -> str:
    """Indent every line, so that Markdown leaves a sample as it is."""
    return "\n".join(f"    {line}" for line in text.split("\n"))


def _event_files(folder: Path) -> list[Path]:
    return sorted(folder.glob(_name("*")))


def _name(number: int | str) -> str:
    # TensorBoard reads the files of a folder in the order of their names
    return f"events.out.tfevents.{number if isinstance(number, str) else f'{number:010}'}.novelgpt"


def _number(path: Path) -> int:
    return int(path.name.split(".")[3])


_LARGEST_NATS = 80.0
"""The perplexity of anything larger does not fit into a float of 32 bits."""
