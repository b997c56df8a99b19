"""Flags → a stage or the studio → printed lines. The one place that prints; a thin face.

Law: this module imports nothing heavy, so that `novelgpt --help` answers at once; each command imports what it needs.
Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 user error, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import NoReturn

from novelgpt.cli import convert, export, generate, ingest, score, serve, train, vocab
from novelgpt.cli.face import INTERRUPTED, Face
from novelgpt.errors import NovelGPTError
from novelgpt.messages import LANGUAGES, Lang, guess_language, translate

COMMANDS = {
    "ingest": ingest,
    "vocab": vocab,
    "train": train,
    "generate": generate,
    "score": score,
    "export": export,
    "convert": convert,
    "serve": serve,
}


def build_parser(lang: Lang) -> argparse.ArgumentParser:
    """Return the parser, its help in `lang`."""
    words = partial(translate, lang=lang)
    common = _OneLineParser(add_help=False)
    shared = common.add_argument_group(words("help.everywhere"))
    shared.add_argument("--workspace", metavar="DIR", help=words("help.workspace"))
    shared.add_argument("--lang", choices=LANGUAGES, help=words("help.lang"))
    shared.add_argument("--json", action="store_true", help=words("help.json"))

    parser = _OneLineParser(prog="novelgpt", description=words("help.about"), epilog=words("help.tour"))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(
        title=words("help.commands"), metavar="COMMAND", parser_class=_OneLineParser
    )

    for name, verb in COMMANDS.items():
        about = words(f"help.{name}")
        made = commands.add_parser(name, help=about, description=about, parents=[common])
        made.set_defaults(run=verb.run, parser=made)
        verb.add_flags(made, lang)
    return parser


class _OneLineParser(argparse.ArgumentParser):
    """Wrong usage is one line and exit code 2, like every other error."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} ({self.prog} --help)\n")


def _version() -> str:
    from novelgpt import __version__

    return f"novelgpt {__version__}"


def spoken_language(arguments: Sequence[str], environment: dict[str, str]) -> Lang:
    """Find the language before the flags are parsed, because the help speaks it too."""
    for flag, value in pairwise([*arguments, ""]):
        chosen = (
            flag.removeprefix("--lang=") if flag.startswith("--lang=") else value if flag == "--lang" else ""
        )
        for lang in LANGUAGES:
            if chosen == lang:
                return lang
    return guess_language(environment)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    lang = spoken_language(given, dict(os.environ))
    parser = build_parser(lang)
    flags = parser.parse_args(given)
    if not hasattr(flags, "run"):
        parser.print_help()
        return 2
    flags.spoken = lang
    try:
        return int(flags.run(Face(flags, lang)))
    except NovelGPTError as error:
        print(f"novelgpt: {error.sentence(lang)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{translate('cli.interrupted', lang)}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has gone, as in `novelgpt generate | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def entry_point() -> NoReturn:
    """The console command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                encoding="utf-8", errors="backslashreplace"
            )  # a Windows code page lacks most Han
    sys.exit(main())
