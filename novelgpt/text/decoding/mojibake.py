"""Text that was once read in the wrong encoding and saved so → the text it was.

What goes in: text. What comes out: a `Reading`. The misreading is undone by writing the line down in the wrong
encoding and reading it in the right one, up to twice. Law: a line is touched only where the result is Chinese, the
line was none, and nearly every character comes back; what does not is one U+FFFD and one loss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from novelgpt.text.decoding.commonness import WINDOW, likelihood, mean_likelihood, strange_places, units
from novelgpt.text.decoding.reading import REPLACEMENT, Reading, join, lines_at, text_lines
from novelgpt.text.decoding.resync import best_passage

ROUTES: tuple[tuple[str, str], ...] = (
    # the encoding it was wrongly read in, the one it is in
    ("gb18030", "utf-8"),
    ("latin", "gb18030"),
    ("latin", "utf-8"),
    ("latin", "big5hkscs"),
    ("gb18030", "big5hkscs"),
    ("big5hkscs", "gb18030"),
    ("big5hkscs", "utf-8"),
)
MET_TWICE = {("latin", "utf-8"), ("gb18030", "utf-8"), ("latin", "gb18030")}
PRICE = -20.0
LOSS = -12.0
MOST_LOST = 0.15
LONGEST = 1 << 16
READS_WELL = -8.4
NO_DOUBT = -8.0
FEWEST = 2
TIMES = 2
ONE_PIECE = 1 << 15

# Windows reads the single byte 80 as a euro sign; others refuse it, and between characters it is all they refuse.
_EURO = re.compile("€|\ufffd(?=[^\\x00-\\x7f\ufffd])")
_BROKEN = re.compile("\ufffd{1,3}")
_EURO_BYTES = "\ue5e5".encode("gb18030")
_LOST_BYTES = REPLACEMENT.encode("gb18030")


def mend_mojibake(text: str) -> Reading:
    """Return the text with every line put right that proves to be mojibake."""
    return join(_piece(piece) for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """Cut at line breaks, so that only the neighbourhood of a strange line is taken apart."""
    at = 0
    while len(text) - at > ONE_PIECE:
        cut = max(text.rfind("\n", at, at + ONE_PIECE), text.rfind("\r", at, at + ONE_PIECE)) + 1
        cut = cut if cut > at else at + ONE_PIECE
        yield text[at:cut]
        at = cut
    yield text[at:]


def _piece(text: str) -> Reading:
    places = strange_places(text)
    if not len(places):
        return Reading(text)
    lines = text_lines(text)
    strange = lines_at(places, lines, WINDOW)
    everything = len(strange) * 2 > sum(1 for line in lines if not line.isspace())
    return join(
        _line(line) if (everything or index in strange) and not line.isascii() else Reading(line)
        for index, line in enumerate(lines)
    )


def _line(line: str) -> Reading:
    body = line.rstrip("\r\n")
    if len(body) > LONGEST:
        return Reading(line)
    best, lost = _reversed(body)
    if best == body:
        return Reading(line)
    repaired = sum(character > "\x7f" for character in best) - lost
    return Reading(best + line[len(body) :], lost, repaired, ("mojibake",))


def _reversed(text: str) -> tuple[str, int]:
    """Return the likeliest of the text itself and all it may have been, and what is lost of it."""
    best, best_value, best_lost = text, likelihood(text) + 10.0, 0
    for found, lost, times in _earlier(text, TIMES):
        value = likelihood(found) + PRICE * times + LOSS * lost
        if value > best_value and _is_chinese(found):
            best, best_value, best_lost = found, value, lost
            if len(found) > WINDOW and mean_likelihood(units(found))[0] > NO_DOUBT:
                break
    return best, best_lost


def _earlier(text: str, times: int) -> Iterator[tuple[str, int, int]]:
    """Yield every text that this one may have been, with its losses and how many misreadings lie between."""
    for wrong, right in ROUTES:
        raw = _as_bytes(text, wrong)
        if raw is None or (found := _as_text(raw, right)) is None:
            continue
        yield (*found, 1)
        if times > 1 and not found[1] and (wrong, right) in MET_TWICE and not found[0].isascii():
            yield from ((again, lost, 1 + more) for again, lost, more in _earlier(found[0], times - 1))


def _as_bytes(text: str, wrong: str) -> bytes | None:
    """Return the bytes that were misread as `text`; what was already lost then becomes a byte that none can read."""
    if wrong != "latin" and not _is_mostly_han(text):
        return None
    try:
        if wrong == "latin":
            return b"".join(_latin_byte(character) for character in text)
        if wrong == "gb18030" and ("€" in text or REPLACEMENT in text):
            return (
                _EURO.sub("\ue5e5", text)
                .encode(wrong)
                .replace(_EURO_BYTES, b"\x80")
                .replace(_LOST_BYTES, b"\xff")
            )
        return text.encode(wrong)
    except UnicodeEncodeError:
        return None


def _is_mostly_han(text: str) -> bool:
    """Tell what a misreading as GBK or Big5 looks like; rows of signs and foreign letters are what they are."""
    codes = units(text)
    beyond = codes[codes > 0x7F]
    han = (beyond >= 0x3400) & (beyond <= 0x9FFF)
    private = (beyond >= 0xE000) & (beyond <= 0xF8FF)
    return int(np.count_nonzero(han | private)) * 2 > len(beyond)


def _latin_byte(character: str) -> bytes:
    """Windows' Latin has letters where Latin-1 has controls; both are met, mixed."""
    if character == REPLACEMENT:
        return b"\xff"
    return character.encode("latin-1") if character < "\u0100" else character.encode("cp1252")


def _as_text(raw: bytes, right: str) -> tuple[str, int] | None:
    """Read the bytes in the right encoding; where some cannot be read, count them if they are few."""
    try:
        return raw.decode(right), 0
    except UnicodeDecodeError:
        rough = raw.decode(right, "replace")
    if rough.count(REPLACEMENT) > 2 * MOST_LOST * len(rough) + 1 or not _is_chinese(rough):
        return None
    if right == "utf-8":  # finds its way back by itself: up to three marks stand for one broken character
        text, lost = _BROKEN.subn(REPLACEMENT, rough)
        return (text, lost) if lost <= MOST_LOST * len(text) + 1 else None
    passage = best_passage(raw, [right])
    return (passage.text, passage.lost) if passage.lost <= MOST_LOST * len(passage.text) + 1 else None


def _is_chinese(text: str) -> bool:
    """Tell prose from a row of signs: enough different Han, and common ones."""
    codes = units(text.replace(REPLACEMENT, ""))
    han = codes[(codes >= 0x4E00) & (codes <= 0x9FFF)]
    mean, count = mean_likelihood(codes)
    return len(set(han.tolist())) >= FEWEST and len(han) * 3 > count and mean > READS_WELL
