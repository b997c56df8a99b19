"""Chapters found, on whole novels: as they are, rewritten into every heading style of the catalogue, and with traps in the story.

Goes in: a folder of UTF-8 novels and their manifest (columns `slug` and `headings`). Comes out: a table in Markdown.
Law: the truth of a rewritten book is what was written into it; a book is right only if every heading stands on its very line
and no other line is called one.

    python benchmarks/chapters.py --novels DIR --manifest FILE [--every N] [--books N] [--style NAME] [--show]
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from heading_styles import CLOSINGS, OPENINGS, STYLES, TRAPS, Style

from novelgpt.text.headings.forms import heading_of
from novelgpt.text.split import Split, split_book

FEWEST, MOST = 8, 160
SHOWN = 6
FRAME = 4
SHORTEST_BODY = 200
NUMBER_OF_A_TITLE = re.compile(r"^.{0,12}?[第笫]?.{1,9}?[章回节節卷则則種种集部話话][\s\u3000:：、]*")


@dataclass(frozen=True)
class Book:
    """A novel as plain matter: the titles without their numbers, and the paragraphs under each."""

    name: str
    titles: tuple[str, ...]
    bodies: tuple[tuple[str, ...], ...]


def main() -> int:
    """Print the tables."""
    options = _options()
    novels = list(_novels(options.novels, options.manifest))
    print("# Chapters\n\n| | books | exact | seconds | million characters |\n|---|---|---|---|---|")
    books = _as_they_are(novels[:: options.every], options.show)
    chosen = _sampled(books, options.books)
    print(
        f"\n| style | books | exact % | invented | missed |\n|---|---|---|---|---|\n{''.join(_styled(chosen, options))}"
    )
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--novels", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="take every n-th novel of the manifest")
    parser.add_argument("--books", type=int, default=40, help="how many are rewritten")
    parser.add_argument("--style", default="", help="only styles whose name contains this")
    parser.add_argument("--show", action="store_true", help="print what went wrong")
    return parser.parse_args()


def _novels(folder: Path, manifest: Path) -> Iterator[tuple[Path, int]]:
    with manifest.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            yield folder / f"{row['slug']}.txt", int(row["headings"])


def _as_they_are(novels: Sequence[tuple[Path, int]], show: bool) -> list[Book]:
    """Split every novel as it is and count; return those that were right, taken apart."""
    books, characters, seconds = [], 0, 0.0
    for path, headings in novels:
        text = path.read_text(encoding="utf-8")
        started = time.perf_counter()
        split = split_book(text)
        seconds += time.perf_counter() - started
        characters += len(text)
        found = sum(section.heading for section in split.sections)
        if found == headings:
            books.append(_taken_apart(path.stem, split))
        elif show:
            print(f"- {path.stem}: {found} of {headings}")
    print(f"| as they are | {len(novels)} | {len(books)} | {seconds:.1f} | {characters / 1e6:.0f} |")
    return [book for book in books if FEWEST <= len(book.titles) <= MOST]


def _taken_apart(name: str, split: Split) -> Book:
    """Return the numbered chapters of a book; very short ones and repeated titles would leave the truth in doubt."""
    titles: list[str] = []
    bodies: list[tuple[str, ...]] = []
    for chapter in split.chapters:
        title = _bare_title(chapter.title)
        if chapter.kind == "chapter" and len(chapter.text) > SHORTEST_BODY and title not in titles:
            titles.append(title)
            bodies.append(tuple(chapter.text.split("\n")))
    return Book(name, tuple(titles), tuple(bodies))


def _bare_title(line: str) -> str:
    """Return a title that can stand in any style: no number, no mark at its end, not empty."""
    title = NUMBER_OF_A_TITLE.sub("", line).strip(" \u3000。，；：！？…”“、,;!?—－-*＊=_~（）()《》【】·.")
    title = re.sub(r"\s+", " ", title)[:30].strip("。，；：！？…”“、 ")
    if len(title) < 2 or heading_of(title) or "。" in title or title[0] in "0123456789０１２３":
        return f"夜路{line[1:4].strip('第章回')}山雨"
    return title


def _sampled(books: Sequence[Book], count: int) -> list[Book]:
    """Return books of all sizes, evenly spaced when they are sorted by length, the shortest and the longest among them."""
    ordered = sorted(books, key=lambda book: sum(len(line) for body in book.bodies for line in body))
    count = min(count, len(ordered))
    return [ordered[index * (len(ordered) - 1) // max(1, count - 1)] for index in range(count)]


def _styled(books: Sequence[Book], options: argparse.Namespace) -> Iterator[str]:
    """Yield a row for every style, and the sum."""
    exact = total = invented_sum = missed_sum = 0
    started = time.perf_counter()
    for name, style in STYLES.items():
        if options.style not in name:
            continue
        right = invented = missed = 0
        for book in books:
            extra, lost = _judge(book, style, options.show and name)
            right += not extra and not lost
            invented += extra
            missed += lost
        yield f"| {name} | {len(books)} | {100 * right / max(1, len(books)):.1f} | {invented} | {missed} |\n"
        exact, total = exact + right, total + len(books)
        invented_sum, missed_sum = invented_sum + invented, missed_sum + missed
    share = 100 * exact / max(1, total)
    yield f"| **all, {time.perf_counter() - started:.0f} s** | {total} | {share:.2f} | {invented_sum} | {missed_sum} |\n"


def _judge(book: Book, style: Style, name: str | bool) -> tuple[int, int]:
    """Return how many headings were invented and how many were missed."""
    lines, truth = _rewritten(book, style)
    split = split_book("\n".join(lines))
    found = {section.start for section in split.sections if section.heading}
    extra, lost = found - truth, truth - found
    if name and (extra or lost):
        _show(book, str(name), lines, extra, lost)
    return len(extra), len(lost)


def _show(book: Book, name: str, lines: Sequence[str], extra: set[int], lost: set[int]) -> None:
    for what, positions in (("invented", extra), ("missed", lost)):
        sample = [lines[position][:40] for position in sorted(positions)[:SHOWN]]
        if positions:
            print(f"- {name} · {book.name} · {what} {len(positions)}: {sample}")


def _rewritten(book: Book, style: Style) -> tuple[list[str], set[int]]:
    """Return the lines of the book set in the style, and where its headings stand."""
    chance = random.Random(book.name)
    lines, truth = ["《夜路》", "作者：无名", ""], set()
    numbers = _numbers(len(book.titles), style)
    listing = [_first(style.heading(n, t)) for n, t in zip(numbers, book.titles, strict=True)]
    if style.contents == "head":
        lines += ["目录", "", *listing, ""]
        truth.add(3)
    for word in OPENINGS if style.frame else ():
        _set(lines, truth, style, word)
        _set_body(lines, style, book.bodies[0][:FRAME])
    for index, (title, body) in enumerate(zip(book.titles, book.bodies, strict=True)):
        if style.volume and index % style.per_volume == 0:
            _set(lines, truth, style, style.volume(1 + index // style.per_volume))
        _set(lines, truth, style, style.heading(numbers[index], title))
        _set_body(lines, style, _with_traps(body, numbers[index], style.traps, chance))
    for word in CLOSINGS if style.frame else ():
        _set(lines, truth, style, word)
        _set_body(lines, style, book.bodies[-1][:FRAME])
    if style.contents == "tail":
        lines += ["", "目录", "", *listing]
        truth.add(len(lines) - len(listing) - 2)
    return lines, truth


def _set(lines: list[str], truth: set[int], style: Style, heading: str | Sequence[str]) -> None:
    heading = [heading] if isinstance(heading, str) else heading
    lines += [""] * style.before
    if heading:
        truth.add(len(lines))
    lines += [style.heading_indent + line if line else "" for line in heading]
    lines += [""] * style.after


def _set_body(lines: list[str], style: Style, body: Sequence[str]) -> None:
    if style.runs_in:
        lines[-1] += "\u3000\u3000" + "".join(body)
        return
    for line in body:
        whole = style.indent + line
        width = style.wrap or len(whole)
        lines += [whole[at : at + width] for at in range(0, len(whole), width)]
        if style.spaced:
            lines.append("")


def _numbers(count: int, style: Style) -> list[int]:
    """Return the chapters' numbers as printed."""
    numbers = list(range(1, count + 1))
    if style.restarts:
        return [1 + index % style.per_volume for index in range(count)]
    middle = count // 2
    if style.numbering == "twice":
        return [number - (index >= middle) for index, number in enumerate(numbers)]
    if style.numbering == "missing":
        return [number + 2 * (index >= middle) + (index >= count - 2) for index, number in enumerate(numbers)]
    if style.numbering == "typo":
        numbers[middle] += 1
    return numbers


def _with_traps(body: Sequence[str], number: int, unit: str, chance: random.Random) -> list[str]:
    """Return the body with lines in its midst that only look like headings."""
    lines = list(body)
    if unit and len(lines) > 1:
        where = chance.randrange(1, len(lines))
        lines[where:where] = chance.choice(TRAPS)(number, unit)
    return lines


def _first(heading: str | Sequence[str]) -> str:
    return heading if isinstance(heading, str) else " ".join(line for line in heading if line)


if __name__ == "__main__":
    raise SystemExit(main())
