"""Token ids go in, the logits of the next one come out, for one text or several side by side; it knows no characters.

Laws: each step's logits are those of one full forward pass over the window, though only new tokens are computed. The window
grows to the longest the network was made for; then its newest half is the window, and it grows on from there. That half is
read ahead, a little at every step, so that no step waits for it. What an earlier call has left behind saves time and changes
no bit: a prompt is read in blocks that begin at its beginning, and only whole blocks are taken over.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from novelgpt.writing.reading.cache import Cache
from novelgpt.writing.reading.choice import choose_decoder
from novelgpt.writing.reading.decoder import Decoder

BLOCK = 64
"""Tokens of a prompt that are read together."""
AHEAD = 16
"""Tokens of the next window that are read together."""
_REMEMBERED = 4
"""Prompts whose blocks are kept, at most."""
MOST_BYTES = 2**28
"""Memory for them; a prompt that takes more by itself is not kept."""


@dataclass
class _Left:
    """What a prompt left behind: its whole blocks."""

    ids: list[int]
    cache: Cache


class Engine:
    """A network ready to be read, and what its latest prompts left behind; any number of threads may use it."""

    def __init__(self, network: Any, sample_ids: Sequence[int] = (), *, exact: bool = False) -> None:
        self.decoder: Decoder = choose_decoder(network, sample_ids, exact=exact)
        self.longest = self.decoder.shape.longest
        self._left: list[_Left] = []
        self._lock = threading.Lock()

    def window(self, ids: Sequence[int]) -> Window:
        """Return a window that has read `ids` (at least one), or their newest part."""
        return Window(self, ids)

    def read_prompt(self, ids: Sequence[int]) -> tuple[Cache, Tensor]:
        """Return a cache that holds `ids` in one row, and the logits after them."""
        whole = (len(ids) - 1) // BLOCK * BLOCK  # the last block gives the logits, so it is always read
        cache, known = self._recalled(ids[:whole])
        with torch.inference_mode():
            for start in range(known, whole, BLOCK):
                self.decoder.read(self.tensor([ids[start : start + BLOCK]]), cache, "none")
            if whole > known:
                self._remember(_Left(list(ids[:whole]), cache.trimmed()))
            return cache, self.decoder.read(self.tensor([ids[whole:]]), cache)

    def logits_of(self, ids: Sequence[int], count: int) -> Tensor:
        """Return what the network expected at each of the last `count` of the ids, a row of logits for each."""
        before, text = list(ids[:-count]), list(ids[-count:])
        cache, first_1V = self.read_prompt(before)
        rest = torch.empty(0, first_1V.shape[1])
        if len(text) > 1:
            with torch.inference_mode():
                rest = self.decoder.read(self.tensor([text[:-1]]), cache, "every")[0].cpu()
        return torch.cat([first_1V.cpu(), rest])

    def tensor(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """Return ids where the network is."""
        return torch.tensor(rows, device=self.decoder.device)

    def _recalled(self, ids: Sequence[int]) -> tuple[Cache, int]:
        """Return a cache with as many of the first blocks of `ids` as are known."""
        with self._lock:
            known, best = max(
                ((_common_blocks(left.ids, ids), left) for left in self._left),
                key=lambda pair: pair[0],
                default=(0, None),
            )
            if not known or best is None:
                return self.decoder.new_cache(), 0
            self._left.remove(best)
            self._left.append(best)
            cache = best.cache.of_rows([0])
        cache.keep(known)
        return cache, known

    def _remember(self, left: _Left) -> None:
        with self._lock:
            self._left = [one for one in self._left if left.ids[: len(one.ids)] != one.ids]
            self._left = [*self._left, left][-_REMEMBERED:]
            while sum(one.cache.size_bytes for one in self._left) > MOST_BYTES:
                del self._left[0]


def _common_blocks(known: Sequence[int], wanted: Sequence[int]) -> int:
    """Return how many tokens the whole blocks hold that both begin with."""
    same = 0
    while known[same : same + BLOCK] == wanted[same : same + BLOCK] and same + BLOCK <= min(
        len(known), len(wanted)
    ):
        same += BLOCK
    return same


class Window:
    """Some texts of equal length that grow token by token, and what the network remembers of their newest part."""

    def __init__(self, engine: Engine, ids: Sequence[int]) -> None:
        self._engine, self._decoder = engine, engine.decoder
        self._longest = engine.longest
        self._half = max(1, self._longest // 2)
        newest = list(ids) if len(ids) <= self._longest else list(ids[-self._half :])
        self._rows = [newest]
        """What the window holds, in each row; a window that slides lets go of its beginning."""
        self._ahead: Cache | None = None
        self._cache, self.logits_BV = engine.read_prompt(newest)

    @property
    def rows(self) -> int:
        """How many texts grow side by side."""
        return len(self._rows)

    def select(self, rows: Sequence[int]) -> None:
        """Go on with these rows, any of which may come several times."""
        chosen = list(rows)
        self._rows = [list(self._rows[row]) for row in chosen]
        self._cache = self._cache.of_rows(chosen)
        self._ahead = self._ahead.of_rows(chosen) if self._ahead else None
        self.logits_BV = self.logits_BV[chosen]

    def push(self, tokens: Sequence[int]) -> None:
        """Add one token to each row; `logits_BV` then says what may follow."""
        for ids, token in zip(self._rows, tokens, strict=True):
            ids.append(token)
        with torch.inference_mode():
            if len(self._rows[0]) > self._longest:
                self._slide()
            else:
                column = self._engine.tensor([[token] for token in tokens])
                self.logits_BV = self._decoder.read(column, self._cache)
                self._read_ahead()

    def rewind(self, count: int) -> None:
        """Take back the newest `count` tokens; then `logits_BV` says what may stand in the place of the first of them."""
        length = len(self._rows[0]) - count
        self._rows = [ids[:length] for ids in self._rows]
        self._cache.keep(length - 1)
        if self._ahead:
            self._ahead.keep(max(0, length - self._next_begin))
        with torch.inference_mode():
            last = self._engine.tensor([ids[-1:] for ids in self._rows])
            self.logits_BV = self._decoder.read(last, self._cache)

    @property
    def held(self) -> int:
        """How many tokens the window holds; fewer than this can be taken back."""
        return len(self._rows[0])

    @property
    def _next_begin(self) -> int:
        return self._longest + 1 - self._half

    def _read_ahead(self) -> None:
        """Read a little of what will be the window when this one is full."""
        waiting = len(self._rows[0]) - self._next_begin - (self._ahead.used if self._ahead else 0)
        if waiting >= AHEAD:
            self._ahead = self._ahead or self._decoder.new_cache(self.rows)
            first = self._next_begin + self._ahead.used
            part = [ids[first : first + AHEAD] for ids in self._rows]
            self._decoder.read(self._engine.tensor(part), self._ahead, "none")

    def _slide(self) -> None:
        """The newest half becomes the window; all but a few tokens of it have been read ahead."""
        self._rows = [ids[self._next_begin :] for ids in self._rows]
        self._cache, self._ahead = self._ahead or self._decoder.new_cache(self.rows), None
        rest = [ids[self._cache.used :] for ids in self._rows]
        self.logits_BV = self._decoder.read(self._engine.tensor(rest), self._cache)
