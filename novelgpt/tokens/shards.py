"""Chapters → token files on disk that training reads without loading them whole.

In: chapter files and a tokenizer. Out: the files of `token_files`, one sequence per chapter between its two markers.
Law: the same chapters, vocabulary and split give the same bytes, whoever encodes them; when nothing changed, nothing is
made again; and memory holds a few batches of chapters, never the library.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from novelgpt.errors import MachineError, NoChapters
from novelgpt.files import sha256_file
from novelgpt.text.chapter import Chapter, read_chapters
from novelgpt.text.ingesting.engines import Crashed, Engine, in_order
from novelgpt.tokens.sides import SIDES, Side, below, divide
from novelgpt.tokens.token_files import Row, Split, dtype_for, open_files, read_manifest, writing
from novelgpt.tokens.vocabulary import Vocabulary

__all__ = [
    "Encoded",
    "Shards",
    "Split",
    "build_shards",
    "held_out_chapters",
    "is_held_out",
    "make_shards",
    "read_all",
]


class EncoderDied(MachineError):
    """A worker process was ended from outside, twice."""


_CHARACTERS_AT_ONCE = 1_000_000
"""A batch: long enough that sending it to another process costs little, short enough to hold a few."""

_Sided = tuple[Side, Chapter]


@dataclass(frozen=True)
class Shards:
    """The data of a run: what is learnt from, what is held out, and the vocabulary both are written in."""

    train: Split
    held_out: Split
    tokenizer: Vocabulary
    source: str
    """A fingerprint of chapters, vocabulary and split: equal means the same data."""


@dataclass(frozen=True)
class Encoded:
    """Progress: so much is on the disk."""

    chapters: int
    characters: int


def build_shards(
    chapter_paths: Sequence[Path],
    tokenizer: Vocabulary,
    folder: Path,
    *,
    held_out: float | Sequence[Path],
    jobs: int = 1,
    engine: Engine = "local",
) -> Shards:
    """Return the shards in `folder`, made anew only if chapters, vocabulary or split differ from what lies there.

    `held_out` is a share of the chapters (chosen by their text, so that adding a book moves no other chapter) or
    chapter files of their own.
    """
    events = make_shards(chapter_paths, tokenizer, folder, held_out=held_out, jobs=jobs, engine=engine)
    return next(event for event in events if isinstance(event, Shards))


def make_shards(
    chapter_paths: Sequence[Path],
    tokenizer: Vocabulary,
    folder: Path,
    *,
    held_out: float | Sequence[Path],
    jobs: int = 1,
    engine: Engine = "local",
) -> Iterator[Encoded | Shards]:
    """Do what `build_shards` does, and yield how far it is; the shards come last.

    Encoding uses all cores of this machine in any case, also with one job; `engine="ray"` lets a cluster encode.
    """
    source = _source(chapter_paths, tokenizer, held_out)
    found = open_files(folder, source)
    if found is None:
        yield from _write(chapter_paths, tokenizer, folder, held_out, source, jobs, engine)
        found = open_files(folder, source)
    if found is None:
        raise OSError(f"{folder}: the token files changed while they were being written")
    yield Shards(*found, tokenizer, source)


def held_out_chapters(folder: Path, chapter_paths: Sequence[Path]) -> list[Chapter]:
    """Return the chapters that the shards in `folder`, made from `chapter_paths`, keep for checking."""
    manifest = read_manifest(folder)
    share = None if manifest is None else manifest.get("held_out")
    if isinstance(share, float):
        return [chapter for side, chapter in _sided(chapter_paths, share) if side == "held-out"]
    return read_all(map(Path, share or chapter_paths))


def is_held_out(chapter: Chapter, share: float) -> bool:
    """Decide by the chapter's own text whether it is held out."""
    digest = hashlib.sha256(chapter.whole().encode("utf-8", "surrogatepass")).digest()
    return below(digest, share)


def read_all(paths: Iterable[Path]) -> list[Chapter]:
    """Return the chapters of several files that have a body to learn from."""
    return list(_each(paths))


def _each(paths: Iterable[Path]) -> Iterator[Chapter]:
    return (chapter for path in paths for chapter in read_chapters(path) if chapter.text)


def _write(
    paths: Sequence[Path],
    tokenizer: Vocabulary,
    folder: Path,
    held_out: float | Sequence[Path],
    source: str,
    jobs: int,
    engine: Engine,
) -> Iterator[Encoded]:
    facts = {
        "source": source,
        "held_out": held_out if isinstance(held_out, float) else [str(path.resolve()) for path in held_out],
        "fingerprint": tokenizer.fingerprint,
    }
    batches = _batches(_sided(paths, held_out))
    done = Encoded(0, 0)
    with writing(folder, tokenizer.size, facts) as rows:
        for result in in_order(partial(_encode, tokenizer), batches, engine=engine, jobs=jobs):
            if isinstance(result, Crashed):
                raise EncoderDied()
            done = _append(rows, result, done)
            yield done
        if not all(len(row.offsets) > 1 for row in rows.values()):
            raise NoChapters(path=" ".join(str(path) for path in paths))


def _sided(paths: Sequence[Path], held_out: float | Sequence[Path]) -> Iterator[_Sided]:
    """Yield every chapter with its side."""
    if not isinstance(held_out, float):
        yield from chain(
            (("train", chapter) for chapter in _each(paths)),
            (("held-out", chapter) for chapter in _each(held_out)),
        )
        return
    yield from divide(_each(paths), partial(is_held_out, share=held_out), partial(_cut, share=held_out))


def _cut(only: Chapter, share: float) -> tuple[Chapter, Chapter]:
    """A book without headings is one chapter: its end is held out."""
    place = max(1, round(len(only.text) * (1 - share)))
    return replace(only, text=only.text[:place]), replace(only, title="", text=only.text[place:])


@dataclass(frozen=True)
class _Batch:
    """What is encoded at once."""

    sides: list[Side]
    texts: list[str]


@dataclass(frozen=True)
class _Ids:
    """The ids of one side of a batch, sequence after sequence."""

    side: Side
    ids: np.ndarray
    lengths: np.ndarray
    characters: int


def _batches(chapters: Iterable[_Sided]) -> Iterator[_Batch]:
    batch, characters = _Batch([], []), 0
    for side, chapter in chapters:
        text = chapter.whole()
        batch.sides.append(side)
        batch.texts.append(text)
        characters += len(text)
        if characters >= _CHARACTERS_AT_ONCE:
            yield batch
            batch, characters = _Batch([], []), 0
    if batch.texts:
        yield batch


def _encode(tokenizer: Vocabulary, batch: _Batch) -> list[_Ids]:
    encoded = tokenizer.encode_many(batch.texts)
    return [_one_side(tokenizer, batch, encoded, side) for side in SIDES if side in batch.sides]


def _one_side(tokenizer: Vocabulary, batch: _Batch, encoded: list[list[int]], side: Side) -> _Ids:
    mine = [number for number, one in enumerate(batch.sides) if one == side]
    lengths = np.array([len(encoded[number]) + 2 for number in mine])
    ids = np.empty(int(lengths.sum()), dtype=dtype_for(tokenizer.size))
    ends = np.cumsum(lengths)
    for number, end, length in zip(mine, ends.tolist(), lengths.tolist(), strict=True):
        ids[end - length] = tokenizer.chapter_start_id
        ids[end - length + 1 : end - 1] = encoded[number]
        ids[end - 1] = tokenizer.chapter_end_id
    return _Ids(side, ids, lengths, sum(len(batch.texts[number]) for number in mine))


def _append(rows: dict[Side, Row], encoded: list[_Ids], done: Encoded) -> Encoded:
    for part in encoded:
        rows[part.side].append(part.ids, part.lengths, part.characters)
        done = Encoded(done.chapters + len(part.lengths), done.characters + part.characters)
    return done


def _source(paths: Sequence[Path], tokenizer: Vocabulary, held_out: float | Sequence[Path]) -> str:
    summary = hashlib.sha256(f"{tokenizer.fingerprint} {tokenizer.size}".encode())
    split: list[Any] = [held_out] if isinstance(held_out, float) else [sha256_file(path) for path in held_out]
    summary.update(json.dumps([[sha256_file(path) for path in paths], split]).encode())
    return summary.hexdigest()[:16]
