"""How far a run is: the few numbers that a checkpoint holds besides tensors.

Law: `Progress.from_dict(progress.to_dict()) == progress`, through JSON.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Progress:
    """What changes as a run goes on."""

    step: int = 0
    micro_batch: int = 0
    best_bits: float = math.inf
    best_step: int = 0
    held_out: list[float] = field(default_factory=list)
    """Bits per character of every evaluation so far: early stopping and plateau-halving are functions of these."""
    evaluated_step: int = 0
    sampled_step: int = 0
    """The last step at which it was done."""
    watch: dict[str, Any] = field(default_factory=dict)
    """What the alarms remember."""
    before: dict[str, Any] = field(default_factory=dict)
    """What the model that training began from was like: bits per character, and a sample."""

    def evaluated(self, bits: float) -> None:
        """Note an evaluation."""
        self.held_out.append(bits)
        self.evaluated_step = self.step
        if bits < self.best_bits:
            self.best_bits, self.best_step = bits, self.step

    def knows(self, record: dict[str, Any]) -> bool:
        """Say whether a line of the log is behind this progress; what is not will be made and logged again."""
        if "held_out_bits_per_character" in record:
            return bool(record["step"] <= self.evaluated_step)
        if "sample" in record or record.get("alarm", {}).get("key") == "watch.copying":
            return bool(record["step"] <= self.sampled_step)
        return bool(record["step"] <= self.step)

    def without_progress(self, patience: int) -> bool:
        """Say whether so many evaluations brought nothing better (0: never)."""
        if not patience or not self.held_out:
            return False
        return len(self.held_out) - 1 - self.held_out.index(min(self.held_out)) >= patience

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Progress:
        """Take back what `to_dict` gave, among whatever else stands beside it."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__})
