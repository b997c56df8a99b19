"""The models that are in memory: a name goes in, a writer comes out.

Law: at most `MODELS_KEPT` are held, the one used last kept longest; one that was trained anew is loaded anew.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from novelgpt.config import Workspace
from novelgpt.model.known import WEIGHTS, find_model

if TYPE_CHECKING:
    from novelgpt.writing.writer import Writer

MODELS_KEPT = 2


class Writers:
    """The loaded models, at most `MODELS_KEPT`, the one used last kept longest; one trained anew is loaded anew."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._loaded: OrderedDict[tuple[Path, int], Writer] = OrderedDict()

    def get(self, name: str | None) -> Writer:
        """Return the writer for the model called `name`, or for the default one."""
        from novelgpt.model.folder import load_model  # they bring torch, which a page need not wait for
        from novelgpt.writing.writer import Writer

        info = find_model(name, self._workspace)
        key = (info.folder, _changed_at(info.folder / WEIGHTS))
        with self._lock:
            if key not in self._loaded:
                while len(self._loaded) >= MODELS_KEPT:
                    self._loaded.popitem(last=False)
                self._loaded[key] = Writer(load_model(info.folder, info.name))
            self._loaded.move_to_end(key)
            return self._loaded[key]


def _changed_at(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0
