"""NULs in a text file: padding that a download program left, or a hole where a block never arrived.

What goes in: bytes or text. What comes out: the same without NULs, and what that cost. Law: padding costs nothing; a
hole between text is a loss of about as many characters as fit into it, marked by one U+FFFD.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from novelgpt.text.decoding.reading import REPLACEMENT

HOLE = 64  # a shorter run is dirt, no block that was lost
UNREADABLE = b"\xff"  # means nothing in UTF-8, GBK and Big5: it comes out as one U+FFFD and is counted there
BYTES_PER_CHARACTER = {"utf-8": 3, "utf-8-sig": 3}

_RUN = re.compile(rb"\x00+")
_TEXT_RUN = re.compile("\x00+")


@dataclass(frozen=True)
class Cleared:
    """What is left without NULs; `lost` does not count the U+FFFD that stands for each hole in bytes."""

    raw: bytes
    lost: int
    runs: int


def clear_bytes(raw: bytes, encoding: str) -> Cleared:
    """Take the NULs out of bytes in an encoding that has none."""
    if b"\x00" not in raw:
        return Cleared(raw, 0, 0)
    raw = raw.strip(b"\x00")
    runs, lost = 1, 0
    parts: list[bytes] = []
    at = 0
    for match in _RUN.finditer(raw):
        size = match.end() - match.start()
        parts += [raw[at : match.start()], _filling(raw, match.start(), match.end())]
        lost += size // BYTES_PER_CHARACTER.get(encoding, 2) - 1 if size >= HOLE else 0
        runs += 1
        at = match.end()
    return Cleared(b"".join([*parts, raw[at:]]), lost, runs)


def _filling(raw: bytes, start: int, end: int) -> bytes:
    """A hole keeps a mark; a return and a line feed that NULs kept apart stay two line breaks."""
    if end - start >= HOLE:
        return UNREADABLE
    return b" " if raw[start - 1 : start] == b"\r" and raw[end : end + 1] == b"\n" else b""


def clear_text(text: str) -> tuple[str, int, int]:
    """Take the NULs out of text that was UTF-16; return it with its losses and the number of runs."""
    if "\x00" not in text:
        return text, 0, 0
    bare = text.strip("\x00")
    holes = [len(match[0]) for match in _TEXT_RUN.finditer(bare)]
    cleared = _TEXT_RUN.sub(lambda match: REPLACEMENT if len(match[0]) >= HOLE else "", bare)
    return cleared, sum(size for size in holes if size >= HOLE), len(holes) + (len(bare) < len(text))
