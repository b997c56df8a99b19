"""The name of a piece in somebody else's vocabulary → the bytes of text that it stands for.

Law: joining the bytes of the pieces that a text was cut into gives the text, as far as that kind of vocabulary keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from novelgpt.tokens.pipelines import Parts, step_types

Spell = Callable[[str], bytes]

_SPACE = "▁"
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def spelling(parts: Parts) -> Spell:
    """Return how a piece's name is read: the function that gives its bytes."""
    model = parts["model"]
    if model["type"] == "WordPiece":
        prefix = model["continuing_subword_prefix"] or "##"
        return lambda name: name.removeprefix(prefix).encode()
    if "ByteLevel" in (*step_types(parts["pre_tokenizer"]), *step_types(parts["decoder"])):
        return _spell_bytes
    return _spell_spaces if model["byte_fallback"] else lambda name: name.replace(_SPACE, " ").encode()


def _spell_spaces(name: str) -> bytes:
    byte = _BYTE.fullmatch(name)
    return bytes([int(byte[1], 16)]) if byte else name.replace(_SPACE, " ").encode()


def _spell_bytes(name: str) -> bytes:
    alphabet = _byte_alphabet()
    try:
        return bytes(alphabet[character] for character in name)
    except KeyError:
        return name.encode()


@lru_cache(maxsize=1)
def _byte_alphabet() -> dict[str, int]:
    """Byte-level BPE writes a byte as the visible character with its number, or, lacking that, one from 256 on."""
    visible = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others: Iterator[int] = iter(range(256, 512))
    return {chr(value if value in visible else next(others)): value for value in range(256)}


def is_text(spelled: bytes) -> bool:
    """Tell whether these bytes are whole characters."""
    try:
        spelled.decode()
    except UnicodeDecodeError:
        return False
    return True
