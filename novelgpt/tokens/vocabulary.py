"""What shards, training, scoring and writing ask of a vocabulary, wherever it comes from.

Two classes answer: `Tokenizer`, made by this program, and `ForeignTokenizer`, which came with somebody else's model.
Law: the pieces of a `stream_decoder` join to `decode(ids)`, and no piece shows half a character.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol


class TextStream(Protocol):
    """Ids in, text out."""

    def push(self, token_id: int) -> str:
        """Return the text that `token_id` completes, possibly none."""

    def finish(self) -> str:
        """Return what an unfinished character leaves behind."""


class Vocabulary(Protocol):
    """Text ⇄ token ids."""

    @property
    def size(self) -> int:
        """How many ids there are: the rows of a network's first matrix."""

    @property
    def fingerprint(self) -> str:
        """A short hash: equal fingerprints mean equal ids for every text."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Token id → the text it stands for; markers and fragments of characters stand for none."""

    @property
    def byte_ids(self) -> Mapping[int, int]:
        """Token id → byte value, of the tokens that are one byte of a longer character."""

    @property
    def fragments(self) -> Mapping[int, bytes]:
        """Token id → its bytes, for the tokens that may be less than a character."""

    @property
    def padding_id(self) -> int:
        """What fills a row that is too short."""

    @property
    def unknown_id(self) -> int | None:
        """What stands for anything unknown, where a vocabulary can meet such a thing."""

    @property
    def chapter_start_id(self) -> int:
        """What stands before a chapter."""

    @property
    def chapter_end_id(self) -> int:
        """What stands after a chapter; the same token as before it, where a vocabulary has only one marker."""

    @property
    def newline_id(self) -> int | None:
        """The newline, where it has a token of its own."""

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`; a marker written in it stays text."""

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text, using all cores."""

    def encode_chapter(self, text: str) -> list[int]:
        """Return a whole chapter between its two markers."""

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids`."""

    def stream_decoder(self) -> TextStream:
        """Return a decoder that is fed one id at a time."""

    def save(self, folder: Path) -> None:
        """Write the files that this program and transformers load."""
