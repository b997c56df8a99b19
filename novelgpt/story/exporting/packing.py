"""Named members → the bytes of a ZIP that is the same every time it is made from the same members.

Law: same members, same bytes: dates are fixed, the order is the one given, nothing of the machine is noted.
"""

from __future__ import annotations

import html
import io
import re
import zipfile

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first date a ZIP can hold."""
_STORED = ("mimetype",)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def packed(members: dict[str, str]) -> bytes:
    """Return a ZIP of text members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_STORED if name in _STORED else zipfile.ZIP_DEFLATED
            entry.create_system = 3  # the same on every system
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content.encode("utf-8"))
    return target.getvalue()


def xml_text(text: str) -> str:
    """Return a person's text as it must stand in XML; what XML cannot hold is left out."""
    return html.escape(_NOT_XML.sub("", text), quote=True)
