"""`novelgpt train`: chapters and vocabulary → a model."""

from __future__ import annotations

import argparse
import contextlib
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from novelgpt.cli.face import INTERRUPTED, Face, add_dials, settings_from
from novelgpt.config import TrainConfig
from novelgpt.errors import RunChanged
from novelgpt.messages import Lang, Message, translate


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt train`."""
    words = partial(translate, lang=lang)
    parser.add_argument("chapters", nargs="*", metavar="CHAPTERS", help=words("help.chapters"))
    parser.add_argument("--resume", action="store_true", help=words("help.train.resume"))
    parser.add_argument("--name", type=_run_name, default="default", help=words("help.train.name"))
    parser.add_argument("--vocab", metavar="DIR", help=words("help.train.vocab"))
    parser.add_argument(
        "--held-out-chapters", nargs="+", metavar="PATH", help=words("help.train.held_out_chapters")
    )
    add_dials(parser, TrainConfig, lang)


def run(face: Face) -> int:
    """Chapters and vocabulary → a model."""
    from novelgpt.model import train as training
    from novelgpt.model.run_folder import read_plan
    from novelgpt.text.chapter import chapter_files
    from novelgpt.tokens.shards import build_shards
    from novelgpt.tokens.tokenizer import Tokenizer

    flags = face.flags
    run_dir = face.workspace.runs_dir / flags.name
    plan = read_plan(run_dir) if flags.resume else None
    if flags.resume and plan is None:
        face.say("train.nothing_to_resume", folder=run_dir)
    config = (
        settings_from(TrainConfig(), flags)
        if plan is None
        else _samesettings_from(plan.config, flags, run_dir)
    )
    tokenizer = Tokenizer.load(Path(flags.vocab) if flags.vocab else face.workspace.vocab_dir)
    chapters = chapter_files([Path(path) for path in flags.chapters] or [face.workspace.chapters_dir])
    held_out = (
        chapter_files(map(Path, flags.held_out_chapters)) if flags.held_out_chapters else config.held_out
    )
    face.say("train.preparing", files=len(chapters))
    shards = build_shards(chapters, tokenizer, run_dir / "data", held_out=held_out)
    with (
        stop_signals() as asked_to_stop,
        contextlib.closing(training.train(config, shards, run_dir, resume=flags.resume)) as events,
    ):
        for event in events:
            _show_training(face, event)
            if asked_to_stop():
                break
        else:
            return 0
    face.say("train.stopped", folder=run_dir)
    return INTERRUPTED


def _samesettings_from(config: TrainConfig, flags: argparse.Namespace, run_dir: Path) -> TrainConfig:
    """A resumed run keeps its settings; a flag that says otherwise is refused rather than overheard."""
    asked = settings_from(config, flags)
    for name, value in asked.to_dict().items():
        former = getattr(config, name)
        if value != former:
            raise RunChanged(path=run_dir, what=f"{name}: {former} → {value}")
    return config


def _show_training(face: Face, event: Any) -> None:
    from novelgpt.model import train as training

    match event:
        case training.Notice(message):
            face.tell(message)
        case training.Step():
            facts = {**vars(event), "remaining": _clock(event.remaining_seconds)}
            face.progress("train.step", last=event.step == event.total_steps, **facts)
        case training.Evaluated():
            face.say("train.evaluated", **vars(event))
        case training.Saved(step, folder):
            face.progress("train.saved", step=step, folder=folder)
        case training.Finished():
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
