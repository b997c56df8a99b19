"""An HTML document → its visible lines, one a block element, and which of them are headings.

What goes in: decoded markup. What comes out: a `Page`. Law: every visible character is in a line; a silent element
(script, navigation) silences nothing unless its end is really there, and a ruby reading no more than its block.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from novelgpt.text.decode import Decoded, Undecodable, decode_bytes
from novelgpt.text.formats.manuscript import Reading, joined
from novelgpt.text.formats.tags import Token, attributes, tokens

HEADINGS = frozenset(("h1", "h2", "h3"))
BLOCKS = HEADINGS | frozenset(
    (
        *("h4", "h5", "h6", "p", "div", "li", "blockquote", "dt", "dd", "pre", "section", "article", "main"),
        *("header", "footer", "aside", "body", "html", "table", "tr", "ul", "ol", "dl", "hr", "center"),
        *(
            "figure",
            "figcaption",
            "address",
            "nav",
            "form",
            "fieldset",
            "details",
            "summary",
            "option",
            "textarea",
        ),
    )
)
SILENT = frozenset(("script", "style", "head", "nav", "rt", "rp", "svg", "template"))
RUBY = frozenset(("rt", "rp"))
RUBY_ENDS = frozenset(("ruby", "rb", "rt", "rp", "rbc", "rtc")) | BLOCKS
MOST_LINKED = 0.8
FEWEST_LINKS = 4
DECLARED_WITHIN = 2048

_SILENT_ENDS = re.compile(rf"</({'|'.join(sorted(SILENT))})(?=[\s/>])", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f\v\x1c-\x1f\x85\u2028\u2029]++")
_CHARSET = re.compile(rb"(?:charset|encoding)\s{0,4}=\s{0,4}[\"']?([A-Za-z0-9_.:-]{2,24})")
_FAMILIES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "utf-8": "utf-8",
}


@dataclass
class Page:
    """A document as a reader sees it, line by line."""

    lines: list[str] = field(default_factory=list)
    marked: set[int] = field(default_factory=set)
    anchors: dict[str, int] = field(default_factory=dict)
    title: str = ""
    author: str = ""
    links: int = 0
    linked_characters: int = 0

    def is_contents(self) -> bool:
        """Say whether the page is a list of links: a table of contents."""
        characters = sum(map(len, self.lines))
        return self.links >= FEWEST_LINKS and self.linked_characters >= MOST_LINKED * characters


def read_page(markup: str) -> Page:
    """Return the visible lines of `markup`."""
    reader = _Reader(markup)
    for token in tokens(markup):
        reader.take(token)
    reader.flush()
    return reader.page


def read_html(raw: bytes, encoding: str | None = None) -> Reading:
    """Return the text of a web page with its headings marked."""
    decoded = decode_page(raw, encoding)
    page = read_page(decoded.text)
    return Reading(joined(page.lines, [decoded]), frozenset(page.marked), page.title, page.author)


def decode_page(raw: bytes, encoding: str | None = None) -> Decoded:
    """Decode a document: what the user says, else what the bytes prove, else what the document declares if it can be true."""
    declared = None if encoding else _declared(raw)
    if declared is None or _is(raw, "utf-8") or not _is(raw, declared):
        return decode_bytes(raw, encoding)
    try:
        return decode_bytes(raw, declared)
    except Undecodable:
        return decode_bytes(raw)


def _declared(raw: bytes) -> str | None:
    match = _CHARSET.search(raw, 0, DECLARED_WITHIN)
    return _FAMILIES.get(match[1].decode("ascii").lower()) if match else None


def _is(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


class _Reader:
    """Collects pieces of text until a block ends."""

    def __init__(self, markup: str) -> None:
        self.page = Page()
        self._ends_left = Counter(match[1].lower() for match in _SILENT_ENDS.finditer(markup))
        self._pieces: list[str] = []
        self._names: list[str] = []
        self._silent, self._depth = "", 0
        self._heading, self._pre, self._title, self._link = "", 0, False, False

    def take(self, token: Token) -> None:
        """Follow one token."""
        if token.kind == "close" and token.name in self._ends_left:
            self._ends_left[token.name] -= 1
        if self._silent and not self._goes_on(token):
            return
        if token.kind == "text":
            self._text(token.body)
        elif token.kind == "open":
            self._open(token)
        else:
            self._close(token.name)

    def _goes_on(self, token: Token) -> bool:
        """While something is silent, wait for its end; a document's title is heard even in its head."""
        if self._silent in RUBY and token.kind != "text" and token.name in RUBY_ENDS:
            self._silent = ""
            return not (token.kind == "close" and token.name in RUBY)
        if self._silent == "head":
            self._hear_head(token)
        if token.kind == "close" and token.name == self._silent:
            self._depth -= 1
        elif token.kind == "open" and token.name == self._silent:
            self._depth += self._ends_left[token.name] > self._depth
        if not self._depth:
            self._silent = ""
        return False

    def _hear_head(self, token: Token) -> None:
        if token.name == "title":
            self._title = token.kind == "open" and not self.page.title
        elif token.kind == "text" and self._title:
            self.page.title = _squeezed(token.body).strip()
        elif token.kind == "open" and token.name == "meta":
            values = attributes(token.body)
            if values.get("name", "").lower() == "author" and not self.page.author:
                self.page.author = values.get("content", "").strip()

    def _text(self, body: str) -> None:
        if self._title:
            self.page.title = self.page.title or _squeezed(body).strip()
            return
        if self._pre:
            first, *others = (body + "\u2028").splitlines()
            self._pieces.append(first)
            for line in others:
                self.flush()
                self._pieces.append(line)
            return
        self._pieces.append(_squeezed(body))
        if self._link:
            self.page.linked_characters += len(body.strip())

    def _open(self, token: Token) -> None:
        name = token.name
        if name in BLOCKS or name in ("br", "td", "th"):
            if name == "p" and self._pieces:
                self.flush()
                self._heading = ""  # a heading that was never closed
            self._break(name)
        self._note_anchor(token)
        if name in HEADINGS and not self._heading:
            self._heading = name
        elif name == "pre":
            self._pre += 1
        elif name == "a" and not self._link:
            self._link = "href" in token.body
            self.page.links += self._link
        elif name == "title":
            self._title = True
        elif name in SILENT and (self._ends_left[name] > 0 or name in RUBY):
            self._silent, self._depth = name, 1

    def _close(self, name: str) -> None:
        if name == self._heading:
            self.flush()
            self._heading = ""
        elif name in BLOCKS:
            self._break(name)
        if name == "pre":
            self._pre = max(0, self._pre - 1)
        elif name == "a":
            self._link = False
        elif name == "title":
            self._title = False

    def _break(self, name: str) -> None:
        """End a line; inside a heading only a space, since a heading is one line."""
        if name in ("td", "th"):
            if self._pieces:
                self._pieces.append("\t")
        elif self._heading and name not in HEADINGS and name != "p" and self._pieces:
            self._pieces.append(" ")
        else:
            self.flush()

    def _note_anchor(self, token: Token) -> None:
        if "id=" in token.body or "name=" in token.body:
            values = attributes(token.body)
            self._names += [values[key] for key in ("id", "name") if values.get(key)]

    def flush(self) -> None:
        """Close the current line."""
        text = "".join(self._pieces).strip(" \t")
        self._pieces.clear()
        for name in self._names:
            self.page.anchors.setdefault(name, len(self.page.lines))
        if not text.strip():
            return
        self._names.clear()
        if self._heading:
            self.page.marked.add(len(self.page.lines))
            text = " ".join(part for part in text.split(" ") if part)
        self.page.lines.append(text)


def _squeezed(text: str) -> str:
    """Spacing of the source → one space, or nothing where a line break stands beside a Han character."""
    return _SPACES.sub(_space, text)


def _space(match: re.Match[str]) -> str:
    run = match[0]
    if not run.strip(" \t"):
        return " "
    text, start, end = match.string, match.start(), match.end()
    between_words = text[max(0, start - 1) : start].isascii() and text[end : end + 1].isascii()
    return " " if between_words and start and end < len(text) else ""
