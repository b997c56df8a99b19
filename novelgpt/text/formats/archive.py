"""A ZIP's bytes → its members, each read within bounds: the ground under .epub, .docx and .zip.

Law: nothing a header says about size or count is believed, nothing is written to disk, and a hostile archive costs at
most the bounds below and a refusal. A name is only ever shown, never opened.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property

from novelgpt.messages import Message
from novelgpt.text.decode import Undecodable, decode_bytes

MOST_MEMBERS = 10_000
LARGEST_MEMBER = 32 * 2**20
LARGEST_TOTAL = 512 * 2**20
MOST_RATIO = 250
"""Prose shrinks to a third or a quarter; a member that shrinks more than this, beyond `RATIO_FLOOR`, is a bomb.
Pictures may shrink further still, but they are never unpacked."""
RATIO_FLOOR = 2**20
LONGEST_NAME = 200

_LISTED = b"PK\x01\x02"
_MOST_LISTED = 20 * MOST_MEMBERS
"""Signatures in all the bytes: archives inside the archive have theirs too."""
_LOCAL_HEADER_BYTES = 30
_ENCRYPTED = 0x1
_NAMED_IN_UTF8 = 0x800
_UNICODE_PATH = 0x7075
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    struct.error,
    MemoryError,
    IndexError,
)
"""What `zipfile` raises on nonsense; the bytes are in memory, so an OSError here is nonsense too."""


class BadArchive(Exception):
    """An archive or a member that cannot be read; `detail` is half a sentence for the reader's own."""

    def __init__(self, key: str, **facts: object) -> None:
        self.detail = Message(key, facts)
        super().__init__(key)


@dataclass
class Budget:
    """How many bytes may still be unpacked; an archive inside an archive draws on the same one."""

    left: int


@dataclass(frozen=True)
class Member:
    """An entry of the archive that is a file, with a name fit to be shown."""

    name: str
    info: zipfile.ZipInfo

    @property
    def is_locked(self) -> bool:
        """Say whether it needs a password."""
        return bool(self.info.flag_bits & _ENCRYPTED)

    @property
    def is_link(self) -> bool:
        """Say whether it only points elsewhere."""
        return stat.S_ISLNK(self.info.external_attr >> 16)


class Archive:
    """An open ZIP; `crc_errors` are the members whose checksum is wrong though they could be read."""

    def __init__(self, raw: bytes, opened: zipfile.ZipFile, budget: Budget) -> None:
        self.raw = raw
        self.opened = opened
        self.budget = budget
        self.crc_errors: list[str] = []

    @cached_property
    def members(self) -> list[Member]:
        """Return the files in the order of the list, their names in the writing they were written in."""
        infos = [info for info in self.opened.infolist() if not info.is_dir()]
        return [Member(shown_name(name), info) for name, info in zip(_names(infos), infos, strict=True)]

    @cached_property
    def _by_path(self) -> dict[str, Member]:
        """Paths as the archive's own documents write them; a slip in the writing or the case is forgiven."""
        exact = {member.info.filename: member for member in self.members}
        for member in self.members:
            exact.setdefault(member.name, member)
        for path, member in list(exact.items()):
            exact.setdefault(path.lower(), member)
        return exact

    def find(self, path: str) -> Member | None:
        """Return the member at `path`."""
        return self._by_path.get(path) or self._by_path.get(path.lower())

    def read(self, path: str, limit: int = 0) -> bytes:
        """Return the bytes of the member at `path`."""
        member = self.find(path)
        if member is None:
            raise BadArchive("text.epub.missing", name=shown_name(path))
        return self.read_member(member, limit)

    def read_member(self, member: Member, limit: int = 0) -> bytes:
        """Return one member's bytes, at most `limit` (else `LARGEST_MEMBER`) of them."""
        if member.is_locked:
            raise BadArchive("text.epub.encrypted")
        info = member.info
        bound = min(
            limit or LARGEST_MEMBER, self.budget.left, max(RATIO_FLOOR, MOST_RATIO * info.compress_size)
        )
        if info.file_size > bound:
            raise BadArchive("text.epub.too_large")
        content = self._content(member, bound + 1)
        self.budget.left -= min(len(content), self.budget.left)
        if len(content) > bound:
            raise BadArchive("text.epub.too_large")
        return content

    def _content(self, member: Member, limit: int) -> bytes:
        try:
            with self.opened.open(member.info) as stream:
                return stream.read(limit)
        except _BROKEN:
            content = self._despite_checksum(member.info, limit)
        if content is None:
            raise BadArchive("text.epub.damaged")
        self.crc_errors.append(member.name)
        return content

    def _despite_checksum(self, info: zipfile.ZipInfo, limit: int) -> bytes | None:
        """Return a member's bytes where nothing but the checksum is wrong with them."""
        header = self.raw[info.header_offset : info.header_offset + _LOCAL_HEADER_BYTES]
        if len(header) < _LOCAL_HEADER_BYTES or not header.startswith(b"PK\x03\x04"):
            return None
        start = info.header_offset + _LOCAL_HEADER_BYTES + sum(struct.unpack("<HH", header[26:]))
        packed = self.raw[start : start + info.compress_size]
        content = _inflated(packed, info.compress_type, limit)
        sound = content is not None and len(content) == info.file_size and zlib.crc32(content) != info.CRC
        return content if sound else None


def open_archive(raw: bytes, budget: Budget | None = None) -> Archive:
    """Open the ZIP in `raw`; whatever is wrong with it is `BadArchive`."""
    if raw.count(_LISTED) > _MOST_LISTED:
        raise BadArchive("text.epub.too_large")
    try:
        opened = zipfile.ZipFile(io.BytesIO(raw))
    except _BROKEN:
        raise BadArchive("text.epub.damaged") from None
    if len(opened.infolist()) > MOST_MEMBERS:
        raise BadArchive("text.epub.too_large")
    return Archive(raw, opened, budget or Budget(LARGEST_TOTAL))


def shown_name(name: str) -> str:
    """Return a member's name without what could mislead: control and direction marks, roots, drives, `..`."""
    plain = _NOT_SHOWN.sub("", name.replace("\\", "/"))
    parts = [part.strip() for part in plain.split("/")]
    kept = [part for part in parts if part not in ("", ".", "..") and not re.fullmatch("[A-Za-z]:", part)]
    return "/".join(kept)[-LONGEST_NAME:] or "?"


def _names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """Return the names; those not marked as UTF-8 are judged together, since one program wrote them all."""
    raws = [None if info.flag_bits & _NAMED_IN_UTF8 else _raw_name(info) for info in infos]
    legacy = [raw for raw in raws if raw is not None and not raw.isascii()]
    encoding = _encoding_of(legacy)
    return [
        _unicode_path(info) or (info.filename if raw is None else _decoded(raw, encoding, info.filename))
        for raw, info in zip(raws, infos, strict=True)
    ]


def _raw_name(info: zipfile.ZipInfo) -> bytes | None:
    """`zipfile` reads a name without the UTF-8 flag as code page 437, which keeps every byte."""
    try:
        return info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return None


def _encoding_of(names: list[bytes]) -> str:
    try:
        return (
            decode_bytes(b"\n".join(name.split(b"\x00")[0] for name in names)).encoding if names else "ascii"
        )
    except Undecodable:
        return "gb18030"


def _decoded(raw: bytes, encoding: str, otherwise: str) -> str:
    for name in dict.fromkeys((encoding, "utf-8", "gb18030", "big5hkscs")):
        try:
            return raw.decode(name)
        except UnicodeDecodeError:
            continue
    return otherwise


def _unicode_path(info: zipfile.ZipInfo) -> str:
    """Return the name that an extra field gives in UTF-8, if it belongs to the name in the header."""
    extra, raw = info.extra, _raw_name(info)
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        content, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and len(content) > 5 and raw is not None:
            if struct.unpack("<L", content[1:5])[0] != zlib.crc32(raw):
                return ""
            return content[5:].decode("utf-8", "ignore")
    return ""


def _inflated(packed: bytes, kind: int, limit: int) -> bytes | None:
    """Return the unpacked bytes if the stream comes to its own end within `limit`."""
    if kind == zipfile.ZIP_STORED:
        return packed[:limit]
    if kind != zipfile.ZIP_DEFLATED:
        return None
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = stream.decompress(packed, limit)
    except zlib.error:
        return None
    return content if stream.eof else None
