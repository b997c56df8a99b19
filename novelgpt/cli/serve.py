"""`novelgpt serve`: the page, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
from functools import partial

from novelgpt.cli.face import Face
from novelgpt.messages import Lang, translate


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt serve`."""
    words = partial(translate, lang=lang)
    parser.add_argument("--host", default="127.0.0.1", help=words("help.serve.host"))
    parser.add_argument("--port", type=int, default=7860, help=words("help.serve.port"))
    parser.add_argument("--model", metavar="NAME", help=words("help.model"))


def run(face: Face) -> int:
    """The page, until Ctrl-C."""
    from novelgpt.api import serve_studio
    from novelgpt.studio import open_studio

    flags = face.flags
    with contextlib.closing(open_studio(face.workspace, default_model=flags.model)) as studio:
        serve_studio(
            studio,
            host=flags.host,
            port=flags.port,
            lang_default=face.lang,
            when_ready=lambda address: face.say("serve.ready", address=address),
        )
    return 0
