"""Token sequences that come from elsewhere → the same token files as chapters become.

In: JSONL files, each line `[4, 9, 2]` or `{"ids": [4, 9, 2]}`, and a `vocab.json`, `{symbol: id}` or a list of symbols.
Out: `SequenceShards`, which training's windows read like those of novels. Law: every id is one of the symbols, each
sequence comes back as it was given, and one line at a time is in memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from novelgpt.errors import FileMissing, InputError
from novelgpt.files import sha256_file
from novelgpt.messages import Message
from novelgpt.tokens.sides import below, divide
from novelgpt.tokens.token_files import Split, open_files, writing

LONGEST_LINE = 50_000_000
MOST_SYMBOLS = 1_000_000


class BadSequences(InputError):
    """A line of a sequence file is not a list of known ids."""


class NoSequences(InputError):
    """The sequence files hold too little to learn from and to check with."""


class BadSymbols(InputError):
    """A `vocab.json` is not a table of symbols."""


@dataclass(frozen=True)
class Symbols:
    """What ids stand for, where they are not pieces of text: enough to size a network and to show a sequence."""

    texts: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of symbols."""
        return len(self.texts)

    @cached_property
    def fingerprint(self) -> str:
        """A short hash: equal fingerprints mean that equal ids stand for equal symbols."""
        return hashlib.sha256(json.dumps(["symbols", self.texts]).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SequenceShards:
    """The data of a run on sequences; `characters` of its sides count ids."""

    train: Split
    held_out: Split
    vocabulary: Symbols
    source: str
    """A fingerprint of sequences, symbols and split: equal means the same data."""


def build_sequence_shards(
    sequence_paths: Sequence[Path], symbols: Symbols, folder: Path, *, held_out: float
) -> SequenceShards:
    """Return the shards in `folder`, made anew only if sequences, symbols or split differ from what lies there."""
    for path in sequence_paths:
        if not path.is_file():
            raise FileMissing(path=path)
    source = _source(sequence_paths, symbols, held_out)
    found = open_files(folder, source)
    if found is None:
        _write(sequence_paths, symbols, folder, held_out, source)
        found = open_files(folder, source)
    if found is None:
        raise OSError(f"{folder}: the token files changed while they were being written")
    return SequenceShards(*found, symbols, source)


def read_symbols(path: Path) -> Symbols:
    """Read a `vocab.json`."""
    try:
        with path.open("rb") as stream:
            content = stream.read(LONGEST_LINE + 1)
    except FileNotFoundError:
        raise FileMissing(path=path) from None
    if len(content) > LONGEST_LINE:
        raise BadSymbols(path=path, what=Message("sequences.too_long", {"most": LONGEST_LINE}))
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadSymbols(path=path, what=Message("sequences.not_json", {"detail": error})) from None
    return Symbols(_symbols(path, found))


def _symbols(path: Path, found: Any) -> tuple[str, ...]:
    ids: dict[Any, Any] = found if isinstance(found, dict) else {}
    if isinstance(found, list) and all(isinstance(text, str) for text in found):
        ids = dict(zip(found, range(len(found)), strict=True))
    if not 1 <= len(ids) <= MOST_SYMBOLS:
        facts = {"count": len(ids), "most": MOST_SYMBOLS}
        raise BadSymbols(path=path, what=Message("sequences.symbols_count", facts))
    whole = all(type(number) is int for number in ids.values())
    texts = tuple(sorted(ids, key=ids.__getitem__)) if whole else ()
    if [ids[text] for text in texts] != list(range(len(found))):
        raise BadSymbols(path=path, what=Message("sequences.symbols_ids"))
    return texts


def read_sequences(path: Path, size: int) -> Iterator[np.ndarray]:
    """Yield the sequences of one file, every id below `size`; blank lines and empty lists are passed over."""
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(LONGEST_LINE + 1):
            number += 1
            if line.strip():
                ids = _checked(path, number, line, size)
                if ids:
                    yield np.array(ids, dtype=np.uint32)


def _checked(path: Path, number: int, line: bytes, size: int) -> list[int]:
    refuse = partial(BadSequences, path=path, line=number)
    if len(line) > LONGEST_LINE:
        raise refuse(what=Message("sequences.too_long", {"most": LONGEST_LINE}))
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise refuse(what=Message("sequences.not_json", {"detail": error})) from None
    ids = found.get("ids") if isinstance(found, dict) else found
    if not isinstance(ids, list) or not all(type(one) is int for one in ids):
        raise refuse(what=Message("sequences.not_ids"))
    outside = [one for one in (min(ids, default=0), max(ids, default=0)) if not 0 <= one < size]
    if outside:
        raise refuse(what=Message("sequences.out_of_range", {"id": str(outside[0])[:20], "last": size - 1}))
    return ids


def _write(paths: Sequence[Path], symbols: Symbols, folder: Path, held_out: float, source: str) -> None:
    facts = {"source": source, "held_out": held_out, "fingerprint": symbols.fingerprint}
    sequences = (ids for path in paths for ids in read_sequences(path, symbols.size))
    sided = divide(sequences, partial(_is_held_out, share=held_out), partial(_cut, share=held_out))
    with writing(folder, symbols.size, facts) as rows:
        for side, ids in sided:
            rows[side].append(ids, np.array([len(ids)]), len(ids))
        if not all(row.offsets[-1] for row in rows.values()):
            raise NoSequences(path=" ".join(str(path) for path in paths))


def _is_held_out(ids: np.ndarray, share: float) -> bool:
    return below(hashlib.sha256(ids.tobytes()).digest(), share)


def _cut(only: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Of an only sequence the end is held out."""
    place = max(1, round(len(only) * (1 - share)))
    return only[:place], only[place:]


def _source(paths: Sequence[Path], symbols: Symbols, held_out: float) -> str:
    content = ["sequences", symbols.fingerprint, [sha256_file(path) for path in paths], held_out]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
