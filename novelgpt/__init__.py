"""NovelGPT: Chinese novel continuation on a person's own machine.

bytes → Chapter → token ids → weights → Continuation → Score: one folder per arrow.

    text/      bytes → Chapter           from novelgpt import ingest
    tokens/    Chapter → token ids       from novelgpt import build_vocab
    model/     token ids → weights       from novelgpt import train
    writing/   weights → Continuation    from novelgpt import Writer
    scoring/   text → Score              from novelgpt import score_text
    story/     what was written, kept
    studio/    the desk on top of it     from novelgpt import open_studio

The names are lazy: importing this package loads neither torch nor anything else that is heavy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from novelgpt.model.train import train
    from novelgpt.scoring.score import score_text
    from novelgpt.studio import open_studio
    from novelgpt.text.ingest import ingest
    from novelgpt.tokens.vocab import build_vocab
    from novelgpt.writing.writer import Writer

__version__ = "0.1.0"
__all__ = ["Writer", "build_vocab", "ingest", "open_studio", "score_text", "train"]

_HOMES = {
    "ingest": "novelgpt.text.ingest",
    "build_vocab": "novelgpt.tokens.vocab",
    "train": "novelgpt.model.train",
    "Writer": "novelgpt.writing.writer",
    "score_text": "novelgpt.scoring.score",
    "open_studio": "novelgpt.studio",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'novelgpt' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
