"""The small XML documents inside .epub and .docx, read as tags: no DTD is followed and no entity of their own expanded.

Law: a document that declares entities is refused, since nothing honest in a book's package needs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from novelgpt.text.formats.archive import Archive, BadArchive
from novelgpt.text.formats.tags import Token, tokens

LARGEST_XML = 64 * 2**20
"""A whole novel can stand in one .docx document."""

_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)


def xml_tokens(archive: Archive, path: str) -> Iterator[Token]:
    """Yield the tags and texts of the XML document at `path`."""
    return tokens(xml_text(archive.read(path, LARGEST_XML)))


def xml_text(raw: bytes) -> str:
    """Return the text of an XML document; `BadArchive` if it declares entities."""
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = raw.decode("utf-16" if wide else "utf-8-sig", "replace")
    if _ENTITY.search(text):
        raise BadArchive("text.book.entities")
    return text
