"""What a model is writing into a story right now: pieces go in, the library holds them soon after.

Law: the first piece is kept at once, later ones at most a second after they came, and all of them at the end.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

from novelgpt.story.store import PassageId, StoryId, StoryStore
from novelgpt.turns import Turn
from novelgpt.writing.pieces import Piece

AUTOSAVE_SECONDS = 1.0

Clock = Callable[[], float]


class Draft:
    """What a model is writing into a story right now, and how much of it the library already holds."""

    def __init__(self, store: StoryStore, story: StoryId, clock: Clock) -> None:
        self.turn: Turn | None = None
        self._stopped = threading.Event()
        self.settings: dict[str, Any] = {}
        self._store, self._story, self._clock = store, story, clock
        self._lock = threading.Lock()
        self._passage: PassageId | None = None
        self._text, self._kept, self._kept_at = "", 0, -math.inf
        self._closed = False

    def has(self, turn: Turn) -> None:
        """Remember the turn in which it is written; one that was stopped before never starts."""
        self.turn = turn
        if self._stopped.is_set():
            turn.cancel()

    def stop(self) -> None:
        """End it after the token it is at, or before the first."""
        self._stopped.set()
        if self.turn:
            self.turn.cancel()

    def take(self, piece: Piece) -> None:
        """Add a piece; the first is kept at once, later ones at most a second after they came."""
        with self._lock:
            self.settings["seed"] = piece.seed
            self._text += piece.text
            if self._clock() - self._kept_at >= AUTOSAVE_SECONDS:
                self._keep()

    def close(self) -> None:
        """Bring the library up to date for the last time."""
        with self._lock:
            self._keep()
            self._closed = True

    def _keep(self) -> None:
        if self._closed or self._kept == len(self._text):
            return
        if self._passage is None:
            tip = self._store.tip(self._story)
            self._passage = self._store.append(
                tip, self._text, "model", story=self._story, settings=self.settings
            )
        else:
            self._store.extend(self._passage, self._text)
        self._kept, self._kept_at = len(self._text), self._clock()
