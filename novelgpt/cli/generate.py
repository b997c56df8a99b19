"""`novelgpt generate`: a text → its continuation, streamed."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from novelgpt.cli.face import Face, add_dials, settings_from
from novelgpt.config import SampleConfig
from novelgpt.messages import Lang, translate


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt generate`."""
    words = partial(translate, lang=lang)
    parser.add_argument("prompt", nargs="?", metavar="PROMPT", help=words("help.generate.prompt"))
    parser.add_argument("--file", metavar="FILE", help=words("help.generate.file"))
    parser.add_argument("--model", metavar="NAME", help=words("help.model"))
    add_dials(parser, SampleConfig, lang)


def run(face: Face) -> int:
    """A text → its continuation, streamed."""
    from novelgpt.model.folder import find_model, load_model
    from novelgpt.writing.writer import Writer

    flags = face.flags
    sample, prompt = settings_from(SampleConfig(), flags), _prompt(flags)
    info = find_model(flags.model, face.workspace)
    pieces = []
    for piece in Writer(load_model(info.folder, info.name)).stream(prompt, sample):
        pieces.append(piece)
        if not flags.json:
            print(piece.text, end="", flush=True)
    text = "".join(piece.text for piece in pieces)
    last = pieces[-1]
    if flags.json:
        values = {
            "prompt": prompt,
            "text": text,
            "model": info.name,
            "seed": last.seed,
            "finish_reason": last.finish_reason,
        }
        face.result(values)
    else:
        print(flush=True)
        face.say("generate.done", model=info.name, seed=last.seed, characters=len(text))
    return 0


def _prompt(flags: argparse.Namespace) -> str:
    """The argument, else the file, else what is piped in."""
    from novelgpt.text.plain import decode_plain_text, read_plain_text

    if flags.prompt is not None:
        return str(flags.prompt)
    if flags.file:
        return read_plain_text(Path(flags.file))
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    return decode_plain_text(sys.stdin.buffer.read(), "stdin")
