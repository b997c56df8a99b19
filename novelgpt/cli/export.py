"""`novelgpt export`: a model → files that other programs load."""

from __future__ import annotations

import argparse
import contextlib
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from novelgpt.cli.face import Face
from novelgpt.messages import Lang, Message, translate


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt export`."""
    words = partial(translate, lang=lang)
    parser.add_argument("model", nargs="?", metavar="MODEL", help=words("help.model"))
    parser.add_argument(
        "--format", choices=("hf", "onnx", "gguf"), required=True, help=words("help.export.format")
    )
    parser.add_argument("--dtype", metavar="TYPE", help=words("help.export.dtype"))
    parser.add_argument("--out", metavar="PATH", help=words("help.export.out"))
    parser.add_argument("--force", action="store_true", help=words("help.export.force"))


def run(face: Face) -> int:
    """A model → files that other programs load."""
    from novelgpt.model.exporting.export import export_model, usual_path
    from novelgpt.model.known import find_model

    flags = face.flags
    info = find_model(flags.model, face.workspace)
    usual = usual_path(info.name, flags.format, flags.dtype, face.workspace.root / "exports")
    path = Path(flags.out) if flags.out else usual
    face.say("export.writing", name=info.name, format=flags.format, path=path)
    with ends_tidily():
        exported = export_model(info, flags.format, path, dtype=flags.dtype, force=flags.force)
    values = exported.plain()
    face.result(values, [Message("export.done", values)])
    return 0


@contextlib.contextmanager
def ends_tidily() -> Iterator[None]:
    """Within, SIGTERM ends the work as Ctrl-C does, so that what is half written goes."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread hears signals
        yield
        return
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
