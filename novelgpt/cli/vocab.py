"""`novelgpt vocab`: chapters → vocabulary."""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path

from novelgpt.cli.face import Face, positive
from novelgpt.config import PIECES
from novelgpt.messages import Lang, Message, translate


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt vocab`."""
    words = partial(translate, lang=lang)
    parser.add_argument("chapters", nargs="*", metavar="CHAPTERS", help=words("help.chapters"))
    parser.add_argument("--size", type=positive, default=PIECES, help=words("help.vocab.size"))
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, help=words("help.jobs"))
    parser.add_argument("--out", metavar="DIR", help=words("help.vocab.out"))


def run(face: Face) -> int:
    """Chapters → vocabulary."""
    from novelgpt.tokens.build import BookCounted, build_vocab_folder

    flags = face.flags
    out_dir = Path(flags.out) if flags.out else face.workspace.vocab_dir
    chapters = [Path(path) for path in flags.chapters] or [face.workspace.chapters_dir]
    for event in build_vocab_folder(chapters, out_dir, size=flags.size, jobs=flags.jobs):
        if isinstance(event, BookCounted):
            last = event.index == event.total
            face.progress(
                "vocab.progress", last=last, index=event.index, total=event.total, book=event.path.stem
            )
        else:
            values = {"folder": str(event.folder), **vars(event.report)}
            face.result(values, [Message("vocab.done", values)])
    return 0
