"""`novelgpt generate --interactive`: a model and a person write in turns.

Law: what stands on the page is what the person left there; every answer can be taken back but the last.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from novelgpt.cli.face import Face
from novelgpt.config import SampleConfig
from novelgpt.messages import Message, translate

if TYPE_CHECKING:
    from novelgpt.writing.context import Background, Context
    from novelgpt.writing.writer import Writer

_WORDS_SHOWN = 10


def told_of(writer: Writer, story: str, background: Background) -> Context:
    """Return what the model sees of a story."""
    from novelgpt.writing.context import assemble

    return assemble(story, background, writer.count, writer.longest)


def table(words: Iterable[tuple[str, float]]) -> list[Message]:
    """Return words and their probabilities as numbered lines."""
    return [
        Message("plain", {"text": f"{number:3}  {chance:7.3%}  {text!r}"})
        for number, (text, chance) in enumerate(words, start=1)
    ]


def write_together(
    face: Face, writer: Writer, prompt: str, background: Background, sample: SampleConfig
) -> None:
    """Write a passage, ask what to do with it, and go on."""
    passages = [prompt]
    face.say("interactive.help")
    print(prompt, end="", flush=True)
    while True:
        seen = told_of(writer, "".join(passages), background)
        written = ""
        for piece in writer.stream(seen.prompt, sample):
            written += piece.text
            print(piece.text, end="", flush=True)
        print(flush=True)
        passages, goes_on = _asked(face, writer, seen.prompt, passages, written)
        if not goes_on:
            print("".join(passages), flush=True)
            return


def _asked(
    face: Face, writer: Writer, before: str, passages: list[str], written: str
) -> tuple[list[str], bool]:
    """Return the passages after the person's answer, and whether to write on."""
    while True:
        try:
            answer = _line(translate("interactive.ask", face.lang)).strip().lower()
        except EOFError:
            return [*passages, written], False
        if answer == "":
            return [*passages, written], True
        if answer == "r":
            return passages, True
        if answer == "e":
            return [*passages, _line(translate("interactive.edit", face.lang))], True
        if answer == "a":
            changed = _with_another_word(face, writer, before, written)
            if changed:
                return [*passages, changed], True
            continue
        if answer == "q":
            return [*passages, written], False
        if answer == "u" and len(passages) > 1:
            return passages[:-1], True
        face.say("interactive.nothing" if answer == "u" else "interactive.help")


def _with_another_word(face: Face, writer: Writer, before: str, written: str) -> str:
    """Ask which word should be another one, and which; return what was written up to it, and that word."""
    from novelgpt.writing.alternatives import alternatives_at

    place = written.rfind(_line(translate("interactive.which", face.lang)).strip() or "\0")
    found = (
        alternatives_at(writer, before + written, len(before) + place, _WORDS_SHOWN) if place >= 0 else None
    )
    if found is None:
        face.say("interactive.no_such_word")
        return ""
    for message in table(found.others):
        face.tell(message)
    number = _line(translate("interactive.number", face.lang)).strip()
    if not number.isdecimal() or not 1 <= int(number) <= len(found.others):
        return ""
    return written[: max(0, found.start - len(before))] + found.others[int(number) - 1][0]


def _line(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")
