"""What all routes of the API share: a request goes in; its body, its client, its language and the model it names come out.

Laws: a program can only name models that the studio lists, never a folder; the library of stories is out of its reach;
no word of a text gets into a log.
"""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from novelgpt.api.door import language_of
from novelgpt.api.generation import (
    Asked,
    EventStream,
    Generation,
    Opened,
    Pieces,
    Prompt,
    following,
    heard_of,
    watched,
)
from novelgpt.api.refusals import Refusal, error_body, sentence_of, status_of
from novelgpt.api.settings import Fields
from novelgpt.config import SampleConfig
from novelgpt.errors import Busy
from novelgpt.messages import Lang
from novelgpt.studio import Studio

if TYPE_CHECKING:
    from novelgpt.writing.writer import Writer

Handler = Callable[[Request], Awaitable[Response]]

MOST_TEXTS = 64
_CHARACTERS_PER_TOKEN = 64
"""More than this many times the window need not be counted: it was cut off."""
_LONGEST_NAME = 200

logger = logging.getLogger(__name__)


class Service:
    """A studio as programs see it."""

    def __init__(self, studio: Studio, lang_default: Lang) -> None:
        self.studio = studio
        self.started_at = time.time()
        self._lang_default = lang_default

    def answering(self, handler: Handler) -> Handler:
        """Return `handler` with every error answered in the shape its callers read."""

        @functools.wraps(handler)
        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except Exception as error:
                return self.refused(request, error)

        return answered

    def refused(self, request: Request, error: Exception) -> JSONResponse:
        """Return the answer that says what went wrong."""
        status, sentence = status_of(error), self.sentence(request, error)
        facts = {"param": error.param, "code": error.code} if isinstance(error, Refusal) else {}
        headers = {"retry-after": str(error.facts["seconds"])} if isinstance(error, Busy) else None
        return JSONResponse(error_body(request.url.path, status, sentence, **facts), status, headers)

    def sentence(self, request: Request, error: Exception) -> str:
        """Return what to say of an error; one that nobody foresaw goes to the log, without its words."""
        if status_of(error) == 500:
            frames = "".join(traceback.format_tb(error.__traceback__))
            logger.error("%s in %s\n%s", type(error).__name__, request.url.path, frames)
        return sentence_of(error, language_of(request.scope, self._lang_default))

    def client(self, request: Request) -> str:
        """Return under which name a request waits: one for each program on each machine."""
        program = request.headers.get("user-agent", "")[:_LONGEST_NAME]
        return f"api {request.client.host if request.client else ''} {program}"

    async def open_model(self, name: Any = None) -> Opened:
        """Return a model by the name that the studio lists it under; without a name the default one."""
        return await run_in_threadpool(self._open_model, name)

    def _open_model(self, name: Any) -> Opened:
        known = [info.name for info in self.studio.models()]
        if name and name not in known:
            raise Refusal(
                404,
                "api.no_such_model",
                param="model",
                code="model_not_found",
                model=str(name)[:100],
                known=" ".join(known) or "-",
            )
        asked_for = name if name and name != known[0] else None
        writer = self.studio.writer(asked_for)
        return Opened(name or writer.model.name, asked_for, writer)

    async def asked(self, model: Opened, prompts: Sequence[Prompt], sample: SampleConfig) -> Asked:
        """Return what is to be written, with its prompts counted."""
        if len(prompts) * sample.n > MOST_TEXTS:
            raise Refusal(400, "api.too_many_texts", param="n", limit=MOST_TEXTS)
        count = await run_in_threadpool(lambda: sum(count_tokens(model.writer, prompt) for prompt in prompts))
        return Asked(model, tuple(prompts), sample, count)

    async def written(self, request: Request, asked: Asked) -> Generation:
        """Write everything before answering."""
        generation = Generation(self.studio, asked, self.client(request))
        await watched(request.receive, generation.turn, generation.finish())
        return generation

    async def streamed(
        self,
        request: Request,
        asked: Asked,
        frames: Callable[[Generation, Pieces], AsyncIterator[str]],
        begun: Callable[[Generation], None] = lambda generation: None,
    ) -> EventStream:
        """Answer when the first piece is there, so that what goes wrong before has a status of its own; or when it has
        been waited for so long that the client would rather hear something."""
        generation = Generation(self.studio, asked, self.client(request))
        begun(generation)
        first = asyncio.ensure_future(anext(generation, None))
        await watched(request.receive, generation.turn, heard_of(first))
        if first.done():
            first.result()
        return EventStream(generation.turn, frames(generation, following(first, generation)))

    def accident(self, request: Request, error: Exception) -> dict[str, Any]:
        """Return what to say in the middle of a stream."""
        return error_body(request.url.path, 500, self.sentence(request, error))


def window_of(writer: Writer) -> int:
    """Return how many tokens a model sees at once."""
    longest: int = getattr(writer, "longest", 0) or writer.model.network.config.max_position_embeddings
    return longest


def count_tokens(writer: Writer, prompt: Prompt) -> int:
    """Return how many tokens of a prompt the model sees."""
    window = window_of(writer)
    if isinstance(prompt, str):
        prompt = tuple(writer.model.tokenizer.encode(prompt[-_CHARACTERS_PER_TOKEN * window :]))
    return min(window, len(prompt))


async def fields_of(request: Request) -> Fields:
    """Return the JSON object that a request carries; no body at all is an empty one."""
    body = await request.body()
    try:
        fields = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise Refusal(400, "api.bad_json")
    return fields


def text_field(fields: Fields, name: str) -> str:
    """Return a text; a missing one is empty."""
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise Refusal(400, "api.bad_text", param=name, name=name)
    return value or ""


def ids_field(fields: Fields, name: str, size: int) -> list[int]:
    """Return a list of token ids."""
    value = fields.get(name)
    if not is_ids(value, size):
        raise Refusal(400, "api.bad_ids", param=name, name=name, last=size - 1)
    ids: list[int] = value  # type: ignore[assignment]
    return ids


def is_ids(value: Any, size: int) -> bool:
    """Tell whether a value is a list of token ids."""
    return isinstance(value, list) and all(type(one) is int and 0 <= one < size for one in value)
