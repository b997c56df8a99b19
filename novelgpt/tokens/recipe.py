"""What a person asks of a vocabulary: how words are found, how many pieces, which ones for certain.

Law: a recipe that contradicts itself, or a size no vocabulary has, is refused when it is written down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from novelgpt.config import PIECES
from novelgpt.errors import BadValue
from novelgpt.messages import Message
from novelgpt.tokens.segment import Segmenter, SegmenterName
from novelgpt.tokens.userwords import UserWords
from novelgpt.tokens.vocab import Choosing

Cut = Literal["jieba", "thulac", "char", "bpe"]
CUTS: tuple[Cut, ...] = ("jieba", "thulac", "char", "bpe")
SMALLEST, LARGEST = 1_000, 1_000_000


@dataclass(frozen=True)
class Recipe:
    """How a vocabulary is made; without a `size`, 50,000, or for characters as many as the books hold."""

    cut: Cut = "jieba"
    size: int | None = None
    pure_words: bool = False
    join_signs: bool = False
    exclude_names: bool = False
    user_words: UserWords = field(default_factory=UserWords)

    def __post_init__(self) -> None:
        if self.size is not None and not SMALLEST <= self.size <= LARGEST:
            allowed = Message("vocab.size_range", {"smallest": SMALLEST, "largest": LARGEST})
            raise BadValue(name="--size", value=self.size, allowed=allowed)
        for name in ("pure_words", "join_signs", "exclude_names"):
            if getattr(self, name) and self.cut in ("char", "bpe"):
                flag = f"--{name.replace('_', '-')}"
                raise BadValue(name=flag, value=self.cut, allowed=Message("vocab.needs_words"))
        if self.pure_words and self.join_signs:
            raise BadValue(name="--join-signs", value="--pure-words", allowed=Message("vocab.one_of_two"))

    @property
    def fixed_size(self) -> int | None:
        """The size, where it does not depend on the books."""
        return self.size if self.size or self.cut == "char" else PIECES

    @property
    def segmenter(self) -> Segmenter:
        """How texts are cut for counting."""
        name: SegmenterName = "jieba" if self.cut == "bpe" else self.cut
        return Segmenter(name, self.user_words.words)

    @property
    def choosing(self) -> Choosing:
        """What of the counts may become a piece."""
        single = self.pure_words or self.cut == "char"
        return Choosing(
            pairs="none" if single else "all" if self.join_signs else "alike",
            characters_only=self.cut == "char",
            shared_only=self.exclude_names,
            user_words=self.user_words.words,
        )
