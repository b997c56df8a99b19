"""A `tokenizer.json` of any origin → the same with nothing in it but known steps, each within bounds.

In: bytes that anybody may have written. Out: the parts of the file, checked; or a ValueError, LookupError, TypeError,
AttributeError or RecursionError.
Law: what passes takes memory and time in proportion to the file and to the text. So there is no pattern that is not
known, no step that lengthens a text again and again, no padding, and nothing drawn by chance.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from novelgpt.text.markers import PADDING, SPECIALS, UNKNOWN
from novelgpt.tokens.pieces import LARGEST_FILE, MOST_PIECES

Parts = dict[str, Any]
"""The parts of a `tokenizer.json`: added_tokens, normalizer, pre_tokenizer, post_processor, decoder, model."""

_STEPS = {
    "normalizer": {
        "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "StripAccents", "Prepend", "Replace", "BertNormalizer",
        "Sequence",
    },
    "pre_tokenizer": {
        "ByteLevel", "Split", "Metaspace", "Whitespace", "WhitespaceSplit", "BertPreTokenizer", "Digits", "Punctuation",
        "UnicodeScripts", "Sequence",
    },
    "post_processor": {"ByteLevel", "TemplateProcessing", "BertProcessing", "RobertaProcessing", "Sequence"},
    "decoder": {"ByteLevel", "Metaspace", "WordPiece", "ByteFallback", "Fuse", "Strip", "Replace", "Sequence"},
}  # fmt: skip
_INSIDE = {
    "normalizer": "normalizers",
    "pre_tokenizer": "pretokenizers",
    "post_processor": "processors",
    "decoder": "decoders",
}
_REPEATABLE = ("Replace", "Split")
_MOST_STEPS, _LONGEST_STEP = 12, 20_000

_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_KNOWN_PATTERNS = {
    _WORDS + r"\p{L}+|\p{N}" + _REST,
    _WORDS + r"\p{L}+|\p{N}{1,3}" + _REST,
    _WORDS + r"[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"\p{N}{1,3}",
    r"\p{N}",
    r"\s+",
    r" {2,}",
    r"[\r\n]",
}
"""The patterns of well-known models; another one might take for ever, and nobody can tell by looking at it."""

_LONGEST_NAME, _MOST_NAMES_BYTES, _LONGEST_MARKER, _MOST_ADDED = 1_024, 20_000_000, 256, 10_000
_MOST_TREE_BYTES = 5_000_000  # Unigram keeps a tree of bytes, with up to 350 bytes of memory for each
_MOST_CONTAINERS, _MOST_COMMAS = 1_200_000, 3_500_000


def read_parts(content: bytes) -> Parts:
    """Return the parts of a `tokenizer.json`."""
    if len(content) > LARGEST_FILE:
        raise ValueError(f"larger than {LARGEST_FILE} bytes")
    if content.count(b"[") + content.count(b"{") > _MOST_CONTAINERS or content.count(b",") > _MOST_COMMAS:
        raise ValueError("more lists or values than a vocabulary can have")
    raw = json.loads(content.decode("utf-8"))
    parts = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(one) for one in _list(raw.get("added_tokens") or [], _MOST_ADDED)],
        **{room: raw.get(room) for room in _STEPS},
        "model": _model(raw["model"]),
    }
    for room in _STEPS:
        _check_steps(room, parts[room])
    return parts


def word_piece_parts(content: bytes, *, lower: bool) -> Parts:
    """Return the parts that a `vocab.txt` of single characters and `##` pieces stands for, as BERT reads it."""
    if len(content) > LARGEST_FILE:
        raise ValueError(f"larger than {LARGEST_FILE} bytes")
    names = content.decode("utf-8").rstrip("\r\n").replace("\r\n", "\n").split("\n")
    ids = {name: number for number, name in enumerate(names)}
    missing = [name for name in SPECIALS if name != PADDING and name not in ids]
    if missing or len(ids) < len(names):
        raise ValueError(f"vocab.txt lacks {missing[0]}" if missing else "a piece stands twice in vocab.txt")
    added = [_added({"id": ids[name], "content": name, "special": True}) for name in SPECIALS if name in ids]
    words = {"unk_token": UNKNOWN, "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
    looks = {"clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": lower}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": sorted(added, key=lambda one: one["id"]),
        "normalizer": {"type": "BertNormalizer", **looks},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": False},
        "model": _model({"type": "WordPiece", "vocab": ids, **words}),
    }


def token_names(parts: Parts) -> dict[int, str]:
    """Return id → name of every token, the added ones included."""
    vocab = parts["model"]["vocab"]
    named = (
        dict(enumerate(name for name, _ in vocab))
        if isinstance(vocab, list)
        else {i: n for n, i in vocab.items()}
    )
    return named | {one["id"]: one["content"] for one in parts["added_tokens"]}


def step_types(part: Any) -> list[str]:
    """Return the types of the steps in one part, in their order."""
    return [step["type"] for step in _flat(part)]


def _flat(part: Any) -> Iterator[Mapping[str, Any]]:
    if part is None:
        return
    if part["type"] != "Sequence":
        yield part
        return
    (inner,) = (part[name] for name in _INSIDE.values() if name in part)
    for one in inner:
        if one["type"] == "Sequence":
            raise ValueError("a sequence of steps inside another")
        yield one


def _check_steps(room: str, part: Any) -> None:
    steps = list(_flat(part))
    if len(steps) > _MOST_STEPS:
        raise ValueError(f"{len(steps)} steps in {room}")
    for step in steps:
        if step["type"] not in _STEPS[room]:
            raise ValueError(f"{room} {str(step['type'])[:40]}")
        _check_step(room, step)
    for name, count in Counter(step["type"] for step in steps).items():
        if count > 1 and name not in _REPEATABLE:
            raise ValueError(f"{count} times {name} in {room}")


def _check_step(room: str, step: Mapping[str, Any]) -> None:
    if len(json.dumps(step)) > _LONGEST_STEP:
        raise ValueError(f"a {step['type']} of {len(json.dumps(step))} characters")
    pattern = step.get("pattern", {"String": ""})
    if "Regex" in pattern and pattern["Regex"] not in _KNOWN_PATTERNS:
        raise ValueError(f"the pattern {str(pattern['Regex'])[:60]!r} is not a known one")
    if step["type"] == "Replace" and len(step["content"]) > len(pattern.get("String", " ")):
        raise ValueError("a replacement is longer than what it replaces")
    if step["type"] == "Prepend" and len(step["prepend"]) > 8:
        raise ValueError("too much is set before a text")


def _model(raw: Mapping[str, Any]) -> dict[str, Any]:
    kind = raw.get("type") or ("BPE" if "merges" in raw else None)  # the oldest files do not say
    if kind not in ("BPE", "Unigram", "WordPiece"):
        raise ValueError(f"a {str(kind)[:40]} model")
    _check_names(_names(kind, raw["vocab"]), _MOST_TREE_BYTES if kind == "Unigram" else _MOST_NAMES_BYTES)
    if kind == "Unigram":
        return {name: raw.get(name) for name in ("type", "unk_id", "vocab")} | {
            "byte_fallback": bool(raw.get("byte_fallback"))
        }
    if kind == "WordPiece":
        longest = raw.get("max_input_chars_per_word", 100)
        if type(longest) is not int or not 0 < longest <= 1_000:
            raise ValueError(f"max_input_chars_per_word = {str(longest)[:40]}")
        kept = ("unk_token", "continuing_subword_prefix", "vocab")
        return {"type": kind, "max_input_chars_per_word": longest, **{name: raw[name] for name in kept}}
    return _bpe(raw)


def _bpe(raw: Mapping[str, Any]) -> dict[str, Any]:
    if raw.get("end_of_word_suffix") or raw.get("continuing_subword_prefix"):
        raise ValueError("a BPE model with marked beginnings or ends of words")
    _list(raw["merges"], MOST_PIECES)
    switches = {name: bool(raw.get(name)) for name in ("fuse_unk", "byte_fallback", "ignore_merges")}
    kept = {name: raw.get(name) for name in ("unk_token", "vocab", "merges")}
    return {"type": "BPE", "dropout": None, **switches, **kept}


def _names(kind: str, vocab: Any) -> list[str]:
    if kind == "Unigram":
        return [name for name, _ in _list(vocab, MOST_PIECES)]
    ids = list(vocab.values())
    if not all(type(number) is int and 0 <= number < MOST_PIECES for number in ids):
        raise ValueError("an id is no id")
    if len(set(ids)) < len(ids):
        raise ValueError("two pieces have one id")
    return list(vocab)


def _check_names(names: Sequence[str], most_bytes: int) -> None:
    if not 0 < len(names) <= MOST_PIECES or max(map(len, names)) > _LONGEST_NAME:
        raise ValueError(f"{len(names)} pieces, or a very long one")
    if sum(len(name.encode("utf-8")) for name in names) > most_bytes:
        raise ValueError(f"pieces of more than {most_bytes} bytes")


def _added(raw: Mapping[str, Any]) -> dict[str, Any]:
    number, content = raw["id"], raw["content"]
    if type(number) is not int or not 0 <= number < MOST_PIECES:
        raise ValueError(f"an added token has the id {str(number)[:40]}")
    if not isinstance(content, str) or not 0 < len(content) <= _LONGEST_MARKER:
        raise ValueError(f"an added token is {str(content)[:40]!r}")
    switches = ("single_word", "lstrip", "rstrip", "normalized", "special")
    return {"id": number, "content": content, **{name: raw.get(name) is True for name in switches}}


def _list(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise ValueError(f"not a list of at most {most}")
    return value


def read_bounded(path: Path) -> bytes:
    """Return a file's bytes, one more than allowed where there are too many."""
    with path.open("rb") as stream:
        return stream.read(LARGEST_FILE + 1)
