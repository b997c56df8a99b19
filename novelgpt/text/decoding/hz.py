"""HZ, the seven-bit disguise of GB2312 in old mail: `~{` begins Chinese, `~}` ends it, `~~` is a tilde.

What goes in: bytes without a high bit. What comes out: a `Reading`. Law: each line is read by itself, so a lost
closing mark costs nothing beyond its line.
"""

from __future__ import annotations

import re

from novelgpt.text.decoding.reading import REPLACEMENT, Reading, byte_lines, join

_CHINESE = re.compile(rb"~\{([!-~]*?)(?:~\}|(?=[\r\n])|$)")


def looks_like_hz(raw: bytes) -> bool:
    """Tell whether the bytes hold the marks of HZ and no high bit."""
    return raw.isascii() and (match := _CHINESE.search(raw)) is not None and len(match[1]) > 1


def read_hz(raw: bytes) -> Reading:
    """Return the text of all lines."""
    return join([_line(line) for line in byte_lines(raw)] or [Reading("")])


def _line(raw: bytes) -> Reading:
    parts: list[str] = []
    at = lost = 0
    for match in _CHINESE.finditer(raw):
        parts.append(_plain(raw[at : match.start()]))
        chinese = bytes(octet | 0x80 for octet in match[1]).decode("gb2312", "replace")
        lost += chinese.count(REPLACEMENT)
        parts.append(chinese)
        at = match.end()
    parts.append(_plain(raw[at:]))
    return Reading("".join(parts), lost, 0, ("resynchronised",) if lost else ())


def _plain(raw: bytes) -> str:
    return raw.decode("ascii", "replace").replace("~~", "~")
