"""What cleaning does to real novels: nothing when they are clean, and what it should when they are not.

    python benchmarks/cleaning.py --novels DIR [--every N] [--show]

(a) whole novels as they are: every visible character that changes is counted, with its line;
(b) the adverts of `benchmarks/adverts.txt` put into the same novels where sites put them;
(c) the same novels broken at a fixed width in five ways, and joined again.
Of the catalogue, the kind `unseen` was written after the rules and is measured apart.
Prints markdown. The novels are a folder of clean UTF-8 .txt files; seconds are CPU time of cleaning alone.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from novelgpt.text.clean import INDENT, Cleaned, clean_lines, split_lines
from novelgpt.text.headings.forms import heading_of

ADVERTS = Path(__file__).with_name("adverts.txt")
ENDS = "。！？…”」』"


@dataclass
class Tally:
    """Running sums of one measurement."""

    sums: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    seconds: float = 0.0
    megabytes: float = 0.0

    def clean(self, raw: list[str], text: str) -> Cleaned:
        """Clean and take the time."""
        began_at = time.process_time()
        cleaned = clean_lines(raw)
        self.seconds += time.process_time() - began_at
        self.megabytes += len(text.encode("gb18030")) / 1e6
        return cleaned

    @property
    def speed(self) -> str:
        """Say how fast it went."""
        return f"{self.seconds:.1f} s for {self.megabytes:.1f} MB of GB18030, {self.megabytes / self.seconds:.1f} MB/s"


def adverts() -> list[tuple[str, str]]:
    """Return the catalogue: kind and text."""
    rows = [
        row for row in ADVERTS.read_text(encoding="utf-8").splitlines() if row and not row.startswith("#")
    ]
    return [(kind, text) for kind, _, text in (row.partition("\t") for row in rows)]


def untouched(text: str, tally: Tally) -> None:
    """Measure (a) on one novel."""
    raw, _ = split_lines(text)
    cleaned = tally.clean(raw, text)
    tally.sums["characters"] += len(text)
    tally.sums["joined"] += len(cleaned.joined)
    for removal in cleaned.removals:
        tally.sums["removed"] += len(removal.text)
        tally.examples.append(f"{removal.rule}: {removal.text[:60]} | {removal.kept[:30]}")
    for rule in ("entities", "html", "radicals", "half_width", "hard_wraps"):
        tally.sums[rule] += cleaned.counts[rule]
    for position in sorted(cleaned.joined)[:5]:
        tally.examples.append(f"joined: {raw[position][:60]}")


def injected(text: str, tally: Tally, chance: random.Random) -> None:
    """Measure (b) on one novel."""
    lines = [line for line in clean_lines(split_lines(text)[0]).lines if line]
    out: list[str] = []
    noise: dict[int, str] = {}
    story: dict[int, str] = {}
    for line, advert, glued in _with_adverts(lines, chance):
        (noise if advert else story)[len(out)] = advert or line
        if glued:
            story[len(out)] = glued
        out.append(line)
    cleaned = tally.clean(out, "\n".join(out))
    for position, advert in noise.items():
        want = story.get(position, "")
        tally.sums["injected"] += 1
        if cleaned.lines[position] == want:
            tally.sums["gone"] += 1
        else:
            tally.examples.append(f"left: {advert[:70]} | {cleaned.lines[position][-50:]}")
    for position, line in story.items():
        tally.sums["story lines"] += position not in noise
        left = "".join(cleaned.lines[position].split())
        if "".join(line.split()) not in left or (position not in noise and cleaned.lines[position] != line):
            tally.sums["story lines harmed"] += 1
            tally.examples.append(f"HARMED: {line[:50]} | {cleaned.lines[position][:50]}")


def _with_adverts(lines: list[str], chance: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield lines with adverts among them: the line, the advert in it, and the story part it is glued to."""
    kinds: dict[str, list[str]] = {}
    for kind, advert in adverts():
        kinds.setdefault(kind, []).append(advert)
    for advert in chance.sample(kinds["head"], 3):
        yield advert, advert, ""
    signature = chance.choice(kinds["line"])
    since = 99
    for index, line in enumerate(lines):
        heading = heading_of(line)
        firm = bool(heading and heading.firm and heading.family != "bare")
        if firm and since > 8:
            advert = chance.choice(kinds["edge"])
            yield advert, advert, ""
            yield signature, signature, ""
            since = 0
            if heading and heading.family == "unit" and chance.random() < 0.5:
                advert = chance.choice(kinds["title"])
                yield line + advert, advert, line
                continue
        since += 1
        glue = len(line) > 30 and line[-1] in ENDS and not firm
        if glue and chance.random() < 0.01:
            advert = chance.choice(kinds["glue"])
            yield line + advert, advert, line
        elif glue and chance.random() < 0.003:
            advert = chance.choice([one for one in kinds["glue"] if one[0] in "（(【["])
            yield advert + line, advert, line
        else:
            yield line, "", ""
        if not firm and index and chance.random() < 0.01:
            advert = chance.choice(kinds["line"])
            yield advert, advert, ""
    for advert in chance.sample(kinds["tail"], 3):
        yield advert, advert, ""


def _chunks(paragraph: str, width: int, first: int, ragged: bool) -> list[str]:
    """Break a paragraph; ragged means that no line begins with a closing mark."""
    pieces, start, size = [], 0, first
    while start < len(paragraph):
        end = start + size
        while ragged and end < len(paragraph) and paragraph[end] in "，。！？；：、”’」』）…":
            end += 1
        pieces.append(paragraph[start:end])
        start, size = end, width
    return pieces


def broken(paragraphs: list[str], style: str) -> tuple[list[str], list[int]]:
    """Return the lines of a broken book, and the line at which each paragraph begins."""
    width = {"forum 35": 35, "blank between, 38 ragged": 38, "blank after each line, 30": 30}.get(style, 36)
    out: list[str] = []
    starts: list[int] = []
    for paragraph in paragraphs:
        indent = "　　" if style.startswith("indented") else ""
        pieces = _chunks(paragraph, width, width - len(indent), "ragged" in style)
        starts.append(len(out))
        for number, piece in enumerate(pieces):
            out.append((indent if not number else "") + piece)
            if style.startswith("blank after"):
                out.append("")
        if style.startswith("blank between"):
            out.append("")
    return out, starts


def unseen(tally: Tally) -> None:
    """Measure the adverts that no rule was written for: alone, and glued to a sentence."""
    story = "他推开门，看见院子里空无一人。"
    for advert in (text for kind, text in adverts() if kind == "unseen"):
        for line, want in ((advert, ""), (story + advert, story)):
            cleaned = tally.clean([story, line, story], line)
            tally.sums["put in"] += 1
            tally.sums["gone"] += cleaned.lines[1] == want
            tally.sums["story lines harmed"] += not cleaned.lines[1].startswith(want)
            if cleaned.lines[1] != want:
                tally.examples.append(f"left: {line} | {cleaned.lines[1]}")


STYLES = (
    "forum 35",
    "indented 36",
    "indented 36 ragged",
    "blank between, 38 ragged",
    "blank after each line, 30",
)


def rejoined(text: str, style: str, tally: Tally) -> None:
    """Measure (c) on one novel in one style."""
    paragraphs = [line.strip(INDENT) for line in split_lines(text)[0]]
    paragraphs = [line for line in paragraphs if line]
    lines, starts = broken(paragraphs, style)
    cleaned = tally.clean(lines, "\n".join(lines))
    for start, paragraph in zip(starts, paragraphs, strict=True):
        whole = cleaned.lines[start] == paragraph
        tally.sums["paragraphs"] += 1
        tally.sums["exact"] += whole
        tally.sums["merged into the one above"] += start in cleaned.joined
        verse = len(paragraph) <= 24 and paragraph[-1:] in ENDS
        if start in cleaned.joined and (verse or paragraph[0] in "“「『"):
            tally.sums["verse or speech merged"] += 1
        if not whole and len(tally.examples) < 200:
            tally.examples.append(
                f"{style}: {paragraph[:40]} … {paragraph[-20:]} | {cleaned.lines[start][:20]} … {cleaned.lines[start][-20:]}"
            )


def report(title: str, tally: Tally, show: bool) -> None:
    """Print one measurement."""
    print(f"\n## {title}\n")
    for name, value in tally.sums.items():
        print(f"- {name}: {value:,}")
    print(f"- {tally.speed}")
    if show:
        for example in tally.examples:
            print(f"    {example}")


def main() -> None:
    """Measure all three."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--novels", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", choices=["a", "b", "c"], default=None)
    parser.add_argument("--show", action="store_true")
    flags = parser.parse_args()
    paths = sorted(flags.novels.glob("*.txt"))[:: flags.every]
    print(f"# Cleaning, {len(paths)} novels")
    chance = random.Random(3)
    runs: list[tuple[str, str, Callable[[str, Tally], None]]] = [
        ("a", "(a) Clean novels as they are", untouched),
        ("b", "(b) Adverts put in", lambda text, tally: injected(text, tally, chance)),
    ]
    if flags.only in (None, "b"):
        tally = Tally()
        unseen(tally)
        report("(b) Adverts written after the rules", tally, flags.show)
    runs += [
        ("c", f"(c) {style}", lambda text, tally, style=style: rejoined(text, style, tally))
        for style in STYLES
    ]
    for name, title, run in runs:
        if flags.only in (None, name):
            tally = Tally()
            for path in paths:
                run(path.read_text(encoding="utf-8"), tally)
            report(title, tally, flags.show)


if __name__ == "__main__":
    main()
