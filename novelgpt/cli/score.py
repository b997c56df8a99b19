"""`novelgpt score`: text against text, or a model on held-out chapters."""

from __future__ import annotations

import argparse
import contextlib
from functools import partial
from pathlib import Path
from typing import Any

from novelgpt.cli.face import Face, positive
from novelgpt.config import SampleConfig
from novelgpt.messages import Lang, translate


def add_flags(parser: argparse.ArgumentParser, lang: Lang) -> None:
    """Declare the flags of `novelgpt score`."""
    words = partial(translate, lang=lang)
    parser.add_argument("--model", metavar="NAME", help=words("help.model"))
    parser.add_argument(
        "--chapters", nargs="+", default=[], metavar="PATH", help=words("help.score.chapters")
    )
    parser.add_argument("--limit", type=positive, default=20, help=words("help.score.limit"))
    parser.add_argument("--seed", type=int, default=1, help=words("dial.seed"))
    parser.add_argument("--hyp", metavar="FILE", help=words("help.score.hyp"))
    parser.add_argument("--ref", metavar="FILE", help=words("help.score.ref"))


def run(face: Face) -> int:
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
