"""A story as a page shows it ⇄ the same story as models have read it.

Ingest takes indents and blank lines away, so no model knows them; pages have them. `as_learnt` gives the model what it
knows; `Manner` gives what it writes the looks of the page it goes to.
Law: with the page's manner, `as_learnt(page + dressed) == as_learnt(page) + written`, for what models write.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from novelgpt.text.clean import INDENT, clean_line, split_lines

_LINES_LOOKED_AT = 40


def as_learnt(page: str) -> str:
    """Return the text without indents, blank lines and unseen characters; a begun paragraph stays begun."""
    bare = [clean_line(line)[0] for line in split_lines(page)[0]]
    kept = "\n".join(line for line in bare if line)
    return kept + "\n" if kept and not bare[-1] else kept


@dataclass(frozen=True)
class Manner:
    """How this page begins a paragraph, and how much of that is already there at its end."""

    paragraph: str = "\n"
    begun: str = ""

    @classmethod
    def of(cls, page: str) -> Manner:
        """Read the manner off the last lines of a page."""
        lines = split_lines(page)[0][-_LINES_LOOKED_AT:]
        written = [line for line in lines if line.strip(INDENT)]
        indents = Counter(line[: len(line) - len(line.lstrip(INDENT))] for line in written)
        indent = indents.most_common(1)[0][0] if indents else ""
        gaps = sum(not line.strip(INDENT) for line in lines[:-1])
        blank = "\n" if len(written) > 1 and gaps >= (len(written) - 1) / 2 else ""
        tail = page[len(page.rstrip(INDENT + "\r\n")) :].replace("\r\n", "\n")
        return cls(f"\n{blank}{indent}", tail if "\n" in tail else "")

    def opening(self) -> str:
        """Return what is missing between the end of the page and the first word of a begun paragraph."""
        return (
            self.paragraph.removeprefix(self.begun)
            if self.begun and self.paragraph.startswith(self.begun)
            else ""
        )

    def dress(self, written: str) -> str:
        """Return what a model wrote, its paragraphs begun as this page begins them."""
        return written.replace("\n", self.paragraph)
