"""Which tokens may come next, so that only clean Chinese prose comes out.

In: a vocabulary, and how the text stands: half a character, open quotation marks, the last character. Out: logits with -inf for
every token that may not follow. Law: no markers, no half or control characters, no closing mark without an opening one, no
second opening one inside, no mark right after a comma or a full stop, no western punctuation or space after a Chinese character;
and something may always follow.
"""

from __future__ import annotations

import re
from typing import Literal

import torch
from torch import Tensor

from novelgpt.tokens.vocabulary import Vocabulary
from novelgpt.writing.standing import CLOSING, OPENINGS, QUOTES, SENTENCE_ENDS, Standing
from novelgpt.writing.utf8 import spell_on

LONGEST_SPEECH = 300
"""Characters after which a speech may go on in another paragraph without its closing mark."""

_REPLACEMENT = "\ufffd"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PAUSES = frozenset("，、；：") | set(QUOTES)
_MARKS = frozenset("，、；：。！？")
_NARROW = frozenset(" \t,.!?;:'\"()")


_Kind = Literal["pause", "stop", "wide", "other"]


class Grammar:
    """What may follow, for one vocabulary."""

    def __init__(self, tokenizer: Vocabulary) -> None:
        self._fragments = tokenizer.fragments if _can_finish(tokenizer) else {}
        self._texts = [
            _ascii(self._fragments[token]) if token in self._fragments else text
            for token, text in enumerate(tokenizer.texts)
        ]
        opening = {token for token, part in self._fragments.items() if spell_on(b"", part) is not None}
        self._closed = torch.tensor(
            [token not in opening and not _is_readable(text) for token, text in enumerate(tokenizer.texts)]
        )
        self._marked = [(token, text) for token, text in enumerate(self._texts) if _has_marks(text)]
        narrow = [token for token, text in enumerate(self._texts) if text[:1] in _NARROW and text]
        self._narrow = torch.tensor(narrow, dtype=torch.long)
        self._marks = torch.tensor(
            [token for token, text in enumerate(self._texts) if text[:1] in _MARKS and text], dtype=torch.long
        )
        enders = [token for token, text in enumerate(self._texts) if _ends_a_sentence(text)]
        self.enders = torch.tensor(enders, dtype=torch.long)
        """Tokens that a sentence may end with."""
        closers = [token for token in enders if self._texts[token][-1] in CLOSING]
        self.closers = torch.tensor(closers, dtype=torch.long)
        """Those of them that close a mark."""
        self._following: dict[bytes, Tensor] = {}
        self._forbidden: dict[tuple[str, bool, _Kind, int | None], Tensor] = {}

    def restrict(self, logits: Tensor, standing: Standing, end_id: int | None = None) -> Tensor:
        """Return the logits with -inf for every token that may not follow; `end_id` is a marker that may."""
        if standing.begun:
            return self._finishing(logits, standing.begun)
        key = (standing.open, standing.speech < LONGEST_SPEECH, _kind(standing.last), end_id)
        forbidden = self._forbidden.get(key)
        if forbidden is None:
            forbidden = self._forbidden[key] = self._what_is_forbidden(*key)
        return logits.masked_fill(forbidden, -torch.inf)

    def begun_after(self, begun: bytes, token: int) -> bytes:
        """Return the bytes that still wait for the rest of their character once `token` has come."""
        return spell_on(begun, self._fragments[token]) or b"" if token in self._fragments else b""

    def _finishing(self, logits: Tensor, begun: bytes) -> Tensor:
        ids = self._following.get(begun)
        if ids is None:
            able = [token for token, part in self._fragments.items() if spell_on(begun, part) is not None]
            ids = self._following[begun] = torch.tensor(able)
        return torch.full_like(logits, -torch.inf).index_copy(0, ids, logits[ids])

    def _what_is_forbidden(self, opened: str, one_paragraph: bool, kind: _Kind, end_id: int | None) -> Tensor:
        forbidden = self._closed.clone()
        for token, text in self._marked:
            if not _fits(text, opened, one_paragraph):
                forbidden[token] = True
        if kind != "other":
            forbidden[self._narrow] = True
        if kind in ("pause", "stop"):
            forbidden[self._marks] = True
        if forbidden.all():
            forbidden = self._closed.clone()  # a vocabulary of nothing else must write something
        if end_id is not None:
            forbidden[end_id] = False
        return forbidden


def _fits(text: str, opened: str, one_paragraph: bool) -> bool:
    """Tell whether the marks in `text` may come while `opened` are waited for."""
    for character in text:
        if character == "\n":
            if opened and one_paragraph:
                return False
            opened = ""
        elif character in QUOTES:
            if QUOTES[character] in opened:
                return False
            opened += QUOTES[character]
        elif character in OPENINGS:
            if not opened.endswith(character):
                return False
            opened = opened[:-1]
    return True


def _has_marks(text: str) -> bool:
    return any(character == "\n" or character in QUOTES or character in OPENINGS for character in text)


def _ends_a_sentence(text: str) -> bool:
    """A single full stop, a few marks, or marks that close a speech; not a word that happens to end with one."""
    return 0 < len(text) <= 3 and all(character in SENTENCE_ENDS | CLOSING for character in text)


def _kind(character: str) -> _Kind:
    """After a comma or an opening mark no other mark comes; after a full stop neither."""
    if character in _PAUSES:
        return "pause"
    if character == "。":
        return "stop"
    return "wide" if _is_wide(character) else "other"


def _is_wide(character: str) -> bool:
    return "\u2e80" <= character <= "\uffef" or character in "“”‘’…—" or character >= "\U00020000"


def _ascii(part: bytes) -> str:
    return part.decode("ascii") if part.isascii() else ""


def _can_finish(tokenizer: Vocabulary) -> bool:
    """Where single bytes are lacking, a character that was begun might never come to its end."""
    return set(range(0x80, 0xC0)) <= set(tokenizer.byte_ids.values())


def _is_readable(text: str) -> bool:
    """A vocabulary from elsewhere may hold control characters and broken text."""
    return bool(text) and _REPLACEMENT not in text and not _CONTROL.search(text)
