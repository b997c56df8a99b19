"""`novelgpt vocab`: chapters → vocabulary."""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from novelgpt.cli.face import Face, positive
from novelgpt.messages import Lang, Message, translate

if TYPE_CHECKING:
    from novelgpt.tokens.recipe import Recipe


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt vocab`."""
    words = partial(translate, lang=lang)
    parser.add_argument("chapters", nargs="*", metavar="CHAPTERS", help=words("help.chapters"))
    parser.add_argument("--size", type=positive, help=words("help.vocab.size"))
    parser.add_argument(
        "--segmenter",
        choices=("jieba", "thulac", "char", "bpe"),
        default="jieba",
        help=words("help.vocab.segmenter"),
    )
    parser.add_argument("--pure-words", action="store_true", help=words("help.vocab.pure_words"))
    parser.add_argument("--join-signs", action="store_true", help=words("help.vocab.join_signs"))
    parser.add_argument("--user-words", metavar="FILE", help=words("help.vocab.user_words"))
    parser.add_argument("--exclude-names", action="store_true", help=words("help.vocab.exclude_names"))
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, help=words("help.jobs"))
    parser.add_argument(
        "--engine", choices=("local", "ray"), default="local", help=words("help.vocab.engine")
    )
    parser.add_argument("--out", metavar="DIR", help=words("help.vocab.out"))


def run(face: Face) -> int:
    """Chapters → vocabulary."""
    from novelgpt.tokens.build import BookCounted, build_vocab_folder

    flags = face.flags
    out_dir = Path(flags.out) if flags.out else face.workspace.vocab_dir
    chapters = [Path(path) for path in flags.chapters] or [face.workspace.chapters_dir]
    options = {"engine": flags.engine, "jobs": flags.jobs, "lang": face.lang}
    for event in build_vocab_folder(chapters, out_dir, _recipe(flags), **options):
        if isinstance(event, BookCounted):
            last = event.index == event.total
            facts = {"index": event.index, "total": event.total, "book": event.path.stem}
            face.progress("vocab.progress", last=last, **facts)
        elif isinstance(event, Message):
            face.tell(event)
        else:
            values = {"folder": str(event.folder), **event.report.head()}
            face.result(values, [Message("vocab.done", values)])
    return 0


def _recipe(flags: argparse.Namespace) -> Recipe:
    from novelgpt.tokens.recipe import Recipe
    from novelgpt.tokens.userwords import UserWords, read_user_words

    return Recipe(
        cut=flags.segmenter,
        size=flags.size,
        pure_words=flags.pure_words,
        join_signs=flags.join_signs,
        exclude_names=flags.exclude_names,
        user_words=read_user_words(Path(flags.user_words)) if flags.user_words else UserWords(),
    )
