"""UTF-8, GBK and Big5 bytes → text, line by line where something is wrong.

What goes in: bytes and the encoding most of them are in. What comes out: a `Reading`. Sound stretches go through the
codec at full speed; a line the codec refuses, or whose characters are too strange for Chinese, is read again as
whatever reads best. Law: a legal reading is only given up for one that is far likelier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from novelgpt.text.decoding.commonness import (
    POSSIBLE,
    WINDOW,
    likelihood,
    mean_likelihood,
    strange_places,
    units,
)
from novelgpt.text.decoding.mojibake import mend_mojibake
from novelgpt.text.decoding.reading import REPLACEMENT, Reading, byte_lines, join, lines_at, text_lines
from novelgpt.text.decoding.resync import LAYERS, Passage, best_passage, layer_of, most_to_gain

BLOCK = 1 << 16
LONG_LINE = 1 << 13
AROUND = 12
MOST_SEARCHED = 1 << 18
MARGIN = 9.0
STRAY_MARGIN = 3.0
FOREIGN = -13.0
FOREIGN_MARGIN = 2.5  # per character: one legal alphabet may look like another encoding's Han
READS_WELL = -9.0

_STRAY_LETTER = re.compile(r"[\u3100-\u31ff\u3400-\u9fff\ue000-\ufaff][@-Z\\^`-}](?=[\u3000-\u9fff])")


@dataclass(frozen=True)
class _Line:
    """One line of a block: its bytes, its legal text if it has one, and where in the file it stands."""

    raw: bytes
    text: str | None
    first: bool
    last: bool


class NarrowReader:
    """Reads one file; remembers how much searching it has left, so that noise of any size ends soon."""

    def __init__(self, encoding: str, *, rescue: bool = True) -> None:
        self.encoding = encoding
        own = layer_of(encoding)
        others = [layer for layer in LAYERS if layer != own and not (own == "cp950" and layer == "big5hkscs")]
        self.layers = [own, *(others if rescue else [])] if own else []
        self.bytes_left_to_search = MOST_SEARCHED

    def read(self, raw: bytes) -> Reading:
        """Return the text of all the bytes."""
        return join(self._blocks(raw))

    def _blocks(self, raw: bytes) -> Iterator[Reading]:
        """Cut at line breaks; a line without end is cut wherever its characters turn out to end."""
        if not raw:
            yield Reading("")
        at = 0
        while at < len(raw):
            end = _block_end(raw, at)
            if end is None:
                reading, used = self._stretch(raw[at : at + LONG_LINE], at == 0, more=True)
                at += used
            else:
                reading = self._block(raw[at:end], at == 0, end == len(raw))
                at = end
            yield reading

    def _block(self, raw: bytes, first: bool, last: bool) -> Reading:
        text = self._legal(raw)
        if text is None:
            raws = byte_lines(raw)
            texts = [self._legal(line) for line in raws]
            whole = ["?" if text is None else text for text in texts]
            strange = self._strange_lines(whole) | {index for index, text in enumerate(texts) if text is None}
        else:
            if not self._may_be_shifted() or not len(strange_places(text, POSSIBLE)):
                return Reading(text)
            raws, whole = byte_lines(raw), text_lines(text)
            texts = list(whole)
            strange = self._strange_lines(whole)
        return join(
            self._line(
                _Line(raws[index], texts[index], first and index == 0, last and index == len(raws) - 1)
            )
            if index in strange
            else Reading(line)
            for index, line in enumerate(whole)
        )

    def _strange_lines(self, lines: list[str]) -> set[int]:
        return (
            lines_at(strange_places("".join(lines), POSSIBLE), lines, WINDOW)
            if self._may_be_shifted()
            else set()
        )

    def _may_be_shifted(self) -> bool:
        """Tell whether a lost byte could leave legal text behind: not in UTF-8, nor where we only know the codec."""
        return bool(self.layers) and self.layers[0] != "utf-8"

    def _legal(self, raw: bytes) -> str | None:
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError:
            return None

    def _line(self, line: _Line) -> Reading:
        if len(line.raw) > LONG_LINE and self.layers:
            return self._long_line(line)
        body = line.raw.rstrip(b"\r\n")
        ending = line.raw[len(body) :].decode("ascii")
        legal = None if line.text is None else line.text.rstrip("\r\n")
        reading = self._mended(body, legal, line.first, line.last and not ending)
        return Reading(reading.text + ending, reading.lost, reading.repaired, reading.repairs)

    def _long_line(self, line: _Line) -> Reading:
        parts: list[Reading] = []
        at = 0
        while at < len(line.raw):
            part, used = self._stretch(line.raw[at:], line.first and at == 0, more=False, last=line.last)
            parts.append(part)
            at += used
        return join(parts)

    def _stretch(self, raw: bytes, first: bool, *, more: bool, last: bool = False) -> tuple[Reading, int]:
        """Read the next window of a long line: all that is legal and sound, or the likeliest way through it."""
        window = raw[:LONG_LINE]
        more = more or len(window) < len(raw)
        text, used = self._legal_start(window, more)
        if text is not None and not (self._may_be_shifted() and len(strange_places(text)) > 0):
            return Reading(text), used
        if not more or not self._may_search(window):
            return self._mended(window, text if used == len(window) else None, first, last), len(window)
        passage = best_passage(window, self.layers, more_follows=True)
        if text is not None and passage.likelihood - likelihood(text) < MARGIN:
            return Reading(text), used
        return self._told(passage, first, False), passage.used

    def _legal_start(self, window: bytes, more: bool) -> tuple[str | None, int]:
        """Return the legal text of a window that may end inside a character, and how many bytes it took."""
        for left in range(4 if more else 1):
            end = len(window) - left
            if end > 0 and (text := self._legal(window[:end])) is not None:
                return text, end
        return None, 0

    def _may_search(self, raw: bytes) -> bool:
        self.bytes_left_to_search -= len(raw)
        return self.bytes_left_to_search > 0 and bool(self.layers)

    def _mended(self, raw: bytes, legal: str | None, first: bool, last: bool) -> Reading:
        """Read a line again; a legal reading stays unless a stretch around its strange places reads far better."""
        if legal is None:
            plain = self._plainly_foreign(raw)
            if plain is not None:
                return self._told(plain, first, last)
            if not self._may_search(raw):
                return _replaced(raw, self.encoding)
            return self._told(self._best(raw), first, last)
        if _repeats(legal) or not self._may_search(raw):
            return Reading(legal)
        return self._shifted(raw, legal, first, last)

    def _shifted(self, raw: bytes, legal: str, first: bool, last: bool) -> Reading:
        places = strange_places(legal, POSSIBLE)
        if not len(places):
            return Reading(legal)
        low, high = max(0, int(places[0]) - AROUND), int(places[-1]) + WINDOW + AROUND
        head, part, tail = legal[:low], legal[low:high], legal[high:]
        start = len(head.encode(self.encoding))
        stretch = part.encode(self.encoding)
        if raw[start : start + len(stretch)] != stretch:  # a character with two codes: take the line whole
            head, part, tail, stretch = "", legal, "", raw
        certain = len(strange_places(part)) > 0
        if not certain and most_to_gain(stretch, part, self.layers[0]) < STRAY_MARGIN:
            return Reading(legal)
        best = self._best(stretch, legal=True) if certain else best_passage(stretch, self.layers[:1])
        margin = STRAY_MARGIN if _STRAY_LETTER.search(part) else MARGIN
        margin = max(margin, FOREIGN_MARGIN * best.foreign_characters)
        mean, _ = mean_likelihood(units(best.text.replace(REPLACEMENT, "")))
        if mean < READS_WELL or best.likelihood - likelihood(part) < margin:
            return mend_mojibake(legal) if certain and len(self.layers) > 1 else Reading(legal)
        told = self._told(best, first and not head, last and not tail)
        return Reading(head + told.text + tail, told.lost, told.repaired, told.repairs)

    def _best(self, raw: bytes, *, legal: bool = False) -> Passage:
        """Try the plain readings first; only where all are poor is a mixture of encodings looked for."""
        plain = [best_passage(raw, self.layers[:1]), *self._foreign(raw)]
        best = max(plain, key=lambda passage: passage.likelihood)
        mean, count = mean_likelihood(units(best.text.replace(REPLACEMENT, "")))
        poor = (mean < READS_WELL and count > WINDOW) or best.lost > 1
        if len(self.layers) > 1 and (poor or (not legal and len(strange_places(best.text)))):
            return max(best, best_passage(raw, self.layers), key=lambda passage: passage.likelihood)
        return best

    def _plainly_foreign(self, raw: bytes) -> Passage | None:
        """Return the reading of a whole line in another encoding, if it needs no comparing."""
        for passage in self._foreign(raw):
            mean, count = mean_likelihood(units(passage.text))
            if mean > READS_WELL and count > WINDOW:
                return passage
        return None

    def _foreign(self, raw: bytes) -> Iterator[Passage]:
        for layer in self.layers[1:]:
            try:
                text = raw.decode(layer)
            except UnicodeDecodeError:
                continue
            beyond = sum(character > "\x7f" for character in text)
            yield Passage(text, 0, beyond, likelihood(text) + FOREIGN, used=len(raw))

    def _told(self, passage: Passage, first: bool, last: bool) -> Reading:
        head, tail = first and passage.lost_first, last and passage.lost_last
        named = {
            "cut_head": head,
            "cut_tail": tail,
            "resynchronised": passage.lost > head + tail,
            "rescued_lines": passage.foreign_characters > 0,
        }
        repairs = tuple(name for name, happened in named.items() if happened)
        return Reading(passage.text, passage.lost, passage.foreign_characters, repairs)


def _block_end(raw: bytes, at: int) -> int | None:
    """Return where the last line that fits into a block ends; None inside a line that is longer than a block."""
    if len(raw) - at <= BLOCK:
        return len(raw)
    cut = max(raw.rfind(b"\n", at, at + BLOCK), raw.rfind(b"\r", at, at + BLOCK)) + 1
    return cut if cut > at else None


def _replaced(raw: bytes, encoding: str) -> Reading:
    """Leave it to the codec where searching is no longer worth it."""
    text = raw.decode(encoding, "replace")
    return Reading(text, max(1, text.count(REPLACEMENT)), 0, ("resynchronised",))


def _repeats(text: str) -> bool:
    """Tell a line of a few characters over and over, an ornament, from prose that was shifted."""
    beyond = [character for character in text if character > "\x7f"]
    return len(set(beyond)) * 4 < len(beyond)
