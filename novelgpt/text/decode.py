"""Bytes → text: the encoding is chosen by how Chinese the text reads, damage is mended line by line and counted.

What goes in: the bytes of one file. What comes out: `Decoded`, or `Undecodable` with a reason and a cure.
Law: `decode_bytes(text.encode(encoding)).text == text` for Chinese prose in any encoding named here, the n-th line
of the bytes is the n-th line of the text, and no character is lost without being counted.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

import numpy as np

from novelgpt.errors import BadValue, NovelGPTError
from novelgpt.messages import Lang, Message
from novelgpt.text.decoding.choice import BOMS, Choice, choose_encoding, mark_size
from novelgpt.text.decoding.commonness import CHUNK, score_text, units
from novelgpt.text.decoding.hz import read_hz
from novelgpt.text.decoding.mojibake import mend_mojibake
from novelgpt.text.decoding.narrow import NarrowReader
from novelgpt.text.decoding.nuls import clear_bytes, clear_text
from novelgpt.text.decoding.reading import REPLACEMENT, Reading, join
from novelgpt.text.decoding.resync import layer_of
from novelgpt.text.decoding.wide import read_wide

__all__ = ["Decoded", "Undecodable", "decode_bytes", "known_encoding", "score_text"]

NOT_FOR_TEXT = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf_7"}
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "ZIP / EPUB / DOCX"),
    (b"%PDF-", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"MZ\x90\x00", "EXE"),
    (b"\x7fELF", "ELF"),
    (b"Rar!\x1a", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x1f\x8b\x08", "GZIP"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "DOC"),
    (b"{\\rtf", "RTF"),
    (b"SQLite format 3\x00", "SQLite"),
)
RUINS = ("锟斤拷", "烫烫烫", "屯屯屯")
MOST_CONTROLS = 0.01
MOST_RUINED = 0.02
MOST_PRIVATE = 0.02
MOST_LOST = 0.10
BYTE_ORDER_MARK = "\ufeff"


class Undecodable(NovelGPTError):
    """The bytes hold no text that can be used; `reason` says why and what to do."""

    def __init__(self, reason: Message) -> None:
        self.reason = reason
        super().__init__()

    def sentence(self, lang: Lang) -> str:
        """Return the reason itself: it already names cause and cure."""
        return self.reason.text(lang)


@dataclass(frozen=True)
class Decoded:
    """A file's text without its byte order mark, how it was read, what was mended and what is lost.

    `repairs` are names; `text.repair.<name>` in the catalogue says what each did.
    """

    text: str
    encoding: str
    confidence: float
    lost_characters: int
    repairs: tuple[str, ...] = ()
    repaired_characters: int = 0
    private_characters: int = 0


@dataclass(frozen=True)
class _Census:
    """How many UTF-16 units of a text are of the kinds that decide whether it can be used."""

    beyond_ascii: int
    controls: int
    private: int


def decode_bytes(raw: bytes, encoding: str | None = None) -> Decoded:
    """Return the text of `raw`, read as `encoding` when one is named, else as whatever reads best."""
    _refuse_binary(raw)
    choice = choose_encoding(raw) if encoding is None else _named(raw, known_encoding(encoding))
    if choice.encoding is None:
        raise Undecodable(Message("text.binary" if choice.binary else "text.unreadable"))
    reading = _read(raw, choice, encoding is None)
    return _checked(reading, choice.encoding, choice.confidence)


def known_encoding(encoding: str) -> str:
    """Return the codec's own name, or refuse a name that reads no text."""
    try:
        b"a".decode(encoding, "replace")
        name = codecs.lookup(encoding).name
    except (LookupError, UnicodeError, ValueError):
        name = "undefined"
    if name.replace("-", "_") in NOT_FOR_TEXT:
        raise BadValue(name="encoding", value=encoding, allowed=Message("text.encodings"))
    return name


def _refuse_binary(raw: bytes) -> None:
    if not raw.strip(b"\x00 \t\r\n\x0b\x0c\xef\xbb\xbf"):
        raise Undecodable(Message("text.empty"))
    for magic, kind in MAGIC:
        if raw.startswith(magic):
            raise Undecodable(Message("text.disguised", {"kind": kind}))


def _named(raw: bytes, encoding: str) -> Choice:
    """Take the name at its word; plain UTF-16 and UTF-32 are settled by their mark, little-endian without one."""
    if encoding in ("utf-16", "utf-32"):
        named = (name for mark, name in BOMS if raw.startswith(mark) and name.startswith(encoding))
        encoding = next(named, f"{encoding}-le")
    return Choice(encoding, 1.0, mark_size(raw, encoding))


def _read(raw: bytes, choice: Choice, free: bool) -> Reading:
    """Read the bytes, then mend what shows only in the text; a named encoding (not `free`) is not doubted."""
    encoding = str(choice.encoding)
    body = raw[choice.mark_bytes :] if choice.mark_bytes else raw
    if encoding.startswith(("utf-16", "utf-32")):
        reading = _without_nuls(read_wide(body, encoding, rescue=free))
    elif encoding == "hz":
        reading = read_hz(body)
    else:
        reading = _read_narrow(_without_marks(body) if free else body, encoding, free)
    marks = choice.mark_bytes or len(body) < len(raw)
    if BYTE_ORDER_MARK in reading.text:
        reading = Reading(
            reading.text.replace(BYTE_ORDER_MARK, ""), reading.lost, reading.repaired, reading.repairs
        )
        marks = 1
    if free and layer_of(encoding) in (None, "utf-8"):  # the reader of GBK and Big5 looked for it on its way
        mended = mend_mojibake(reading.text)
        reading = join([Reading("", reading.lost, reading.repaired, reading.repairs), mended])
    return join([reading, Reading("", repairs=("byte_order_mark",))]) if marks else reading


def _without_marks(raw: bytes) -> bytes:
    """A mark that was not believed is dirt, not text."""
    for mark, _ in BOMS:
        raw = raw.removeprefix(mark)
    return raw


def _read_narrow(raw: bytes, encoding: str, free: bool) -> Reading:
    cleared = clear_bytes(raw, encoding)
    reader = NarrowReader(encoding.removesuffix("-sig"), rescue=free)
    reading = reader.read(cleared.raw)
    note = Reading("", cleared.lost, cleared.runs, ("null_padding",))
    return join([reading, note]) if cleared.runs else reading


def _without_nuls(reading: Reading) -> Reading:
    text, lost, runs = clear_text(reading.text)
    if not runs:
        return reading
    repairs = (*reading.repairs, "null_padding")
    return Reading(text, reading.lost + lost, reading.repaired + runs, repairs)


def _checked(reading: Reading, encoding: str, confidence: float) -> Decoded:
    """Return what was read, or refuse what turned out to be no text or text that was ruined before it came here."""
    text, lost = reading.text, reading.lost
    census = _census(text)
    beyond = max(1, census.beyond_ascii)
    if census.controls > MOST_CONTROLS * len(text):
        raise Undecodable(Message("text.binary"))
    if lost > max(1, MOST_LOST * beyond):
        raise Undecodable(Message("text.unreadable"))
    _refuse_share("text.private", census.private, beyond, MOST_PRIVATE)
    ruined = sum(3 * text.count(ruin) for ruin in RUINS) + max(0, text.count(REPLACEMENT) - lost)
    _refuse_share("text.ruined", ruined, beyond, MOST_RUINED)
    repairs = (*reading.repairs, *(("private_use",) if census.private else ()))
    return Decoded(text, encoding, confidence, lost, repairs, reading.repaired, census.private)


def _refuse_share(key: str, count: int, total: int, most: float) -> None:
    if count > most * total:
        raise Undecodable(Message(key, {"percent": min(100, round(100 * count / total))}))


def _census(text: str) -> _Census:
    beyond = controls = private = 0
    for start in range(0, len(text), CHUNK):
        codes = units(text[start : start + CHUNK])
        beyond += int(np.count_nonzero(codes > 0x7F))
        private += int(np.count_nonzero((codes - np.uint16(0xE000)) < 0x1900))
        low = codes[codes < 0x20]
        controls += int(np.count_nonzero((low < 9) | (low > 13))) - int(np.count_nonzero(low == 0x1B))
    return _Census(beyond, controls, private)
