"""How well are damaged Chinese files read? Real novels x encodings x damages, beside chardet and charset-normalizer.

What goes in: a folder of novels in UTF-8. What comes out: markdown tables of how many files are read right.
Ours is right if the encoding is (a superset counts), every undamaged line is exact, and a damage costs at most
`WRONG_PER_DAMAGE` characters. The detectors give no text, so only their encoding is judged, which favours them.

    python benchmarks/encodings.py --novels DIR [--every 5] [--split odd]
"""

from __future__ import annotations

import argparse
import difflib
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import chardet

from novelgpt.text.decode import Decoded, Undecodable, decode_bytes

WRONG_PER_DAMAGE = 3
EXCERPT_CHARACTERS = (10_000, 30_000)
WHOLE_FILE_EVERY = 10
SEED = 20261121
ENCODINGS = ("gb18030", "big5", "utf-8", "utf-16")
FOREIGN = {"gb18030": "utf-8", "big5": "gb18030", "utf-8": "gb18030", "utf-16": "utf-8"}
ADVERT = "本书由晚风书屋整理上传，更多小说请登录本站查看"
LEAD = {"gb18030": b"\xb5", "big5": b"\xa4", "utf-8": b"\xe4", "utf-16": b"\x4e"}
FAMILY = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "cp950": "big5",
    "big5hkscs": "big5",
    "big5-hkscs": "big5",
    "utf-8-sig": "utf-8",
    "utf-16-le": "utf-16",
    "utf-16-be": "utf-16",
    "ascii": "utf-8",
}


@dataclass(frozen=True)
class Case:
    """One damaged file: its bytes, the lines it should give, and which of them were hit how often."""

    raw: bytes
    lines: list[str]
    hits: dict[int, int]
    encoding: str


@dataclass
class Tally:
    """Counts of one cell of the table."""

    files: int = 0
    right: int = 0
    told: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    asked = _arguments()
    novels = sorted(asked.novels.glob("*.txt"))
    novels = {"even": novels[::2], "odd": novels[1::2], "all": novels}[asked.split][:: asked.every]
    tables: dict[str, dict[tuple[str, str], Tally]] = {
        name: defaultdict(Tally) for name in ("ours", "chardet", "charset-normalizer")
    }
    started = time.perf_counter()
    for index, path in enumerate(novels):
        text = path.read_text(encoding="utf-8")
        chance = random.Random(f"{SEED} {path.name}")
        text = _excerpt(text, chance) if index % WHOLE_FILE_EVERY else text.strip("\n")
        for encoding in ENCODINGS:
            _run_one(text, encoding, index, chance, tables, asked)
    _print_tables(tables, len(novels))
    print(f"\n{time.perf_counter() - started:.0f} s; {asked.split} novels, every {asked.every}; seed {SEED}")
    if asked.show:
        for (encoding, damage), tally in tables["ours"].items():
            for line in tally.wrong:
                print(encoding, damage, line)
    print()
    _print_mojibake(novels)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--novels", type=Path, required=True)
    parser.add_argument("--every", type=int, default=5, help="take every Nth novel of the split")
    parser.add_argument(
        "--split", choices=("even", "odd", "all"), default="odd", help="tuned on even, held out: odd"
    )
    parser.add_argument("--alone", action="store_true", help="leave the other detectors out")
    parser.add_argument("--show", action="store_true", help="list what went wrong")
    return parser.parse_args()


def _excerpt(text: str, chance: random.Random) -> str:
    """Take some whole lines out of the middle; the first and the last character are Han."""
    size = chance.randint(*EXCERPT_CHARACTERS)
    start = chance.randrange(max(1, len(text) - size))
    start = text.find("\n", start) + 1
    return text[start : text.find("\n", start + size)]


def _run_one(
    text: str,
    encoding: str,
    index: int,
    chance: random.Random,
    tables: dict[str, dict[tuple[str, str], Tally]],
    asked: argparse.Namespace,
) -> None:
    if encoding == "big5":
        text = _in_big5(text)
    if not text:
        return
    text = _bounded_by_han(text)
    raw = text.encode("utf-16-le" if encoding == "utf-16" else encoding)
    mark = b"\xff\xfe" if encoding == "utf-16" and index % 2 == 0 else b""
    for damage, make in DAMAGES.items():
        case = make(text, raw, mark, encoding, chance)
        _judge_ours(case, tables["ours"][encoding, damage])
        if not asked.alone:
            _judge(case, tables["chardet"][encoding, damage], _chardet)
            _judge(case, tables["charset-normalizer"][encoding, damage], _charset_normalizer)
    print(".", end="", file=sys.stderr, flush=True)


def _in_big5(text: str) -> str:
    """Keep the lines that Big5 can hold; nothing of a book that is mostly other lines, being simplified."""
    lines = text.split("\n")
    kept = [line for line in lines if line == line.encode("big5", "ignore").decode("big5")]
    return "\n".join(kept) if sum(map(len, kept)) * 2 > len(text) else ""


def _bounded_by_han(text: str) -> str:
    places = [
        at
        for at in (*range(min(400, len(text))), *range(max(0, len(text) - 400), len(text)))
        if _is_han(text[at])
    ]
    return text[places[0] : places[-1] + 1]


def _is_han(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fa5"


# Damages: each gives the bytes and says which lines it hit.


def _clean(text: str, raw: bytes, mark: bytes, encoding: str, chance: random.Random) -> Case:
    return Case(mark + raw, text.split("\n"), {}, encoding)


def _one_byte_lost(text: str, raw: bytes, mark: bytes, encoding: str, chance: random.Random) -> Case:
    at = chance.randrange(len(raw) // 10, len(raw))
    return _hit(text, raw, mark, encoding, [at], mark + raw[:at] + raw[at + 1 :])


def _five_overwritten(text: str, raw: bytes, mark: bytes, encoding: str, chance: random.Random) -> Case:
    places = sorted(chance.sample(range(len(raw) // 10, len(raw)), 5))
    damaged = bytearray(raw)
    for at in places:
        damaged[at] = ord("?")
    return _hit(text, raw, mark, encoding, places, mark + bytes(damaged))


def _stray_lead(text: str, raw: bytes, mark: bytes, encoding: str, chance: random.Random) -> Case:
    return _hit(text, raw, mark, encoding, [len(raw)], mark + raw + LEAD[encoding])


def _starts_inside(text: str, raw: bytes, mark: bytes, encoding: str, chance: random.Random) -> Case:
    return _hit(text, raw, mark, encoding, [0], raw[1:])


def _foreign_line(text: str, raw: bytes, mark: bytes, encoding: str, chance: random.Random) -> Case:
    newline = "\n".encode("utf-16-le" if encoding == "utf-16" else encoding)
    lines = [*text.split("\n"), ADVERT]
    return Case(mark + raw + newline + ADVERT.encode(FOREIGN[encoding]), lines, {len(lines) - 1: 1}, encoding)


def _cut_tail(text: str, raw: bytes, mark: bytes, encoding: str, chance: random.Random) -> Case:
    return _hit(text, raw, mark, encoding, [len(raw) - 1], mark + raw[:-1])


DAMAGES: dict[str, Callable[[str, bytes, bytes, str, random.Random], Case]] = {
    "clean": _clean,
    "one byte lost": _one_byte_lost,
    "five bytes → ?": _five_overwritten,
    "stray lead byte at the end": _stray_lead,
    "starts inside a character": _starts_inside,
    "foreign line appended": _foreign_line,
    "cut tail": _cut_tail,
}


def _hit(text: str, raw: bytes, mark: bytes, encoding: str, places: list[int], damaged: bytes) -> Case:
    """Name the lines that hold the places; a damaged line break hits the lines on both sides."""
    codec = "utf-16-le" if encoding == "utf-16" else encoding
    hits: dict[int, int] = defaultdict(int)
    for at in places:
        unit = 2 if encoding == "utf-16" else 1
        start = at // unit * unit
        before = raw[:start].decode(codec, "ignore").count("\n")
        hits[before] += 1
        if raw[start : start + unit].decode(codec, "ignore") == "\n":
            hits[before + 1] += 1
    return Case(damaged, text.split("\n"), dict(hits), encoding)


# Judging


def _judge_ours(case: Case, tally: Tally) -> None:
    started = time.perf_counter()
    try:
        decoded: Decoded | None = decode_bytes(case.raw)
    except Undecodable as refusal:
        decoded, why = None, refusal.sentence("en")
    tally.seconds += time.perf_counter() - started
    tally.files += 1
    if decoded is not None:
        why = _fault(case, decoded)
        tally.told += decoded.lost_characters + decoded.repaired_characters > 0
    tally.right += not why
    if why:
        tally.wrong.append(why)


def _fault(case: Case, decoded: Decoded) -> str:
    """Return what is wrong with a reading; nothing if it is right."""
    if FAMILY.get(decoded.encoding, decoded.encoding) != case.encoding:
        return f"encoding {decoded.encoding}"
    for low, high, found in _differences(case.lines, decoded.text.split("\n")):
        innocent = [line for line in range(low, high) if line not in case.hits]
        if innocent:
            return f"undamaged line {case.lines[innocent[0]][:40]!r} came out as {found[:3]!r}"
        damages = sum(case.hits.get(line, 0) for line in range(low, high)) or 1
        wrong = _distance("\n".join(case.lines[low:high]), "\n".join(found))
        if wrong > WRONG_PER_DAMAGE * damages:
            return f"{wrong} wrong: {_apart(chr(10).join(case.lines[low:high]), chr(10).join(found))}"
    return ""


def _differences(expected: list[str], found: list[str]) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the runs of lines that differ, equal heads and tails left out first: most files differ in one line."""
    head = 0
    while head < min(len(expected), len(found)) and expected[head] == found[head]:
        head += 1
    tail = 0
    while tail < min(len(expected), len(found)) - head and expected[-1 - tail] == found[-1 - tail]:
        tail += 1
    inner, theirs = expected[head : len(expected) - tail], found[head : len(found) - tail]
    matcher = difflib.SequenceMatcher(None, inner, theirs, autojunk=False)
    for kind, low, high, first, last in matcher.get_opcodes():
        if kind != "equal":
            yield head + low, head + max(high, low), theirs[first:last]


def _distance(left: str, right: str) -> int:
    """Count the characters to change, insert or delete to turn one text into the other."""
    while left and right and left[0] == right[0]:
        left, right = left[1:], right[1:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    row = list(range(len(right) + 1))
    for at, character in enumerate(left, 1):
        corner, row[0] = row[0], at
        for place, other in enumerate(right, 1):
            corner, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, corner + (character != other)),
            )
    return row[-1]


def _apart(left: str, right: str) -> str:
    """Show two texts where they differ, with a little of what is around."""
    first = next((at for at, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), 0)
    return f"{left[max(0, first - 6) : first + 16]!r} came out as {right[max(0, first - 6) : first + 16]!r}"


def _judge(case: Case, tally: Tally, detect: Callable[[bytes], str]) -> None:
    started = time.perf_counter()
    name = detect(case.raw).lower().replace("_", "-")
    tally.seconds += time.perf_counter() - started
    tally.files += 1
    tally.right += FAMILY.get(name, name) == case.encoding


def _chardet(raw: bytes) -> str:
    return str(chardet.detect(raw)["encoding"])


def _charset_normalizer(raw: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(raw).best()
    return best.encoding if best else "none"


# Printing


def _print_tables(tables: dict[str, dict[tuple[str, str], Tally]], count: int) -> None:
    print(f"\n{count} novels; right / files; at most {WRONG_PER_DAMAGE} characters wrong per damage\n")
    print("| damage | " + " | ".join(ENCODINGS) + " | loss or repair told | chardet | charset-normalizer |")
    print("|---" * (len(ENCODINGS) + 4) + "|")
    for damage in DAMAGES:
        ours = [tables["ours"][encoding, damage] for encoding in ENCODINGS]
        cells = [f"{tally.right}/{tally.files}" for tally in ours]
        told = f"{sum(tally.told for tally in ours)}/{sum(tally.files for tally in ours)}"
        others = [_sum(tables[name], [damage]) for name in ("chardet", "charset-normalizer")]
        print(f"| {damage} | " + " | ".join([*cells, told, *others]) + " |")
    damages = [damage for damage in DAMAGES if damage != "clean"]
    total = [_sum(tables[name], damages, percent=True) for name in tables]
    print(f"\nAll damaged: ours {total[0]}, chardet {total[1]}, charset-normalizer {total[2]}")
    times = [_milliseconds(table) for table in tables.values()]
    print("Milliseconds per file: ours {}, chardet {}, charset-normalizer {}".format(*times))


def _sum(table: dict[tuple[str, str], Tally], damages: list[str], *, percent: bool = False) -> str:
    cells = [tally for (_, damage), tally in table.items() if damage in damages]
    right, files = sum(cell.right for cell in cells), sum(cell.files for cell in cells)
    share = f" = {100 * right / files:.2f} %" if percent and files else ""
    return f"{right}/{files}{share}" if files else "—"


def _milliseconds(table: dict[tuple[str, str], Tally]) -> str:
    files = sum(tally.files for tally in table.values())
    return f"{1000 * sum(tally.seconds for tally in table.values()) / files:.1f}" if files else "—"


MOJIBAKE: dict[str, Callable[[str], str]] = {
    "UTF-8 read as GB18030": lambda text: text.encode().decode("gb18030", "replace"),
    "GBK read as Latin-1": lambda text: text.encode("gb18030").decode("latin-1"),
    "GBK read as cp1252": lambda text: "".join(_cp1252(octet) for octet in text.encode("gb18030")),
    "UTF-8 read as Latin-1": lambda text: text.encode().decode("latin-1"),
    "UTF-8 read as Latin-1 twice": lambda text: text.encode().decode("latin-1").encode().decode("latin-1"),
    "Big5 read as GBK": lambda text: text.encode("big5").decode("gb18030", "replace"),
    "GBK read as Big5": lambda text: text.encode("gb18030").decode("big5hkscs", "replace"),
}


def _cp1252(octet: int) -> str:
    return bytes([octet]).decode("cp1252" if octet not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "latin-1")


def _print_mojibake(novels: list[Path]) -> None:
    """Save each text misread, in UTF-8, and see how many characters come back and how many are admitted lost."""
    print(
        "| saved after being misread | files taken | characters back | characters lost and told | lines exact |"
    )
    print("|---|---|---|---|---|")
    for name, misread in MOJIBAKE.items():
        taken = files = back = told = total = exact = lines = 0
        for path in novels:
            text = _excerpt(path.read_text(encoding="utf-8"), random.Random(f"{SEED} {path.name}"))
            text = _in_big5(text) if name.startswith("Big5") else text
            if not text:
                continue
            raw = misread(text).encode()
            files += 1
            total += len(text)
            lines += text.count("\n") + 1
            try:
                decoded = decode_bytes(raw)
            except Undecodable:
                continue
            taken += 1
            pairs = list(zip(text.split("\n"), decoded.text.split("\n"), strict=False))
            exact += sum(expected == found for expected, found in pairs)
            back += sum(_in_common(expected, found) for expected, found in pairs) + text.count("\n")
            told += decoded.lost_characters
        if files:
            shares = f"{100 * back / total:.2f} % | {100 * told / total:.2f} % | {100 * exact / lines:.1f} %"
            print(f"| {name} | {taken}/{files} | {shares} |")


def _in_common(expected: str, found: str) -> int:
    if expected == found:
        return len(expected)
    matcher = difflib.SequenceMatcher(None, expected, found, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())


if __name__ == "__main__":
    main()
