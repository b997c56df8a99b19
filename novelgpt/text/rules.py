"""A user's own rules, read from a TOML file: what is a heading, what goes, what stays.

Patterns are matched by RE2 against one line at a time, so no pattern, however written, takes more than linear time.
Law: `keep` wins over everything that removes; an empty file changes nothing.

    [headings]
    patterns = ['^【(\\d+)】']          # also a heading; the first group, if any, is its number
    never = ['^第三章程']               # never a heading

    [lines]
    remove = ['^本书首发于']            # lines to remove
    keep = ['更新']                     # lines that no rule may touch

    [rules]
    off = ['author_talk']              # rules of the catalogue that are not applied
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from novelgpt.errors import BadRules, BadValue, FileMissing
from novelgpt.messages import Message

LARGEST_FILE = 1 << 20
MOST_PATTERNS = 500
LONGEST_LINE = 1000
"""Longer lines are prose: no pattern is asked about them."""

_SHAPE = {"headings": ("patterns", "never"), "lines": ("remove", "keep"), "rules": ("off",)}


@dataclass(frozen=True)
class Rules:
    """What a user adds to the built-in rules; plain strings, so that it travels to other processes."""

    headings: tuple[str, ...] = ()
    never_headings: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    keep_lines: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()

    def heading(self, line: str) -> tuple[bool, str | None]:
        """Return whether the user calls `line` a heading, and the number as written, if a group caught one."""
        for pattern in self._headings:
            if len(line) <= LONGEST_LINE and (match := pattern.search(line)):
                return True, match[1] if match.re.groups else None
        return False, None

    def is_never_heading(self, line: str) -> bool:
        """Say whether the user refuses `line` as a heading."""
        return _any(self._never, line)

    def removes(self, line: str) -> bool:
        """Say whether the user wants `line` gone."""
        return _any(self._remove, line) and not self.keeps(line)

    def keeps(self, line: str) -> bool:
        """Say whether no rule may touch `line`."""
        return line in self.keep_lines or _any(self._keep, line)

    def applies(self, rule: str) -> bool:
        """Say whether the rule of that name is on."""
        return rule not in self.off

    @cached_property
    def _headings(self) -> list[Any]:
        return _compiled(self.headings)

    @cached_property
    def _never(self) -> list[Any]:
        return _compiled(self.never_headings)

    @cached_property
    def _remove(self) -> list[Any]:
        return _compiled(self.remove)

    @cached_property
    def _keep(self) -> list[Any]:
        return _compiled(self.keep)


BUILT_IN = Rules()
"""No rules of the user's own."""


def user_rules(
    path: Path | None, off: Iterable[str], logs: Iterable[Path], known_rules: Iterable[str]
) -> Rules:
    """Return the rules of a file (or none), more of them switched off, and what the removal logs name kept."""
    known = tuple(known_rules)
    rules = load_rules(path, known) if path else BUILT_IN
    if unknown := set(off) - set(known):
        allowed = Message("allowed.choices", {"choices": " ".join(known)})
        raise BadValue(name="keep", value=" ".join(sorted(unknown)), allowed=allowed)
    kept = frozenset(text for log in logs for text in _removed_texts(log))
    return replace(rules, off=rules.off | set(off), keep_lines=rules.keep_lines | kept)


def _removed_texts(log: Path) -> Iterator[str]:
    """Yield what a removal log says was taken out."""
    if not log.is_file():
        raise FileMissing(path=log)
    with log.open(encoding="utf-8") as rows:
        for number, row in enumerate(rows, start=1):
            try:
                if row.strip():
                    yield str(json.loads(row)["text"])
            except (ValueError, KeyError, TypeError) as error:
                raise _bad(log, "text.rules.bad_log", line=number, detail=error) from None


def load_rules(path: Path, known_rules: Iterable[str]) -> Rules:
    """Return the rules in a TOML file, every pattern compiled once to prove it; `known_rules` may be switched off."""
    if not path.is_file():
        raise FileMissing(path=path)
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise _bad(path, "text.rules.too_large", limit=LARGEST_FILE)
        table = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(path, "text.rules.not_toml", detail=error) from None
    lists = _lists(path, table)
    rules = Rules(
        headings=lists["headings.patterns"],
        never_headings=lists["headings.never"],
        remove=lists["lines.remove"],
        keep=lists["lines.keep"],
        off=frozenset(lists["rules.off"]),
    )
    if unknown := rules.off - set(known_rules):
        raise _bad(
            path, "text.rules.unknown_rule", name=" ".join(sorted(unknown)), known=" ".join(known_rules)
        )
    _prove(path, rules)
    return rules


def _lists(path: Path, table: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    lists: dict[str, tuple[str, ...]] = {
        f"{section}.{name}": () for section, names in _SHAPE.items() for name in names
    }
    for section, entries in table.items():
        for name, values in entries.items() if isinstance(entries, dict) else [("", None)]:
            key = f"{section}.{name}".rstrip(".")
            if key not in lists:
                raise _bad(path, "text.rules.unknown_key", name=key, known=" ".join(lists))
            if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
                raise _bad(path, "text.rules.not_a_list", name=key)
            if len(values) > MOST_PATTERNS:
                raise _bad(path, "text.rules.too_many", name=key, limit=MOST_PATTERNS)
            lists[key] = tuple(values)
    return lists


def _prove(path: Path, rules: Rules) -> None:
    for pattern in (*rules.headings, *rules.never_headings, *rules.remove, *rules.keep):
        try:
            _compiled([pattern])
        except ValueError as error:
            raise _bad(path, "text.rules.bad_pattern", pattern=pattern, detail=error) from None


def _compiled(patterns: Iterable[str]) -> list[Any]:
    if not patterns:
        return []
    import re2  # only a user with rules pays for it

    options = re2.Options()
    options.log_errors = False
    try:
        return [re2.compile(pattern, options) for pattern in patterns]
    except re2.error as error:
        detail = error.args[0] if error.args else error
        raise ValueError(detail.decode("utf-8", "replace") if isinstance(detail, bytes) else detail) from None


def _any(patterns: list[Any], line: str) -> bool:
    return len(line) <= LONGEST_LINE and any(pattern.search(line) for pattern in patterns)


def _bad(path: Path, key: str, **facts: Any) -> BadRules:
    return BadRules(path=path, detail=Message(key, facts))
