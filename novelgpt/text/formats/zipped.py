"""A .zip of books → its members that could be books, one at a time, and a refusal for each that cannot be opened.

Law: one bad member never stops the others, no member is passed over in silence except what is plainly no book
(pictures, links to web pages, the system's own files), and archives inside the archive stay closed, books aside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from novelgpt.messages import Message
from novelgpt.text.decode import Undecodable
from novelgpt.text.formats.archive import LARGEST_TOTAL, Archive, BadArchive, Budget, Member, open_archive
from novelgpt.text.formats.manuscript import Refused

ARCHIVES = (".zip", ".rar", ".7z", ".gz", ".tar", ".tgz", ".bz2", ".xz")
LARGEST_BOOK = 256 * 2**20
"""A book inside a .zip may be as large as one that lies beside it."""


@dataclass(frozen=True)
class Found:
    """A member that was read: the name to show, its suffix and its bytes."""

    name: str
    suffix: str
    raw: bytes


def read_members(
    archive_name: str, raw: bytes, budget: Budget, suffixes: tuple[str, ...]
) -> Iterator[Found | Refused]:
    """Yield the members that end in one of `suffixes`, in the order of the archive's list."""
    try:
        archive = open_archive(raw, budget)
    except BadArchive as bad:
        raise Undecodable(Message("text.bad_zip", {"detail": bad.detail})) from None
    wanted = [member for member in archive.members if _is_wanted(member, suffixes)]
    if not wanted:
        raise Undecodable(Message("text.zip.no_books", {"supported": " ".join(suffixes)}))
    taken: dict[str, int] = {}
    for index, member in enumerate(wanted):
        if budget.left <= 0:
            facts = {"limit": LARGEST_TOTAL // 2**20, "left": len(wanted) - index}
            yield Refused(archive_name, Message("text.zip.full", facts))
            return
        taken[member.name] = taken.get(member.name, 0) + 1
        again = f" ({taken[member.name]})" if taken[member.name] > 1 else ""
        yield _read(archive, member, f"{archive_name}/{member.name}{again}")


def _is_wanted(member: Member, suffixes: tuple[str, ...]) -> bool:
    parts = PurePosixPath(member.name).parts
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return not hidden and suffix_of(member.name) in suffixes + ARCHIVES


def _read(archive: Archive, member: Member, name: str) -> Found | Refused:
    suffix = suffix_of(member.name)
    if member.is_link:
        return Refused(name, Message("text.zip.link"))
    if suffix in ARCHIVES:
        return Refused(name, Message("text.zip.nested"))
    if member.is_locked:
        return Refused(name, Message("text.zip.locked"))
    try:
        return Found(name, suffix, archive.read_member(member, LARGEST_BOOK))
    except BadArchive as bad:
        return Refused(name, Message("text.bad_zip", {"detail": bad.detail}))


def suffix_of(name: str) -> str:
    """Return a name's suffix in lower case."""
    return PurePosixPath(name).suffix.lower()
