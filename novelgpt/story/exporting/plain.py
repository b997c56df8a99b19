"""A manuscript → a plain text file in UTF-8.

Law: without typography the file is the text itself; with it, every paragraph begins with two full-width spaces and one
blank line stands around every heading.
"""

from __future__ import annotations

from novelgpt.story.exporting.manuscript import INDENT, Manuscript


def to_plain(manuscript: Manuscript, *, typography: bool) -> bytes:
    """Return the file's bytes."""
    if not typography:
        return manuscript.text.encode("utf-8")
    parts = (
        "\n\n".join(
            block
            for block in (
                part.title,
                "\n".join(INDENT + paragraph for paragraph in part.paragraphs),
            )
            if block
        )
        for part in manuscript.parts
    )
    return ("\n\n".join(parts) + "\n").encode("utf-8")
