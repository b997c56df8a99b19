"""Text ⇄ token ids: one `tokenizer.json` that this class and plain `AutoTokenizer` read alike.

Law: `decode(encode(text)) == text` for every text without lone surrogates, and encoding never yields `[UNK]`.
How: a Unigram model, or BPE where merges are given, with byte fallback. A newline is the piece `[SEP]`; so that an
author's own "[SEP]" or "<0x41>" stays text, every "[" and "<" of the text is followed by a word joiner before pieces
are looked up, and that joiner is taken away again on the way back. Under BPE a newline and these two signs are cut out
first, so that nothing merges with them.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

from novelgpt.errors import BadVocabulary, NotUnicode, NoVocabulary, WrongVocabulary
from novelgpt.files import write_json, write_text
from novelgpt.messages import Message
from novelgpt.text.markers import CHAPTER_END, CHAPTER_START, NEWLINE, PADDING, SPECIALS, UNKNOWN
from novelgpt.tokens.pieces import (
    BYTES,
    ESCAPED,
    JOINER,
    LARGEST_FILE,
    Merge,
    Piece,
    byte_piece,
    check_pieces,
    escape,
    read_pieces,
    unescape,
)
from novelgpt.tokens.vocabulary import Vocabulary

__all__ = [
    "BYTES",
    "ESCAPED",
    "JOINER",
    "StreamDecoder",
    "Tokenizer",
    "byte_piece",
    "escape",
    "refuse_surrogates",
    "require_vocabulary",
    "unescape",
]

TOKENIZER_FILES = ("vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


class Tokenizer:
    """A vocabulary of pieces in id order: the specials first, then the 256 bytes, then everything else.

    Without `merges` the pieces' scores decide how a text is cut (Unigram); with them, their order does (BPE).
    """

    def __init__(self, pieces: Sequence[Piece], merges: Sequence[Merge] | None = None) -> None:
        # BPE knows no scores: they are forgotten here, so that a saved vocabulary is the same one when it comes back
        self.pieces: tuple[Piece, ...] = (
            tuple(pieces) if merges is None else tuple((name, 0.0) for name, _ in pieces)
        )
        self.merges: tuple[Merge, ...] | None = None if merges is None else tuple(merges)
        check_pieces(self.pieces, self.merges)
        self._engine = _engine(self.pieces, self.merges)

    def __reduce__(self) -> tuple[Any, ...]:
        return _shared, (self.pieces, self.merges)  # for worker processes

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
    def fragments(self) -> dict[int, bytes]:
        """Token id → its bytes, for the tokens that may be less than a character."""
        return {token: bytes([value]) for token, value in self.byte_ids.items()}

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of all pieces and scores or merges: equal fingerprints mean equal ids for every text."""
        names = [name for name, _ in self.pieces]
        content = self.pieces if self.merges is None else ["BPE", names, self.merges]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

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
        refuse_surrogates(text)
        ids: list[int] = self._engine.encode(_as_looked_up(text), add_special_tokens=False).ids
        return ids

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text, using all cores."""
        for text in texts:
            refuse_surrogates(text)
        batch = [_as_looked_up(text) for text in texts]
        return [one.ids for one in self._engine.encode_batch_fast(batch, add_special_tokens=False)]

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
        pipeline = _pipeline(self.pieces, self.merges).to_str(pretty=False)
        write_text(folder / "tokenizer.json", pipeline + "\n")
        write_json(folder / "special_tokens_map.json", _SPECIAL_NAMES)
        write_json(
            folder / "tokenizer_config.json",
            {**_LOADER_SETTINGS, **_SPECIAL_NAMES, "novelgpt_fingerprint": self.fingerprint},
        )

    @classmethod
    def load(cls, folder: Path) -> Tokenizer:
        """Read the vocabulary in `folder`: its pieces and merges only, so a hostile pipeline in the file does nothing."""
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise NoVocabulary(path=folder)
        try:
            with path.open("rb") as stream:
                tokenizer = cls(*read_pieces(stream.read(LARGEST_FILE + 1)))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise BadVocabulary(path=path, detail=error) from None
        _refuse_mixture(folder, tokenizer)
        return tokenizer


class StreamDecoder:
    """Ids in, text out, as soon as whole characters are there. Law: the pieces join to `decode(ids)`."""

    def __init__(self, tokenizer: Vocabulary) -> None:
        self._texts, self._fragments = tokenizer.texts, tokenizer.fragments
        self._pending = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token_id: int) -> str:
        """Return the text that `token_id` completes, possibly none."""
        if token_id in self._fragments:
            return self._pending.decode(self._fragments[token_id])
        return self.finish() + self._texts[token_id]

    def finish(self) -> str:
        """Return what an unfinished character leaves behind: nothing, or U+FFFD."""
        rest = self._pending.decode(b"", final=True)
        self._pending.reset()
        return rest


_LARGEST_SETTINGS = 1_000_000

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


def _engine(pieces: Sequence[Piece], merges: Sequence[Merge] | None) -> Any:
    """Return what cuts a text already escaped: the model of `_pipeline` without the slower steps around it."""
    engine = tokenizers.Tokenizer(_model(pieces, merges))
    if merges is not None:
        engine.pre_tokenizer = _cut_out_signs()
    return engine


def _pipeline(pieces: Sequence[Piece], merges: Sequence[Merge] | None) -> Any:
    """Return what `tokenizer.json` holds: everything that other programs need to give the same ids and texts."""
    backend = _engine(pieces, merges)
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


def _model(pieces: Sequence[Piece], merges: Sequence[Merge] | None) -> Any:
    if merges is None:
        return models.Unigram(list(pieces), unk_id=Tokenizer.unknown_id, byte_fallback=True)
    return models.BPE(
        {name: number for number, (name, _) in enumerate(pieces)},
        list(merges),
        unk_token=UNKNOWN,
        byte_fallback=True,
        ignore_merges=True,  # what is cut out below is one piece, though no merges lead to it
    )


def _cut_out_signs() -> Any:
    signs = [NEWLINE, *(sign + JOINER for sign in ESCAPED)]
    return pre_tokenizers.Sequence([pre_tokenizers.Split(sign, "isolated") for sign in signs])


def _as_looked_up(text: str) -> str:
    return escape(text).replace("\n", NEWLINE)


@lru_cache(maxsize=2)
def _shared(pieces: tuple[Piece, ...], merges: tuple[Merge, ...] | None) -> Tokenizer:
    """A worker is sent its vocabulary with every piece of work, and builds it once."""
    return Tokenizer(pieces, merges)


def require_vocabulary(
    wanted: str, theirs: Path | Message, tokenizer: Vocabulary, ours: Path | Message
) -> None:
    """Refuse a tokenizer (`ours`) whose fingerprint is not the one that `theirs` was made with."""
    if tokenizer.fingerprint != wanted:
        raise WrongVocabulary(
            ours=ours, our_fingerprint=tokenizer.fingerprint, theirs=theirs, their_fingerprint=wanted
        )


def _refuse_mixture(folder: Path, tokenizer: Tokenizer) -> None:
    """The fingerprint beside the pieces must be theirs; another one means that files of two vocabularies were mixed."""
    path = folder / "tokenizer_config.json"
    try:
        settings = json.loads(path.read_bytes()[:_LARGEST_SETTINGS])
        named = settings.get("novelgpt_fingerprint", tokenizer.fingerprint)
    except (OSError, ValueError, AttributeError, RecursionError):
        return  # these settings are for transformers; ours are the pieces
    require_vocabulary(str(named)[:16], path, tokenizer, folder / "tokenizer.json")


def refuse_surrogates(text: str) -> None:
    """Refuse what is no Unicode text."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotUnicode(position=error.start + 1) from None
