"""What a person keeps beside a story → what the writer is told of it, earlier chapters included.

Law: what lies so far back that the model cannot see it may be recalled; what it sees anyway is not.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from novelgpt.story.store import Beside, LoreEntry
from novelgpt.writing.context import Background, Context, assemble
from novelgpt.writing.lore import Lore
from novelgpt.writing.recall import Recall

if TYPE_CHECKING:
    from novelgpt.writing.writer import Writer

SEEN_PER_TOKEN = 2
"""Characters a token stands for, generously: what lies further back than so many times the window is out of sight."""
_KEPT = 4
_STEP = 4000
"""The words of earlier chapters are counted again only when so many characters have moved out of sight."""


class Memories:
    """The earlier texts of stories, ready to be searched; the ones used last are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Recall] = OrderedDict()

    def background(self, beside: Beside, text: str, window: int) -> Background:
        """Return what to tell a writer whose window holds so many tokens."""
        lore = tuple(Lore(entry.name, entry.keys, entry.text, entry.always) for entry in beside.lore)
        return Background(beside.memory, beside.note, lore, self._earlier(text, window))

    def _earlier(self, text: str, window: int) -> Recall | None:
        length = (len(text) - SEEN_PER_TOKEN * window) // _STEP * _STEP
        if length <= 0:
            return None
        earlier = text[:length]
        with self._lock:
            if earlier not in self._known:
                self._known[earlier] = Recall([("", earlier)])
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
            self._known.move_to_end(earlier)
            return self._known[earlier]


@dataclass(frozen=True)
class Told:
    """What a writer is told of a story: all of it, and the names it may repeat."""

    context: Context
    names: tuple[str, ...] = ()

    @property
    def prompt(self) -> str:
        """What the writer reads."""
        return self.context.prompt


def tell(memories: Memories, beside: Beside, text: str, writer: Writer) -> Told:
    """Put together what a writer is told of a story."""
    background = memories.background(beside, text, writer.longest)
    names = tuple(key for entry in background.lore for key in entry.keys)
    return Told(assemble(text, background, writer.count, writer.longest), names)


def lore_of(lines: str) -> tuple[LoreEntry, ...]:
    """Read entries as a person writes them: a line each, "names: what is true", and "*" before one that always counts."""
    found = []
    for line in lines.splitlines():
        head, mark, rest = (part.strip() for part in re.sub("：", ":", line, count=1).partition(":"))
        always = head.startswith("*")
        keys = tuple(key.strip() for key in re.split("[、，,/]", head.lstrip("* ")) if key.strip())
        if mark and rest and keys:
            found.append(LoreEntry(keys[0], keys, f"{keys[0]}：{rest}", always))
    return tuple(found)


def lines_of(lore: tuple[LoreEntry, ...]) -> str:
    """Write entries as a person would."""
    lines = []
    for entry in lore:
        names = "、".join(entry.keys or (entry.name,))
        text = entry.text.removeprefix(f"{entry.name}：").replace("\n", " ")
        lines.append(f"{'*' if entry.always else ''}{names}：{text}")
    return "\n".join(lines)
