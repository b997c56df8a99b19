"""A vocabulary that came with somebody else's model → what the rest of the program asks of a `Tokenizer`.

In: a folder with a `tokenizer.json` (byte-level BPE, Unigram, or BPE and WordPiece of other kinds) or only the `vocab.txt` of a
BERT-style Chinese GPT-2. Out: ids that are the very ones the model was trained with.
Law: `encode(text)` is what `tokenizers` itself gives, `"".join(stream) == decode(ids)`, and with byte-level BPE
`decode(encode(text)) == text`. Other kinds forget what they are made to forget: BERT drops spaces and capitals, Llama
sets a space before the first word.
Markers: a chapter stands between the model's own beginning and end of a text; where it has only an end (GPT-2, Qwen),
that stands on both sides, and it also pads. WordPiece follows GPT2-Chinese: [MASK] begins, [SEP] is a newline, [CLS] ends.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import tokenizers

from novelgpt.errors import BadVocabulary, NoVocabulary
from novelgpt.files import write_json, write_text
from novelgpt.text.markers import CHAPTER_END, CHAPTER_START, NEWLINE, PADDING, SPECIALS, UNKNOWN
from novelgpt.tokens.pieces import MOST_PIECES, byte_piece
from novelgpt.tokens.pipelines import (
    Parts,
    read_bounded,
    read_parts,
    token_names,
    word_piece_parts,
)
from novelgpt.tokens.spelling import is_text, spelling
from novelgpt.tokens.tokenizer import StreamDecoder, Tokenizer, refuse_surrogates, require_vocabulary
from novelgpt.tokens.vocabulary import TextStream, Vocabulary

_LARGEST_SETTINGS = 1_000_000
_USUAL_ENDS = ("<|endoftext|>", "</s>", "<|end_of_text|>", "<｜end▁of▁sentence｜>", "<eos>")
_DAMAGES = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


class StrangeVocabulary(BadVocabulary):
    """A vocabulary from elsewhere is damaged, or of a kind that is not accepted."""


@dataclass(frozen=True)
class Marks:
    """The ids with a meaning of their own."""

    start: int
    end: int
    padding: int
    unknown: int | None
    newline: int | None


def load_vocabulary(folder: Path) -> Vocabulary:
    """Return the vocabulary in `folder`, ours or a foreign one."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        return _load_word_pieces(folder)
    return Tokenizer.load(folder) if _is_ours(path) else ForeignTokenizer.load(folder)


class ForeignTokenizer:
    """A vocabulary whose pieces, steps and markers were chosen by somebody else."""

    def __init__(self, parts: Parts, marks: Marks, rows: int = 0) -> None:
        self.parts, self.marks = parts, marks
        self._names = token_names(parts)
        self._engine = _engine(json.dumps(parts))
        # a network often has more rows than there are tokens; those rows stand for nothing
        self._size = max(rows, max(self._names) + 1)
        self._spaces_words = parts["model"]["type"] == "WordPiece"

    def __reduce__(self) -> tuple[Any, ...]:
        return _shared, (json.dumps(self.parts), self.marks, self._size)  # for worker processes

    @property
    def size(self) -> int:
        """The number of ids, those without a token included."""
        return self._size

    @property
    def padding_id(self) -> int:
        """What fills a row that is too short."""
        return self.marks.padding

    @property
    def unknown_id(self) -> int | None:
        """What stands for anything unknown."""
        return self.marks.unknown

    @property
    def chapter_start_id(self) -> int:
        """What stands before a chapter."""
        return self.marks.start

    @property
    def chapter_end_id(self) -> int:
        """What stands after a chapter."""
        return self.marks.end

    @property
    def newline_id(self) -> int | None:
        """The newline, where it has a token of its own."""
        return self.marks.newline

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of all that decides which ids a text has."""
        deciding = [self.parts[name] for name in ("normalizer", "pre_tokenizer", "model", "added_tokens")]
        content = json.dumps(["foreign", deciding, asdict(self.marks)], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @cached_property
    def _spelled(self) -> dict[int, bytes]:
        """Token id → bytes, in the sense of the kind of vocabulary this is."""
        spell = spelling(self.parts)
        added = {
            one["id"]: b"" if one["special"] else one["content"].encode()
            for one in self.parts["added_tokens"]
        }
        marks = {number: b"" for number in asdict(self.marks).values() if number is not None}
        newline = {} if self.marks.newline is None else {self.marks.newline: b"\n"}
        plain = {number: spell(name) for number, name in self._names.items()}
        return plain | added | marks | newline

    @cached_property
    def fragments(self) -> dict[int, bytes]:
        """Token id → its bytes, for the tokens that are not whole characters."""
        return {number: spelled for number, spelled in self._spelled.items() if not is_text(spelled)}

    @cached_property
    def byte_ids(self) -> dict[int, int]:
        """Token id → byte value, of the fragments that are one byte."""
        return {number: spelled[0] for number, spelled in self.fragments.items() if len(spelled) == 1}

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Token id → the text it stands for; markers, fragments and rows without a token stand for none."""
        spelled, parts = self._spelled, self.fragments
        return tuple(
            "" if number in parts else spelled.get(number, b"").decode() for number in range(self._size)
        )

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`; a marker written in it stays text."""
        return self.encode_many([text])[0]

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text, using all cores."""
        for text in texts:
            refuse_surrogates(text)
        if not self._spaces_words:
            return self._ids(texts)
        # BERT takes a newline for a space; lines are encoded apart, so that it stays a newline
        lines = [text.split("\n") for text in texts]
        ids = self._ids([line for one in lines for line in one])
        ends = [0, *accumulate(map(len, lines))]
        return [self._joined(ids[start:end]) for start, end in pairwise(ends)]

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [one.ids for one in self._engine.encode_batch_fast(list(texts), add_special_tokens=False)]

    def _joined(self, lines: Sequence[list[int]]) -> list[int]:
        newline = [] if self.marks.newline is None else [self.marks.newline]
        return [*lines[0], *(number for line in lines[1:] for number in (*newline, *line))]

    def encode_chapter(self, text: str) -> list[int]:
        """Return a whole chapter between its two markers."""
        return [self.marks.start, *self.encode(text), self.marks.end]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids`; markers give nothing, broken bytes give U+FFFD."""
        stream = self.stream_decoder()
        return "".join([*(stream.push(one) for one in ids), stream.finish()])

    def stream_decoder(self) -> TextStream:
        """Return a decoder that is fed one id at a time."""
        return _WordStream(self) if self._spaces_words else StreamDecoder(self)

    def starts_word(self, token_id: int) -> bool:
        """Tell whether a WordPiece token begins a word, so that a space belongs before it."""
        return not self._names.get(token_id, "##").startswith("##")

    def save(self, folder: Path) -> None:
        """Write the tokenizer files, each atomically."""
        write_text(folder / "tokenizer.json", json.dumps(self.parts, ensure_ascii=False) + "\n")
        marks = self.marks
        ids = {
            "bos_token": marks.start,
            "eos_token": marks.end,
            "pad_token": marks.padding,
            "unk_token": marks.unknown,
        }
        names = {name: self._names[number] for name, number in ids.items() if number is not None}
        write_json(folder / "special_tokens_map.json", names)
        write_json(
            folder / "tokenizer_config.json",
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "clean_up_tokenization_spaces": False,
                "split_special_tokens": True,  # a marker written in a story stays text
                "model_max_length": 1_000_000_000,
                **names,
                "novelgpt_fingerprint": self.fingerprint,
            },
        )

    @classmethod
    def load(cls, folder: Path) -> ForeignTokenizer:
        """Read the vocabulary in `folder`, which is hostile until checked."""
        path = folder / "tokenizer.json"
        settings = _settings(folder)
        try:
            parts = read_parts(read_bounded(path))
            tokenizer = cls(parts, _marks(parts, settings), _rows(settings))
        except _DAMAGES as error:
            raise StrangeVocabulary(path=path, detail=error) from None
        named = settings["tokenizer_config"].get("novelgpt_fingerprint")
        if named is not None:
            require_vocabulary(str(named)[:16], folder / "tokenizer_config.json", tokenizer, path)
        return tokenizer


class _WordStream(StreamDecoder):
    """BERT's pieces do not know about spaces: one is set between two words of Latin letters."""

    def __init__(self, tokenizer: ForeignTokenizer) -> None:
        super().__init__(tokenizer)
        self._tokenizer, self._last = tokenizer, ""

    def push(self, token_id: int) -> str:
        text = super().push(token_id)
        between = _is_latin(self._last[-1:]) and _is_latin(text[:1]) and self._tokenizer.starts_word(token_id)
        self._last = text or self._last
        return f" {text}" if between else text


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _load_word_pieces(folder: Path) -> ForeignTokenizer:
    """An old Chinese GPT-2 has a `vocab.txt` and nothing else."""
    path = folder / "vocab.txt"
    if not path.is_file() or _lists_our_pieces(path):
        raise NoVocabulary(path=folder)
    settings = _settings(folder)
    lower = settings["tokenizer_config"].get("do_lower_case", True) is not False
    try:
        parts = word_piece_parts(read_bounded(path), lower=lower)
        return ForeignTokenizer(parts, _marks(parts, settings), _rows(settings))
    except _DAMAGES as error:
        raise StrangeVocabulary(path=path, detail=error) from None


def _lists_our_pieces(path: Path) -> bool:
    """This program's own `vocab.txt` is for eyes: it says nothing of scores and merges."""
    with path.open("rb") as stream:
        return stream.read(100).startswith("\n".join((*SPECIALS, byte_piece(0))).encode())


def _is_ours(path: Path) -> bool:
    """Nobody else has these markers and bytes together; looking for them is much faster than reading the file twice."""
    content = read_bounded(path)
    return all(f'"{name}"'.encode() in content for name in (*SPECIALS, byte_piece(0)))


def _settings(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the small files that name markers; what cannot be read says nothing."""
    return {
        name: _small_json(folder / f"{name}.json")
        for name in ("tokenizer_config", "special_tokens_map", "config")
    }


def _small_json(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            found = json.loads(stream.read(_LARGEST_SETTINGS))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _rows(settings: dict[str, dict[str, Any]]) -> int:
    rows = settings["config"].get("vocab_size")
    return rows if type(rows) is int and 0 < rows <= MOST_PIECES else 0


def _marks(parts: Parts, settings: dict[str, dict[str, Any]]) -> Marks:
    markers = {one["content"]: one["id"] for one in parts["added_tokens"]}
    if parts["model"]["type"] == "WordPiece" and {CHAPTER_START, NEWLINE, CHAPTER_END} <= markers.keys():
        end, unknown = markers[CHAPTER_END], markers.get(UNKNOWN)
        padding = markers.get(PADDING, end)
        return Marks(markers[CHAPTER_START], end, padding, unknown, markers[NEWLINE])
    named = {name: _marker(name, markers, settings) for name in ("bos", "eos", "pad", "unk")}
    usual = next((markers[name] for name in _USUAL_ENDS if name in markers), None)
    ends = named["eos"] if named["eos"] is not None else usual
    if ends is None:
        raise ValueError("no marker for the end of a text")
    start = ends if named["bos"] is None else named["bos"]
    padding = ends if named["pad"] is None else named["pad"]
    return Marks(start, ends, padding, named["unk"], _newline(parts))


def _marker(kind: str, markers: dict[str, int], settings: dict[str, dict[str, Any]]) -> int | None:
    """Return the id of an added token that the folder names as beginning, end, padding or unknown."""
    for file in ("tokenizer_config", "special_tokens_map"):
        named = settings[file].get(f"{kind}_token")
        name = named.get("content") if isinstance(named, dict) else named
        if isinstance(name, str) and name in markers:
            return markers[name]
    number = settings["config"].get(f"{kind}_token_id")
    number = number[0] if isinstance(number, list) and number else number
    return number if type(number) is int and number in markers.values() else None


def _newline(parts: Parts) -> int | None:
    spell = spelling(parts)
    added = {one["id"] for one in parts["added_tokens"]}
    found = (
        number for number, name in token_names(parts).items() if number not in added and spell(name) == b"\n"
    )
    return next(found, None)


def _engine(content: str) -> Any:
    try:
        engine = tokenizers.Tokenizer.from_str(content)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the library's own panics are no Exceptions
        raise ValueError(str(error)[:200]) from None
    engine.encode_special_tokens = True
    return engine


@lru_cache(maxsize=2)
def _shared(content: str, marks: Marks, rows: int) -> ForeignTokenizer:
    """A worker is sent its vocabulary with every piece of work, and builds it once."""
    return ForeignTokenizer(json.loads(content), marks, rows)
