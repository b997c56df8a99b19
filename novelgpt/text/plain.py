"""One text file in whatever encoding → its text, for prompts and for scoring. Law: nothing is lost silently."""

from __future__ import annotations

from pathlib import Path

from novelgpt.errors import EmptyText, FileMissing, NotText
from novelgpt.messages import Message
from novelgpt.text.decode import Undecodable, decode_bytes

LARGEST = 256_000_000


def read_plain_text(path: Path) -> str:
    """Return the text of a file, newlines as `\\n`; refuse what cannot be read whole."""
    if not path.is_file():
        raise FileMissing(path=path)
    if path.stat().st_size > LARGEST:
        raise NotText(path=path, reason=Message("plain.too_large", {"limit": LARGEST // 1_000_000}))
    return decode_plain_text(path.read_bytes(), str(path))


def decode_plain_text(raw: bytes, name: str) -> str:
    """Return the text of bytes that came from `name`."""
    if not raw.strip():
        raise EmptyText(what=name)
    try:
        decoded = decode_bytes(raw)
    except Undecodable as error:
        raise NotText(path=name, reason=error.reason) from None
    if decoded.lost_characters:
        raise NotText(path=name, reason=Message("plain.lost", {"count": decoded.lost_characters}))
    return decoded.text.replace("\r\n", "\n").replace("\r", "\n")
