"""A story and what stands beside it → exactly what the model sees, part by part, each within its budget.

Beside a story stand: memory (what is always true), lore (what is true of whoever is named), passages recalled from earlier
chapters, and the author's note, which goes near the end, where it weighs most. Law: the parts in their order join to the prompt; no
part takes more than its share of the window, and what the others leave belongs to the story, whose newest text always stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from novelgpt.writing.lore import Lore, named
from novelgpt.writing.recall import Recall

Kind = Literal["memory", "lore", "recall", "story", "note"]
Count = Callable[[str], int]
"""Text → how many tokens it is."""

SHARES: dict[Kind, float] = {"memory": 0.15, "lore": 0.15, "recall": 0.15, "note": 0.1}
"""Of the window, at most."""
LOOKED_FOR = 600
"""Characters at the end of a story in which names are looked for."""
_SHOWN = 20  # characters of an entry without a name
NOTE_DEPTH = 3
"""Paragraphs between the author's note and the end."""


@dataclass(frozen=True)
class Background:
    """What stands beside a story."""

    memory: str = ""
    note: str = ""
    lore: tuple[Lore, ...] = ()
    earlier: Recall | None = None
    """What was told before the text at hand: a book's earlier chapters, say."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing."""
        return not (self.memory.strip() or self.note.strip() or self.lore or self.earlier)


@dataclass(frozen=True)
class Part:
    """A piece of what the model sees."""

    kind: Kind
    text: str
    tokens: int
    source: str = ""
    """Which entry or passage it is."""
    cut: bool = False
    """Whether some of it did not fit."""


@dataclass(frozen=True)
class Context:
    """All that the model sees."""

    parts: tuple[Part, ...]
    window: int
    """Tokens that may be read."""
    left_out: tuple[str, ...] = field(default=())
    """Entries that were meant and did not fit."""

    @property
    def prompt(self) -> str:
        """The parts joined."""
        return "".join(part.text for part in self.parts)

    @property
    def tokens(self) -> int:
        """How many tokens the parts hold."""
        return sum(part.tokens for part in self.parts)


def assemble(story: str, background: Background, count: Count, window: int) -> Context:
    """Return what the model sees of a story; `window` is how many tokens it may read at once."""
    if background.is_empty:
        return Context((Part("story", story, count(story[-4 * window :])),), window)
    recent = story[-LOOKED_FOR:]
    before, left_out = _beside(background, recent, story, count, window)
    note, no_room = _fitting("note", [("", background.note)], count, _room("note", window))
    taken = sum(part.tokens for part in (*before, *note))
    text = _newest(story, count, max(1, window * 3 // 4 - taken))
    told = _with_note(text, note, count)
    return Context((*before, *told), window, (*left_out, *no_room))


def _beside(
    background: Background, recent: str, story: str, count: Count, window: int
) -> tuple[list[Part], list[str]]:
    """Return what goes before the story."""
    lore = [(one.name, one.text) for one in named(background.lore, recent)]
    passages: Sequence[tuple[str, str]] = ()
    if background.earlier is not None:
        passages = [(source, text) for source, text in background.earlier.about(recent) if text not in story]
    wanted: list[tuple[Kind, Sequence[tuple[str, str]]]] = [
        ("memory", [("", background.memory)]),
        ("lore", lore),
        ("recall", passages),
    ]
    parts: list[Part] = []
    left_out: list[str] = []
    for kind, entries in wanted:
        fitting, missing = _fitting(kind, entries, count, _room(kind, window))
        parts += fitting
        left_out += missing
    return parts, left_out


def _room(kind: Kind, window: int) -> int:
    return int(SHARES[kind] * window)


def _fitting(
    kind: Kind, entries: Sequence[tuple[str, str]], count: Count, room: int
) -> tuple[list[Part], list[str]]:
    """Take entries while there is room; the first that does not fit is cut, the others are left out."""
    parts: list[Part] = []
    missing: list[str] = []
    for source, text in entries:
        whole = text.strip()
        if not whole:
            continue
        kept = _beginning(whole, count, room)
        if not kept:
            missing.append(source or whole[:_SHOWN])
            continue
        shown = kept + "\n"
        tokens = count(shown)
        parts.append(Part(kind, shown, tokens, source, cut=len(kept) < len(whole)))
        room -= tokens
    return parts, missing


def _beginning(text: str, count: Count, room: int) -> str:
    """Return as much of the beginning as fits: whole paragraphs if there are any, else whole characters."""
    if count(text + "\n") <= room:
        return text
    size = _most(len(text), lambda size: count(text[:size] + "\n") <= room)
    paragraph = text.rfind("\n", 0, size + 1)
    return text[: paragraph if paragraph > 0 else size].rstrip()


def _newest(story: str, count: Count, room: int) -> str:
    """Return as much of the end as fits."""
    story = story[
        -8 * room :
    ]  # a token of more than eight characters is rare, and room to spare does no harm
    if count(story) <= room:
        return story
    size = _most(len(story), lambda size: count(story[len(story) - size :]) <= room)
    newest = story[len(story) - max(1, size) :]
    paragraph = newest.find("\n")
    return newest[paragraph + 1 :] if 0 <= paragraph < len(newest) // 4 else newest


def _most(longest: int, fits: Callable[[int], bool]) -> int:
    """Return the largest size that fits, by halving."""
    low, high = 0, longest
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _with_note(story: str, note: Sequence[Part], count: Count) -> list[Part]:
    """Put the author's note some paragraphs before the end of the story."""
    place = len(story)
    for _ in range(NOTE_DEPTH):
        place = max(0, story.rfind("\n", 0, max(0, place - 1)) + 1)
    pieces = (story[:place], story[place:]) if note else ("", story)
    before, after = (Part("story", text, count(text)) for text in pieces)
    return [part for part in (before, *note, after) if part.text or part is after]
