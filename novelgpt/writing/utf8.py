"""The bytes of a character begun go in, the bytes that may follow come out.

Law: walking along these bytes spells every visible character of Unicode, and never broken UTF-8, a control character
(a tab apart: a new line is a token of its own), nor U+FFFD, which is what broken text looks like.
"""

from __future__ import annotations

from collections.abc import Sequence

_FIRST = (0x09, *range(0x20, 0x7F), *range(0xC2, 0xF5))
_SECOND = {
    0xC2: range(0xA0, 0xC0),  # below lie control characters
    0xE0: range(0xA0, 0xC0),  # below lie longer spellings of shorter characters
    0xED: range(0x80, 0xA0),  # above lie surrogates
    0xF0: range(0x90, 0xC0),
    0xF4: range(0x80, 0x90),  # above lies the end of Unicode
}
_NEXT = range(0x80, 0xC0)
_BEFORE_REPLACEMENT = b"\xef\xbf"


def next_bytes(begun: bytes) -> Sequence[int]:
    """Return the bytes that may follow `begun`, the start of one character; none follow a whole one."""
    if not begun:
        return _FIRST
    if len(begun) == _length(begun[0]):
        return ()
    if begun == _BEFORE_REPLACEMENT:
        return range(0x80, 0xBD)
    return _SECOND.get(begun[0], _NEXT) if len(begun) == 1 else _NEXT


def spell_on(begun: bytes, more: bytes) -> bytes | None:
    """Return what is begun once `more` has followed `begun` (nothing, at the end of a character); None if it may not follow."""
    for value in more:
        if value not in next_bytes(begun):
            return None
        begun += bytes([value])
        if not next_bytes(begun):
            begun = b""
    return begun


def _length(first: int) -> int:
    if first < 0x80:
        return 1
    if first < 0xE0:
        return 2
    return 3 if first < 0xF0 else 4
