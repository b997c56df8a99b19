"""The line on which Gradio sends its answers to the page: kept open a while after an answer, so that the next one finds it.

Gradio hangs up as soon as nothing more is asked for, and a question that crosses the hanging up on its way is never
answered: the page believes its line to be open still. Law: while a question is under way, the page's line stays open.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from urllib.parse import parse_qs

from novelgpt.api.door import GRADIO, App, Message, Receive, Scope, Send, replay

LINGER_SECONDS = 1.0
"""Longer than the page waits between two of its own questions while a text is being written."""

APART_SECONDS = 0.1
"""A question that comes right after the hanging up waits so long, for the page to hear of that first."""

_ASKED, _ANSWERED = GRADIO + "queue/join", GRADIO + "queue/data"
_GOODBYE = re.compile(rb'"msg":\s*"close_stream"')
# within a text a quotation mark would have a stroke before it
_SESSION = re.compile(rb'"session_hash":\s*"(\w{1,64})"')


class LastingAnswers:
    """Between the page and Gradio: hangs up later than Gradio does, and never on a question."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._coming: Counter[str] = Counter()
        self._lines: dict[str, _Line] = {}
        self._hung_up: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, but for the line and what is asked over it."""
        handle = {_ASKED: self._ask, _ANSWERED: self._answer}.get(scope.get("path", ""), self._app)
        await handle(scope, receive, send)

    async def _ask(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive()).get("body", b"")  # the door hands over every request in one piece
        found = _SESSION.search(body)
        session = found[1].decode() if found else ""
        await self._keep_apart(session)
        self._coming[session] += 1
        try:
            await self._app(scope, replay(body, receive), send)
        finally:
            self._coming[session] -= 1
            self._coming += Counter()  # who asks nothing now is forgotten
            if session in self._lines:
                self._lines[session].asked.set()

    async def _keep_apart(self, session: str) -> None:
        now = asyncio.get_running_loop().time()
        self._hung_up = {one: at for one, at in self._hung_up.items() if at + APART_SECONDS > now}
        if session in self._hung_up:
            await asyncio.sleep(self._hung_up[session] + APART_SECONDS - now)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        session = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]
        earlier, line = self._lines.get(session), _Line(send)
        self._lines[session] = line
        if earlier:
            earlier.asked.set()  # to hear that it has been followed by another
        try:
            while True:
                await self._app(scope, receive, line.pass_on)
                if line.goodbye is None or not await self._goes_on(session, line):
                    break
        finally:
            if self._lines.get(session) is line:
                del self._lines[session]
        if line.goodbye:
            self._hung_up[session] = asyncio.get_running_loop().time()
        await line.hang_up()

    async def _goes_on(self, session: str, line: _Line) -> bool:
        """Wait for a question, and tell whether one came that this line has to answer."""
        if self._lines.get(session) is line:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(line.asked.wait(), LINGER_SECONDS)
            if self._coming[session]:
                await line.asked.wait()
        return line.asked.is_set() and self._lines.get(session) is line


class _Line:
    """Passes on what Gradio answers, as one answer however often Gradio begins anew; its goodbye is kept back."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._begun = False
        self.goodbye: Message | None = None
        self.asked = asyncio.Event()

    async def pass_on(self, message: Message) -> None:
        """Pass a part of an answer on."""
        if message["type"] == "http.response.start":
            self.goodbye = None
            if not self._begun:
                self._begun = True
                await self._send(message)
        elif _GOODBYE.search(message.get("body", b"")):
            self.goodbye = message
            self.asked.clear()  # at this moment nothing is asked that Gradio knows of
        elif message.get("body"):
            await self._send({**message, "more_body": True})

    async def hang_up(self) -> None:
        """Say goodbye, if Gradio did, and end the answer."""
        if self.goodbye:
            await self._send(self.goodbye)
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
