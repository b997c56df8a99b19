"""The routes of OpenAI's text completions, and the helpers that writing programs look for beside them, under `/v1`.

Laws: the pieces of a stream join to the text that the same request gets whole; every event ends with a blank line, the
last one too; `choices[].index` is the prompt's place times n plus the candidate's.
"""

from __future__ import annotations

import json
import math
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from novelgpt.api.generation import Asked, Choice, Generation, Pieces, Prompt, finish_of
from novelgpt.api.probabilities import parallel_lists, token_name
from novelgpt.api.refusals import Refusal
from novelgpt.api.service import Service, fields_of, ids_field, is_ids, text_field
from novelgpt.api.settings import Fields, sample_from, tokens_asked, whole_number
from novelgpt.config import SampleConfig
from novelgpt.model.known import ModelInfo
from novelgpt.writing.pieces import Chosen, Piece

DEFAULT_TOKENS = 16
"""What the original gives to who names no length."""

DEFAULT_NEXT, MOST_NEXT = 50, 1000
"""How many likeliest next tokens are told, and how many at most."""

DONE = "data: [DONE]\n\n"


def event(body: dict[str, Any]) -> str:
    """Return a server-sent event."""
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"


def wants_usage(fields: Fields) -> bool:
    """Tell whether a stream should end with its usage."""
    options = fields.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def usage_of(generation: Generation) -> dict[str, int]:
    """Return how many tokens were read and written."""
    read, written = generation.asked.prompt_tokens, sum(choice.tokens for choice in generation.choices)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


class Completions:
    """`/v1/models`, `/v1/completions`, and what hangs on the same model."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[Route]:
        """Return the routes."""
        answering = self._service.answering
        return [
            Route("/v1/models", answering(self.models), methods=["GET"]),
            Route("/v1/models/{name:path}", answering(self.model), methods=["GET"]),
            Route("/v1/completions", answering(self.complete), methods=["POST"]),
            Route("/v1/internal/encode", answering(self.encode), methods=["POST"]),
            Route("/v1/internal/decode", answering(self.decode), methods=["POST"]),
            Route("/v1/internal/token-count", answering(self.count), methods=["POST"]),
            Route("/v1/internal/logits", answering(self.logits), methods=["POST"]),
            Route("/v1/internal/stop-generation", answering(self.stop), methods=["POST"]),
            Route("/v1/internal/model/info", answering(self.info), methods=["GET"]),
        ]

    async def models(self, request: Request) -> Response:
        """List the models, the default first."""
        known = await run_in_threadpool(self._service.studio.models)
        return JSONResponse({"object": "list", "data": [_card(info) for info in known]})

    async def model(self, request: Request) -> Response:
        """Describe one model."""
        known = await run_in_threadpool(self._service.studio.models)
        name = request.path_params["name"]
        for info in known:
            if info.name == name:
                return JSONResponse(_card(info))
        names = " ".join(info.name for info in known) or "-"
        raise Refusal(404, "api.no_such_model", code="model_not_found", model=name, known=names)

    async def complete(self, request: Request) -> Response:
        """Continue texts, at once or piece by piece."""
        fields = await fields_of(request)
        opened = await self._service.open_model(fields.get("model"))
        size = opened.writer.model.tokenizer.size
        sample = sample_from(
            fields, size=size, default_tokens=DEFAULT_TOKENS, alternatives=_alternatives(fields)
        )
        prompts = prompts_from(fields.get("prompt"), size)
        asked = await self._service.asked(opened, prompts, sample)
        answer = _Answer(asked, echo=fields.get("echo") is True)
        if answer.echo and sample.alternatives and fields.get("stream") is not True:
            client = self._service.client(request)
            for prompt in prompts:
                telling = partial(self._service.studio.likelihoods, model=opened.name, client=client)
                answer.told.append(await run_in_threadpool(telling, prompt, sample.alternatives))
        if tokens_asked(fields, DEFAULT_TOKENS) == 0:
            return JSONResponse(answer.nothing())
        if fields.get("stream") is not True:
            return JSONResponse(answer.whole(await self._service.written(request, asked)))
        frames = partial(self._frames, request, answer, wants_usage(fields))
        return await self._service.streamed(request, asked, frames)

    async def _frames(
        self, request: Request, answer: _Answer, usage: bool, generation: Generation, pieces: Pieces
    ) -> AsyncIterator[str]:
        extra = {"usage": None} if usage else {}
        for number in range(len(generation.choices)) if answer.echo else ():
            yield event({**answer.chunk([answer.echoed(number)]), **extra})
        try:
            async for number, piece in pieces:
                yield event({**answer.chunk([answer.delta(number, piece)]), **extra})
            for number, choice in enumerate(generation.choices):
                if choice.finish_reason is None:  # it was stopped
                    yield event({**answer.chunk([answer.choice(number, "", "stop", [])]), **extra})
            if usage:
                yield event({**answer.chunk([]), "usage": usage_of(generation)})
        except Exception as error:
            yield event(self._service.accident(request, error))
        yield DONE

    async def encode(self, request: Request) -> Response:
        """Return the ids of a text."""
        ids = await self._ids(request)
        return JSONResponse({"tokens": ids, "length": len(ids)})

    async def count(self, request: Request) -> Response:
        """Return how many tokens a text has."""
        return JSONResponse({"length": len(await self._ids(request))})

    async def decode(self, request: Request) -> Response:
        """Return the text of ids."""
        fields = await fields_of(request)
        tokenizer = (await self._service.open_model()).writer.model.tokenizer
        ids = ids_field(fields, "tokens", tokenizer.size)
        return JSONResponse({"text": await run_in_threadpool(tokenizer.decode, ids)})

    async def logits(self, request: Request) -> Response:
        """Return the likeliest next tokens and their probabilities."""
        fields = await fields_of(request)
        opened = await self._service.open_model()
        count = max(1, min(MOST_NEXT, whole_number(fields, "top_logits") or DEFAULT_NEXT))
        sample = replace(SampleConfig(), max_tokens=1, alternatives=count, whole_sentences=False)
        asked = await self._service.asked(opened, [text_field(fields, "prompt")], sample)
        (choice,) = (await self._service.written(request, asked)).choices
        best = choice.chosen[0].best if choice.chosen else ()
        tokenizer = opened.writer.model.tokenizer
        chances = {token_name(tokenizer, token): math.exp(logprob) for token, logprob in reversed(best)}
        return JSONResponse({"logits": dict(reversed(chances.items()))})

    async def stop(self, request: Request) -> Response:
        """End whatever is being written for this client."""
        self._service.studio.turns.cancel_all(self._service.client(request))
        return PlainTextResponse('"OK"', media_type="application/json")

    async def info(self, request: Request) -> Response:
        """Name the default model."""
        opened = await self._service.open_model()
        return JSONResponse({"model_name": opened.name, "lora_names": []})

    async def _ids(self, request: Request) -> list[int]:
        text = text_field(await fields_of(request), "text")
        tokenizer = (await self._service.open_model()).writer.model.tokenizer
        return await run_in_threadpool(tokenizer.encode, text)


class _Answer:
    """The object in which the texts of one request are sent, whole or in chunks."""

    def __init__(self, asked: Asked, *, echo: bool) -> None:
        self.echo = echo
        self._asked, self._tokenizer = asked, asked.model.writer.model.tokenizer
        self._id, self._created = f"cmpl-{secrets.token_hex(12)}", int(time.time())
        self._offsets: dict[int, int] = {}
        self.told: list[list[Chosen]] = []
        """For each prompt that is echoed, how likely its tokens were."""

    def chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the object around some choices."""
        named = {"id": self._id, "object": "text_completion", "created": self._created}
        return {**named, "model": self._asked.model.name, "choices": choices}

    def choice(
        self, number: int, text: str, finish_reason: str | None, chosen: list[Chosen]
    ) -> dict[str, Any]:
        """Return one choice; its offsets go on where those of its last piece ended."""
        logprobs = None
        if self._asked.sample.alternatives and chosen:
            offset = self._offsets.get(number, len(self._prompt(number)) if self.echo else 0)
            logprobs = parallel_lists(self._tokenizer, chosen, offset)
            self._offsets[number] = offset + sum(len(self._tokenizer.texts[one.token]) for one in chosen)
        return {"index": number, "text": text, "finish_reason": finish_reason, "logprobs": logprobs}

    def delta(self, number: int, piece: Piece) -> dict[str, Any]:
        """Return a piece as a choice."""
        return self.choice(number, piece.text, finish_of(piece), list(piece.chosen))

    def echoed(self, number: int) -> dict[str, Any]:
        """Return the prompt as a choice."""
        return self.choice(number, self._prompt(number), None, [])

    def whole(self, generation: Generation) -> dict[str, Any]:
        """Return all texts."""
        choices = [self._whole(*numbered) for numbered in enumerate(generation.choices)]
        return {**self.chunk(choices), "usage": usage_of(generation)}

    def nothing(self) -> dict[str, Any]:
        """Return what was asked for by who wants no tokens: the prompts, or empty texts."""
        count = self._asked.prompt_tokens
        texts = len(self._asked.prompts) * self._asked.sample.n
        choices = [self._whole(number, Choice(finish_reason="length")) for number in range(texts)]
        usage = {"prompt_tokens": count, "completion_tokens": 0, "total_tokens": count}
        return {**self.chunk(choices), "usage": usage}

    def _whole(self, number: int, choice: Choice) -> dict[str, Any]:
        prompt = self._prompt(number) if self.echo else ""
        told = self.told[number // self._asked.sample.n] if self.told else []
        if told:  # of a prompt longer than the window only the end was read
            read = sum(len(self._tokenizer.texts[one.token]) for one in told)
            self._offsets[number] = max(0, len(prompt) - read)
        chosen = [*told, *choice.chosen]
        return self.choice(number, prompt + choice.text, choice.finish_reason or "stop", chosen)

    def _prompt(self, number: int) -> str:
        prompt = self._asked.prompts[number // self._asked.sample.n]
        return prompt if isinstance(prompt, str) else self._tokenizer.decode(prompt)


def prompts_from(prompt: Any, size: int) -> list[Prompt]:
    """Return the texts to continue: one or several, as text or as ids."""
    if prompt is None or prompt == []:
        return [""]
    if isinstance(prompt, str):
        return [prompt]
    if is_ids(prompt, size):
        return [tuple(prompt)]
    if isinstance(prompt, list) and all(isinstance(one, str) or is_ids(one, size) for one in prompt):
        return [one if isinstance(one, str) else tuple(one) for one in prompt]
    raise Refusal(400, "api.bad_prompt", param="prompt", last=size - 1)


def _alternatives(fields: Fields) -> int:
    """Return how many probabilities to report: with 0 asked for, those of the chosen tokens alone."""
    if fields.get("logprobs") is False:
        return 0
    asked = whole_number(fields, "logprobs")
    return 0 if asked is None or asked < 0 else asked or -1


def _card(info: ModelInfo) -> dict[str, Any]:
    created = int(info.folder.stat().st_mtime)
    return {"id": info.name, "object": "model", "created": created, "owned_by": "novelgpt"}
