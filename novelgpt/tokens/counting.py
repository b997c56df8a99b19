"""Chapter files → `Counts`, counted in parallel here or on a cluster.

Law: the same files give the same counts, in however many processes; a user's bad file is one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from novelgpt.errors import MachineError
from novelgpt.text.chapter import read_chapters
from novelgpt.text.ingesting.engines import Crashed, Engine, in_order
from novelgpt.tokens.counts import Counts, Packed, Pairs, pack
from novelgpt.tokens.segment import Segmenter
from novelgpt.tokens.tally import WordTally

_BYTES_AT_ONCE = 16_000_000
"""Files are counted together up to so many bytes: sending and adding counts is what would keep cores idle."""


class CountingStopped(MachineError):
    """The process that counted some files died."""


def count_words(
    texts: Iterable[str], segmenter: Segmenter | None = None, *, pairs: Pairs = "alike"
) -> Counts:
    """Count one book's words, neighbouring words (those that `pairs` names) and characters."""
    tally = WordTally((segmenter or Segmenter()).load(), pairs=pairs)
    tally.add_book(texts)
    return tally.counts


def count_files(
    paths: Sequence[Path],
    segmenter: Segmenter | None = None,
    *,
    pairs: Pairs = "alike",
    engine: Engine = "local",
    jobs: int = 1,
) -> Iterator[tuple[Sequence[Path], Packed]]:
    """Yield files and their counts together, in the order given; each file is one book."""
    batches = list(_batches(paths))
    work = partial(_count_batch, segmenter=segmenter or Segmenter(), pairs=pairs)
    counted = in_order(work, batches, engine=engine, jobs=min(jobs, len(batches)))
    for batch, part in zip(batches, counted, strict=True):
        if isinstance(part, Crashed):
            raise CountingStopped(path=batch[0], count=len(batch))
        yield batch, part


def _batches(paths: Iterable[Path]) -> Iterator[tuple[Path, ...]]:
    """Put files together by size alone: how many processes count must not change what is forgotten."""
    batch: list[Path] = []
    room = _BYTES_AT_ONCE
    for path in paths:
        size = path.stat().st_size
        if batch and size > room:
            yield tuple(batch)
            batch, room = [], _BYTES_AT_ONCE
        batch.append(path)
        room -= size
    if batch:
        yield tuple(batch)


def _count_batch(paths: Sequence[Path], segmenter: Segmenter, pairs: Pairs) -> Packed:
    tally = WordTally(segmenter.load(), pairs=pairs)
    for path in paths:
        tally.add_book(chapter.whole() for chapter in read_chapters(path))
    return pack(tally.counts)
