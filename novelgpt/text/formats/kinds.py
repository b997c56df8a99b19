"""What a file really is, when its name says something else: a renamed .epub is told from a .zip, a text from an archive.

What goes in: bytes and the suffix they carry. What comes out: the refusal with its cure, or None where the name is right.
"""

from __future__ import annotations

from novelgpt.messages import Message
from novelgpt.text.decode import Undecodable, decode_bytes
from novelgpt.text.formats.archive import BadArchive, open_archive

ZIP_MAGIC = b"PK\x03\x04"
PACKED = (".epub", ".docx", ".zip")

_WEB_PAGE = (b"<!doctype html", b"<html")


def refusal_of_name(raw: bytes, suffix: str) -> Message | None:
    """Return what to tell the user if `raw` is not what `suffix` says."""
    if raw.startswith(ZIP_MAGIC):
        kind = _packed_kind(raw)
        if kind and kind != suffix and not (kind == ".zip" and suffix in PACKED):
            return _misnamed(kind[1:].upper(), suffix, kind)
        return None
    return _unpacked(raw, suffix) if suffix in PACKED and raw[:2] != b"PK" else None


def is_web_page(raw: bytes) -> bool:
    """Say whether a text file is a saved web page."""
    return raw[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_WEB_PAGE)


def _packed_kind(raw: bytes) -> str:
    """Return the suffix a ZIP's content calls for; nothing for one that cannot be opened."""
    try:
        archive = open_archive(raw)
    except BadArchive:
        return ""
    if archive.find("META-INF/container.xml"):
        return ".epub"
    return ".docx" if archive.find("[Content_Types].xml") and archive.find("word/document.xml") else ".zip"


def _unpacked(raw: bytes, suffix: str) -> Message | None:
    """Return why a file that should be packed is not."""
    try:
        decode_bytes(raw)
    except Undecodable as refusal:
        return refusal.reason if refusal.reason.key in ("text.disguised", "text.empty") else None
    if suffix == ".epub":
        return Message("text.bad_epub", {"detail": Message("text.book.is_text")})
    return _misnamed(Message("text.book.plain_text"), suffix, ".txt")


def _misnamed(kind: str | Message, suffix: str, cure: str) -> Message:
    return Message("text.misnamed", {"kind": kind, "suffix": suffix, "cure": cure})
