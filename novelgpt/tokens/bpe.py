"""Chapters → pieces and merges of a byte-pair vocabulary, in the same file format as the others.

Law: exactly as many pieces as asked for, no merge across punctuation or a newline, and the same chapters give the same
pieces. Training looks at a bounded number of characters, spread evenly over the chapters.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import chain, islice, repeat
from pathlib import Path

import tokenizers
from tokenizers import models, pre_tokenizers, trainers

from novelgpt.errors import NoChapters, VocabularyTooSmall
from novelgpt.text.chapter import read_chapters
from novelgpt.tokens.counts import LONGEST_PIECE
from novelgpt.tokens.tally import count_characters
from novelgpt.tokens.tokenizer import Tokenizer
from novelgpt.tokens.vocab import CHARACTER_SHARE, LEAST, TooFewWords, fixed_pieces, is_piece, ranked

_MOST_CHARACTERS = 20_000_000
"""The trainer keeps every different phrase in memory, and of phrases there is no end; more text changes little."""

_WEIGHT = 1_000
"""A user's word counts as if it stood there so many times, alone."""

_PHRASE = re.compile(r"[^\W_]+|[^\w\n]+|_+")
_HAN = range(0x4E00, 0xA000)


@dataclass(frozen=True)
class Merged:
    """What training gives: everything a `Tokenizer` is made of, and how many pieces are only there to fill it."""

    pieces: list[tuple[str, float]]
    merges: list[tuple[str, str]]
    fillers: int

    def tokenizer(self) -> Tokenizer:
        """Return the tokenizer of these pieces."""
        return Tokenizer(self.pieces, self.merges)


def sampled_texts(paths: Sequence[Path], most: int = _MOST_CHARACTERS) -> Iterator[tuple[Path, list[str]]]:
    """Yield each file with every n-th of its chapters, n such that about `most` characters are read in all."""
    size = sum(path.stat().st_size for path in paths)
    step = -(-size // (3 * most))  # a Han character takes three bytes
    for path in paths:
        chapters = (chapter.whole() for chapter in read_chapters(path))
        yield path, [text for place, text in enumerate(chapters) if place % max(1, step) == 0]


def train_bpe(texts: Sequence[str], size: int, user_words: Sequence[str] = ()) -> Merged:
    """Learn `size` pieces from `texts`."""
    room = size - LEAST
    if room < len(user_words):
        raise VocabularyTooSmall(least=LEAST + len(user_words), size=size)
    learner = tokenizers.Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Split("\n", "removed")
    trainer = trainers.BpeTrainer(
        vocab_size=room, min_frequency=2, max_token_length=LONGEST_PIECE, show_progress=False
    )
    alphabet = _alphabet(texts, int(room * CHARACTER_SHARE)) | set("".join(user_words))
    wanted = chain.from_iterable(repeat(word + "\n", _WEIGHT) for word in user_words)
    learner.train_from_iterator(chain((phrases(text, alphabet) for text in texts), wanted), trainer)
    model = json.loads(learner.to_str())["model"]
    if not model["vocab"]:
        raise NoChapters(path="-")
    learnt = sorted(model["vocab"], key=model["vocab"].__getitem__)
    fillers = _fillers(learnt, room)
    plain = [*learnt, *fillers]
    pieces = [(piece, 0.0) for piece in (*(piece for piece, _ in fixed_pieces(1)), *plain)]
    return Merged(pieces, [(left, right) for left, right in model["merges"]], len(fillers))


def _alphabet(texts: Iterable[str], most: int) -> set[str]:
    """Return the most frequent characters. The trainer's own choice would leave ties to chance."""
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update(count_characters(text))
    return set(islice((c for c, _ in ranked(counted) if is_piece(c)), most))


def phrases(text: str, alphabet: Set[str]) -> str:
    """Return the runs of word characters and of punctuation in `text`, a line each, without what is not in `alphabet`."""
    hostile = {ord(c): "\n" for c in set(text) - alphabet}
    return "\n".join(_PHRASE.findall(text.translate(hostile)))


def _fillers(learnt: Sequence[str], room: int) -> list[str]:
    known = set(learnt)
    fresh = [chr(code) for code in _HAN if chr(code) not in known][: room - len(learnt)]
    if len(learnt) + len(fresh) < room:
        raise TooFewWords(size=LEAST + room, fits=LEAST + len(learnt) + len(fresh))
    return fresh
