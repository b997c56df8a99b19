"""A manuscript → an EPUB 3 book: one page a chapter, a table of contents, a plain style sheet.

Law: every paragraph is one `<p>`, every heading one `<h1>` of its own page; a person's text is escaped everywhere.
A page without a heading bears the story's title, as its entry in the contents must be called something.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from novelgpt.story.exporting.manuscript import Manuscript, Part
from novelgpt.story.exporting.packing import packed, xml_text

MEDIA_TYPE = "application/epub+zip"
LANGUAGE = "zh-CN"

_FAMILY = uuid.UUID("6f7f9d0a-5b1c-4a6e-9d6b-2f0c8e5d7a31")
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
_CONTAINER = (
    _HEAD + '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="EPUB/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>\n'
)
_STYLE = """body { line-height: 1.8; margin: 0 5%; }
h1 { font-size: 1.3em; text-align: center; margin: 2em 0; }
p { margin: 0; text-indent: 2em; white-space: pre-wrap; }
"""


def to_epub(manuscript: Manuscript) -> bytes:
    """Return the file's bytes."""
    parts = manuscript.parts or (Part("", "chapter", ()),)  # a book has at least one page
    pages = {f"text/{number:04}.xhtml": part for number, part in enumerate(parts, start=1)}
    return packed(
        {
            "mimetype": MEDIA_TYPE,  # first and stored: this is how a reader knows the file
            "META-INF/container.xml": _CONTAINER,
            "EPUB/book.opf": _package(manuscript, list(pages)),
            "EPUB/nav.xhtml": _contents(manuscript.title, pages),
            "EPUB/book.css": _STYLE,
            **{f"EPUB/{name}": _page(part, manuscript.title) for name, part in pages.items()},
        }
    )


def _package(manuscript: Manuscript, pages: list[str]) -> str:
    identity = uuid.uuid5(_FAMILY, f"{manuscript.title}\n{manuscript.started_at.isoformat()}")
    items = "".join(
        f'<item id="p{number}" href="{name}" media-type="application/xhtml+xml"/>'
        for number, name in enumerate(pages, start=1)
    )
    spine = "".join(f'<itemref idref="p{number}"/>' for number in range(1, len(pages) + 1))
    return (
        f'{_HEAD}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="{LANGUAGE}">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:uuid:{identity}</dc:identifier>'
        f"<dc:title>{xml_text(manuscript.title)}</dc:title>"
        f"<dc:language>{LANGUAGE}</dc:language>"
        f"<dc:date>{_moment(manuscript.written_at)}</dc:date>"
        f'<meta property="dcterms:modified">{_moment(manuscript.written_at)}</meta>'
        "</metadata><manifest>"
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        '<item id="style" href="book.css" media-type="text/css"/>'
        f"{items}</manifest><spine>{spine}</spine></package>\n"
    )


def _contents(title: str, pages: dict[str, Part]) -> str:
    entries = "".join(
        f'<li><a href="{name}">{xml_text(part.title or title)}</a></li>' for name, part in pages.items()
    )
    return _xhtml(
        title, f'<nav epub:type="toc"><h1>{xml_text(title)}</h1><ol>{entries}</ol></nav>', "book.css"
    )


def _page(part: Part, title: str) -> str:
    heading = f"<h1>{xml_text(part.title or title)}</h1>\n"
    body = "\n".join(f"<p>{xml_text(paragraph)}</p>" for paragraph in part.paragraphs)
    return _xhtml(part.title or title, f"<section>{heading}{body}</section>", "../book.css")


def _xhtml(title: str, body: str, style: str) -> str:
    return (
        f'{_HEAD}<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
        f' lang="{LANGUAGE}" xml:lang="{LANGUAGE}"><head><title>{xml_text(title)}</title>'
        f'<link rel="stylesheet" href="{style}"/></head><body>{body}</body></html>\n'
    )


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
