"""What every command has at hand: flags, language, workspace, a way to speak, and the dials as flags.

Law: results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from novelgpt.config import Settings, Workspace, dials
from novelgpt.messages import Lang, Message, translate

INTERRUPTED = 130
_Made = TypeVar("_Made", bound=Settings)


class Face:
    """What every command has at hand: its flags, its language, its workspace, and a way to speak."""

    def __init__(self, flags: argparse.Namespace, lang: Lang) -> None:
        self.flags, self.lang = flags, lang
        self.workspace = Workspace.choose(flags.workspace, os.environ)
        self.terminal = sys.stderr.isatty()
        self.quiet = False  # of several processes one speaks
        self._progress_open, self._progress_at = False, -1e9

    def say(self, key: str, **facts: Any) -> None:
        """Print a sentence of the catalogue on stderr, where progress and news go."""
        self.tell(Message(key, facts))

    def tell(self, message: Message) -> None:
        """Print a message on stderr."""
        self.end_progress()
        if not self.quiet:
            print(message.text(self.lang), file=sys.stderr, flush=True)

    def result(self, values: Any, lines: Sequence[Message] = ()) -> None:
        """Print the result on stdout: one JSON object with --json, else the lines."""
        self.end_progress()
        if self.quiet:
            return
        if self.flags.json:
            print(json.dumps(values, ensure_ascii=False), flush=True)
        else:
            for line in lines:
                print(line.text(self.lang), flush=True)

    def progress(self, key: str, *, last: bool = False, **facts: Any) -> None:
        """Show progress: one line that rewrites itself on a terminal, else a plain line every few seconds."""
        now = time.monotonic()
        if self.quiet or (not last and now - self._progress_at < (0.1 if self.terminal else 5.0)):
            return
        self._progress_at = now
        line = translate(key, self.lang, **facts)
        if self.terminal:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
            self._progress_open = True
        else:
            print(line, file=sys.stderr, flush=True)

    def end_progress(self) -> None:
        """Leave the line that rewrites itself."""
        if self._progress_open:
            print(file=sys.stderr)
            self._progress_open = False


def add_dials(parser: argparse.ArgumentParser, settings: type[Settings], lang: Lang) -> None:
    """Make a flag of every dial of `settings`."""
    for name, (spec, dial_) in dials(settings).items():
        flag = f"--{name.replace('_', '-')}"
        if spec.type == "bool":  # the flag that says what is not so anyway
            flag = f"--no-{name.replace('_', '-')}" if spec.default else flag
            about = translate(f"{dial_.help}.off" if spec.default else dial_.help, lang)
            parser.add_argument(flag, dest=name, action="store_const", const=not spec.default, help=about)
            continue
        kind = next((kind for kind in (str, int) if kind.__name__ in str(spec.type)), float)
        shown = "" if spec.default is None else f" [{spec.default}]"
        metavar = "|".join(dial_.choices) or kind.__name__.upper()
        about = (translate(dial_.help, lang) + shown).replace("%", "%%")
        parser.add_argument(flag, type=kind, metavar=metavar, help=about)


def settings_from(base: _Made, flags: argparse.Namespace) -> _Made:
    """Return `base` with the flags that were given."""
    given = {name: getattr(flags, name) for name in dials(base) if getattr(flags, name, None) is not None}
    return replace(base, **given)  # type: ignore[type-var]


def positive(text: str) -> int:
    """Read a whole number above zero."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
