"""Text ⇄ token ids: one `tokenizer.json` that this class and plain `AutoTokenizer` read alike.

Law: `decode(encode(text)) == text` for every text without lone surrogates, and encoding never yields `[UNK]`.
How: a Unigram model with byte fallback and nothing else. A newline is the piece `[SEP]`; so that an author's own
"[SEP]" or "<0x41>" stays text, every "[" and "<" of the text is followed by a word joiner before pieces are looked up,
and that joiner is taken away again on the way back.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import decoders, models, normalizers

from novelgpt.errors import BadVocabulary, NotUnicode, NoVocabulary
from novelgpt.files import write_json, write_text
from novelgpt.text.markers import CHAPTER_END, CHAPTER_START, NEWLINE, PADDING, SPECIALS, UNKNOWN

JOINER = "\u2060"
ESCAPED = ("[", "<")
BYTES = 256
LARGEST_FILE = 50_000_000
TOKENIZER_FILES = ("vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")

Pieces = Sequence[tuple[str, float]]


def byte_piece(value: int) -> str:
    """Return the piece that stands for one byte of a character the vocabulary lacks."""
    return f"<0x{value:02X}>"


def escape(text: str) -> str:
    """Return `text` the way pieces are looked up in it (newlines apart)."""
    for sign in ESCAPED:
        text = text.replace(sign, sign + JOINER)
    return text


def unescape(text: str) -> str:
    """Return the text that `escape` was given."""
    for sign in ESCAPED:
        text = text.replace(sign + JOINER, sign)
    return text


class Tokenizer:
    """A vocabulary of pieces in id order, the specials first, then the 256 bytes, then everything else."""

    def __init__(self, pieces: Pieces) -> None:
        self.pieces: tuple[tuple[str, float], ...] = tuple(pieces)
        self._backend = _assemble(self.pieces)

    @property
    def size(self) -> int:
        """The number of pieces."""
        return len(self.pieces)

    padding_id, unknown_id, chapter_end_id, newline_id, chapter_start_id = (
        SPECIALS.index(name) for name in (PADDING, UNKNOWN, CHAPTER_END, NEWLINE, CHAPTER_START)
    )

    @cached_property
    def byte_ids(self) -> dict[int, int]:
        """Token id → byte value of the byte pieces."""
        return {len(SPECIALS) + value: value for value in range(BYTES)}

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of all pieces and scores: equal fingerprints mean equal ids for every text."""
        return hashlib.sha256(json.dumps(self.pieces).encode()).hexdigest()[:16]

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Token id → the text it stands for; markers and single bytes stand for none."""
        silent = {
            self.padding_id,
            self.unknown_id,
            self.chapter_end_id,
            self.chapter_start_id,
            *self.byte_ids,
        }
        plain = ("" if i in silent else unescape(piece) for i, (piece, _) in enumerate(self.pieces))
        return tuple("\n" if i == self.newline_id else text for i, text in enumerate(plain))

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`; a marker written in it stays text."""
        _refuse_surrogates(text)
        ids: list[int] = self._backend.encode(text, add_special_tokens=False).ids
        return ids

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text, using all cores."""
        for text in texts:
            _refuse_surrogates(text)
        return [one.ids for one in self._backend.encode_batch_fast(texts, add_special_tokens=False)]

    def encode_chapter(self, text: str) -> list[int]:
        """Return a whole chapter between its two markers."""
        return [self.chapter_start_id, *self.encode(text), self.chapter_end_id]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids`; markers give nothing, broken bytes give U+FFFD."""
        stream = self.stream_decoder()
        return "".join([*(stream.push(one) for one in ids), stream.finish()])

    def stream_decoder(self) -> StreamDecoder:
        """Return a decoder that is fed one id at a time."""
        return StreamDecoder(self)

    def save(self, folder: Path) -> None:
        """Write the four tokenizer files, each atomically."""
        write_text(folder / "vocab.txt", "".join(piece + "\n" for piece, _ in self.pieces))
        write_text(folder / "tokenizer.json", self._backend.to_str(pretty=False) + "\n")
        write_json(folder / "special_tokens_map.json", _SPECIAL_NAMES)
        write_json(
            folder / "tokenizer_config.json",
            {**_LOADER_SETTINGS, **_SPECIAL_NAMES, "novelgpt_fingerprint": self.fingerprint},
        )

    @classmethod
    def load(cls, folder: Path) -> Tokenizer:
        """Read the vocabulary in `folder`; only its pieces are taken, so a hostile pipeline in the file does nothing."""
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise NoVocabulary(path=folder)
        try:
            if path.stat().st_size > LARGEST_FILE:
                raise ValueError(f"larger than {LARGEST_FILE} bytes")
            return cls(_checked_pieces(json.loads(path.read_text(encoding="utf-8"))))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise BadVocabulary(path=path, detail=error) from None


class StreamDecoder:
    """Ids in, text out, as soon as whole characters are there. Law: the pieces join to `decode(ids)`."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._texts, self._bytes = tokenizer.texts, tokenizer.byte_ids
        self._pending = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token_id: int) -> str:
        """Return the text that `token_id` completes, possibly none."""
        if token_id in self._bytes:
            return self._pending.decode(bytes([self._bytes[token_id]]))
        return self.finish() + self._texts[token_id]

    def finish(self) -> str:
        """Return what an unfinished character leaves behind: nothing, or U+FFFD."""
        rest = self._pending.decode(b"", final=True)
        self._pending.reset()
        return rest


_SPECIAL_NAMES = {
    "bos_token": CHAPTER_START,
    "eos_token": CHAPTER_END,
    "pad_token": PADDING,
    "unk_token": UNKNOWN,
}

_LOADER_SETTINGS = {
    # this class name is the one that both transformers 4.57 and 5 leave as it is, whatever model stands beside it
    "tokenizer_class": "PreTrainedTokenizerFast",
    "clean_up_tokenization_spaces": False,
    "split_special_tokens": True,  # a marker written in a story stays text
    "padding_side": "left",
    "model_max_length": 1_000_000_000,
}


def _assemble(pieces: Pieces) -> Any:
    backend = tokenizers.Tokenizer(
        models.Unigram(list(pieces), unk_id=Tokenizer.unknown_id, byte_fallback=True)
    )
    escapes = [normalizers.Replace(sign, sign + JOINER) for sign in ESCAPED]
    backend.normalizer = normalizers.Sequence([*escapes, normalizers.Replace("\n", NEWLINE)])
    unescapes = [decoders.Replace(sign + JOINER, sign) for sign in ESCAPED]
    backend.decoder = decoders.Sequence(
        [decoders.Replace(NEWLINE, "\n"), decoders.ByteFallback(), decoders.Fuse(), *unescapes]
    )
    # NEWLINE is left out: a "special" newline would vanish under skip_special_tokens=True
    backend.add_special_tokens(
        [tokenizers.AddedToken(name, special=True, normalized=False) for name in SPECIALS if name != NEWLINE]
    )
    backend.encode_special_tokens = True
    return backend


def _checked_pieces(document: dict[str, Any]) -> list[tuple[str, float]]:
    model = document["model"]
    if model.get("type") != "Unigram" or not model.get("byte_fallback"):
        raise ValueError(f"a {model.get('type')} model; novelgpt vocab makes Unigram with byte fallback")
    pieces = [(str(piece), float(score)) for piece, score in model["vocab"]]
    names = [piece for piece, _ in pieces]
    expected = [
        *SPECIALS,
        *(byte_piece(value) for value in range(BYTES)),
        *(sign + JOINER for sign in ESCAPED),
    ]
    if names[: len(expected)] != expected:
        raise ValueError("the markers and bytes do not stand in their places")
    if len(set(names)) != len(names) or not all(math.isfinite(score) for _, score in pieces):
        raise ValueError("a piece stands twice or has no score")
    return pieces


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotUnicode(position=error.start + 1) from None
