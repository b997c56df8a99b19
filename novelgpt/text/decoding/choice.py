"""Which encoding are these bytes in? Each candidate reads the same samples; the likeliest text wins.

What goes in: the bytes of one file. What comes out: a `Choice`. Law: only samples are read, so the answer for a file
of any size costs milliseconds; a chosen encoding is that of most of the bytes, not of all of them.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

import numpy as np

from novelgpt.text.decoding.commonness import likelihoods, mean_likelihood, score_text, units
from novelgpt.text.decoding.hz import looks_like_hz, read_hz

BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its first two bytes are the same
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
CANDIDATES = ("utf-8", "gb18030", "big5hkscs", "utf-16-le", "utf-16-be")
SLICES = 8
SLICE_BYTES = 1024
ACCIDENT = 16
CLOSE = 0.15
FAR = 2.0
READABLE = 0.3
FEW_BYTES = 32
READABLE_IF_FEW = 0.1
MANY_NULS = 0.2
CLEAN_SCORE = 0.85
SKIPPED = -12.0

_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SAFE_START = re.compile(rb"[\x00-\x2f]")
_ASCII = bytes(range(128))
_NO_SENSE = (float("-inf"), 0.0)


@dataclass(frozen=True)
class Choice:
    """An encoding, how sure it is, and how many bytes of mark to leave out; no encoding where nothing reads."""

    encoding: str | None
    confidence: float = 1.0
    mark_bytes: int = 0
    binary: bool = False


def choose_encoding(raw: bytes) -> Choice:
    """Return the encoding that most of the bytes are in."""
    samples = _samples(raw)
    return _by_mark(raw) or _by_proof(raw, samples) or _by_likelihood(raw, samples)


def mark_size(raw: bytes, encoding: str) -> int:
    """Return how many bytes at the start are this encoding's byte order mark."""
    return next((len(mark) for mark, name in BOMS if raw.startswith(mark) and name.startswith(encoding)), 0)


def _by_mark(raw: bytes) -> Choice | None:
    """Believe a mark unless what follows reads as nothing by it and well as something else."""
    for mark, encoding in BOMS:
        if raw.startswith(mark):
            body = _samples(raw[len(mark) : len(mark) + (1 << 20)])
            value = _value(body, encoding.removesuffix("-sig"))
            rival = max(_value(body, name) for name in CANDIDATES)
            if rival[0] - value[0] < CLOSE or value[1] > CLEAN_SCORE:
                return Choice(encoding, 1.0, len(mark))
    return None


def _by_proof(raw: bytes, samples: list[bytes]) -> Choice | None:
    """UTF-8 and the marks of HZ prove themselves, unless the bytes are so few that it may be an accident."""
    if looks_like_hz(raw) and score_text(read_hz(raw[:100_000]).text) > READABLE:
        return Choice("hz")
    if wide := _by_nuls(samples):
        return wide
    text = "".join(_inner(sample, len(samples) > 1).decode("utf-8", "replace") for sample in samples)
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    broken = text.count("\ufffd") - sum(sample.count("\ufffd".encode()) for sample in samples)
    three_bytes = len(text.encode(errors="replace")) - len(text) - beyond
    if beyond == 0:
        return Choice("utf-8") if "\x00" not in text.rstrip("\x00") else None
    if broken * 20 >= beyond:
        return None
    if three_bytes * 2 >= beyond and (beyond > ACCIDENT or not broken):
        return Choice("utf-8")
    likelier = _value(samples, "gb18030")[0] > _value(samples, "utf-8")[0] + FAR  # 第 over and over is both
    return Choice("utf-8") if beyond > ACCIDENT and not likelier else None


def _by_nuls(samples: list[bytes]) -> Choice | None:
    """Text of the Latin kind in UTF-16 or UTF-32 shows by where its NULs stand."""
    octets = np.frombuffer(b"".join(sample[: len(sample) // 4 * 4] for sample in samples), np.uint8)
    if np.count_nonzero(octets == 0) < FEW_BYTES:
        return None
    shares = (octets.reshape(-1, 4) == 0).mean(0)
    first, second, third, fourth = (float(share) for share in shares)
    if min(third, fourth) > 0.9 > second and fourth > 0.99:
        return Choice("utf-32-le")
    if min(first, second) > 0.9 > third and first > 0.99:
        return Choice("utf-32-be")
    even, odd = (first + third) / 2, (second + fourth) / 2
    if max(even, odd) > MANY_NULS and min(even, odd) < 0.02:
        return Choice("utf-16-le" if odd > even else "utf-16-be")
    return None


def _by_likelihood(raw: bytes, samples: list[bytes]) -> Choice:
    """Let every candidate read the samples, and a second opinion settle a close call."""
    values = {encoding: _value(samples, encoding) for encoding in CANDIDATES}
    first, second = sorted(values, key=lambda encoding: -values[encoding][0])[:2]
    margin = values[first][0] - values[second][0]
    if margin < CLOSE:
        first = _second_opinion(raw, first, second)
    score = values[first][1]
    if score < (READABLE if len(raw) > FEW_BYTES else READABLE_IF_FEW):
        controls = sum(len(_CONTROL_BYTES.findall(sample)) for sample in samples)
        return Choice(None, 0.0, 0, controls > 0.01 * sum(map(len, samples)))
    confidence = max(0.0, min(1.0, score / CLEAN_SCORE)) * min(1.0, 0.5 + max(0.0, margin))
    return Choice(_big5_kind(raw) if first == "big5hkscs" else first, round(confidence, 3))


def _big5_kind(raw: bytes) -> str:
    """Microsoft's Big5 unless only Hong Kong's reads everything, or more."""
    losses = {name: len(_bad_pairs(raw, name)) for name in ("cp950", "big5hkscs")}
    return min(losses, key=lambda name: losses[name])


def _bad_pairs(raw: bytes, encoding: str) -> list[int]:
    """Return where a codec stumbles, looking no further than it takes to compare two codecs."""
    found: list[int] = []
    at, size = 0, 1 << 18
    while at < len(raw) and len(found) < 1000:
        try:
            raw[at : at + size].decode(encoding)
            at += size
        except UnicodeDecodeError as error:
            if error.start + 2 < size or at + size >= len(raw):
                found.append(at + error.start)
            at += max(1, error.end if error.start + 2 < size else error.start)
            size = 1 << 12
    return found


def _samples(raw: bytes) -> list[bytes]:
    """Return a small file whole; of a big one, slices spread over the parts that are not plain ASCII."""
    if len(raw) <= SLICES * SLICE_BYTES:
        return [raw]
    count = len(raw) // SLICE_BYTES
    blocks = np.frombuffer(raw, np.uint8, count * SLICE_BYTES).reshape(count, SLICE_BYTES)
    telling = np.flatnonzero((blocks.max(1) > 0x7F) | (blocks.min(1) == 0))
    if len(telling) < SLICES:
        telling = np.union1d(telling, np.arange(0, count, -(-count // SLICES)))
    chosen = telling[np.linspace(0, len(telling) - 1, SLICES).astype(int)]
    starts = sorted({int(block) * SLICE_BYTES for block in chosen})
    rest = raw[count * SLICE_BYTES :]
    return [*(raw[start : start + SLICE_BYTES] for start in starts), *([] if rest.isascii() else [rest])]


def _inner(sample: bytes, cut: bool) -> bytes:
    """Leave out the half characters at the ends of a slice of UTF-8."""
    if not cut:
        return sample
    start = next((at for at in range(4) if sample[at : at + 1] and not 0x80 <= sample[at] < 0xC0), 0)
    return sample[start:].decode("utf-8", "ignore").encode() if _is_cut(sample) else sample[start:]


def _is_cut(sample: bytes) -> bool:
    """Tell whether the only fault of a slice is its last character."""
    try:
        sample.lstrip(bytes(range(0x80, 0xC0))).decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False


def _value(samples: list[bytes], encoding: str) -> tuple[float, float]:
    """Return the mean likelihood per byte beyond ASCII and the score of a reading."""
    readings = [_best_start(sample, encoding, len(samples) > 1) for sample in samples]
    size = sum(max(1, len(sample.translate(None, _ASCII))) for sample in samples)
    text = "".join(text for _, text in readings)
    _, count = mean_likelihood(units(text))
    return (sum(value for value, _ in readings) / size, score_text(text)) if count else _NO_SENSE


def _best_start(sample: bytes, encoding: str, cut: bool) -> tuple[float, str]:
    """Read a slice from where it makes most sense: it may begin inside a character."""
    wide = encoding.startswith(("utf-16", "utf-32"))
    starts = [0, 1]
    if not wide:
        sample = sample.replace(b"\x00", b"")
        safe = _SAFE_START.search(sample, 0, 256) if cut else None
        starts = [safe.start()] if safe else starts
    readings = []
    for start in starts:
        end = len(sample) - (len(sample) - start) % 2 if wide else len(sample)
        text = sample[start:end].decode(encoding, "replace")
        left_out = 0 if cut else start + len(sample) - end
        readings.append((float(likelihoods()[units(text)].sum()) + SKIPPED * left_out, text))
    return max(readings)


def _second_opinion(raw: bytes, first: str, second: str) -> str:
    import chardet  # only close calls pay for it

    guess = chardet.detect(
        raw[:200_000],
        include_encodings=[first, second],
        no_match_encoding=first,
        empty_input_encoding=first,
    )["encoding"]
    return second if str(guess).lower().replace("_", "-") == second else first
