"""The routes of KoboldAI and KoboldCpp, under `/api`; programs that leave `/api` out, or double it, find them too.

Laws: an event is two lines with one LF between them and a blank line after; what a program has no key for it cannot see
or stop; the memory stays in the window, however long the prompt grows.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from novelgpt.api.generation import Asked, Choice, Generation, Pieces, watched
from novelgpt.api.probabilities import content_list
from novelgpt.api.refusals import KOBOLD_ROOTS
from novelgpt.api.service import Handler, Service, fields_of, ids_field, text_field, window_of
from novelgpt.api.settings import Fields, sample_from, whole_number
from novelgpt.tokens.vocabulary import Vocabulary
from novelgpt.turns import Turn

DEFAULT_TOKENS = 180
LONGEST_OFFERED = 512
"""What `config/max_length` says; more is written, too, where it is asked for."""
ALTERNATIVES = 5
"""How many probabilities a request that says `logprobs: true` gets."""
LIKE_VERSION = "1.74"
"""The version of KoboldCpp whose features are here: streams, checks, memory, DRY and XTC."""
_KEPT = 32
"""How many requests are remembered for `check` and `last_logprobs`."""
_STOP_CODES = {None: -1, "length": 0, "stop": 1}


@dataclass(frozen=True)
class _Written:
    """What is remembered of a request."""

    turn: Turn
    choices: list[Choice]
    tokenizer: Vocabulary


class Kobold:
    """The routes, and what was written under which key."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._written: OrderedDict[str, _Written] = OrderedDict()
        self._latest: Choice | None = None
        self._count = 0

    def routes(self) -> list[Route]:
        """Return the routes, each under every root."""
        asked: list[tuple[str, Handler, list[str]]] = [
            ("/v1/model", self.model, ["GET"]),
            ("/v1/info/version", self.api_version, ["GET"]),
            ("/v1/config/max_context_length", self.window, ["GET"]),
            ("/v1/config/max_length", self.longest, ["GET"]),
            ("/v1/generate", self.generate, ["POST"]),
            ("/extra/version", self.version, ["GET"]),
            ("/extra/true_max_context_length", self.window, ["GET"]),
            ("/extra/generate/stream", self.stream, ["POST"]),
            ("/extra/generate/check", self.check, ["GET", "POST"]),
            ("/extra/abort", self.abort, ["POST"]),
            ("/extra/last_logprobs", self.last_logprobs, ["GET", "POST"]),
            ("/extra/tokencount", self.tokenize, ["POST"]),
            ("/extra/tokenize", self.tokenize, ["POST"]),
            ("/extra/detokenize", self.detokenize, ["POST"]),
            ("/extra/perf", self.perf, ["GET"]),
            ("/extra/preloadstory", self.preloaded, ["GET"]),
        ]
        answering = self._service.answering
        routes = [
            Route(root + path, answering(handler), methods=methods)
            for root in KOBOLD_ROOTS
            for path, handler, methods in asked
        ]
        return [*routes, Route("/.well-known/serviceinfo", answering(self.service_info), methods=["GET"])]

    async def model(self, request: Request) -> Response:
        """Name the default model, if there is one."""
        known = await run_in_threadpool(self._service.studio.models)
        return JSONResponse({"result": f"koboldcpp/{known[0].name}" if known else "ReadOnly"})

    async def api_version(self, request: Request) -> Response:
        """Say which version of the Kobold API this is."""
        return JSONResponse({"result": "1.2.5"})

    async def window(self, request: Request) -> Response:
        """Say how many tokens the model sees."""
        return JSONResponse({"value": window_of((await self._service.open_model()).writer)})

    async def longest(self, request: Request) -> Response:
        """Say how many tokens to ask for at most."""
        return JSONResponse({"value": LONGEST_OFFERED})

    async def version(self, request: Request) -> Response:
        """Say what is here of KoboldCpp."""
        absent = ("protected", "vision", "audio", "txt2img", "transcribe", "multiplayer", "websearch", "tts")
        return JSONResponse({"result": "KoboldCpp", "version": LIKE_VERSION, **dict.fromkeys(absent, False)})

    async def generate(self, request: Request) -> Response:
        """Write a text, and answer when it is whole."""
        fields = await fields_of(request)
        asked = await self._asked(fields)
        generation = Generation(self._service.studio, asked, self._service.client(request))
        self._remember(fields, generation)
        await watched(request.receive, generation.turn, generation.finish())
        results = [
            {"text": _untrimmed(choice, fields), "finish_reason": choice.finish_reason or "stop"}
            for choice in generation.choices
        ]
        return JSONResponse({"results": results})

    async def stream(self, request: Request) -> Response:
        """Write a text, and send it as it comes."""
        fields = await fields_of(request)
        asked = await self._asked(fields)
        return await self._service.streamed(
            request, asked, partial(self._frames, request, fields), partial(self._remember, fields)
        )

    async def check(self, request: Request) -> Response:
        """Return what was written so far under a key."""
        written = await self._of_key(request)
        choices = written.choices if written else [Choice()]
        return JSONResponse({"results": [{"text": choice.text} for choice in choices]})

    async def abort(self, request: Request) -> Response:
        """End what is being written under a key."""
        written = await self._of_key(request)
        if written:
            written.turn.cancel()
        return JSONResponse({"success": True})

    async def last_logprobs(self, request: Request) -> Response:
        """Return the probabilities of what was written under a key, if they were asked for."""
        written = await self._of_key(request)
        if written is None or not written.choices[0].chosen:
            return JSONResponse({"logprobs": None})
        return JSONResponse(
            {"logprobs": {"content": content_list(written.tokenizer, written.choices[0].chosen)}}
        )

    async def tokenize(self, request: Request) -> Response:
        """Return the ids that a model sees of a text: its beginning is marked by one more than the text has."""
        prompt = text_field(await fields_of(request), "prompt")
        tokenizer = (await self._service.open_model()).writer.model.tokenizer
        ids = [tokenizer.chapter_start_id, *await run_in_threadpool(tokenizer.encode, prompt)]
        return JSONResponse({"value": len(ids), "ids": ids})

    async def detokenize(self, request: Request) -> Response:
        """Return the text of ids."""
        fields = await fields_of(request)
        tokenizer = (await self._service.open_model()).writer.model.tokenizer
        ids = ids_field(fields, "ids", tokenizer.size)
        return JSONResponse({"result": await run_in_threadpool(tokenizer.decode, ids), "success": True})

    async def perf(self, request: Request) -> Response:
        """Say how the last text went, and whether the machine is busy."""
        choice = self._latest or Choice()
        turns = self._service.studio.turns
        facts = {
            "last_process": 0,
            "last_eval": round(choice.seconds, 3),
            "last_token_count": choice.tokens,
            "last_seed": choice.seed if self._latest else -1,
            "total_gens": self._count,
            "stop_reason": _STOP_CODES[choice.finish_reason],
            "queue": turns.waiting,
            "idle": int(not turns.writing),
            "uptime": int(time.time() - self._service.started_at),
        }
        return JSONResponse(facts)

    async def preloaded(self, request: Request) -> Response:
        """Offer no story: those of the library are not for programs."""
        return JSONResponse({})

    async def service_info(self, request: Request) -> Response:
        """Say what serves here."""
        software = {"name": "NovelGPT", "repository": "", "homepage": ""}
        apis = [
            {"name": "KoboldAI API", "rel_url": "/api", "version": "1.2.5"},
            {"name": "OpenAI API", "rel_url": "/v1"},
        ]
        return JSONResponse(
            {"version": 0.1, "software": software, "api": {"koboldai": apis[0], "openai": apis[1]}}
        )

    def _remember(self, fields: Fields, generation: Generation) -> None:
        """Keep what is being written under its key, but not what it was asked to go on from."""
        self._latest = generation.choices[0]
        tokenizer = generation.asked.model.writer.model.tokenizer
        key = _key(fields)
        self._written.pop(key, None)
        self._written[key] = _Written(generation.turn, generation.choices, tokenizer)
        while len(self._written) > _KEPT:
            self._written.popitem(last=False)
        self._count += 1

    async def _asked(self, fields: Fields) -> Asked:
        opened = await self._service.open_model()
        prompt, memory = text_field(fields, "prompt"), text_field(fields, "memory")
        sample = sample_from(
            fields,
            size=opened.writer.model.tokenizer.size,
            default_tokens=DEFAULT_TOKENS,
            alternatives=ALTERNATIVES if fields.get("logprobs") is True else 0,
        )
        if memory:
            window = window_of(opened.writer)
            window = min(window, max(1, whole_number(fields, "max_context_length") or window))
            room = max(window // 2, window - 1 - (sample.max_tokens or 0))
            tokenizer = opened.writer.model.tokenizer
            prompt = await run_in_threadpool(remembered, tokenizer, memory, prompt, room)
        return await self._service.asked(opened, [prompt], sample)

    async def _of_key(self, request: Request) -> _Written | None:
        return self._written.get(_key(await fields_of(request)))

    async def _frames(
        self, request: Request, fields: Fields, generation: Generation, pieces: Pieces
    ) -> AsyncIterator[str]:
        choice = generation.choices[0]
        try:
            async for number, piece in pieces:
                if number == 0 and piece.text:
                    yield message({"token": piece.text, "finish_reason": None})
            ending = _untrimmed(choice, fields)[len(choice.text) :]
            yield message({"token": ending, "finish_reason": choice.finish_reason or "stop"})
        except Exception as error:
            yield message(self._service.accident(request, error))


def message(body: dict[str, Any]) -> str:
    """Return a server-sent event of the kind that is read here."""
    return f"event: message\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"


def remembered(tokenizer: Vocabulary, memory: str, prompt: str, room: int) -> str:
    """Return memory and prompt as one text of about `room` tokens: the prompt loses its beginning, the memory only what
    would leave the prompt less than half."""
    ids, memory_ids = tokenizer.encode(prompt), tokenizer.encode(memory)
    if len(ids) + len(memory_ids) <= room:
        return memory + prompt
    kept = memory_ids[-max(room // 2, room - len(ids)) :]
    newest = ids[-(room - len(kept)) :]
    return "".join(tokenizer.decode(part).lstrip("\ufffd") for part in (kept, newest))


def _key(fields: Fields) -> str:
    return str(fields.get("genkey") or "")[:200]


def _untrimmed(choice: Choice, fields: Fields) -> str:
    """Return a text, with the stop it ended at where a program wants that and it can be only one."""
    stops = fields.get("stop_sequence")
    only = stops[0] if isinstance(stops, list) and len(stops) == 1 else None
    wanted = fields.get("trim_stop") is False and choice.finish_reason == "stop"
    return choice.text + only if wanted and isinstance(only, str) else choice.text
