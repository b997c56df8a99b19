"""The noun between reading and splitting: a `Manuscript` is one book's lines as its file gives them, untouched.

What goes in: what a format's reader found (`Reading`). What comes out: one `Manuscript` a book, or `Refused` with the reason.
Law: line n of a plain text is the n-th line of its bytes, and a line number means the same in every later stage.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Protocol

from novelgpt.messages import Message
from novelgpt.text.clean import split_lines
from novelgpt.text.decode import Decoded

LONGEST_MARK = 4
"""Bytes of the longest byte order mark."""

_ODD_BREAKS = re.compile("[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


@dataclass(frozen=True)
class Reading:
    """What a format's reader found in one file: the text, its lines that are tagged as headings, and what the file says of itself.

    `structured` is False for plain text, whose lines are those of the bytes; else the lines are cut at `\\n` alone.
    `notes` tell what was mended or passed over, for the report.
    """

    decoded: Decoded
    marked: frozenset[int] = frozenset()
    title: str = ""
    author: str = ""
    structured: bool = True
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Manuscript:
    """One book as read: what it is called, its text, and where it came from."""

    name: str
    title: str
    author: str
    decoded: Decoded
    sha256: str
    size_bytes: int
    marked: frozenset[int] = frozenset()
    raw: bytes | None = field(default=None, repr=False)
    notes: tuple[Message, ...] = ()

    @property
    def lines(self) -> list[str]:
        """Return the raw lines: of a structured format its own, of plain text as `split_lines` cuts it."""
        return self.decoded.text.split("\n") if self.raw is None else split_lines(self.decoded.text)[0]


@dataclass(frozen=True)
class Refused:
    """A file, or a member of an archive, that is no book, and why."""

    name: str
    reason: Message


class Stretch(Protocol):
    """A run of lines, `start` to `end`."""

    @property
    def start(self) -> int:
        """Return its first line."""

    @property
    def end(self) -> int:
        """Return the line after its last."""


def joined(lines: Sequence[str], parts: Sequence[Decoded]) -> Decoded:
    """Return the lines of a structured format as one text, with what decoding its parts cost altogether."""
    encodings = Counter(part.encoding for part in parts)
    return replace(
        parts[0],
        text="\n".join(_ODD_BREAKS.sub(" ", line) for line in lines),
        encoding=encodings.most_common(1)[0][0],
        confidence=min(part.confidence for part in parts),
        lost_characters=sum(part.lost_characters for part in parts),
        repaired_characters=sum(part.repaired_characters for part in parts),
        private_characters=sum(part.private_characters for part in parts),
        repairs=tuple(dict.fromkeys(repair for part in parts for repair in part.repairs)),
    )


def byte_spans(manuscript: Manuscript, sections: Sequence[Stretch]) -> Iterator[tuple[int, int] | None]:
    """Yield where each section lies in the file: line breaks are found in the bytes themselves, so damage does not shift them."""
    raw = manuscript.raw
    starts = None if raw is None else _starts(raw, manuscript.decoded)
    if raw is None or starts is None or (sections and sections[-1].end != len(starts)):
        yield from (None for _ in sections)
        return
    starts.append(len(raw))
    yield from ((starts[section.start], starts[section.end]) for section in sections)


def _starts(raw: bytes, decoded: Decoded) -> list[int] | None:
    if decoded.encoding.startswith(("utf-16", "utf-32")):
        return _wide_line_starts(raw, decoded)
    starts = [0, *accumulate(map(len, raw.splitlines(keepends=True)))]
    return starts if raw.endswith((b"\n", b"\r")) else starts[:-1]


def _wide_line_starts(raw: bytes, decoded: Decoded) -> list[int] | None:
    """Two- and four-byte encodings: measure each line by encoding it again; a damaged file has no exact places."""
    if decoded.lost_characters or decoded.repaired_characters:
        return None
    try:
        lengths = [
            len(line.encode(decoded.encoding)) for line in re.split("(?<=\n)|(?<=\r)(?!\n)", decoded.text)
        ]
    except UnicodeEncodeError:
        return None
    mark = len(raw) - sum(lengths)
    if not 0 <= mark <= LONGEST_MARK:
        return None  # something was taken out on the way, and no place after it is sure
    starts = [mark]
    for length in lengths:
        starts.append(starts[-1] + length)
    starts[0] = 0
    return starts[:-1]
