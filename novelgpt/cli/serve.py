"""`novelgpt serve`: the page, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import os
import sys
import webbrowser
from functools import partial

from novelgpt.cli.face import Face
from novelgpt.errors import InputError
from novelgpt.messages import Lang, translate


class PasswordNeeded(InputError):
    """An address that others can reach, and nothing to keep them out."""


class BadPassword(InputError):
    """A name and a password were to be given, with a colon between them."""


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt serve`."""
    words = partial(translate, lang=lang)
    parser.add_argument("--host", default="127.0.0.1", help=words("help.serve.host"))
    parser.add_argument("--port", type=int, default=7860, help=words("help.serve.port"))
    parser.add_argument("--api-key", metavar="KEY", help=words("help.serve.api_key"))
    parser.add_argument(
        "--cors-origin", metavar="ORIGIN", action="append", default=[], help=words("help.serve.cors_origin")
    )
    parser.add_argument("--auth", metavar="USER:PASSWORD", help=words("help.serve.auth"))
    parser.add_argument("--open", action="store_true", help=words("help.serve.open"))
    parser.add_argument("--desktop", action="store_true", help=words("help.serve.desktop"))
    parser.add_argument("--model", metavar="NAME", help=words("help.model"))


def run(face: Face) -> int:
    """The page, until Ctrl-C."""
    from novelgpt.api import serve_in_window, serve_studio
    from novelgpt.studio import open_studio

    flags = face.flags
    if flags.auth is not None and not all(flags.auth.partition(":")):
        raise BadPassword()
    if not is_loopback(flags.host):
        if not flags.auth:
            raise PasswordNeeded(host=flags.host)
        face.say("serve.open_to_others", host=flags.host)
    how = {
        "host": flags.host,
        "port": flags.port,
        "lang_default": face.lang,
        "api_key": flags.api_key or None,
        "auth": flags.auth,
        "cors_origins": flags.cors_origin,
        "when_ready": partial(_ready, face),
    }
    with contextlib.closing(open_studio(face.workspace, default_model=flags.model)) as studio:
        if flags.desktop:
            serve_in_window(studio, no_window=lambda why: face.say("serve.no_window", why=why), **how)
        else:
            serve_studio(studio, **how)
    return 0


def _ready(face: Face, address: str) -> None:
    """Say where the page is; open it if that was asked for and there is a screen to show it on."""
    face.say("serve.ready", address=address)
    screen = sys.platform in ("win32", "darwin") or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    if face.flags.open and not face.flags.desktop and screen and not os.environ.get("NOVELGPT_NO_BROWSER"):
        webbrowser.open(address)


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
