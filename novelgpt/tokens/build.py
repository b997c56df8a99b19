"""Chapter files → a vocabulary folder with a report: the use case behind `novelgpt vocab`.

Out: an event per book counted, and one at the end. Law: the folder is written only when everything was counted, and
the report's numbers are measured on the finished tokenizer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from novelgpt.config import EMBEDDED_MODEL_DIR, PIECES
from novelgpt.errors import VocabularyError
from novelgpt.files import write_json
from novelgpt.text.chapter import chapter_files, read_chapters
from novelgpt.text.markers import SPECIALS
from novelgpt.tokens.tokenizer import BYTES, Tokenizer
from novelgpt.tokens.vocab import Counts, choose_pieces, count_files

_SAMPLE_CHARACTERS = 200_000


@dataclass(frozen=True)
class BookCounted:
    """One chapter file was counted."""

    index: int
    total: int
    path: Path


@dataclass(frozen=True)
class VocabReport:
    """What the vocabulary is made of and how well it fits its own books."""

    size: int
    fingerprint: str
    books: int
    characters: int
    words: int
    pieces_by_length: dict[str, int]
    characters_per_token: float
    byte_tokens_per_million: float


@dataclass(frozen=True)
class VocabBuilt:
    """The folder is written."""

    folder: Path
    report: VocabReport


def build_vocab_folder(
    chapters: Sequence[Path], out_dir: Path, *, size: int = PIECES, jobs: int | None = None
) -> Iterator[BookCounted | VocabBuilt]:
    """Count chapter files (or folders of them), choose `size` pieces, write `out_dir`."""
    paths = chapter_files(chapters)
    total = Counts()
    for index, (path, counts) in enumerate(zip(paths, count_files(paths, jobs), strict=True), start=1):
        total.add(counts)
        yield BookCounted(index, len(paths), path)
    tokenizer = choose_pieces(total, size, _general_words())
    report = _report(tokenizer, total, paths)
    tokenizer.save(out_dir)
    write_json(out_dir / "vocab-report.json", asdict(report))
    yield VocabBuilt(out_dir, report)


def _general_words() -> Tokenizer | None:
    """The default vocabulary lends its words to a corpus too small to have 50,000 of its own."""
    try:
        return Tokenizer.load(EMBEDDED_MODEL_DIR)
    except VocabularyError:
        return None


def _report(tokenizer: Tokenizer, counts: Counts, paths: Sequence[Path]) -> VocabReport:
    characters, tokens, by_bytes = 0, 0, 0
    share = max(1, _SAMPLE_CHARACTERS // len(paths))
    for path in paths:
        whole = "\n".join(chapter.whole() for chapter in read_chapters(path))
        text = whole[len(whole) // 2 :][
            :share
        ]  # the middle of the book: the beginning is all names and dates
        ids = tokenizer.encode(text)
        characters, tokens = characters + len(text), tokens + len(ids)
        by_bytes += sum(one in tokenizer.byte_ids for one in ids)
    lengths = Counter(len(text) for text in tokenizer.texts[len(SPECIALS) + BYTES :])
    return VocabReport(
        size=tokenizer.size,
        fingerprint=tokenizer.fingerprint,
        books=counts.books,
        characters=counts.characters.total(),
        words=len(counts.words),
        pieces_by_length={str(length): lengths[length] for length in sorted(lengths)},
        characters_per_token=round(characters / max(tokens, 1), 4),
        byte_tokens_per_million=round(1e6 * by_bytes / max(tokens, 1), 1),
    )
