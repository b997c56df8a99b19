import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.errors import DiskFull
from novelgpt.model.running.tensorboard import EventFile, crc32c, framed, rebuild

START = 1


def crc_by_division(content: bytes) -> int:
    """CRC-32C as the RFC defines it: division of the bits, lowest first, without any table."""
    rest = 0xFFFFFFFF
    for byte in content:
        for place in range(8):
            bit = (byte >> place & 1) ^ (rest & 1)
            rest = rest >> 1 ^ (0x82F63B78 if bit else 0)
    return rest ^ 0xFFFFFFFF


def unmasked(checksum: int) -> int:
    turned = (checksum - 0xA282EAD8) % 2**32
    return (turned >> 17 | turned << 15) % 2**32


def contents(path: Path) -> Iterator[bytes]:
    """Take the records apart, checking every checksum."""
    rest = path.read_bytes()
    while rest:
        (length,) = struct.unpack("<Q", rest[:8])
        (of_length,) = struct.unpack("<I", rest[8:12])
        content = rest[12 : 12 + length]
        (of_content,) = struct.unpack("<I", rest[12 + length : 16 + length])
        assert unmasked(of_length) == crc_by_division(rest[:8])
        assert unmasked(of_content) == crc_by_division(content)
        assert len(content) == length
        yield content
        rest = rest[16 + length :]


def varint(content: bytes) -> tuple[int, bytes]:
    value = 0
    for place, byte in enumerate(content):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, content[place + 1 :]
    raise AssertionError("a number without end")


def fields(content: bytes) -> list[tuple[int, Any]]:
    """Read a protobuf message without knowing what it means."""
    found = []
    while content:
        key, content = varint(content)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, content = varint(content)
        elif wire == 2:
            length, content = varint(content)
            value, content = content[:length], content[length:]
        else:
            size, form = {1: (8, "<d"), 5: (4, "<f")}[wire]
            (value,), content = struct.unpack(form, content[:size]), content[size:]
        found.append((number, value))
    return found


def one(content: bytes, number: int) -> Any:
    values = [value for name, value in fields(content) if name == number]
    return values[0] if values else None


def told(folder: Path) -> list[tuple[str, int, Any]]:
    """Return (tag, step, value) of everything that the folder's files say, in the order of their names."""
    found = []
    for path in sorted(folder.glob("*tfevents*")):
        for event in contents(path):
            summary = one(event, 5)
            if summary is not None:
                step = one(event, 2)
                found += [(value_tag(value), step, value_of(value)) for _, value in fields(summary)]
    return found


def value_tag(value: bytes) -> str:
    return bytes(one(value, 1)).decode()


def value_of(value: bytes) -> Any:
    number = one(value, 2)
    if number is not None:
        return number
    assert one(one(one(value, 9), 1), 1) == b"text"
    tensor = one(value, 8)
    assert one(tensor, 1) == 7
    return one(tensor, 8).decode()


def metrics(path: Path, steps: range) -> Path:
    with path.open("w", encoding="utf-8") as lines:
        for step in steps:
            lines.write(json.dumps({"step": step, "epoch": step / 10, "loss": 8.0 / step}) + "\n")
            if step % 5 == 0:
                held_out = {"held_out_bits_per_character": 6.5, "held_out_nats_per_token": 5.0}
                lines.write(json.dumps({"step": step, **held_out, "best": True}) + "\n")
                lines.write(json.dumps({"step": step, "sample": "夜雨", "copied_share": 0.25}) + "\n")
    return path


def steps_of(folder: Path, tag: str) -> list[int]:
    return [step for name, step, _ in told(folder) if name == tag]


@pytest.mark.parametrize(
    ("content", "checksum"),
    [
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(reversed(range(32))), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_checksums_are_those_of_the_rfc(content: bytes, checksum: int) -> None:
    assert crc32c(content) == checksum == crc_by_division(content)


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=50)
def test_a_record_comes_back_from_its_frame(content: bytes) -> None:
    frame = framed(content)
    assert struct.unpack("<Q", frame[:8]) == (len(content),)
    assert frame[12:-4] == content
    assert unmasked(struct.unpack("<I", frame[-4:])[0]) == crc_by_division(content)


def test_numbers_and_texts_come_back(tmp_path: Path) -> None:
    with EventFile(tmp_path) as events:
        events.scalar("loss/training", 2.5, 1, 1700000000.5)
        events.scalar("loss/training", -0.125, 70_000, 1700000001.5)
        events.text("sample", "雨下了三天，😀\n<b>", 300, 1700000002.0)
    assert told(tmp_path) == [
        ("loss/training", 1, 2.5),
        ("loss/training", 70_000, -0.125),
        ("sample", 300, "雨下了三天，😀\n<b>"),
    ]
    first, second, *_ = contents(events.path)
    assert one(first, 3) == b"brain.Event:2"
    assert one(second, 1) == 1700000000.5


def test_opening_again_goes_on_in_the_same_file(tmp_path: Path) -> None:
    for step in (1, 2):
        with EventFile(tmp_path) as events:
            events.scalar("loss/training", 1.0, step, 0.0)
    assert len(list(tmp_path.iterdir())) == 1
    assert steps_of(tmp_path, "loss/training") == [1, 2]


def test_a_resumed_run_shows_every_step_once(tmp_path: Path) -> None:
    lines, board = metrics(tmp_path / "metrics.jsonl", range(1, 21)), tmp_path / "tensorboard"
    rebuild(board, lines, 20, 0.0)
    for back_to in (17, 12):
        rebuild(board, lines, back_to, 0.0)
        with EventFile(board) as events:
            for step in range(back_to + 1, 21):
                events.record({"step": step, "loss": 1.0}, 0.0)
        assert steps_of(board, "loss/training") == list(range(1, 21))
    assert steps_of(board, "held_out/bits_per_character") == [5, 10]


def test_a_rebuilt_file_tells_a_reader_to_forget_the_former_one(tmp_path: Path) -> None:
    lines, board = metrics(tmp_path / "metrics.jsonl", range(1, 4)), tmp_path / "tensorboard"
    for _ in range(3):
        rebuild(board, lines, 3, 0.0)
    former, newest = sorted(board.iterdir())
    assert former.read_bytes() == b""  # kept for a reader that still looks at it
    assert one(one(list(contents(newest))[1], 7), 1) == START


def test_what_a_crash_left_half_built_is_made_anew(tmp_path: Path) -> None:
    lines, board = metrics(tmp_path / "metrics.jsonl", range(1, 4)), tmp_path / "tensorboard"
    with EventFile(board / "building") as events:
        events.scalar("loss/training", 9.0, 1, 0.0)
    rebuild(board, lines, 3, 0.0)
    assert steps_of(board, "loss/training") == [1, 2, 3]
    assert not (board / "building").exists()


def test_a_line_of_metrics_becomes_all_it_says(tmp_path: Path) -> None:
    with EventFile(tmp_path, "en") as events:
        events.record({"step": 1, "loss": float("nan"), "learning_rate": 0.5, "epoch": 0.1}, 0.0)
        events.record({"step": 2, "held_out_nats_per_token": 2.0, "best": True}, 0.0)
        events.record({"step": 3, "sample": "一\n二", "copied_share": 0.5}, 0.0)
        events.record({"step": 4, "alarm": {"key": "preflight.warn_held_out", "facts": {}}}, 0.0)
        events.record({"step": 5, "alarm": {"key": "from.the_future", "facts": {}}}, 0.0)
        events.record({"step": 6, "event": "resumed"}, 0.0)
    found = told(tmp_path)
    assert found[0] == ("learning_rate", 1, 0.5)
    assert found[1] == ("loss/held_out", 2, 2.0)
    assert found[2] == ("held_out/perplexity", 2, pytest.approx(math.exp(2.0)))
    assert found[3:5] == [("sample/copied_share", 3, 0.5), ("sample", 3, "    一\n    二")]
    assert "held out" in found[5][2]
    assert found[6] == ("alarm", 5, "from.the_future")
    assert len(found) == 7


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    class Full:
        """A disk with room for a few bytes at a time, then for none, then for all again."""

        def __init__(self, inner: Any) -> None:
            self.inner, self.room = inner, [10, 0]

        def write(self, content: bytearray) -> int:
            room = self.room.pop(0) if self.room else len(content)
            if not room:
                raise OSError(28, "No space left on device")
            return int(self.inner.write(content[:room]))

        def close(self) -> None:
            self.inner.close()

    events = EventFile(tmp_path)
    events._stream = Full(events._stream)  # type: ignore[assignment]
    events.scalar("loss/training", 1.0, 1, 0.0)
    with pytest.raises(DiskFull):
        events.flush()
    events.scalar("loss/training", 2.0, 2, 0.0)
    events.close()
    assert steps_of(tmp_path, "loss/training") == [1, 2]
