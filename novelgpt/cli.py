"""Flags → a stage or the studio → printed lines. The one place that prints; a thin face.

Law: this module imports nothing heavy, so that `novelgpt --help` answers at once; each command imports what it needs.
Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 user error, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypeVar

from novelgpt.config import PIECES, SampleConfig, Settings, TrainConfig, Workspace, dials
from novelgpt.errors import NovelGPTError, RunChanged
from novelgpt.messages import LANGUAGES, Lang, Message, guess_language, translate

INTERRUPTED = 130
_Made = TypeVar("_Made", bound=Settings)


class Face:
    """What every command has at hand: its flags, its language, its workspace, and a way to speak."""

    def __init__(self, flags: argparse.Namespace, lang: Lang) -> None:
        self.flags, self.lang = flags, lang
        self.workspace = Workspace.choose(flags.workspace, os.environ)
        self.terminal = sys.stderr.isatty()
        self._progress_open, self._progress_at = False, -1e9

    def say(self, key: str, **facts: Any) -> None:
        """Print a sentence of the catalogue on stderr, where progress and news go."""
        self.tell(Message(key, facts))

    def tell(self, message: Message) -> None:
        """Print a message on stderr."""
        self.end_progress()
        print(message.text(self.lang), file=sys.stderr, flush=True)

    def result(self, values: Any, lines: Sequence[Message] = ()) -> None:
        """Print the result on stdout: one JSON object with --json, else the lines."""
        self.end_progress()
        if self.flags.json:
            print(json.dumps(values, ensure_ascii=False), flush=True)
        else:
            for line in lines:
                print(line.text(self.lang), flush=True)

    def progress(self, key: str, *, last: bool = False, **facts: Any) -> None:
        """Show progress: one line that rewrites itself on a terminal, else a plain line every few seconds."""
        now = time.monotonic()
        if not last and now - self._progress_at < (0.1 if self.terminal else 5.0):
            return
        self._progress_at = now
        line = translate(key, self.lang, **facts)
        if self.terminal:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
            self._progress_open = True
        else:
            print(line, file=sys.stderr, flush=True)

    def end_progress(self) -> None:
        """Leave the line that rewrites itself."""
        if self._progress_open:
            print(file=sys.stderr)
            self._progress_open = False


# --- the commands ---------------------------------------------------------------------------------------------------


def run_ingest(face: Face) -> int:
    """Files → chapters."""
    from novelgpt.text.ingest import BookIngested, BookRefused, ingest

    flags = face.flags
    out_dir = Path(flags.out) if flags.out else face.workspace.corpus_dir
    options = {
        "encoding": flags.encoding,
        "allow_loss": flags.allow_loss,
        "dry_run": flags.dry_run,
        "jobs": flags.jobs,
    }
    for event in ingest(flags.paths, out_dir, lang=face.lang, **options):
        if isinstance(event, BookRefused):
            face.say("ingest.refused", path=event.path, reason=event.reason)
        elif isinstance(event, BookIngested):
            facts = {
                "title": event.book.title,
                "encoding": event.book.encoding,
                "chapters": len(event.chapters),
            }
            face.progress(
                "ingest.progress",
                last=event.index + 1 == event.total,
                index=event.index + 1,
                total=event.total,
                **facts,
            )
            if flags.dry_run and not flags.json:
                _print_table(face, event)
        else:
            report = event.report
            counts = {"books": len(report.ingested), "refused": len(report.refused), "folder": out_dir}
            chapters = sum(book.chapters for book in report.ingested)
            characters = sum(book.characters for book in report.ingested)
            done = "ingest.dry_done" if flags.dry_run else "ingest.done"
            facts = {**counts, "chapters": chapters, "characters": characters}
            face.result(report.to_dict(), [Message(done, facts)])
    return 0


def _print_table(face: Face, event: Any) -> None:
    face.end_progress()
    print(f"{event.book.title}  {event.book.author}  [{event.book.encoding}]")
    for chapter in event.chapters:
        print(f"  {chapter.index:>4}  {chapter.kind:<8} {len(chapter.text):>7,}  {chapter.title}")


def run_vocab(face: Face) -> int:
    """Chapters → vocabulary."""
    from novelgpt.tokens.build import BookCounted, build_vocab_folder

    flags = face.flags
    out_dir = Path(flags.out) if flags.out else face.workspace.vocab_dir
    chapters = [Path(path) for path in flags.chapters] or [face.workspace.chapters_dir]
    for event in build_vocab_folder(chapters, out_dir, size=flags.size, jobs=flags.jobs):
        if isinstance(event, BookCounted):
            last = event.index == event.total
            face.progress(
                "vocab.progress", last=last, index=event.index, total=event.total, book=event.path.stem
            )
        else:
            values = {"folder": str(event.folder), **vars(event.report)}
            face.result(values, [Message("vocab.done", values)])
    return 0


def run_train(face: Face) -> int:
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
    config = _settings(TrainConfig(), flags) if plan is None else _same_settings(plan.config, flags, run_dir)
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


def _same_settings(config: TrainConfig, flags: argparse.Namespace, run_dir: Path) -> TrainConfig:
    """A resumed run keeps its settings; a flag that says otherwise is refused rather than overheard."""
    asked = _settings(config, flags)
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


def run_generate(face: Face) -> int:
    """A text → its continuation, streamed."""
    from novelgpt.model.folder import find_model, load_model
    from novelgpt.writing.writer import Writer

    flags = face.flags
    sample, prompt = _settings(SampleConfig(), flags), _prompt(flags)
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


def run_score(face: Face) -> int:
    """Text against text, or a model on held-out chapters."""
    score = _score_texts(face.flags) if face.flags.hyp or face.flags.ref else _score_model(face)
    face.result(score.to_dict(), score.lines())
    return 0


def _score_texts(flags: argparse.Namespace) -> Any:
    from novelgpt.errors import LengthsDiffer
    from novelgpt.scoring.score import score_pair
    from novelgpt.text.plain import read_plain_text

    if not (flags.hyp and flags.ref):
        flags.parser.error(translate("score.both", flags.spoken))
    hypotheses, references = (read_plain_text(Path(path)).splitlines() for path in (flags.hyp, flags.ref))
    if len(hypotheses) != len(references):
        counts = {"hyp_count": len(hypotheses), "ref_count": len(references)}
        raise LengthsDiffer(hyp=flags.hyp, ref=flags.ref, **counts)
    return score_pair(hypotheses, references)


def _score_model(face: Face) -> Any:
    from novelgpt.scoring.score import Score
    from novelgpt.studio import open_studio

    flags = face.flags
    paths = [Path(path) for path in flags.chapters]
    with contextlib.closing(open_studio(face.workspace)) as studio:
        for event in studio.score_model(flags.model, paths, SampleConfig(seed=flags.seed), limit=flags.limit):
            if isinstance(event, Score):
                return event
            face.progress("score.progress", last=event.done == event.of, index=event.done, total=event.of)
    raise AssertionError("scoring ends with a score")


def run_serve(face: Face) -> int:
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


# --- the flags ------------------------------------------------------------------------------------------------------


def build_parser(lang: Lang) -> argparse.ArgumentParser:
    """Return the parser, its help in `lang`."""

    def words(key: str) -> str:
        return translate(key, lang)

    common = _OneLineParser(add_help=False)
    shared = common.add_argument_group(words("help.everywhere"))
    shared.add_argument("--workspace", metavar="DIR", help=words("help.workspace"))
    shared.add_argument("--lang", choices=LANGUAGES, help=words("help.lang"))
    shared.add_argument("--json", action="store_true", help=words("help.json"))

    parser = _OneLineParser(prog="novelgpt", description=words("help.about"), epilog=words("help.tour"))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(
        title=words("help.commands"), metavar="COMMAND", parser_class=_OneLineParser
    )

    def command(name: str, run: Callable[[Face], int]) -> argparse.ArgumentParser:
        about = words(f"help.{name}")
        made: argparse.ArgumentParser = commands.add_parser(
            name, help=about, description=about, parents=[common]
        )
        made.set_defaults(run=run, parser=made)
        return made

    ingest = command("ingest", run_ingest)
    ingest.add_argument("paths", nargs="+", metavar="PATH", help=words("help.ingest.paths"))
    ingest.add_argument("--out", metavar="DIR", help=words("help.ingest.out"))
    ingest.add_argument("--jobs", type=_positive, default=os.cpu_count() or 1, help=words("help.jobs"))
    ingest.add_argument("--encoding", metavar="NAME", help=words("help.ingest.encoding"))
    ingest.add_argument("--allow-loss", action="store_true", help=words("help.ingest.allow_loss"))
    ingest.add_argument("--dry-run", action="store_true", help=words("help.ingest.dry_run"))

    vocab = command("vocab", run_vocab)
    vocab.add_argument("chapters", nargs="*", metavar="CHAPTERS", help=words("help.chapters"))
    vocab.add_argument("--size", type=_positive, default=PIECES, help=words("help.vocab.size"))
    vocab.add_argument("--jobs", type=_positive, default=os.cpu_count() or 1, help=words("help.jobs"))
    vocab.add_argument("--out", metavar="DIR", help=words("help.vocab.out"))

    train = command("train", run_train)
    train.add_argument("chapters", nargs="*", metavar="CHAPTERS", help=words("help.chapters"))
    train.add_argument("--resume", action="store_true", help=words("help.train.resume"))
    train.add_argument("--name", type=_run_name, default="default", help=words("help.train.name"))
    train.add_argument("--vocab", metavar="DIR", help=words("help.train.vocab"))
    train.add_argument(
        "--held-out-chapters", nargs="+", metavar="PATH", help=words("help.train.held_out_chapters")
    )
    _add_dials(train, TrainConfig, lang)

    generate = command("generate", run_generate)
    generate.add_argument("prompt", nargs="?", metavar="PROMPT", help=words("help.generate.prompt"))
    generate.add_argument("--file", metavar="FILE", help=words("help.generate.file"))
    generate.add_argument("--model", metavar="NAME", help=words("help.model"))
    _add_dials(generate, SampleConfig, lang)

    score = command("score", run_score)
    score.add_argument("--model", metavar="NAME", help=words("help.model"))
    score.add_argument("--chapters", nargs="+", default=[], metavar="PATH", help=words("help.score.chapters"))
    score.add_argument("--limit", type=_positive, default=20, help=words("help.score.limit"))
    score.add_argument("--seed", type=int, default=1, help=words("dial.seed"))
    score.add_argument("--hyp", metavar="FILE", help=words("help.score.hyp"))
    score.add_argument("--ref", metavar="FILE", help=words("help.score.ref"))

    serve = command("serve", run_serve)
    serve.add_argument("--host", default="127.0.0.1", help=words("help.serve.host"))
    serve.add_argument("--port", type=int, default=7860, help=words("help.serve.port"))
    serve.add_argument("--model", metavar="NAME", help=words("help.model"))
    return parser


class _OneLineParser(argparse.ArgumentParser):
    """Wrong usage is one line and exit code 2, like every other error."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} ({self.prog} --help)\n")


def _add_dials(parser: argparse.ArgumentParser, settings: type[Settings], lang: Lang) -> None:
    for name, (spec, dial_) in dials(settings).items():
        kind = str if dial_.choices else int if "int" in str(spec.type) else float
        shown = "" if spec.default is None else f" [{spec.default}]"
        metavar = "|".join(dial_.choices) or kind.__name__.upper()
        about = (translate(dial_.help, lang) + shown).replace("%", "%%")
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar=metavar, help=about)


def _settings(base: _Made, flags: argparse.Namespace) -> _Made:
    """Return `base` with the flags that were given."""
    given = {name: getattr(flags, name) for name in dials(base) if getattr(flags, name, None) is not None}
    return replace(base, **given)  # type: ignore[type-var]


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _run_name(text: str) -> str:
    """A run's name is one folder's name, nothing that climbs out of `runs/`."""
    if text in ("", ".", "..") or any(sign in text for sign in '/\\:*?"<>|\0'):
        raise ValueError(text)
    return text


def _version() -> str:
    from novelgpt import __version__

    return f"novelgpt {__version__}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


# --- starting and stopping ------------------------------------------------------------------------------------------


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


def spoken_language(arguments: Sequence[str], environment: dict[str, str]) -> Lang:
    """Find the language before the flags are parsed, because the help speaks it too."""
    for flag, value in pairwise([*arguments, ""]):
        chosen = (
            flag.removeprefix("--lang=") if flag.startswith("--lang=") else value if flag == "--lang" else ""
        )
        for lang in LANGUAGES:
            if chosen == lang:
                return lang
    return guess_language(environment)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    lang = spoken_language(given, dict(os.environ))
    parser = build_parser(lang)
    flags = parser.parse_args(given)
    if not hasattr(flags, "run"):
        parser.print_help()
        return 2
    flags.spoken = lang
    try:
        return int(flags.run(Face(flags, lang)))
    except NovelGPTError as error:
        print(f"novelgpt: {error.sentence(lang)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{translate('cli.interrupted', lang)}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has gone, as in `novelgpt generate | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def entry_point() -> NoReturn:
    """The console command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                encoding="utf-8", errors="backslashreplace"
            )  # a Windows code page lacks most Han
    sys.exit(main())
