"""Chapter files → a vocabulary folder with a report: the use case behind `novelgpt vocab`.

Out: an event per book counted, a message where something deserves a word, and one event at the end. Law: the folder is
written only when everything was counted, and the report's numbers are measured on the finished tokenizer.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from novelgpt.config import EMBEDDED_MODEL_DIR
from novelgpt.errors import NoChapters, VocabularyError
from novelgpt.messages import Lang, Message
from novelgpt.text.chapter import chapter_files
from novelgpt.text.ingesting.engines import Engine
from novelgpt.tokens.bpe import sampled_texts, train_bpe
from novelgpt.tokens.counting import count_files
from novelgpt.tokens.counts import Counts, Sum
from novelgpt.tokens.fit import VocabReport
from novelgpt.tokens.recipe import SMALLEST, Recipe
from novelgpt.tokens.report import measure_vocab, write_vocab_report
from novelgpt.tokens.segment import Segmenter
from novelgpt.tokens.tokenizer import Tokenizer
from novelgpt.tokens.vocab import choose, fitting_size


@dataclass(frozen=True)
class BookCounted:
    """One chapter file was counted."""

    index: int
    total: int
    path: Path


@dataclass(frozen=True)
class VocabBuilt:
    """The folder is written."""

    folder: Path
    report: VocabReport


VocabEvent = BookCounted | Message | VocabBuilt


@dataclass(frozen=True)
class _Made:
    """What the steps leave for the report."""

    tokenizer: Tokenizer
    counts: Counts | None


def build_vocab_folder(
    chapters: Sequence[Path],
    out_dir: Path,
    recipe: Recipe | None = None,
    *,
    engine: Engine = "local",
    jobs: int = 1,
    lang: Lang = "zh",
) -> Iterator[VocabEvent]:
    """Count chapter files (or folders of them), choose pieces as `recipe` says, write `out_dir`."""
    recipe = recipe or Recipe()
    paths = chapter_files(chapters)
    if recipe.user_words.left_out:
        facts = {"count": len(recipe.user_words.left_out), "first": recipe.user_words.left_out[0]}
        yield Message("vocab.words_left_out", facts)
    if recipe.cut == "bpe":
        made = yield from _merged(paths, recipe)
    else:
        made = yield from _chosen(paths, recipe, engine, jobs)
    report = measure_vocab(made.tokenizer, paths, made.counts, segment=Segmenter().load())
    made.tokenizer.save(out_dir)
    write_vocab_report(out_dir, report, lang)
    yield VocabBuilt(out_dir, report)


def _chosen(
    paths: Sequence[Path], recipe: Recipe, engine: Engine, jobs: int
) -> Generator[VocabEvent, None, _Made]:
    """Count, choose, and return what was made."""
    everything, done = Sum(), 0
    wanted = recipe.choosing
    for batch, part in count_files(paths, recipe.segmenter, pairs=wanted.pairs, engine=engine, jobs=jobs):
        everything.add(part)
        for path in batch:
            done += 1
            yield BookCounted(done, len(paths), path)
    total = everything.counts
    if not total.words:
        raise NoChapters(path=paths[0].parent)
    size = recipe.fixed_size or max(SMALLEST, fitting_size(total, wanted))
    choice = choose(total, size, _general_words(), wanted)
    if choice.borrowed or choice.fillers:
        fits = max(SMALLEST, size - choice.borrowed - choice.fillers)
        yield Message("vocab.filled", {"borrowed": choice.borrowed, "fillers": choice.fillers, "fits": fits})
    return _Made(choice.tokenizer(), total)


def _merged(paths: Sequence[Path], recipe: Recipe) -> Generator[VocabEvent, None, _Made]:
    """Train byte pairs, and return what was made."""
    texts: list[str] = []
    for done, (path, sample) in enumerate(sampled_texts(paths), start=1):
        texts += sample
        yield BookCounted(done, len(paths), path)
    if not any(texts):
        raise NoChapters(path=paths[0].parent)
    size = recipe.fixed_size or SMALLEST
    merged = train_bpe(texts, size, recipe.user_words.words)
    known = {piece for piece, _ in merged.pieces}
    if lost := [word for word in recipe.user_words.words if word not in known]:
        yield Message("vocab.words_not_merged", {"count": len(lost), "first": lost[0]})
    if merged.fillers:
        facts = {"borrowed": 0, "fillers": merged.fillers, "fits": max(SMALLEST, size - merged.fillers)}
        yield Message("vocab.filled", facts)
    return _Made(merged.tokenizer(), None)


def _general_words() -> Tokenizer | None:
    """The default vocabulary lends its words to a corpus too small to have 50,000 of its own."""
    try:
        return Tokenizer.load(EMBEDDED_MODEL_DIR)
    except VocabularyError:
        return None
