"""Token files on disk: a long row of ids per side of the data, read without loading it whole.

In: sequences of ids, one after the other. Out: `train.tokens` and `held-out.tokens` (little-endian uint16, or uint32
above 65,536 ids), each with the offsets of its sequences, and a manifest of hashes written last.
Law: what `open_files` returns is exactly what was written; files that differ from their manifest count as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from novelgpt.files import atomic_file, sha256_file, write_json
from novelgpt.tokens.sides import SIDES, Side

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Split:
    """One side of the data: its tokens, where each sequence begins (and the end), and how many characters it has."""

    tokens: np.ndarray
    offsets: np.ndarray
    characters: int


@dataclass
class Row:
    """One side while it is written: ids go to the disk at once, only the offsets are remembered."""

    stream: IO[bytes]
    dtype: np.dtype[Any]
    offsets: list[int]
    characters: int
    digest: Any

    def append(self, ids: np.ndarray, lengths: np.ndarray, characters: int) -> None:
        """Write sequences that follow one another in `ids`."""
        content = ids.astype(self.dtype, copy=False).tobytes()
        self.stream.write(content)
        self.digest.update(content)
        self.offsets += (self.offsets[-1] + np.cumsum(lengths, dtype=np.int64)).tolist()
        self.characters += characters


def dtype_for(size: int) -> np.dtype[Any]:
    """Return the number type that holds the ids of a vocabulary of `size`."""
    return np.dtype("<u2" if size <= 2**16 else "<u4")


@contextlib.contextmanager
def writing(folder: Path, size: int, facts: dict[str, Any]) -> Iterator[dict[Side, Row]]:
    """Open both sides for appending; on leaving they are sealed by a manifest of `facts` and hashes."""
    (folder / MANIFEST).unlink(missing_ok=True)
    dtype = dtype_for(size)
    with contextlib.ExitStack() as files:
        rows: dict[Side, Row] = {
            side: Row(
                files.enter_context(atomic_file(folder / f"{side}.tokens")), dtype, [0], 0, hashlib.sha256()
            )
            for side in SIDES
        }
        yield rows
    splits = {side: _seal(folder, side, row) for side, row in rows.items()}
    write_json(folder / MANIFEST, {**facts, "dtype": dtype.str, "splits": splits})


def _seal(folder: Path, side: Side, row: Row) -> dict[str, Any]:
    offsets = np.asarray(row.offsets, dtype="<i8").tobytes()
    with atomic_file(folder / f"{side}.offsets") as stream:
        stream.write(offsets)
    return {
        "chapters": len(row.offsets) - 1,
        "tokens": row.offsets[-1],
        "characters": row.characters,
        "sha256": row.digest.hexdigest(),
        "offsets_sha256": hashlib.sha256(offsets).hexdigest(),
    }


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of the token files in `folder`, or None where there is none that can be read."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return manifest if "source" in manifest and set(manifest["splits"]) == set(SIDES) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def open_files(folder: Path, source: str) -> tuple[Split, Split] | None:
    """Return what is learnt from and what is held out, or None unless whole files made from `source` lie there."""
    manifest = read_manifest(folder)
    if manifest is None or manifest["source"] != source or not _whole(folder, manifest):
        return None
    learnt, kept_out = (_open(folder, side, manifest) for side in SIDES)
    return learnt, kept_out


def _open(folder: Path, side: Side, manifest: dict[str, Any]) -> Split:
    tokens = np.memmap(folder / f"{side}.tokens", dtype=np.dtype(manifest["dtype"]), mode="r")
    offsets = np.fromfile(folder / f"{side}.offsets", dtype="<i8")
    return Split(tokens, offsets, manifest["splits"][side]["characters"])


def _whole(folder: Path, manifest: dict[str, Any]) -> bool:
    """Check the files against the manifest, so that a damaged cache is made again rather than learnt from."""
    try:
        return all(
            sha256_file(folder / f"{side}.{part}") == manifest["splits"][side][name]
            for side in SIDES
            for part, name in (("tokens", "sha256"), ("offsets", "offsets_sha256"))
        )
    except (OSError, KeyError, TypeError):
        return False
