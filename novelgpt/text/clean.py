"""Raw lines → clean lines, and a log of everything visible that was taken out.

Law: no character is unaccounted for. Each raw line's visible characters are in the clean line at its place, or in the
line that absorbed it, or in a `Removal`, or were changed by a rule that is counted. Cleaning clean lines changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from novelgpt.text.headings.forms import heading_of
from novelgpt.text.noise import characters
from novelgpt.text.noise.adverts import cuts
from novelgpt.text.noise.author_talk import author_lines, title_suffix
from novelgpt.text.noise.frames import NEAR, frame_lines, rulers
from novelgpt.text.noise.newlines import split_lines
from novelgpt.text.noise.repeats import repeated_titles, signatures
from novelgpt.text.noise.triggers import Found, scan
from novelgpt.text.noise.wraps import INDENT, continued
from novelgpt.text.rules import BUILT_IN, Rules

__all__ = ["INDENT", "RULES", "Cleaned", "Removal", "clean_line", "clean_lines", "split_lines"]

RULES = (
    "newlines",
    "controls",
    "zero_width",
    "indents",
    "trailing_spaces",
    "blank_lines",
    "entities",
    "html",
    "radicals",
    "han_spaces",
    "half_width",
    "user",
    "decorations",
    "site_adverts",
    "page_stitches",
    "site_frames",
    "author_talk",
    "signatures",
    "repeated_titles",
    "hard_wraps",
)
"""Every rule by name, in the order they are applied; `text.rule.<name>` is its sentence."""

_SPACES = frozenset(INDENT)
_LONGEST_HEADING = 80
_NO_HEADING_ENDS = frozenset("。，”」』！？…；、,;!?")
_SUFFIX_ENDS = frozenset("）)】]票藏阅赏持荐订！!")
_ORNAMENT_STARTS = frozenset("☆★")
_ORNAMENTS = "☆★、" + INDENT
_FEW = 3


@dataclass(frozen=True)
class Removal:
    """Something visible that was taken out: from which line, by which rule, what exactly, and what stays there."""

    line: int
    rule: str
    text: str
    kept: str = ""


@dataclass(frozen=True)
class Cleaned:
    """Clean lines, as many as the raw ones; '' is blank, removed, or absorbed by a line above (`joined`)."""

    lines: list[str]
    removals: list[Removal] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    joined: frozenset[int] = frozenset()


def clean_lines(raw: Sequence[str], marked: Collection[int] = (), rules: Rules = BUILT_IN) -> Cleaned:
    """Clean a book's lines; those at `marked` positions are headings for certain and are never removed."""
    sheet = Sheet(list(raw), frozenset(marked), rules)
    found = scan(sheet.lines)
    suspects = sorted({*found.noise, *found.markup, *found.unseen, *found.radicals, *found.spaced})
    _mend(sheet, found)
    _strip(sheet)
    _mend_punctuation(sheet, found)
    _user(sheet)
    for position, line in enumerate(sheet.lines):
        if _is_adorned(line):
            _decoration(sheet, position)
    for position in suspects:
        _adverts(sheet, position)
    headings = _by_position(sheet, suspects)
    joined = _unwrap(sheet, raw, headings)
    sheet.removals.sort(key=lambda removal: removal.line)
    return Cleaned(sheet.lines, sheet.removals, +sheet.counts, joined)


def clean_line(line: str) -> tuple[str, dict[str, int]]:
    """Return a line without indentation, trailing spaces and invisible characters, and the count by rule."""
    seen, controls, zero_width = characters.without_unseen(line)
    sheet = Sheet([seen], frozenset(), BUILT_IN)
    sheet.counts.update(controls=controls, zero_width=zero_width)
    _strip(sheet)
    return sheet.lines[0], dict(+sheet.counts)


@dataclass
class Sheet:
    """The lines while they are worked on, with the log."""

    lines: list[str]
    marked: frozenset[int]
    rules: Rules
    removals: list[Removal] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @cached_property
    def has_keepers(self) -> bool:
        """Say whether the user protects any line at all."""
        return bool(self.rules.keep or self.rules.keep_lines)

    def kept(self, position: int) -> bool:
        """Say whether the user protects the line."""
        return self.has_keepers and self.rules.keeps(self.lines[position].strip(INDENT))

    def spares(self, text: str) -> bool:
        """Say whether the user wants this part of a line back, as a removal log names it."""
        return self.has_keepers and self.rules.keeps(text.strip(INDENT))

    def may_go(self, position: int) -> bool:
        """Say whether a rule may take the line out."""
        return position not in self.marked and not self.kept(position)

    def cut(self, position: int, rule: str, text: str, kept: str = "") -> None:
        """Take `text` out of a line and write it down."""
        self.lines[position] = kept
        self.removals.append(Removal(position, rule, text, kept))
        self.counts[rule] += 1

    def drop(self, positions: Iterable[int], rule: str) -> None:
        """Take whole lines out, if the rule is on."""
        if self.rules.applies(rule):
            for position in positions:
                self.cut(position, rule, self.lines[position])


def _mend(sheet: Sheet, found: Found) -> None:
    """Repair single characters: entities and tags first, because they may hide the rest."""
    for position in found.markup:
        if not sheet.kept(position):
            _mend_markup(sheet, position)
    for position in sorted({*found.unseen, *found.markup}):
        line, controls, zero_width = characters.without_unseen(sheet.lines[position])
        sheet.lines[position] = line
        sheet.counts.update(controls=controls, zero_width=zero_width)
    for rule, positions, mend in (
        ("radicals", {*found.radicals, *found.markup}, characters.without_radicals),
        ("han_spaces", {*found.spaced, *found.unseen, *found.markup}, characters.without_spaces),
    ):
        if sheet.rules.applies(rule):
            for position in positions:
                if not sheet.kept(position):
                    sheet.lines[position], count = mend(sheet.lines[position])
                    sheet.counts[rule] += count


def _mend_markup(sheet: Sheet, position: int) -> None:
    """Unescape entities and take tags out, again while the one reveals the other."""
    for _ in range(_FEW):
        before = line = sheet.lines[position]
        if sheet.rules.applies("entities"):
            line, count = characters.unescaped(line)
            sheet.counts["entities"] += count
        sheet.lines[position] = line
        if sheet.rules.applies("html"):
            line, tags = characters.without_tags(line)
            if tags:
                sheet.cut(position, "html", tags, line)
        if line == before:
            return


def _strip(sheet: Sheet) -> None:
    """Take the white space around every line away and count where it stood."""
    bare = [line.strip(INDENT) for line in sheet.lines]
    changed = [line for line, clean in zip(sheet.lines, bare, strict=True) if clean and line != clean]
    sheet.counts["indents"] += sum(line[0] in _SPACES for line in changed)
    sheet.counts["trailing_spaces"] += sum(line[-1] in _SPACES for line in changed)
    sheet.counts["blank_lines"] += bare.count("")
    sheet.lines = bare


def _mend_punctuation(sheet: Sheet, found: Found) -> None:
    """Widen narrow punctuation, in a book that has next to no wide one."""
    if sheet.rules.applies("half_width") and characters.is_substituted(found.half, found.full):
        for position, line in enumerate(sheet.lines):
            if line and not sheet.kept(position):
                sheet.lines[position], count = characters.widened(line)
                sheet.counts["half_width"] += count


def _user(sheet: Sheet) -> None:
    if sheet.rules.remove:
        removed = [
            position
            for position, line in enumerate(sheet.lines)
            if line and position not in sheet.marked and sheet.rules.removes(line)
        ]
        sheet.drop(removed, "user")


def _is_adorned(line: str) -> bool:
    """Tell whether a short line begins or ends as a chapter's title with something around it does."""
    return 0 < len(line) <= _LONGEST_HEADING and (line[-1] in _SUFFIX_ENDS or line[0] in _ORNAMENT_STARTS)


def _decoration(sheet: Sheet, position: int) -> None:
    """Take off what stands before or after a chapter's title: ☆、第三章 夜路（求月票）."""
    line = sheet.lines[position]
    if not line or len(line) > _LONGEST_HEADING or sheet.kept(position):
        return
    title = line.lstrip(_ORNAMENTS)
    adorned = line[0] in _ORNAMENT_STARTS and "、" in line[:3] and title
    if adorned and sheet.rules.applies("decorations") and not sheet.spares(line[: -len(title)]):
        sheet.cut(position, "decorations", line[: -len(title)].strip(INDENT), title)
        line = title
    while sheet.rules.applies("author_talk") and (start := title_suffix(line)):
        title = line[:start].rstrip(INDENT)
        is_title = title and (position in sheet.marked or heading_of(title))
        if not is_title or sheet.spares(line[start:]):
            return
        sheet.cut(position, "author_talk", line[start:].strip(INDENT), title)
        line = title


def _adverts(sheet: Sheet, position: int) -> None:
    """Cut adverts and page stitches out of a line, again while the rest holds one."""
    while (line := sheet.lines[position]) and sheet.may_go(position):
        found = [
            cut
            for cut in cuts(line)
            if sheet.rules.applies(cut.rule) and not sheet.spares(line[cut.start : cut.end])
        ]
        if not found:
            return
        kept, rest = "", 0
        for cut in found:
            kept, rest = kept + line[rest : cut.start], cut.end
        kept = (kept + line[rest:]).strip(INDENT)
        for cut in found:
            sheet.cut(position, cut.rule, line[cut.start : cut.end].strip(INDENT), kept)
        if _is_adorned(kept):  # what was cut may have hidden it
            _decoration(sheet, position)


def _by_position(sheet: Sheet, suspects: list[int]) -> list[int]:
    """Apply the rules that need to know where in its chapter, or in the file, a line stands; return the headings."""
    frames = frame_lines(sheet.lines, sheet.may_go)
    sheet.drop(frames, "site_frames")
    ends = {*frames, *(removal.line for removal in sheet.removals if removal.kept == "")}
    sheet.drop(rulers(sheet.lines, _outermost(sheet, ends), sheet.may_go), "site_frames")
    headings = _headings(sheet)
    if sheet.rules.applies("author_talk"):
        talk = author_lines(sheet.lines, [one for one in suspects if sheet.may_go(one)], headings)
        sheet.drop(talk, "author_talk")
    sheet.drop(repeated_titles(sheet.lines, headings, sheet.may_go), "repeated_titles")
    if signed := signatures(sheet.lines, headings):
        places = [place for place, line in enumerate(sheet.lines) if line in signed and sheet.may_go(place)]
        sheet.drop(places, "signatures")
    return headings


def _outermost(sheet: Sheet, positions: set[int]) -> list[int]:
    """Return those positions that no line of the book stands outside of, on one side of the file or the other."""
    size = len(sheet.lines)
    filled = list(islice((place for place in range(size) if sheet.lines[place]), NEAR))
    last = list(islice((place for place in range(size - 1, -1, -1) if sheet.lines[place]), NEAR))
    head = filled[-1] if filled else size
    tail = last[-1] if last else 0
    return sorted(position for position in positions if position < head or position > tail)


def _headings(sheet: Sheet) -> list[int]:
    """Return where chapters seem to begin: marked lines, and lines whose form alone is convincing."""
    firm = [position for position in sheet.marked if position < len(sheet.lines) and sheet.lines[position]]
    for position, line in enumerate(sheet.lines):
        if line and len(line) <= _LONGEST_HEADING and line[-1] not in _NO_HEADING_ENDS:
            heading = heading_of(line)
            if heading and heading.firm and position not in sheet.marked:
                firm.append(position)
    return sorted(firm)


def _unwrap(sheet: Sheet, raw: Sequence[str], headings: list[int]) -> frozenset[int]:
    """Join the lines that a fixed width broke apart."""
    joined: set[int] = set()
    if not sheet.rules.applies("hard_wraps"):
        return frozenset()
    for _ in range(_FEW):
        removed = joined.union(removal.line for removal in sheet.removals)
        apart = {*headings, *sheet.marked}
        if sheet.has_keepers:
            apart.update(p for p in range(len(sheet.lines)) if sheet.kept(p))
        new = continued(sheet.lines, raw, removed, apart)
        if not new:
            break
        _absorb(sheet.lines, new)
        joined.update(new)
    sheet.counts["hard_wraps"] += len(joined)
    return frozenset(joined)


def _absorb(lines: list[str], positions: list[int]) -> None:
    """Append each line to the one it continues; English words keep a space between them."""
    pieces: dict[int, list[str]] = {}
    into = last = -1
    for position in positions:
        above = _filled_above(lines, position, last)
        into, last = into if above == last else above, position
        said = pieces.setdefault(into, [lines[into]])
        space = " " if _is_word(said[-1][-1]) and _is_word(lines[position][0]) else ""
        said.append(space + lines[position])
        lines[position] = ""
    for into, said in pieces.items():
        lines[into] = "".join(said)


def _filled_above(lines: list[str], position: int, last: int) -> int:
    """Return the nearest place above that holds text, or `last`, the one that was absorbed before."""
    position -= 1
    while position > last and not lines[position]:
        position -= 1
    return position


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()
