"""Every compiled pattern of `novelgpt.text` against twelve adversarial strings of a megabyte, as the code would apply it.

Goes in: nothing. Comes out: a table of the slowest, and exit code 1 if any took more than 50 ms.
Law: patterns are found by looking through the modules, and how they are applied by looking into the source, so a new one cannot
be forgotten. A module that caps its lines before matching is given capped lines; every other pattern sees a line of a megabyte.

    python benchmarks/patterns.py [--all]
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
import re
import time
from collections import deque
from collections.abc import Iterator, Sequence

import novelgpt.text
from novelgpt.text.headings import heading

SIZE = 1_000_000
MOST_MS = 50
SHOWN = 12
CAPS = {
    **{f"headings.{name}": "LONGEST_LINE" for name in ("forms", "ordinals", "words", "labels", "readings")},
    "formats.names": "LONGEST_NAME",
    "formats.markdown": "LONGEST_MARKED",
    "noise.author_talk": "_LONGEST",
    "noise.folding": "_LONGEST",
    "noise.frames": 80,
    "noise.adverts": "LONGEST",
    "noise.hints": 300,
    "formats.tags": "LONGEST_BODY",
}
"""The constant, or the number in the code, that says how long a line a module lets its patterns see; else a whole megabyte."""
METHODS = ("match", "fullmatch", "search", "sub", "split", "findall", "finditer")
ADVERSARIAL = (
    "第",
    "一",
    "第一",
    "第一章 ",
    " ",
    "\u3000",
    "[SEP]",
    "www.",
    "＊=＝",
    "（（",
    "夜路 12",
    "第一二三四五六七八九十百千，",
)


def main() -> int:
    """Print the slowest patterns."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--all", action="store_true", help="print every pattern")
    show_all = options.parse_args().all
    rows = sorted(
        ((_slowest(pattern, module, name), module, name) for module, name, pattern in patterns()),
        reverse=True,
    )
    print(f"{len(rows)} patterns, {len(ADVERSARIAL)} strings\n\n| ms | pattern | string |\n|---|---|---|")
    for (milliseconds, string), module, name in rows if show_all else rows[:SHOWN]:
        print(f"| {milliseconds:.2f} | {module}.{name} | {string!r} |")
    return int(rows[0][0][0] > MOST_MS)


def patterns() -> Iterator[tuple[str, str, re.Pattern[str]]]:
    """Yield (module, name, pattern) for every compiled text pattern of the package, also those inside tuples and tables."""
    seen: set[int] = set()
    for module in pkgutil.walk_packages(novelgpt.text.__path__, "novelgpt.text."):
        for name, value in vars(importlib.import_module(module.name)).items():
            for place, pattern in _compiled(name, value):
                if id(pattern) not in seen:
                    seen.add(id(pattern))
                    yield module.name.removeprefix("novelgpt.text."), place, pattern


def _compiled(name: str, value: object, depth: int = 3) -> Iterator[tuple[str, re.Pattern[str]]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield name, value
    elif getattr(value, "__annotations__", {}) == {"return": "re.Pattern[str]"}:  # compiled when first needed
        yield f"{name}()", value()  # type: ignore[operator]
    elif depth and isinstance(value, (tuple, list, frozenset)):
        for index, inner in enumerate(value):
            yield from _compiled(f"{name}[{index}]", inner, depth - 1)
    elif depth and isinstance(value, dict):
        for key, inner in value.items():
            yield from _compiled(f"{name}[{key!r}]", inner, depth - 1)
    elif depth and hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        for field in value.__dataclass_fields__:
            yield from _compiled(f"{name}.{field}", getattr(value, field), depth - 1)


def _slowest(pattern: re.Pattern[str], module: str, name: str) -> tuple[float, str]:
    """Return the slowest time in milliseconds, and the string that took it."""
    imported = importlib.import_module(f"novelgpt.text.{module}")
    source = inspect.getsource(imported)
    used = [method for method in METHODS if f"{name}.{method}(" in source] or ["search"]
    cap = CAPS.get(module, SIZE)
    longest = cap if isinstance(cap, int) else getattr(imported, cap, getattr(heading, cap, SIZE))
    return max((_milliseconds(pattern, unit, longest, used), unit) for unit in ADVERSARIAL)


def _milliseconds(pattern: re.Pattern[str], unit: str, longest: int, used: Sequence[str]) -> float:
    """Return the slowest of the ways the pattern is used; what is slow on a part is not tried on the whole."""
    spent = 0.0
    for size in (1_000, 10_000, 100_000, SIZE):
        text = (unit * (size // len(unit) + 1))[: min(size, longest)]
        spent = max(_applied(pattern, method, text) for method in used)
        if spent > MOST_MS:
            break
    return spent


def _applied(pattern: re.Pattern[str], method: str, text: str) -> float:
    """Return milliseconds; what seems too slow is tried again, for the machine may have been busy."""
    spent = _once(pattern, method, text)
    return min(spent, *(_once(pattern, method, text) for _ in range(2))) if spent > MOST_MS else spent


def _once(pattern: re.Pattern[str], method: str, text: str) -> float:
    arguments = ("", text) if method == "sub" else (text,)
    started = time.process_time()
    result = getattr(pattern, method)(*arguments)
    if method == "finditer":
        deque(result, maxlen=0)
    return 1000 * (time.process_time() - started)


if __name__ == "__main__":
    raise SystemExit(main())
