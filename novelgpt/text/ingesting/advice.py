"""A line of the report → what a person should do about it. Law: no advice for a book that is well."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from novelgpt.messages import Message
from novelgpt.text.ingesting.record import BookLine

UNSURE = 0.5
HUGE = 60_000
STUB = 100
MANY = 3
MUCH = 0.05


def advice(line: BookLine) -> list[Message]:
    """Return what to do about each problem of a book, the gravest first."""
    said = [
        note for note in line.notes if note.key.startswith("text.advice.")
    ]  # about a book put right by hand
    return said + [Message(f"text.advice.{name}", facts) for name, facts in _problems(line)]


def _problems(line: BookLine) -> Iterator[tuple[str, dict[str, object]]]:
    lengths = [row.characters for row in line.table if row.kind == "chapter"]
    if line.lost_characters:
        yield "lost", {"count": line.lost_characters}
    if line.confidence < UNSURE:
        yield "unsure", {"encoding": line.encoding}
    if line.removed_characters > MUCH * max(1, line.characters):
        yield "removed", {"count": line.removed_characters}
    if not any(row.title for row in line.table):
        yield "uncut", {}
    elif longest := [row for row in line.table if row.characters > HUGE]:
        yield "huge", {"title": longest[0].title or "—", "count": longest[0].characters}
    if line.missing_numbers:
        yield "missing", {"numbers": few(line.missing_numbers)}
    if line.duplicate_numbers:
        yield "duplicate", {"numbers": few(line.duplicate_numbers)}
    short = sum(length < STUB for length in lengths)
    if len(lengths) > MANY and short > MANY and median(lengths) > 10 * STUB:
        yield "stubs", {"count": short, "limit": STUB}


def few(numbers: tuple[int, ...], most: int = 12) -> str:
    """Return the first of many numbers, runs drawn together: 3 5–9 12 …"""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [str(first) if first == last else f"{first}–{last}" for first, last in runs[:most]]
    return " ".join(shown) + (" …" if len(runs) > most else "")
