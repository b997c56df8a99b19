"""A vocabulary → what a GGUF file says of it.

Law: place in the list = token id, whatever else llama.cpp makes of the words. Kinds: our Unigram pieces are cut by
llama.cpp's "t5" tokenizer as here, except that a character beyond ASCII that no piece covers becomes [UNK] there and
bytes here; BPE over bytes is the same on both sides; BERT's WordPiece and BPE with byte fallback come close.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from novelgpt.tokens.foreign import ForeignTokenizer
from novelgpt.tokens.pipelines import step_types, token_names
from novelgpt.tokens.tokenizer import Tokenizer
from novelgpt.tokens.vocabulary import Vocabulary

_NORMAL, _UNKNOWN, _CONTROL, _WRITTEN, _UNUSED, _BYTE = 1, 2, 3, 4, 5, 6
_SPACE = "▁"
_BYTE_NAME = re.compile(r"<0x([0-9A-F]{2})>")
_LAST_RESORT = 10.0
"""How far below the least likely piece a byte stands, here as there."""


def vocabulary_values(tokenizer: Vocabulary) -> dict[str, Any]:
    """Return the `tokenizer.*` values of a file."""
    told = _of_ours(tokenizer) if isinstance(tokenizer, Tokenizer) else _of_foreign(tokenizer)
    told["tokens"] = _told_apart(told["tokens"], told["token_type"])
    ids = {
        "bos_token_id": tokenizer.chapter_start_id,
        "eos_token_id": tokenizer.chapter_end_id,
        "padding_token_id": tokenizer.padding_id,
    }
    if tokenizer.unknown_id is not None:
        ids["unknown_token_id"] = tokenizer.unknown_id
    # a chapter's beginning stands before every text here too
    facts = {**told, **ids, "add_bos_token": True, "add_eos_token": False}
    return {f"tokenizer.ggml.{name}": value for name, value in facts.items()}


def _of_ours(tokenizer: Tokenizer) -> dict[str, Any]:
    """Pieces are written as the texts they stand for: the escapes around them are this program's own matter."""
    names = [piece for piece, _ in tokenizer.pieces]
    kinds = [_NORMAL] * len(names)
    for number, text in enumerate(tokenizer.texts):
        if text:
            names[number] = text.replace(" ", _SPACE)
        else:
            kinds[number] = _CONTROL
    kinds[tokenizer.unknown_id] = _UNKNOWN
    kinds[tokenizer.newline_id] = _WRITTEN  # found in a text before anything is cut
    _mark_bytes(names, kinds)
    if tokenizer.merges is None:
        return _cut_by_score(names, kinds, [score for _, score in tokenizer.pieces])
    made = [left + right for left, right in tokenizer.merges]
    return _joined_by_rank(names, kinds, _ranked([name for name, _ in tokenizer.pieces], made))


def _mark_bytes(names: Sequence[str], kinds: list[int]) -> None:
    for number, name in enumerate(names):
        if _BYTE_NAME.fullmatch(name):
            kinds[number] = _BYTE


def _cut_by_score(
    names: list[str], kinds: list[int], scores: list[float], *, prefix: bool = False
) -> dict[str, Any]:
    """This kind does not fall back on bytes there, so those that are characters stand among the pieces, at the end."""
    last = min(scores) - _LAST_RESORT
    taken = set(names)
    for number, kind in enumerate(kinds):
        character = chr(int(names[number][3:5], 16)) if kind == _BYTE else "\0"
        character = character.replace(" ", _SPACE)
        if "\0" < character < "\x80" and character not in taken:
            names[number], kinds[number], scores[number] = character, _NORMAL, last
    return _scored("t5", names, kinds, scores, prefix=prefix)


def _joined_by_rank(
    names: list[str], kinds: list[int], scores: list[float], *, prefix: bool = False
) -> dict[str, Any]:
    """A space is looked up as a sign of its own there, which has no piece where it was only a byte."""
    space = "<0x20>"
    if space in names and _SPACE not in names:
        number = names.index(space)
        names[number], kinds[number] = _SPACE, _NORMAL
    return _scored("llama", names, kinds, scores, prefix=prefix)


def _scored(
    model: str, names: list[str], kinds: list[int], scores: list[float], *, prefix: bool = False
) -> dict[str, Any]:
    spaces = {"add_space_prefix": prefix, "remove_extra_whitespaces": False}
    return {
        "model": model,
        "pre": "default",
        "tokens": names,
        "scores": scores,
        "token_type": kinds,
        **spaces,
    }


def _ranked(names: Sequence[str], made: Sequence[str]) -> list[float]:
    """llama.cpp joins what has the highest score: the merge that came first."""
    first: dict[str, int] = {}
    for rank, name in enumerate(made):
        first.setdefault(name, rank)
    return [-float(first.get(name, len(made))) for name in names]


def _of_foreign(tokenizer: Any) -> dict[str, Any]:
    assert isinstance(tokenizer, ForeignTokenizer)
    parts, model = tokenizer.parts, tokenizer.parts["model"]
    known = token_names(parts)
    names = [known.get(number, f"[unused {number}]") for number in range(tokenizer.size)]
    kinds = [_NORMAL if number in known else _UNUSED for number in range(tokenizer.size)]
    for one in parts["added_tokens"]:
        kinds[one["id"]] = _CONTROL if one["special"] else _WRITTEN
    if model["type"] == "WordPiece":
        return _word_pieces(names, kinds)
    if "ByteLevel" in (*step_types(parts["pre_tokenizer"]), *step_types(parts["decoder"])):
        merges = [one if isinstance(one, str) else " ".join(one) for one in model["merges"]]
        cut = _name_of_cut(parts["pre_tokenizer"])
        return {"model": "gpt2", "pre": cut, "tokens": names, "token_type": kinds, "merges": merges}
    if model["byte_fallback"]:
        _mark_bytes(names, kinds)
    if tokenizer.unknown_id is not None:
        kinds[tokenizer.unknown_id] = _UNKNOWN
    prefix = "Prepend" in step_types(parts["normalizer"]) or _begins_with_space(parts["pre_tokenizer"])
    if model["type"] == "Unigram":
        scores = [float(score) for _, score in model["vocab"]]
        scores += [0.0] * (len(names) - len(scores))
        return _cut_by_score(names, kinds, scores, prefix=prefix)
    made = [one.replace(" ", "") if isinstance(one, str) else "".join(one) for one in model["merges"]]
    return _joined_by_rank(names, kinds, _ranked(names, made), prefix=prefix)


def _word_pieces(names: list[str], kinds: list[int]) -> dict[str, Any]:
    """llama.cpp marks the pieces that begin a word, BERT those that go on with one."""
    marked = [
        name if kind != _NORMAL else name[2:] if name.startswith("##") else _SPACE + name
        for name, kind in zip(names, kinds, strict=True)
    ]
    return {"model": "bert", "pre": "default", "tokens": marked, "token_type": kinds}


def _name_of_cut(step: Any) -> str:
    """llama.cpp knows the patterns that cut a text by the models that brought them."""
    steps = [] if step is None else step.get("pretokenizers", [step])
    patterns = " ".join(one.get("pattern", {}).get("Regex", "") for one in steps)
    if r"\p{N}{1,3}" in patterns:
        return "llama-bpe"
    if r"\p{M}" in patterns:
        return "qwen35"
    return "qwen2" if r"\p{N}" in patterns else "gpt-2"


def _begins_with_space(step: Any) -> bool:
    steps = [] if step is None else step.get("pretokenizers", [step])
    schemes = [one.get("prepend_scheme", "always") for one in steps if one["type"] == "Metaspace"]
    return any(scheme != "never" for scheme in schemes)


def _told_apart(names: list[str], kinds: list[int]) -> list[str]:
    """No two tokens may have one name; the later one is only ever written, never looked up."""
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name in seen:
            names[number], kinds[number] = f"{name}[{number}]", _UNUSED
        seen.add(names[number])
    return names
