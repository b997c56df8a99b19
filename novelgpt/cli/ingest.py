"""`novelgpt ingest`: files → chapters."""

from __future__ import annotations

import argparse
import contextlib
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from novelgpt.cli.face import INTERRUPTED, Face, positive
from novelgpt.errors import FilesRefused
from novelgpt.messages import Lang, Message, translate

if TYPE_CHECKING:
    from novelgpt.text.ingest import BookIngested
    from novelgpt.text.rules import Rules


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt ingest`."""
    words = partial(translate, lang=lang)
    parser.add_argument("paths", nargs="+", metavar="PATH", help=words("help.ingest.paths"))
    parser.add_argument("--out", metavar="DIR", help=words("help.ingest.out"))
    parser.add_argument("--dry-run", action="store_true", help=words("help.ingest.dry_run"))
    parser.add_argument("--encoding", metavar="NAME", help=words("help.ingest.encoding"))
    parser.add_argument("--allow-loss", action="store_true", help=words("help.ingest.allow_loss"))
    parser.add_argument(
        "--script",
        choices=("keep", "simplified", "traditional"),
        default="keep",
        help=words("help.ingest.script"),
    )
    parser.add_argument("--rules", metavar="FILE", help=words("help.ingest.rules"))
    parser.add_argument("--keep", action="append", default=[], metavar="RULE", help=words("help.ingest.keep"))
    parser.add_argument(
        "--restore", action="append", default=[], metavar="LOG", help=words("help.ingest.restore")
    )
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, help=words("help.jobs"))
    parser.add_argument(
        "--engine", choices=("local", "ray"), default="local", help=words("help.ingest.engine")
    )
    parser.add_argument("--strict", action="store_true", help=words("help.ingest.strict"))


def run(face: Face) -> int:
    """Take the files in, book by book; what is done stays done when a person stops it."""
    from novelgpt.text.ingest import BookIngested, BookRefused, ingest

    flags = face.flags
    out_dir = Path(flags.out) if flags.out else face.workspace.corpus_dir
    options = {name: getattr(flags, name) for name in _OPTIONS}
    done = refused = 0
    events = ingest(flags.paths, out_dir, rules=_rules(flags), lang=face.lang, **options)
    with contextlib.closing(events):  # type: ignore[type-var]
        try:
            for event in events:
                if isinstance(event, BookRefused):
                    refused += 1
                    face.say("ingest.refused", path=event.path, reason=event.reason)
                elif isinstance(event, BookIngested):
                    done += 1
                    _show(face, event)
                else:
                    _sum_up(face, event.report, out_dir)
        except KeyboardInterrupt:
            face.say("ingest.stopped", books=done)
            return INTERRUPTED
    if refused and flags.strict:
        raise FilesRefused(count=refused)
    return 0


_OPTIONS = ("encoding", "allow_loss", "script", "dry_run", "jobs", "engine")


def _rules(flags: argparse.Namespace) -> Rules:
    """The user's rules: a file, rules switched off by name, and logs of removals to take back."""
    from novelgpt.text.clean import RULES
    from novelgpt.text.ingesting.duplicates import CHAPTER_RULES
    from novelgpt.text.rules import user_rules

    logs = [Path(log) for log in flags.restore]
    return user_rules(Path(flags.rules) if flags.rules else None, flags.keep, logs, (*RULES, *CHAPTER_RULES))


def _show(face: Face, event: BookIngested) -> None:
    facts = {"title": event.book.title, "encoding": event.book.encoding, "chapters": event.book.chapters}
    last = event.index + 1 == event.total
    key = "ingest.progress" if event.fresh else "ingest.unchanged"
    face.progress(key, last=last, index=event.index + 1, total=event.total, **facts)
    if face.flags.dry_run and not face.flags.json:
        _print_table(face, event)


def _print_table(face: Face, event: BookIngested) -> None:
    """Print what each chapter would be, and what to look at."""
    from novelgpt.text.ingesting.advice import advice

    face.end_progress()
    print(f"{event.book.title}  {event.book.author}  [{event.book.encoding}]")
    for index, row in enumerate(event.book.table):
        number = "" if row.number is None else row.number
        print(f"  {index:>4}  {row.kind:<8} {number:>5} {row.characters:>8,}  {row.title}")
    for message in advice(event.book):
        print(f"  ! {message.text(face.lang)}")


def _sum_up(face: Face, report: Any, out_dir: Path) -> None:
    totals = report.totals
    facts = {**totals, "books": totals["ingested"], "folder": out_dir}
    done = "ingest.dry_done" if face.flags.dry_run else "ingest.done"
    face.result(report.to_dict() if face.flags.json else {}, [Message(done, facts)])
