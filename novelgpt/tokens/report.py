"""A finished vocabulary and the books it was made from → how well it fits each: `vocab-report.json` and `.html`.

Law: what is reported is measured on the tokenizer itself, on the middle of each book, and the same books give the same
report. One book is in memory at a time; a sample has so many characters in all, however large the library is.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from novelgpt.files import atomic_file
from novelgpt.messages import Lang
from novelgpt.text.chapter import read_chapters
from novelgpt.text.markers import SPECIALS
from novelgpt.tokens.agreement import Agreement, agreement
from novelgpt.tokens.counts import Counts
from novelgpt.tokens.fit import BookFit, Fit, FitTally, OwnWords, Piece, Sample, VocabReport, pieces_of
from novelgpt.tokens.report_page import page
from novelgpt.tokens.tokenizer import BYTES, Tokenizer

REPORT_JSON = "vocab-report.json"
REPORT_HTML = "vocab-report.html"

Segment = Callable[[str], Sequence[str]]
Item = TypeVar("Item")

MOST_BOOKS = 1000
"""A longer library is measured on so many books, evenly spread."""
SEARCHED_FOR_NAMES = 4_000_000
"""Characters cut into words to find which book owns a name, in all; they are spread over every book from end to end."""
LONGEST_SEARCHED = 2000
OWN_WORDS_A_BOOK, OWN_WORD_LEAST = 8, 3
SAMPLES, SAMPLE_SHORTEST, SAMPLE_LONGEST = 12, 16, 44
LONG_PIECE, LONG_PIECES = 3, 100
LACKING_SHOWN = 60

_CLOSING = "”』」’"
_SENTENCE_END = re.compile(r"(?<=[。！？；])")


def measure_vocab(
    tokenizer: Tokenizer,
    chapter_paths: Sequence[Path],
    counts: Counts | None,
    *,
    segment: Segment | None,
    sample_characters: int = 200_000,
) -> VocabReport:
    """Measure `tokenizer` on these books; without `counts` or `segment` what needs them is left out."""
    paths = _spread(chapter_paths, MOST_BOOKS)
    share = len(paths) or 1
    measuring = _Measuring(
        tokenizer, counts, segment, max(1, sample_characters // share), SEARCHED_FOR_NAMES // share
    )
    shown = set(_spread(range(len(paths)), SAMPLES))
    by_book = tuple(measuring.book(path, index in shown) for index, path in enumerate(paths))
    fit = measuring.whole.fit()
    lacking = measuring.lacking_characters()
    return VocabReport(
        size=tokenizer.size,
        fingerprint=tokenizer.fingerprint,
        books=counts.books if counts else len(chapter_paths),
        characters=counts.characters.total() if counts else sum(book.characters for book in by_book),
        words=len(counts.words) if counts else 0,
        pieces_by_length=_pieces_by_length(tokenizer),
        characters_per_token=fit.characters_per_token,
        byte_tokens_per_million=round(1e6 * measuring.whole.byte_tokens / max(measuring.whole.tokens, 1), 1),
        fit=fit,
        own_words=_own_words(tokenizer, counts) if counts else OwnWords(),
        lacking_distinct=len(lacking),
        lacking_characters=dict(lacking[:LACKING_SHOWN]),
        long_pieces=dict(_most(measuring.long_pieces, LONG_PIECES)),
        samples=tuple(measuring.samples),
        by_book=by_book,
    )


def write_vocab_report(folder: Path, report: VocabReport, lang: Lang) -> None:
    """Write both files, atomically: one for programs, a book a line, and one for eyes."""
    with atomic_file(folder / REPORT_JSON) as stream:
        head = json.dumps(report.head(), ensure_ascii=False, indent=2).removesuffix("\n}")
        stream.write(f'{head},\n  "by_book": ['.encode())
        for index, book in enumerate(report.by_book):
            line = json.dumps(asdict(book), ensure_ascii=False)
            stream.write(f"{',' if index else ''}\n    {line}".encode())
        stream.write(b"\n  ]\n}\n")
    with atomic_file(folder / REPORT_HTML) as stream:
        for part in page(report, lang):
            stream.write(part.encode())


@dataclass
class _Measuring:
    """What is known so far, while book after book is measured."""

    tokenizer: Tokenizer
    counts: Counts | None
    segment: Segment | None
    sampled: int
    searched: int
    whole: FitTally = field(default_factory=FitTally)
    long_pieces: Counter[str] = field(default_factory=Counter)
    spelt: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)

    def book(self, path: Path, shown: bool) -> BookFit:
        """Measure one book; `shown`: take a line of it for the eye."""
        title, text = _read(path)
        middle = text[len(text) // 2 :][: self.sampled]  # the beginning of a book is all names and dates
        fit = self._fit(middle)
        if shown and (line := _line_for_the_eye(middle)):
            self.samples.append(self._sample(title, line))
        return BookFit(title, path.name, len(text), fit, self._names(text))

    def _fit(self, text: str) -> Fit:
        pieces = pieces_of(self.tokenizer, text)
        agreed = self._agreement(text, pieces)
        one = FitTally()
        for tally in (one, self.whole):
            tally.take(pieces, agreed)
        self.spelt.update(piece.text for piece in pieces if piece.byte_tokens)
        self.long_pieces.update(piece.text for piece in pieces if len(piece.text) >= LONG_PIECE)
        return one.fit()

    def _agreement(self, text: str, pieces: Iterable[Piece]) -> Agreement | None:
        if self.segment is None:
            return None
        words = self._words(text)
        return agreement(text, (piece.text for piece in pieces), words) if words else None

    def _words(self, text: str) -> list[str]:
        """Return the words of a text, newlines among them; none if there is no segmenter or it lost some of the text."""
        if self.segment is None:
            return []
        words = [word for line in text.split("\n") for word in (*self.segment(line), "\n")][:-1]
        return words if "".join(words) == text else []

    def _sample(self, title: str, line: str) -> Sample:
        pieces = pieces_of(self.tokenizer, line)
        return Sample(
            title,
            tuple(piece.text for piece in pieces),
            tuple(piece.text for piece in pieces if piece.byte_tokens),
            tuple(self._words(line)),
        )

    def _names(self, text: str) -> dict[str, int]:
        """Return the words only this book has; the count is that of the whole book, since no other adds to it."""
        counts = self.counts
        if counts is None or self.segment is None or counts.books < 2:
            return {}
        words = {word for line in _lines_throughout(text, self.searched) for word in self.segment(line)}
        owned = {word: counts.words[word] for word in words if _owned(word, counts)}
        return {word: n for word, n in _most(owned, OWN_WORDS_A_BOOK) if n >= OWN_WORD_LEAST}

    def lacking_characters(self) -> list[tuple[str, int]]:
        """Return the characters that are spelt in bytes, most frequent first: of the corpus if it was counted, else of the samples."""
        if self.counts is None:
            return _most(self.spelt)
        known = set(self.tokenizer.texts)
        unknown = {
            character: n
            for character, n in self.counts.characters.items()
            if character not in known and not "\ud800" <= character <= "\udfff"
        }
        tokens = self.tokenizer.encode_many(list(unknown))
        spelt = (all(token in self.tokenizer.byte_ids for token in ids) for ids in tokens)
        return _most({item[0]: item[1] for item, lacks in zip(unknown.items(), spelt, strict=True) if lacks})


def _read(path: Path) -> tuple[str, str]:
    """Return a book's title and its whole text, lone surrogates (which no file can hold) made visible."""
    title, texts = "", []
    for chapter in read_chapters(path):
        title = title or chapter.book
        texts.append(chapter.whole())
    return title or path.stem, "\n".join(texts).encode("utf-8", "replace").decode()


def _line_for_the_eye(text: str) -> str:
    """Return a short line, whole if there is one, else the beginning of a sentence."""
    lines = [line.strip() for line in text.split("\n")]
    fitting = [line for line in lines[1:-1] if SAMPLE_SHORTEST <= len(line) <= SAMPLE_LONGEST]
    if fitting:
        return max(fitting, key=len)
    sentences = [part.lstrip(_CLOSING) for line in lines for part in _SENTENCE_END.split(line)]
    clipped = max((part[:SAMPLE_LONGEST] for part in sentences[1:]), key=len, default="")
    if len(clipped) < SAMPLE_SHORTEST:  # nothing but the sentence the sample begins in the middle of
        clipped = max((part[:SAMPLE_LONGEST] for part in sentences), key=len)
    last = max(clipped.rfind(sign) for sign in "，。！？；")
    return clipped[: last + 1] if last + 1 >= SAMPLE_SHORTEST else clipped


def _lines_throughout(text: str, characters: int) -> Iterator[str]:
    """Yield every so-many-th line, so that about `characters` come together from the whole book."""
    step = max(1, -(-len(text) // max(1, characters)))
    for line in islice(text.split("\n"), 0, None, step):
        yield line[:LONGEST_SEARCHED]


def _owned(word: str, counts: Counts) -> bool:
    """Tell whether one book alone has this word; single characters and signs say nothing about a book."""
    return counts.books_with[word] == 1 and len(word) > 1 and word.isalpha()


def _own_words(tokenizer: Tokenizer, counts: Counts) -> OwnWords:
    if counts.books < 2:
        return OwnWords()
    owned = [word for word in counts.words if _owned(word, counts)]
    running = sum(counts.words[word] for word in owned)
    pieces = set(tokenizer.texts).intersection(owned)
    return OwnWords(len(owned), round(running / max(counts.words.total(), 1), 4), len(pieces))


def _pieces_by_length(tokenizer: Tokenizer) -> dict[str, int]:
    lengths = Counter(len(text) for text in tokenizer.texts[len(SPECIALS) + BYTES :])
    return {str(length): lengths[length] for length in sorted(lengths)}


def _spread(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most `most` of the items, evenly spread, in their order."""
    chosen = min(most, len(items))
    return [items[index * len(items) // chosen] for index in range(chosen)]


def _most(counts: dict[str, int] | Counter[str], most: int | None = None) -> list[tuple[str, int]]:
    """Return the most frequent; the text itself breaks ties, so that the order never depends on chance."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
