"""`novelgpt train`: chapters and vocabulary → a model."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from novelgpt.cli.face import INTERRUPTED, Face, add_dials, settings_from
from novelgpt.config import TrainConfig
from novelgpt.errors import BadConfigFile, FileMissing
from novelgpt.messages import Lang, Message, translate


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt train`."""
    words = partial(translate, lang=lang)
    parser.add_argument("chapters", nargs="*", metavar="CHAPTERS", help=words("help.chapters"))
    parser.add_argument("--resume", action="store_true", help=words("help.train.resume"))
    parser.add_argument("--fork", action="store_true", help=words("help.train.fork"))
    parser.add_argument("--dry-run", action="store_true", help=words("help.train.dry_run"))
    parser.add_argument("--name", type=_run_name, default="default", help=words("help.train.name"))
    parser.add_argument("--vocab", metavar="DIR", help=words("help.train.vocab"))
    parser.add_argument("--config", metavar="FILE.toml", help=words("help.train.config"))
    parser.add_argument(
        "--held-out-chapters", nargs="+", metavar="PATH", help=words("help.train.held_out_chapters")
    )
    add_dials(parser, TrainConfig, lang)


def run(face: Face) -> int:
    """Chapters and vocabulary → a model."""
    from novelgpt.model.running.distributed import joined
    from novelgpt.model.running.process import noted
    from novelgpt.model.running.run_folder import read_plan
    from novelgpt.model.train import train

    flags = face.flags
    run_dir = face.workspace.runs_dir / flags.name
    former = read_plan(run_dir) if flags.resume else None
    config = settings_from(
        _from_file(TrainConfig() if former is None else former.config, flags.config), flags
    )
    with joined(os.environ) as world, stop_signals() as asked_to_stop, contextlib.ExitStack() as open_notes:
        if world.leads and not flags.dry_run:
            open_notes.enter_context(noted(run_dir, _again(flags)))
        face.quiet = not world.leads
        if flags.resume and former is None:
            face.say("train.nothing_to_resume", folder=run_dir)
        with world.first_goes_first():
            shards = _shards(face, config, run_dir)
        events = train(
            config,
            shards,
            run_dir,
            resume=flags.resume,
            fork=flags.fork,
            dry_run=flags.dry_run,
            stop=asked_to_stop,
            world=world,
            lang=face.lang,
        )
        with contextlib.closing(events):
            return _follow(face, events, run_dir)


def _again(flags: argparse.Namespace) -> list[str]:
    """Return the flags that a run needs to be gone on with from anywhere, besides those that it keeps itself."""
    vocabulary = [f"--vocab={Path(flags.vocab).resolve()}"] if flags.vocab else []
    chapters = [str(Path(path).resolve()) for path in flags.chapters]
    held_out = [str(Path(path).resolve()) for path in flags.held_out_chapters or ()]
    return [*vocabulary, *chapters, *(["--held-out-chapters", *held_out] if held_out else [])]


def _shards(face: Face, config: TrainConfig, run_dir: Path) -> Any:
    """Return the chapters as token files, telling how far that is."""
    from novelgpt.text.chapter import chapter_files
    from novelgpt.tokens.shards import Encoded, make_shards

    flags = face.flags
    vocabulary = _vocabulary(config, Path(flags.vocab) if flags.vocab else face.workspace.vocab_dir)
    chapters = chapter_files([Path(path) for path in flags.chapters] or [face.workspace.chapters_dir])
    held_out = (
        chapter_files(map(Path, flags.held_out_chapters)) if flags.held_out_chapters else config.held_out
    )
    face.say("train.preparing", files=len(chapters))
    for event in make_shards(chapters, vocabulary, run_dir / "data", held_out=held_out):
        if isinstance(event, Encoded):
            face.progress("train.encoded", **vars(event))
        else:
            return event
    raise AssertionError("token files end with the shards")


def _vocabulary(config: TrainConfig, folder: Path) -> Any:
    """Return the vocabulary: a model that training begins from brings its own."""
    from novelgpt.model.running.plan import base_model
    from novelgpt.tokens.tokenizer import Tokenizer

    base = base_model(config)
    return Tokenizer.load(folder) if base is None else base.tokenizer


def _from_file(base: TrainConfig, path: str | None) -> TrainConfig:
    """Return the settings in a TOML file (a run's `config.toml` too), over those of `base`."""
    if path is None:
        return base
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileMissing(path=path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfigFile(path=path, detail=error) from None
    values = tables.get("asked", tables)
    if unknown := sorted(values.keys() - base.to_dict().keys()):
        raise BadConfigFile(path=path, detail=unknown[0])
    return replace(base, **values)


def _follow(face: Face, events: Any, run_dir: Path) -> int:
    from novelgpt.model.running.events import Stopped

    for event in events:
        _show(face, event)
        if isinstance(event, Stopped):
            face.say("train.stopped", folder=run_dir)
            return INTERRUPTED
    return 0


def _show(face: Face, event: Any) -> None:
    from novelgpt.model.running import events

    match event:
        case events.Notice() | events.Alarmed() | events.Paused():
            face.tell(event.message)
        case events.Step():
            facts = {**vars(event), "remaining": _clock(event.remaining_seconds)}
            face.progress("train.step", last=event.step == event.total_steps, **facts)
        case events.Evaluated():
            face.say("train.evaluated", **vars(event))
        case events.Sampled():
            face.say("train.sampled", **vars(event))
        case events.Saved(step, folder):
            face.progress("train.saved", step=step, folder=folder)
        case events.Finished():
            values = {
                "steps": event.steps,
                "final": str(event.final_dir),
                "best_bits_per_character": event.best_bits_per_character,
            }
            face.result(values, [Message("train.finished", values)])


def _run_name(text: str) -> str:
    """A run's name is one folder's name, nothing that climbs out of `runs/`."""
    if text in ("", ".", "..") or any(sign in text for sign in '/\\:*?"<>|\0'):
        raise ValueError(text)
    return text


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


@contextlib.contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    """Within, Ctrl-C and SIGTERM only ask to stop; a second Ctrl-C stops at once."""
    asked: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    former = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
