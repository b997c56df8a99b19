"""Markup text → its tags and the text between them, in one pass.

What goes in: HTML or XML, sound or broken. What comes out: `Token`s. Law: the time is linear in the length whatever is
left unclosed, nothing is expanded or fetched, and what is not a tag stays text, so that `a<b` in a story is kept.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

LONGEST_QUOTE = 2048
"""How far a `>` inside a quoted attribute may push the end of its tag."""
LONGEST_DECLARATION = 8192
RAW = ("script", "style")
"""Elements whose content is no markup: it ends at their own end tag and nowhere else."""

_NAME = re.compile(r"</?([A-Za-z_][A-Za-z0-9_.:-]{0,63})(?=[\s/>])")
_CLOSED_QUOTE = re.compile(r'"[^"]*+"|\'[^\']*+\'')
_OPEN_QUOTE = re.compile(r"=[ \t\r\n]?([\"'])")
_ATTRIBUTE = re.compile(r'([^\s=/"\'<>]++)(?:\s*+=\s*+(?:"([^"]*+)"|\'([^\']*+)\'|([^\s"\'>]++)))?+')
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31})(?:;|(?![0-9A-Za-z]))")
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in RAW}


LONGEST_BODY = 1 << 16
"""Characters of a tag's attributes that are looked at: no honest tag has more."""


class Token(NamedTuple):
    """A piece of markup; `name` is local and lower case, `body` is the text or the tag's attributes as written."""

    kind: Literal["text", "open", "close"]
    name: str
    body: str


def tokens(markup: str) -> Iterator[Token]:
    """Yield what `markup` is made of; an empty element opens and closes."""
    ends = _Ends(markup)
    start, place = 0, markup.find("<")
    while place >= 0:
        end = _end_of(ends, place)
        if end <= place:
            place = markup.find("<", place + 1)
            continue
        if start < place:
            yield Token("text", "", unescape(markup[start:place]))
        start = end
        for token in _named(markup[place:end]):
            yield token
            if token.kind == "open" and token.name in RAW and markup[end - 2] != "/":
                start = ends.raw_end(token.name, end)
        place = markup.find("<", start)
    if start < len(markup):
        yield Token("text", "", unescape(markup[start:]))


def attributes(body: str) -> dict[str, str]:
    """Return a tag's attributes by local, lower-case name, entities resolved."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(body[:LONGEST_BODY]):
        name = match[1].rpartition(":")[2].lower()
        found.setdefault(name, unescape(match[2] or match[3] or match[4] or ""))
    return found


def unescape(text: str) -> str:
    """Resolve character references; a number that names no character is left as it stands."""
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text


class _Ends:
    """Where things end: what was once sought in vain is not sought again, which keeps unclosed markup linear."""

    def __init__(self, markup: str) -> None:
        self.markup = markup
        self.in_vain: set[str] = set()

    def find(self, needle: str, place: int) -> int:
        """Return where `needle` next begins, or -1."""
        found = -1 if needle in self.in_vain else self.markup.find(needle, place)
        if found < 0:
            self.in_vain.add(needle)
        return found

    def raw_end(self, name: str, place: int) -> int:
        """Return where the end tag of a raw element begins; without one, its content is taken for text."""
        match = None if name in self.in_vain else _RAW_END[name].search(self.markup, place)
        if match is None:
            self.in_vain.add(name)
            return place
        return match.start()


def _end_of(ends: _Ends, place: int) -> int:
    """Return where the markup beginning at `place` ends; `place` itself if it is text."""
    markup = ends.markup
    mark = markup[place + 1 : place + 2]
    if mark == "!":
        return _end_of_declaration(ends, place)
    if mark == "?":
        return markup.find(">", place, place + LONGEST_DECLARATION) + 1
    return _end_of_tag(markup, place) if _NAME.match(markup, place, place + 67) else place


def _end_of_declaration(ends: _Ends, place: int) -> int:
    markup = ends.markup
    if markup.startswith("<!--", place):
        end = ends.find("-->", place + 2)  # `<!-->` is a whole comment
        return end + 3 if end >= 0 else place + 4
    if markup.startswith("<![CDATA[", place):
        end = ends.find("]]>", place)
        return end + 3 if end >= 0 else place + 9
    last = place + LONGEST_DECLARATION
    end = markup.find(">", place, last)
    inner = markup.find("[", place, end) if end >= 0 else -1
    closed = markup.find("]", inner, last) if inner >= 0 else -1
    return (markup.find(">", closed, last) if closed >= 0 else end) + 1


def _end_of_tag(markup: str, place: int) -> int:
    """A `<` before the next `>` makes the first one text, unless an open quote holds them both."""
    following = markup.find("<", place + 1)
    limit = following if following >= 0 else len(markup)
    end = markup.find(">", place, limit) + 1
    inside = markup[place : end or limit]
    if '"' not in inside and "'" not in inside:
        return end
    opened = _OPEN_QUOTE.search(_CLOSED_QUOTE.sub("", inside))
    if opened is None:
        return end
    close = markup.find(opened[1], place + len(inside), place + len(inside) + LONGEST_QUOTE)
    after = markup.find(">", close, close + LONGEST_QUOTE) + 1 if close >= 0 else 0
    return after or end


def _named(piece: str) -> Iterator[Token]:
    """Yield the tokens of one piece of markup: nothing for a comment, text for CDATA, one or two for a tag."""
    if piece.startswith("<![CDATA["):
        yield Token("text", "", piece[9:].removesuffix("]]>"))
    match = _NAME.match(piece)
    if match is None:
        return
    name = match[1].rpartition(":")[2].lower()
    if piece[1] == "/":
        yield Token("close", name, "")
        return
    yield Token("open", name, piece[match.end() : -1])
    if piece[-2] == "/":
        yield Token("close", name, "")
