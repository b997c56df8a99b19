"""Chapters → token files on disk that training reads without loading them whole.

In: chapter files and a tokenizer. Out: `train.tokens` and `held-out.tokens` (little-endian uint16, or uint32 above
65,536 pieces), each with the offsets of its chapters, and a manifest written last.
Law: the same chapters, vocabulary and split give the same bytes; when nothing changed, nothing is made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from novelgpt.errors import NoChapters
from novelgpt.files import atomic_file, sha256_file, write_json
from novelgpt.text.chapter import Chapter, read_chapters
from novelgpt.tokens.tokenizer import Tokenizer

MANIFEST = "manifest.json"
_CHAPTERS_AT_ONCE = 256


@dataclass(frozen=True)
class Split:
    """One side of the data: its tokens, where each chapter begins (and the end), and how many characters it has."""

    tokens: np.ndarray
    offsets: np.ndarray
    characters: int


@dataclass(frozen=True)
class Shards:
    """The data of a run: what is learnt from, what is held out, and the vocabulary both are written in."""

    train: Split
    held_out: Split
    tokenizer: Tokenizer
    source: str
    """A fingerprint of chapters, vocabulary and split: equal means the same data."""


def build_shards(
    chapter_paths: Sequence[Path],
    tokenizer: Tokenizer,
    folder: Path,
    *,
    held_out: float | Sequence[Path],
) -> Shards:
    """Return the shards in `folder`, made anew only if chapters, vocabulary or split differ from what lies there.

    `held_out` is a share of the chapters (chosen by their text, so that adding a book moves no other chapter) or
    chapter files of their own.
    """
    source = _source(chapter_paths, tokenizer, held_out)
    manifest = _read_manifest(folder)
    if manifest is None or manifest["source"] != source or not _whole(folder, manifest):
        manifest = _write(chapter_paths, tokenizer, folder, held_out, source)
    train, kept_out = (_open(folder, name, manifest) for name in ("train", "held-out"))
    return Shards(train, kept_out, tokenizer, source)


def held_out_chapters(folder: Path, chapter_paths: Sequence[Path]) -> list[Chapter]:
    """Return the chapters that the shards in `folder`, made from `chapter_paths`, keep for checking."""
    manifest = _read_manifest(folder)
    share = None if manifest is None else manifest.get("held_out")
    if isinstance(share, float):
        return _divide(read_all(chapter_paths), share)[1]
    return read_all(map(Path, share or chapter_paths))


def is_held_out(chapter: Chapter, share: float) -> bool:
    """Decide by the chapter's own text whether it is held out."""
    digest = hashlib.sha256(chapter.whole().encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


@dataclass
class _Written:
    chapters: int = 0
    tokens: int = 0
    characters: int = 0
    sha256: str = ""


def _write(
    paths: Sequence[Path], tokenizer: Tokenizer, folder: Path, held_out: float | Sequence[Path], source: str
) -> dict[str, Any]:
    (folder / MANIFEST).unlink(missing_ok=True)
    everything = read_all(paths)
    learnt, kept_out = (
        _divide(everything, held_out) if isinstance(held_out, float) else (everything, read_all(held_out))
    )
    if not learnt or not kept_out:
        raise NoChapters(path=" ".join(str(path) for path in paths))
    splits = {
        name: asdict(_write_split(folder, name, chapters, tokenizer))
        for name, chapters in (("train", learnt), ("held-out", kept_out))
    }
    manifest = {
        "source": source,
        "held_out": held_out if isinstance(held_out, float) else [str(path.resolve()) for path in held_out],
        "fingerprint": tokenizer.fingerprint,
        "dtype": _dtype(tokenizer).str,
        "splits": splits,
    }
    write_json(folder / MANIFEST, manifest)
    return manifest


def _divide(chapters: list[Chapter], share: float) -> tuple[list[Chapter], list[Chapter]]:
    """Return what is learnt and what is held out; neither side is ever empty."""
    if len(chapters) == 1:  # a book without headings: its end is held out
        (whole,) = chapters
        cut = max(1, round(len(whole.text) * (1 - share)))
        return [replace(whole, text=whole.text[:cut])], [replace(whole, title="", text=whole.text[cut:])]
    kept_out = [chapter for chapter in chapters if is_held_out(chapter, share)]
    if not kept_out or len(kept_out) == len(chapters):
        return chapters[:-1], chapters[-1:]
    away = {id(chapter) for chapter in kept_out}
    return [chapter for chapter in chapters if id(chapter) not in away], kept_out


def read_all(paths: Iterable[Path]) -> list[Chapter]:
    """Return the chapters of several files that have a body to learn from."""
    return [chapter for path in paths for chapter in read_chapters(path) if chapter.text]


def _write_split(folder: Path, name: str, chapters: Iterable[Chapter], tokenizer: Tokenizer) -> _Written:
    written, offsets, remaining = _Written(), [0], iter(chapters)
    with atomic_file(folder / f"{name}.tokens") as stream:
        while batch := [chapter.whole() for chapter in islice(remaining, _CHAPTERS_AT_ONCE)]:
            for text, body in zip(batch, tokenizer.encode_many(batch), strict=True):
                ids = [tokenizer.chapter_start_id, *body, tokenizer.chapter_end_id]
                stream.write(np.asarray(ids, dtype=_dtype(tokenizer)).tobytes())
                written.characters += len(text)
                offsets.append(offsets[-1] + len(ids))
    with atomic_file(folder / f"{name}.offsets") as stream:
        stream.write(np.asarray(offsets, dtype="<i8").tobytes())
    written.chapters, written.tokens = len(offsets) - 1, offsets[-1]
    written.sha256 = sha256_file(folder / f"{name}.tokens")
    return written


def _dtype(tokenizer: Tokenizer) -> np.dtype[Any]:
    return np.dtype("<u2" if tokenizer.size <= 2**16 else "<u4")


def _open(folder: Path, name: str, manifest: dict[str, Any]) -> Split:
    tokens = np.memmap(folder / f"{name}.tokens", dtype=np.dtype(manifest["dtype"]), mode="r")
    offsets = np.fromfile(folder / f"{name}.offsets", dtype="<i8")
    return Split(tokens, offsets, manifest["splits"][name]["characters"])


def _source(paths: Sequence[Path], tokenizer: Tokenizer, held_out: float | Sequence[Path]) -> str:
    summary = hashlib.sha256(f"{tokenizer.fingerprint} {tokenizer.size}".encode())
    split = [held_out] if isinstance(held_out, float) else [sha256_file(path) for path in held_out]
    summary.update(json.dumps([[sha256_file(path) for path in paths], split]).encode())
    return summary.hexdigest()[:16]


def _read_manifest(folder: Path) -> dict[str, Any] | None:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return manifest if "source" in manifest and "splits" in manifest else None
    except (FileNotFoundError, ValueError):
        return None


def _whole(folder: Path, manifest: dict[str, Any]) -> bool:
    """Check the files against the manifest, so that a damaged cache is made again rather than learnt from."""
    return all(
        (folder / f"{name}.tokens").is_file()
        and (folder / f"{name}.offsets").is_file()
        and sha256_file(folder / f"{name}.tokens") == split["sha256"]
        for name, split in manifest["splits"].items()
    )
