"""Texts and the ids that every reader of a vocabulary must give them, for `check_transformers.py`."""

from __future__ import annotations

import json
import random
from pathlib import Path

from novelgpt.tokens.tokenizer import Tokenizer
from tests.tiny import TALE
from tests.tokens.vocabularies import HARD

_KINDS = [
    (0x20, 0x7F),
    (0x80, 0x2FFF),
    (0x3000, 0x303F),
    (0x4E00, 0x9FFF),
    (0xE000, 0xFFFF),
    (0x1F300, 0x2FFFF),
]


def strange_texts(count: int = 200) -> list[str]:
    """Return texts of signs from all over Unicode, always the same."""
    chance = random.Random(4)
    return [
        "".join(chr(chance.randint(*chance.choice(_KINDS))) for _ in range(chance.randint(1, 30)))
        for _ in range(count)
    ]


def write_expected(path: Path, tokenizer: Tokenizer) -> None:
    """Write what `tokenizer` makes of hard, common and strange texts."""
    texts = [*HARD, TALE, *TALE.split("。"), *strange_texts()]
    expected = [{"text": text, "ids": tokenizer.encode(text)} for text in texts]
    path.write_text(json.dumps(expected), encoding="utf-8")
