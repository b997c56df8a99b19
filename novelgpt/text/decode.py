"""Bytes → text: every likely encoding is tried and the result judged as Chinese; the best reading wins.

What goes in: the bytes of one file. What comes out: `Decoded`, or `Undecodable` with a reason and a cure.
Law: `decode_bytes(text.encode(encoding)).text == text` for Chinese prose in any encoding named here, and a damaged
file still comes out, its lost characters counted.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass

from novelgpt.errors import BadValue, NovelGPTError
from novelgpt.messages import Lang, Message
from novelgpt.text.han import COMMON_HAN

REPLACEMENT = "\ufffd"
BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its first two bytes are the same
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
CANDIDATES = ("utf-8", "gb18030", "big5hkscs", "utf-16-le", "utf-16-be")
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

SAMPLE_SLICES = 8
SLICE_BYTES = 16_384
ACCIDENT = 16
CLOSE = 0.15
READABLE = 0.35
FEW_BYTES = 32
READABLE_IF_FEW = 0.2
MOST_CONTROLS = 0.01
MOST_RUINED = 0.02
MOST_LOST = 0.10

_RUIN = re.compile("\ufffd|锟斤拷|烫烫烫|屯屯屯")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_PUNCTUATION = frozenset("，。、；：？！“”‘’「」『』（）《》〈〉【】〔〕…—·～　〇")


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
    """A file's text without its byte order mark, and how it was read."""

    text: str
    encoding: str
    confidence: float
    lost_characters: int
    repairs: tuple[str, ...] = ()


def decode_bytes(raw: bytes, encoding: str | None = None) -> Decoded:
    """Return the text of `raw`, read as `encoding` when one is named, else as whatever reads best."""
    _refuse_binary(raw)
    if encoding is not None:
        return _checked(_read(raw, _with_byte_order(raw, known_encoding(encoding)), 1.0))
    return _checked(_by_mark(raw) or _by_proof(raw) or _best(raw))


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


def score_text(text: str) -> float:
    """Return how much `text` looks like Chinese prose: 1 is a clean novel, 0 or less is noise; pure ASCII is 0.5."""
    counts = Counter(text)
    total = weight = 0.0
    for character, count in counts.items():
        value = _value(character)
        if value is not None:
            total += count
            weight += count * value
    return weight / total if total else 0.5


def _value(character: str) -> float | None:
    """Return what one character says for the reading it came from; None says nothing."""
    if character in COMMON_HAN or character in _PUNCTUATION:
        return 1.25 if character in COMMON_HAN else 1.0
    code = ord(character)
    if code < 0x80:
        return -5.0 if code < 9 or 13 < code < 32 else None
    if 0x4E00 <= code <= 0x9FFF:
        return 0.3
    if 0xFF01 <= code <= 0xFF5E or 0x2010 <= code <= 0x203B or 0x3001 <= code <= 0x3020:
        return 0.5
    if code == 0xFFFD or 0xE000 <= code <= 0xF8FF:
        return -3.0
    return -1.0


def _refuse_binary(raw: bytes) -> None:
    if not raw.strip(b"\x00 \t\r\n\x0b\x0c\xef\xbb\xbf"):
        raise Undecodable(Message("text.empty"))
    for magic, kind in MAGIC:
        if raw.startswith(magic):
            raise Undecodable(Message("text.disguised", {"kind": kind}))


def _with_byte_order(raw: bytes, encoding: str) -> str:
    """Settle plain UTF-16 and UTF-32, so that a slice of the file can be read by the name we note."""
    if encoding not in ("utf-16", "utf-32"):
        return encoding
    named = (name for mark, name in BOMS if raw.startswith(mark) and name.startswith(encoding))
    return next(named, f"{encoding}-le")


def _by_mark(raw: bytes) -> Decoded | None:
    """Read by the byte order mark, unless what follows proves the mark a lie."""
    for mark, encoding in BOMS:
        if raw.startswith(mark):
            decoded = _read(raw, encoding, 1.0)
            if decoded.lost_characters * 50 <= len(decoded.text):
                return decoded
    return None


def _by_proof(raw: bytes) -> Decoded | None:
    """Strict UTF-8 proves itself, unless the file is so short that another encoding could look like it by accident."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    beyond = _beyond_ascii(text)
    three_bytes = len(raw) - len(text) - beyond
    sure = three_bytes >= beyond or beyond > ACCIDENT if beyond else "\x00" not in text
    return Decoded(text, "utf-8", 1.0, 0) if sure else None


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _best(raw: bytes) -> Decoded:
    """Read as each candidate, let a second opinion settle a close call, and decode the whole with the winner."""
    for mark, _ in BOMS:
        raw = raw.removeprefix(mark)  # a mark that was believed would not have come here
    slices = _slices(raw)
    scores = {encoding: _score(slices, encoding) for encoding in CANDIDATES}
    first, second = sorted(scores, key=lambda encoding: -scores[encoding])[:2]
    margin = scores[first] - scores[second]
    if margin < CLOSE:
        first = _second_opinion(raw, first, second)
    if scores[first] < (READABLE if len(raw) > FEW_BYTES else READABLE_IF_FEW):
        binary = len(_CONTROL_BYTES.findall(raw)) > MOST_CONTROLS * len(raw)
        raise Undecodable(Message("text.binary" if binary else "text.unreadable"))
    confidence = round(max(0.0, min(1.0, scores[first])) * min(1.0, 0.5 + margin), 3)
    if first == "big5hkscs":
        readings = [_read(raw, name, confidence) for name in ("cp950", "big5hkscs")]
        return min(readings, key=lambda reading: reading.lost_characters)
    return _read(raw, first, confidence)


def _slices(raw: bytes) -> list[bytes]:
    """Return the whole of a small file, or slices spread over a big one."""
    if len(raw) <= SAMPLE_SLICES * SLICE_BYTES:
        return [raw]
    step = (len(raw) - SLICE_BYTES) // (SAMPLE_SLICES - 1)
    starts = [index * step // 4 * 4 for index in range(SAMPLE_SLICES)]
    return [raw[start : start + SLICE_BYTES] for start in starts]


def _score(slices: list[bytes], encoding: str) -> float:
    """Score a reading; a slice out of the middle may begin inside a character, so its better start counts."""
    starts = (0, 1) if len(slices) > 1 else (0,)
    readings = [
        max((piece[start:].decode(encoding, "replace") for start in starts), key=score_text)
        for piece in slices
    ]
    return score_text("".join(readings))


def _second_opinion(raw: bytes, first: str, second: str) -> str:
    import chardet  # only close calls pay for it

    guess = chardet.detect(
        raw[:200_000],
        include_encodings=[first, second],
        no_match_encoding=first,
        empty_input_encoding=first,
    )["encoding"]
    return second if str(guess).lower().replace("_", "-") == second else first


def _read(raw: bytes, encoding: str, confidence: float) -> Decoded:
    """Decode everything; what cannot be read becomes U+FFFD and is counted, unless it stood in the file already."""
    try:
        text, lost = raw.decode(encoding), 0
    except UnicodeDecodeError:
        text = raw.decode(encoding, "replace")
        lost = max(1, text.count(REPLACEMENT) - raw.count(_replacement_in(encoding)))
    bare = text.lstrip("\ufeff")
    repairs = ("byte_order_mark",) if len(bare) < len(text) or encoding == "utf-8-sig" else ()
    return Decoded(bare, encoding, confidence, lost, repairs)


def _replacement_in(encoding: str) -> bytes:
    try:
        return REPLACEMENT.encode(encoding) or b"\xff" * 9
    except UnicodeError:
        return b"\xff" * 9  # not representable, so it cannot have stood there


def _checked(decoded: Decoded) -> Decoded:
    """Return `decoded`, or refuse what turned out to be no text or text that was ruined before it came here."""
    text = decoded.text
    beyond = max(1, _beyond_ascii(text))
    if len(_CONTROL.findall(text)) > MOST_CONTROLS * len(text):
        raise Undecodable(Message("text.binary"))
    if decoded.lost_characters > MOST_LOST * beyond:
        raise Undecodable(Message("text.unreadable"))
    ruined = sum(map(len, _RUIN.findall(text))) - decoded.lost_characters
    if not decoded.lost_characters:  # after a lost byte they are only the shadow of the shift
        ruined += len(_PRIVATE.findall(text))
    if ruined > MOST_RUINED * beyond:
        raise Undecodable(Message("text.ruined", {"percent": round(100 * ruined / beyond)}))
    return decoded
