"""`novelgpt convert`: an old model's folder → one with safetensors."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from novelgpt.cli.face import Face
from novelgpt.messages import Lang, Message, translate


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt convert`."""
    words = partial(translate, lang=lang)
    parser.add_argument("folder", metavar="FOLDER", help=words("help.convert.folder"))
    parser.add_argument("--out", metavar="NEW", help=words("help.convert.out"))


def run(face: Face) -> int:
    """An old model's folder → one with safetensors."""
    from novelgpt.model.convert import OLD_WEIGHTS, convert_folder

    folder = Path(face.flags.folder)
    usual = folder.with_name(f"{folder.resolve().name}-safetensors")
    face.say("convert.reading", path=folder / OLD_WEIGHTS)
    converted = convert_folder(folder, Path(face.flags.out) if face.flags.out else usual)
    values = converted.plain()
    face.result(values, [Message("convert.done", values)])
    return 0
