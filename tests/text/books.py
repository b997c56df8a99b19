"""Archives and documents built for the tests, sound ones; the tests of hostile files break them."""

import io
import struct
import zipfile
import zlib

from novelgpt.messages import Message
from novelgpt.text.books import read_manuscripts
from novelgpt.text.formats.manuscript import Manuscript, Refused
from tests.text.samples import SIMPLIFIED

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def read_one(path, encoding=None) -> Manuscript:
    """Return the one book of a file."""
    (found,) = read_manuscripts(path, encoding)
    assert isinstance(found, Manuscript), found
    return found


def reason_of(path) -> str:
    """Return the key of the reason why a file is refused: the detail's, if it has one."""
    (found,) = read_manuscripts(path)
    assert isinstance(found, Refused), found
    assert found.reason.text("zh") != found.reason.text("en")
    detail = found.reason.facts.get("detail")
    return detail.key if isinstance(detail, Message) else found.reason.key


def headings(manuscript: Manuscript) -> list[str]:
    """Return the lines that the format tags."""
    return [manuscript.lines[index] for index in sorted(manuscript.marked)]


def notes(manuscript: Manuscript) -> list[str]:
    """Return the keys of what was noted; each can be said in both languages."""
    assert all(note.text("zh") and note.text("en") for note in manuscript.notes)
    return [note.key for note in manuscript.notes]


def zip_of(members, compression=zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP of (name or ZipInfo, content) pairs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def zip_with_raw_names(members: list[tuple[bytes, bytes]], extra: bytes = b"") -> bytes:
    """Return a ZIP as old Chinese programs make it: names in bytes, no word about their encoding."""
    body, listing = b"", b""
    for name, content in members:
        fields = struct.pack(
            "<HHHHHLLLHH", 20, 0, 0, 0, 0, zlib.crc32(content), len(content), len(content), len(name), 0
        )
        listed = fields[:-2] + struct.pack("<HHHHLL", len(extra), 0, 0, 0, 0, len(body))
        listing += b"PK\x01\x02" + struct.pack("<H", 20) + listed + name + extra
        body += b"PK\x03\x04" + fields + name + content
    end = struct.pack("<HHHHLLH", 0, 0, len(members), len(members), len(listing), len(body), 0)
    return body + listing + b"PK\x05\x06" + end


def paragraph(text: str, style: str = "") -> str:
    """Return a Word paragraph."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def docx_of(*paragraphs: str, extra: dict[str, str] | None = None, head: str = "") -> bytes:
    """Return a .docx of these paragraphs."""
    document = (
        f'<?xml version="1.0"?>{head}<w:document {WORD}><w:body>{"".join(paragraphs)}</w:body></w:document>'
    )
    members = {"[Content_Types].xml": "<Types/>", "word/document.xml": document, **(extra or {})}
    return zip_of(list(members.items()))


def prose_paragraphs() -> list[str]:
    """Return Word paragraphs of the sample prose."""
    return [paragraph(text) for text in SIMPLIFIED]
