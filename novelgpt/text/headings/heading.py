"""The noun between a line and a chapter: what a line would be, if it were a heading.

Goes in: nothing. Comes out: `Heading`, the units chapters are counted in, and how they rank.
Law: a Heading says what is written on the line, never what the book makes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["unit", "word", "bare", "mark", "stem", "rule"]
"""unit 第三章 · word 楔子 · bare 三、题目 · mark ==题目== · stem 书名(3) · rule: the user's own pattern."""

LONGEST_LINE = 200
LONGEST_TITLE = 40
GAP = r"[\s\u3000:：、.．·•_|｜\-—－~～]"
"""What stands between a number and its title."""

RANKS = {
    **dict.fromkeys("部季", 5),
    **dict.fromkeys("卷", 4),
    **dict.fromkeys("册冊集篇本编編辑輯", 3),
    **dict.fromkeys("章回话話折幕讲講则則種种封", 2),
    **dict.fromkeys("节節场場", 1),
}
"""How high a unit stands: a book's chapters are counted in one, and what stands higher is a volume."""

VOLUME_RANK = 3


@dataclass(frozen=True)
class Heading:
    """A line that may be a heading: its family, unit and number, and whether its form alone is convincing."""

    family: Family
    unit: str
    number: int | None
    firm: bool
    kind: Literal["front", "extra", "chapter"] = "chapter"
    titled: bool = False
    style: str = ""
    """How a bare number or a mark is set, `（一）` apart from `1.`: headings of one book are set alike."""
    spoken: bool = False
    """The title ends as a spoken or unfinished sentence does, 你是谁？"""

    ends: int = 0
    """Where the title ends if the body runs on in the same line; 0 where the whole line is the heading."""

    @property
    def rank(self) -> int:
        """Return how high the unit stands; words and bare numbers stand with chapters."""
        return RANKS.get(self.unit, 2)
