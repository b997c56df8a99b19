"""`novelgpt ingest`: files → chapters."""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path
from typing import Any

from novelgpt.cli.face import Face, positive
from novelgpt.messages import Lang, Message, translate


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt ingest`."""
    words = partial(translate, lang=lang)
    parser.add_argument("paths", nargs="+", metavar="PATH", help=words("help.ingest.paths"))
    parser.add_argument("--out", metavar="DIR", help=words("help.ingest.out"))
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, help=words("help.jobs"))
    parser.add_argument("--encoding", metavar="NAME", help=words("help.ingest.encoding"))
    parser.add_argument("--allow-loss", action="store_true", help=words("help.ingest.allow_loss"))
    parser.add_argument("--dry-run", action="store_true", help=words("help.ingest.dry_run"))


def run(face: Face) -> int:
    """Files → chapters."""
    from novelgpt.text.ingest import BookIngested, BookRefused, ingest

    flags = face.flags
    out_dir = Path(flags.out) if flags.out else face.workspace.corpus_dir
    options = {
        "encoding": flags.encoding,
        "allow_loss": flags.allow_loss,
        "dry_run": flags.dry_run,
        "jobs": flags.jobs,
    }
    for event in ingest(flags.paths, out_dir, lang=face.lang, **options):
        if isinstance(event, BookRefused):
            face.say("ingest.refused", path=event.path, reason=event.reason)
        elif isinstance(event, BookIngested):
            facts = {
                "title": event.book.title,
                "encoding": event.book.encoding,
                "chapters": len(event.chapters),
            }
            face.progress(
                "ingest.progress",
                last=event.index + 1 == event.total,
                index=event.index + 1,
                total=event.total,
                **facts,
            )
            if flags.dry_run and not flags.json:
                _print_table(face, event)
        else:
            report = event.report
            counts = {"books": len(report.ingested), "refused": len(report.refused), "folder": out_dir}
            chapters = sum(book.chapters for book in report.ingested)
            characters = sum(book.characters for book in report.ingested)
            done = "ingest.dry_done" if flags.dry_run else "ingest.done"
            facts = {**counts, "chapters": chapters, "characters": characters}
            face.result(report.to_dict(), [Message(done, facts)])
    return 0


def _print_table(face: Face, event: Any) -> None:
    face.end_progress()
    print(f"{event.book.title}  {event.book.author}  [{event.book.encoding}]")
    for chapter in event.chapters:
        print(f"  {chapter.index:>4}  {chapter.kind:<8} {len(chapter.text):>7,}  {chapter.title}")
