"""What vocabularies cost and what they give: time for 100 million characters, and designs side by side on held-out novels.

Usage: python benchmarks/vocab.py --novels-chapters DIR [--slice MILLIONS] [--skip-hundred] [--register MANIFEST.tsv]

Every 33rd file is held out of the comparison. The classic recipe (thulac words, counted after lower-casing and without
ASCII punctuation, [UNK] for the rest) needs `pip install thulac`; without it that row is left out. Markdown comes out.
"""

from __future__ import annotations

import argparse
import collections
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ["RAYON_NUM_THREADS"] = "1"  # encoding speed is given per core; counting uses processes
os.environ["TOKENIZERS_PARALLELISM"] = "true"

import tokenizers
from tokenizers import models, pre_tokenizers, trainers

from novelgpt.text.chapter import read_chapters
from novelgpt.tokens.agreement import Agreement, agreement
from novelgpt.tokens.bpe import train_bpe
from novelgpt.tokens.counts import Counts
from novelgpt.tokens.fit import pieces_of
from novelgpt.tokens.segment import NoThulac, Segmenter
from novelgpt.tokens.tally import WordTally
from novelgpt.tokens.tokenizer import Tokenizer
from novelgpt.tokens.vocab import Choosing, TooFewWords, choose, fitting_size

SIZE = 50_000
HELD_OUT_EACH = 30_000
HUNDRED_MILLION = 100_000_000
KERAS_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'

Cut = Callable[[str], list[str]]


@dataclass
class Design:
    """A finished vocabulary: how it cuts a text (None for a piece it does not know), and how that reads back."""

    name: str
    seconds: float
    size: int
    cut: Callable[[str], list[str | None]]
    back: Callable[[str], str]


def whole_texts(path: Path) -> list[str]:
    return [chapter.whole() for chapter in read_chapters(path)]


def slice_of(paths: Sequence[Path], characters: int) -> list[list[str]]:
    """Take whole books, evenly spread, until there are so many characters."""
    order = [paths[(place * 61) % len(paths)] for place in range(len(paths))]
    books: list[list[str]] = []
    for path in order:
        if sum(map(len, (text for book in books for text in book))) >= characters:
            break
        books.append(whole_texts(path))
    return books


def held_out_texts(paths: Sequence[Path]) -> dict[str, str]:
    """Take the middle of each held-out book."""
    texts = {}
    for path in paths:
        whole = "\n".join(whole_texts(path))
        start = max(0, len(whole) // 2 - HELD_OUT_EACH // 2)
        texts[path.stem] = whole[start : start + HELD_OUT_EACH]
    return texts


def ours(name: str, books: Sequence[Sequence[str]], choosing: Choosing, segmenter: Segmenter) -> Design:
    segmenter.load()("好")
    started = time.perf_counter()
    tally = WordTally(segmenter.load(), pairs=choosing.pairs)
    for book in books:
        tally.add_book(book)
    tokenizer = _as_large_as_it_gets(tally.counts, choosing)
    return as_design(name, time.perf_counter() - started, tokenizer)


def _as_large_as_it_gets(counts: Counts, choosing: Choosing) -> Tokenizer:
    size = fitting_size(counts, choosing) if choosing.characters_only else SIZE
    try:
        return choose(counts, size, None, choosing).tokenizer()
    except TooFewWords as error:
        return choose(counts, error.facts["fits"], None, choosing).tokenizer()


def as_design(name: str, seconds: float, tokenizer: Tokenizer) -> Design:
    def cut(text: str) -> list[str | None]:
        # a character spelt in bytes costs as many tokens; the empty ones stand for its other bytes
        pieces: list[str | None] = []
        for piece in pieces_of(tokenizer, text):
            pieces += [piece.text, *[""] * (piece.byte_tokens - 1)]
        return pieces

    return Design(name, seconds, tokenizer.size, cut, lambda text: tokenizer.decode(tokenizer.encode(text)))


def merged(books: Sequence[Sequence[str]]) -> Design:
    started = time.perf_counter()
    made = train_bpe([text for book in books for text in book], SIZE)
    return as_design("`--segmenter bpe`", time.perf_counter() - started, made.tokenizer())


def library(name: str, books: Sequence[Sequence[str]]) -> Design:
    """The trainers of the tokenizers library as they come, on lines."""
    unigram = name == "Unigram"
    learner = tokenizers.Tokenizer(models.Unigram() if unigram else models.BPE(unk_token="[UNK]"))
    # a phrase of at most sixteen characters; longer ones the Unigram trainer cannot hold
    learner.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex("[^\n]{1,16}|\n"), "isolated")
    common = {"vocab_size": SIZE, "special_tokens": ["[UNK]"], "show_progress": False}
    trainer = (
        trainers.UnigramTrainer(unk_token="[UNK]", **common) if unigram else trainers.BpeTrainer(**common)
    )
    started = time.perf_counter()
    learner.train_from_iterator((text for book in books for text in book), trainer)
    seconds = time.perf_counter() - started
    learner.pre_tokenizer = pre_tokenizers.Split("\n", "isolated")
    unknown = learner.token_to_id("[UNK]")

    def cut(text: str) -> list[str | None]:
        encoded = learner.encode(text)
        spans = zip(encoded.ids, encoded.offsets, strict=True)
        return [None if one == unknown else text[start:end] for one, (start, end) in spans]

    def back(text: str) -> str:
        return "".join(learner.id_to_token(one) for one in learner.encode(text).ids)

    return Design(f"tokenizers {name}Trainer", seconds, learner.get_vocab_size(), cut, back)


def classic(books: Sequence[Sequence[str]]) -> Design | None:
    """Thulac words counted the way Keras does; at run time thulac again, and [UNK] for what is not in the list."""
    try:
        segment = Segmenter("thulac").load()
    except NoThulac:
        return None
    started = time.perf_counter()
    counted: collections.Counter[str] = collections.Counter()
    without = str.maketrans(KERAS_FILTERS, " " * len(KERAS_FILTERS))
    for book in books:
        for text in book:
            counted.update(" ".join(segment(text)).lower().translate(without).split(" "))
    del counted[""]
    known = {word for word, _ in counted.most_common(SIZE - 5)} | {"\n"}
    seconds = time.perf_counter() - started

    def cut(text: str) -> list[str | None]:
        return [word if word in known else None for word in segment(text)]

    def back(text: str) -> str:
        return "".join(piece or "[UNK]" for piece in cut(text))

    return Design(
        "classic (thulac, Keras counting)", seconds, len(known) + 4, cut, back
    )  # newline is one of the five


def row(design: Design, texts: dict[str, str], jieba: Cut) -> str:
    tokens = unknown = exact = 0
    agreed = Agreement()
    for text in texts.values():
        pieces = design.cut(text)
        tokens += len(pieces)
        unknown += sum(piece is None for piece in pieces)
        exact += design.back(text) == text
        if None not in pieces:
            agreed += agreement(text, (piece for piece in pieces if piece), jieba(text))
    characters = sum(map(len, texts.values()))
    shared = f"{agreed.f1:.3f}" if agreed.theirs else "-"
    cells = (design.name, f"{design.size:,}", f"{design.seconds:.1f}", f"{characters / tokens:.3f}")
    return table_row(*cells, f"{unknown:,}", f"{exact}/{len(texts)}", shared)


def table_row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def speed(tokenizer: Tokenizer, texts: Iterable[str]) -> float:
    """Characters a second in batches, on one core."""
    batch = [text[start : start + 3_000] for text in texts for start in range(0, len(text), 3_000)]
    tokenizer.encode_many(batch)
    best = 0.0
    for _ in range(3):
        started = time.perf_counter()
        tokenizer.encode_many(batch)
        best = max(best, sum(map(len, batch)) / (time.perf_counter() - started))
    return best


def hundred_million(paths: Sequence[Path], options: Sequence[str]) -> tuple[int, float, float]:
    """Run the command on 100 million characters, files repeated; return characters, seconds and peak gigabytes."""
    sizes = {path: sum(map(len, whole_texts(path))) for path in paths}
    with tempfile.TemporaryDirectory() as folder:
        characters, copies = 0, 0
        while characters < HUNDRED_MILLION:
            path = paths[copies % len(paths)]
            (Path(folder) / f"{copies:05}.jsonl").symlink_to(path.resolve())
            characters, copies = characters + sizes[path], copies + 1
        command = [sys.executable, "-m", "novelgpt", "vocab", folder, "--jobs", "2", *options]
        environment = {name: value for name, value in os.environ.items() if name != "RAYON_NUM_THREADS"}
        started = time.perf_counter()
        subprocess.run(
            [*command, "--out", f"{folder}/vocab"], check=True, capture_output=True, env=environment
        )
        seconds = time.perf_counter() - started
    return characters, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6


def registers(manifest: Path) -> dict[str, str]:
    """Return for each title in the manifest its script and register."""
    lines = [line.split("\t") for line in manifest.read_text(encoding="utf-8").splitlines()]
    head = lines[0]
    title, script, register = (head.index(name) for name in ("title", "script", "register"))
    return {line[title]: f"{line[script]} {line[register]}" for line in lines[1:]}


def print_registers(tokenizer: Tokenizer, texts: dict[str, str], kinds: dict[str, str]) -> None:
    found: dict[str, list[int]] = {}
    for title, text in texts.items():
        sums = found.setdefault(kinds.get(title, "other"), [0, 0, 0])
        for place, value in enumerate((1, len(text), len(tokenizer.encode(text)))):
            sums[place] += value
    print(f"\n{table_row('register', 'books', 'characters/token')}\n|---|---|---|")
    for kind, (books, characters, tokens) in sorted(found.items()):
        print(table_row(kind, books, f"{characters / tokens:.3f}"))


def compare(books: Sequence[Sequence[str]], texts: dict[str, str]) -> None:
    words, kept = Segmenter("jieba"), Choosing()
    makers: list[Callable[[], Design | None]] = [
        lambda: ours("default", books, kept, words),
        lambda: ours("`--join-signs`", books, Choosing(pairs="all"), words),
        lambda: ours("`--pure-words`", books, Choosing(pairs="none"), words),
        lambda: ours(
            "`--segmenter char`", books, Choosing(pairs="none", characters_only=True), Segmenter("char")
        ),
        lambda: merged(books),
        lambda: library("Bpe", books),
        lambda: library("Unigram", books),
        lambda: classic(books),
    ]
    head = ("design", "pieces", "seconds", "characters/token", "[UNK]", "exact round trips", "F1 with jieba")
    print(f"\n{table_row(*head)}\n|---|---|---|---|---|---|---|")
    for make in makers:
        design = make()
        print(
            row(design, texts, words.load()) if design else "| classic | thulac is not installed |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--novels-chapters", type=Path, required=True)
    parser.add_argument("--slice", type=float, default=3.0, metavar="MILLIONS")
    parser.add_argument("--skip-hundred", action="store_true")
    parser.add_argument(
        "--full", action="store_true", help="also measure vocabularies of all that is not held out"
    )
    parser.add_argument("--register", type=Path, metavar="MANIFEST.tsv")
    flags = parser.parse_args()
    paths = sorted(flags.novels_chapters.glob("*.jsonl"))
    held_out = paths[7::33]
    training = [path for path in paths if path not in set(held_out)]
    print(
        f"# Vocabularies ({platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()})\n"
    )
    if not flags.skip_hundred:
        characters, seconds, peak = hundred_million(paths, ())
        print(
            f"{characters / 1e6:.0f} M characters → 50,000 pieces and report: {seconds:.1f} s, 2 processes, {peak:.2f} GB"
        )
    texts = held_out_texts(held_out)
    books = slice_of(training, int(flags.slice * 1e6))
    counted = sum(len(text) for book in books for text in book)
    total = sum(map(len, texts.values()))
    print(
        f"\nTrained on {len(books)} books, {counted:,} characters; measured on {len(texts)} others, {total:,} characters."
    )
    compare(books, texts)
    if flags.full:
        full(training, texts, registers(flags.register) if flags.register else {})


def full(training: Sequence[Path], texts: dict[str, str], kinds: dict[str, str]) -> None:
    """Three ways to choose pieces from everything that is not held out, register by register, with encoding speed."""
    segmenter = Segmenter()
    for name, choosing in (
        ("default", Choosing()),
        ("`--join-signs`", Choosing(pairs="all")),
        ("`--pure-words`", Choosing(pairs="none")),
    ):
        tally = WordTally(segmenter.load(), pairs=choosing.pairs)
        for path in training:
            tally.add_book(whole_texts(path))
        tokenizer = choose(tally.counts, SIZE, None, choosing).tokenizer()
        print(f"\n{name} of {len(training)} books:")
        print(row(as_design(name, 0.0, tokenizer), texts, segmenter.load()))
        print_registers(tokenizer, texts, kinds)
        print(f"\nencoding: {speed(tokenizer, texts.values()) / 1e6:.2f} M characters/s on one core")


if __name__ == "__main__":
    main()
