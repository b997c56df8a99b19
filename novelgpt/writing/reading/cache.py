"""What a network remembers of the tokens it has read: keys and values, for every layer and row.

Law: whatever is added, kept or taken apart, a row holds exactly the keys and values of the tokens that were read into it.
Room is taken ahead of need, twice as much each time, so that a step copies nothing but its own token.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_FIRST_ROOM = 256


@dataclass(frozen=True)
class CacheShape:
    """What a network has to remember of one token."""

    layers: int
    heads: int
    width: int
    longest: int
    """No window grows beyond so many tokens."""


class Cache:
    """Keys and values of `used` tokens in each of some rows."""

    def __init__(self, shape: CacheShape, rows: int, dtype: torch.dtype, device: torch.device) -> None:
        self.shape, self.used = shape, 0
        size = (2, shape.layers, rows, shape.heads, min(_FIRST_ROOM, shape.longest), shape.width)
        self._both = torch.empty(size, dtype=dtype, device=device)

    @property
    def rows(self) -> int:
        """How many texts are read side by side."""
        return self._both.shape[2]

    def make_room(self, count: int) -> None:
        """See that `count` more tokens can be added."""
        needed, room = self.used + count, self._both.shape[4]
        if needed > self.shape.longest:
            raise ValueError(f"{needed} tokens in a window of {self.shape.longest}")
        if needed <= room:
            return
        grown = min(max(needed, 2 * room), self.shape.longest)
        size = (*self._both.shape[:4], grown, self._both.shape[5])
        larger = torch.empty(size, dtype=self._both.dtype, device=self._both.device)
        larger[..., : self.used, :] = self._both[..., : self.used, :]
        self._both = larger

    def add(self, layer: int, keys_BHTD: Tensor, values_BHTD: Tensor) -> tuple[Tensor, Tensor]:
        """Take in a layer's keys and values of new tokens; return those of all. `advance` follows the last layer."""
        keys, values = self._both[0, layer], self._both[1, layer]
        end = self.used + keys_BHTD.shape[2]
        keys[:, :, self.used : end] = keys_BHTD
        values[:, :, self.used : end] = values_BHTD
        return keys[:, :, :end], values[:, :, :end]

    def advance(self, count: int) -> None:
        """Count tokens that all layers have taken in."""
        self.used += count

    def keep(self, count: int) -> None:
        """Forget all but the oldest `count` tokens."""
        self.used = min(self.used, count)

    def of_rows(self, rows: list[int]) -> Cache:
        """Return a cache of its own for these rows, of which any may come again."""
        return self._with(self._both[:, :, rows])

    def trimmed(self) -> Cache:
        """Return a cache of its own with no room to spare: to be kept, not written to."""
        return self._with(self._both[..., : self.used, :].clone())

    @property
    def size_bytes(self) -> int:
        """How much memory it takes."""
        return self._both.numel() * self._both.element_size()

    def _with(self, both: torch.Tensor) -> Cache:
        other = Cache.__new__(Cache)
        other.shape, other.used, other._both = self.shape, self.used, both
        return other
