"""`novelgpt serve`: the page, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
from functools import partial

from novelgpt.cli.face import Face
from novelgpt.messages import Lang, translate


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt serve`."""
    words = partial(translate, lang=lang)
    parser.add_argument("--host", default="127.0.0.1", help=words("help.serve.host"))
    parser.add_argument("--port", type=int, default=7860, help=words("help.serve.port"))
    parser.add_argument("--api-key", metavar="KEY", help=words("help.serve.api_key"))
    parser.add_argument(
        "--cors-origin", metavar="ORIGIN", action="append", default=[], help=words("help.serve.cors_origin")
    )
    parser.add_argument("--model", metavar="NAME", help=words("help.model"))


def run(face: Face) -> int:
    """The page, until Ctrl-C."""
    from novelgpt.api import serve_studio
    from novelgpt.studio import open_studio

    flags = face.flags
    if not is_loopback(flags.host):
        face.say("serve.open_to_others", host=flags.host)
        if not flags.api_key:
            face.say("serve.open_api")
    with contextlib.closing(open_studio(face.workspace, default_model=flags.model)) as studio:
        serve_studio(
            studio,
            host=flags.host,
            port=flags.port,
            lang_default=face.lang,
            api_key=flags.api_key or None,
            cors_origins=flags.cors_origin,
            when_ready=lambda address: face.say("serve.ready", address=address),
        )
    return 0


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
