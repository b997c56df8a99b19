"""One request's writing: it goes on in a thread of its own and is read in the event loop.

Laws: a full queue is refused before anything begins; when the client leaves, the writing ends within a step and its turn
is free again; pieces come in the order in which they were written.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from novelgpt.config import SampleConfig
from novelgpt.studio import Studio
from novelgpt.turns import Turn
from novelgpt.writing.pieces import Chosen, Piece

if TYPE_CHECKING:
    from novelgpt.writing.writer import Writer

Prompt = str | tuple[int, ...]
Pieces = AsyncIterator[tuple[int, "Piece"]]
"""Pieces, each with the number of its text."""
T = TypeVar("T")

SILENCE_SECONDS = 10.0
STILL_HERE = ": waiting\n\n"


@dataclass(frozen=True)
class Opened:
    """A model that writes for a program: the name it is shown under, and the one the studio is asked for (None: its default)."""

    name: str
    asked_for: str | None
    writer: Writer


@dataclass(frozen=True)
class Asked:
    """What to write: each prompt `sample.n` times."""

    model: Opened
    prompts: tuple[Prompt, ...]
    sample: SampleConfig
    prompt_tokens: int = 0


@dataclass
class Choice:
    """One of the texts asked for, as far as it has come."""

    text: str = ""
    tokens: int = 0
    chosen: list[Chosen] = field(default_factory=list)
    finish_reason: str | None = None
    seed: int = 0
    seconds: float = 0.0
    """From its first piece to its newest."""
    _began: float | None = None

    def take(self, piece: Piece) -> None:
        """Add a piece."""
        self._began = self._began or time.monotonic()
        self.seconds = time.monotonic() - self._began
        self.text += piece.text
        self.tokens += len(piece.tokens)
        self.chosen += piece.chosen
        self.finish_reason = finish_of(piece)
        self.seed = piece.seed


def finish_of(piece: Piece) -> str | None:
    """Return why a text ends, in the two words that programs know."""
    return "stop" if piece.finish_reason == "chapter_end" else piece.finish_reason


class Generation:
    """The pieces of all texts of a request, each with the number of its text: they come while they are written."""

    def __init__(self, studio: Studio, asked: Asked, client: str) -> None:
        self.asked = asked
        self.turn = studio.turns.enter(client)
        self.choices = [Choice() for _ in range(len(asked.prompts) * asked.sample.n)]
        self._studio = studio
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[int, Piece] | BaseException | None] = asyncio.Queue()
        threading.Thread(target=self._run, name="novelgpt-writing").start()

    def __aiter__(self) -> AsyncIterator[tuple[int, Piece]]:
        return self

    async def __anext__(self) -> tuple[int, Piece]:
        event = await self._queue.get()
        if event is None:
            raise StopAsyncIteration
        if isinstance(event, BaseException):
            raise event
        number, piece = event
        self.choices[number].take(piece)
        return event

    async def finish(self) -> list[Choice]:
        """Return all texts, whole."""
        async for _ in self:
            pass
        return self.choices

    def _run(self) -> None:
        try:
            with self.turn:
                for place, prompt in enumerate(self.asked.prompts):
                    self._write(place, prompt)
            self._tell(None)
        except BaseException as error:  # whatever it is, the request that waits for it must hear of it
            self._tell(error)

    def _write(self, place: int, prompt: Prompt) -> None:
        asked = self.asked
        pieces = self._studio.write(prompt, asked.sample, model=asked.model.asked_for, turn=self.turn)
        with contextlib.closing(pieces):
            for piece in pieces:
                self._tell((place * asked.sample.n + piece.row, piece))

    def _tell(self, event: tuple[int, Piece] | BaseException | None) -> None:
        with contextlib.suppress(RuntimeError):  # the server was stopped, and nobody listens any more
            self._loop.call_soon_threadsafe(self._queue.put_nowait, event)


async def watched(receive: Receive, turn: Turn, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; if the client leaves first, or the server stops, cancel the turn."""
    leaving = asyncio.ensure_future(_gone(receive))
    working = asyncio.ensure_future(work)
    try:
        await asyncio.wait({leaving, working}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            turn.cancel()
        return await working
    except asyncio.CancelledError:
        working.cancel()
        raise
    finally:
        leaving.cancel()
        if working.done() and (working.cancelled() or working.exception()):
            turn.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def heard_of(first: asyncio.Future[Any]) -> None:
    """Wait for the first piece, but only so long as a client likes to hear nothing."""
    await asyncio.wait({first}, timeout=SILENCE_SECONDS)


async def following(first: Awaitable[tuple[int, Piece] | None], rest: Pieces) -> Pieces:
    """Yield a piece that is waited for already, then all others."""
    numbered = await first
    if numbered is not None:
        yield numbered
        async for numbered in rest:
            yield numbered


async def kept_alive(frames: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yield the frames, and in a long silence a comment, which every reader skips: who hears nothing hangs up."""
    while True:
        coming = asyncio.ensure_future(anext(frames, None))
        try:
            while not (await asyncio.wait({coming}, timeout=SILENCE_SECONDS))[0]:
                yield STILL_HERE
        finally:
            coming.cancel()
        frame = coming.result()
        if frame is None:
            return
        yield frame


class EventStream(Response):
    """Server-sent events: each frame is sent as it comes, and ends with a blank line."""

    def __init__(self, turn: Turn, frames: AsyncIterator[str]) -> None:
        super().__init__(status_code=200, media_type="text/event-stream")
        del self.headers["content-length"]
        self.headers["cache-control"] = "no-store"
        self._turn, self._frames = turn, frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the frames until they end or the client leaves."""
        await watched(receive, self._turn, self._send(send))

    async def _send(self, send: Callable[[MutableMapping[str, Any]], Awaitable[None]]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for frame in kept_alive(self._frames):
            await send({"type": "http.response.body", "body": frame.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b""})
