"""The vocabularies that every law is tested with: the one that is shipped, a tiny one, and a tiny one with merges."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import tokenizers
from hypothesis import strategies as st
from tokenizers import models, trainers

from novelgpt.text.markers import SPECIALS
from novelgpt.tokens.pieces import FIXED, JOINER
from novelgpt.tokens.tokenizer import Tokenizer
from tests.tiny import TALE, tiny_tokenizer

SHIPPED = Path(__file__).parents[2] / "vocab"

HARD = [
    "",
    "\n",
    "\n\n　　第一章\r\n话说",
    "[SEP] [MASK]第一章[CLS] [UNK] [PAD]",
    f"[{JOINER}SEP] [[SEP]] [{JOINER}{JOINER}",
    f"{JOINER}雨{JOINER}<{JOINER}0x41>",
    "<0x41> <0x0A> <s> ▁ ##字 </w>",
    "𠮷野家 🙂👨‍👩‍👧 \x00\x7f\x85\u2028",
    "   spaces   kept   ",
    "——……“”「」『』·　　",
    "\ufeff\ufffd\uffff\U0010ffff",
    "e\u0301 é ﬁ Ａ",
]
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
MARKED = st.lists(
    st.sampled_from(
        [
            *SPECIALS,
            JOINER,
            "<0x41>",
            "<0xE9>",
            "[",
            "<",
            "]",
            "SEP",
            "\n",
            "\r\n",
            "雨",
            "\\",
            "　　",
            "𠮷",
            "👨‍👩‍👧",
            "。”",
        ]
    ),
    max_size=12,
).map("".join)
STORY = st.builds(lambda a, b: TALE[a : a + b], st.integers(0, len(TALE)), st.integers(0, 80))
TEXTS = ANY_TEXT | MARKED | STORY


@cache
def shipped() -> Tokenizer:
    return Tokenizer.load(SHIPPED)


@cache
def tiny_bpe() -> Tokenizer:
    """Return a vocabulary with merges learnt from `TALE`."""
    learner = tokenizers.Tokenizer(models.BPE())
    learner.train_from_iterator(
        TALE.split("\n") * 2, trainers.BpeTrainer(vocab_size=240, max_token_length=4, show_progress=False)
    )
    model = json.loads(learner.to_str())["model"]
    names = sorted(model["vocab"], key=model["vocab"].__getitem__)
    return Tokenizer(
        [(name, 0.0) for name in (*FIXED, *names)], [(left, right) for left, right in model["merges"]]
    )


VOCABULARIES = {"shipped": shipped, "tiny": tiny_tokenizer, "bpe": tiny_bpe}
