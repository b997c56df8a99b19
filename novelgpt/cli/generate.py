"""`novelgpt generate`: a text → its continuation, streamed; or candidates, what may come next, a gap filled."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from novelgpt.cli.face import Face, add_dials, positive, settings_from
from novelgpt.cli.together import table, told_of, write_together
from novelgpt.config import STYLES, SampleConfig
from novelgpt.errors import InputError
from novelgpt.messages import Lang, Message, translate

if TYPE_CHECKING:
    from novelgpt.writing.context import Background, Context
    from novelgpt.writing.writer import Writer

_TEXTS = ("memory", "note", "after")


class NoSuchWord(InputError):
    """What was to be taken is not a word: a marker, or part of a character."""


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt generate`."""
    words = partial(translate, lang=lang)
    parser.add_argument("prompt", nargs="?", metavar="PROMPT", help=words("help.generate.prompt"))
    parser.add_argument("--file", metavar="FILE", help=words("help.generate.file"))
    parser.add_argument("--model", metavar="NAME", help=words("help.model"))
    parser.add_argument("--style", choices=tuple(STYLES), help=words("help.generate.style"))
    parser.add_argument("--greedy", action="store_true", help=words("help.generate.greedy"))
    parser.add_argument(
        "--next", nargs="?", type=positive, const=10, metavar="N", help=words("help.generate.next")
    )
    parser.add_argument("--at", type=positive, metavar="N", help=words("help.generate.at"))
    parser.add_argument("--take", type=positive, metavar="K", help=words("help.generate.take"))
    parser.add_argument("--interactive", action="store_true", help=words("help.generate.interactive"))
    for name in ("stop", "ban"):
        parser.add_argument(
            f"--{name}", action="append", default=[], metavar="TEXT", help=words(f"help.generate.{name}")
        )
    for name in _TEXTS:
        parser.add_argument(f"--{name}", metavar="TEXT", help=words(f"help.generate.{name}"))
    parser.add_argument("--lore", metavar="FILE", help=words("help.generate.lore"))
    parser.add_argument("--earlier", nargs="+", metavar="FILE", help=words("help.generate.earlier"))
    parser.add_argument("--show-context", action="store_true", help=words("help.generate.show_context"))
    parser.add_argument("--exact", action="store_true", help=words("help.generate.exact"))
    add_dials(parser, SampleConfig, lang)


def run(face: Face) -> int:
    """A text → its continuation, streamed."""
    from novelgpt.model.folder import load_model
    from novelgpt.model.known import find_model
    from novelgpt.writing.writer import Writer

    flags = face.flags
    prompt, background = _prompt(flags), _background(flags)
    names = tuple(key for entry in background.lore for key in entry.keys)
    sample = dataclasses.replace(_sample(flags), names=names)
    info = find_model(flags.model, face.workspace)
    writer = Writer(load_model(info.folder, info.name), exact=flags.exact)
    prompt = prompt if flags.at is None else prompt[: flags.at]
    seen, word = told_of(writer, prompt, background), ""
    if flags.take:
        word = _taken(writer, seen, flags.take)
        seen = told_of(writer, prompt + word, background)
    if flags.show_context:
        for message in _told(seen):
            face.tell(message)
    if flags.next:
        _show_next(face, writer, seen)
    elif flags.interactive:
        write_together(face, writer, prompt + word, background, sample)
    elif flags.after:
        _fill(face, writer, seen, sample)
    elif sample.n > 1:
        _offer(face, writer, seen, sample)
    else:
        _write(face, writer, prompt, word, seen, sample)
    return 0


def _sample(flags: argparse.Namespace) -> SampleConfig:
    base = SampleConfig.of_style(flags.style) if flags.style else SampleConfig()
    sample = settings_from(base, flags)
    if flags.greedy:
        sample = dataclasses.replace(sample, temperature=0.0)
    return dataclasses.replace(sample, stop=tuple(flags.stop), banned=tuple(flags.ban))


def _prompt(flags: argparse.Namespace) -> str:
    """The argument, else the file, else what is piped in."""
    from novelgpt.text.plain import decode_plain_text, read_plain_text

    if flags.prompt is not None:
        return str(flags.prompt)
    if flags.file:
        return read_plain_text(Path(flags.file))
    if sys.stdin is None or sys.stdin.isatty() or flags.interactive:
        return ""
    return decode_plain_text(sys.stdin.buffer.read(), "stdin")


def _background(flags: argparse.Namespace) -> Background:
    from novelgpt.text.plain import read_plain_text
    from novelgpt.writing.context import Background
    from novelgpt.writing.lore import read_lore
    from novelgpt.writing.recall import Recall

    earlier = None
    if flags.earlier:
        earlier = Recall((Path(name).stem, read_plain_text(Path(name))) for name in flags.earlier)
    lore = read_lore(Path(flags.lore)) if flags.lore else ()
    return Background(flags.memory or "", flags.note or "", lore, earlier)


def _taken(writer: Writer, seen: Context, number: int) -> str:
    """Return the word that is so many places from the likeliest."""
    word = writer.next_tokens(seen.prompt, number)[-1][1]
    if not word:
        raise NoSuchWord(number=number)
    return word


def _told(seen: Context) -> Iterator[Message]:
    """Say what the model sees, part by part."""
    for part in seen.parts:
        cut = Message("context.cut") if part.cut else ""
        facts = {"source": part.source, "tokens": part.tokens, "cut": cut}
        yield Message("context.part", {"kind": Message(f"context.{part.kind}"), **facts})
        yield Message("plain", {"text": part.text.rstrip("\n")})
    yield Message("context.total", {"tokens": seen.tokens, "window": seen.window})
    if seen.left_out:
        yield Message("context.left_out", {"names": "、".join(seen.left_out)})


def _write(face: Face, writer: Writer, prompt: str, word: str, seen: Context, sample: SampleConfig) -> None:
    pieces = []
    if not face.flags.json:
        print(word, end="", flush=True)
    for piece in writer.stream(seen.prompt, sample):
        pieces.append(piece)
        if not face.flags.json:
            print(piece.text, end="", flush=True)
    text, last = word + "".join(piece.text for piece in pieces), pieces[-1]
    if face.flags.json:
        told = {"seed": last.seed, "finish_reason": last.finish_reason, "context": _parts(seen)}
        face.result({"prompt": prompt, "text": text, "model": writer.model.name, **told})
        return
    print(flush=True)
    face.say("generate.done", model=writer.model.name, seed=last.seed, characters=len(text))


def _parts(seen: Context) -> list[dict[str, Any]]:
    return [dataclasses.asdict(part) for part in seen.parts]


def _offer(face: Face, writer: Writer, seen: Context, sample: SampleConfig) -> None:
    """Write several candidates and show them in order."""
    from novelgpt.writing.ranking import rank

    ranked = rank(
        seen.prompt, writer.write_several(seen.prompt, dataclasses.replace(sample, alternatives=-1))
    )
    lines, values = [], []
    for number, judged in enumerate(ranked, start=1):
        scores = {
            name: getattr(judged, name) for name in ("total", "likelihood", "repetition", "copied", "whole")
        }
        whole = Message("candidate.whole" if judged.whole else "candidate.broken")
        lines += [Message("candidate.line", {**scores, "number": number, "whole": whole})]
        lines += [Message("plain", {"text": judged.continuation.text})]
        values.append({"text": judged.continuation.text, **scores})
    seed = ranked[0].continuation.seed
    face.result(
        {"candidates": values, "model": writer.model.name, "seed": seed, "context": _parts(seen)}, lines
    )
    face.say("generate.done", model=writer.model.name, seed=seed, characters=len(values[0]["text"]))


def _fill(face: Face, writer: Writer, seen: Context, sample: SampleConfig) -> None:
    """Write what could stand between the prompt and what follows."""
    from novelgpt.writing.filling import fill

    found = fill(writer, seen.prompt, face.flags.after, sample)
    lines, values = [], []
    for number, one in enumerate(found, start=1):
        lines += [Message("candidate.fit", {"number": number, "fit": one.fit})]
        lines += [Message("plain", {"text": one.continuation.text})]
        values.append({"text": one.continuation.text, "fit": one.fit})
    face.result({"candidates": values, "model": writer.model.name}, lines)


def _show_next(face: Face, writer: Writer, seen: Context) -> None:
    """Show what may come next, and how likely it is."""
    found = writer.next_tokens(seen.prompt, face.flags.next)
    values = [{"id": token, "text": text, "chance": chance} for token, text, chance in found]
    rows = table((text, chance) for _, text, chance in found)
    face.result({"next": values, "model": writer.model.name}, [Message("next.head"), *rows])
