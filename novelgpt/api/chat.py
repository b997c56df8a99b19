"""`/v1/chat/completions`, for programs that know nothing else: messages go in, a continuation of their text comes out.

Law: the model continues; it does not converse. What was said is one text, and the answer is how that text goes on.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from novelgpt.api.generation import Asked, Choice, Generation, Pieces, finish_of
from novelgpt.api.openai import DONE, event, usage_of, wants_usage
from novelgpt.api.probabilities import content_list
from novelgpt.api.refusals import Refusal
from novelgpt.api.service import Service, fields_of
from novelgpt.api.settings import Fields, sample_from, whole_number
from novelgpt.writing.pieces import Chosen

DEFAULT_TOKENS = 400
"""About a page; who chats seldom says how much to write."""

_TASK = "### Task:"
"""So begin the errands that a chat program runs of its own accord, such as finding a title."""
_TITLE_LENGTH = 12


class Chats:
    """The shim."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/v1/chat/completions", self._service.answering(self.complete), methods=["POST"])]

    async def complete(self, request: Request) -> Response:
        """Continue what was said, at once or piece by piece."""
        fields = await fields_of(request)
        said = messages_from(fields.get("messages"))
        opened = await self._service.open_model(fields.get("model"))
        size = opened.writer.model.tokenizer.size
        sample = sample_from(
            fields, size=size, default_tokens=DEFAULT_TOKENS, alternatives=_alternatives(fields)
        )
        asked = await self._service.asked(opened, [text_of(said)], sample)
        answer = _Answer(asked)
        streaming = fields.get("stream") is True
        if said[-1][1].startswith(_TASK):
            return _errand(answer, said[-1][1], streaming)
        if not streaming:
            return JSONResponse(answer.whole(await self._service.written(request, asked)))
        frames = partial(self._frames, request, answer, wants_usage(fields))
        return await self._service.streamed(request, asked, frames)

    async def _frames(
        self, request: Request, answer: _Answer, usage: bool, generation: Generation, pieces: Pieces
    ) -> AsyncIterator[str]:
        extra = {"usage": None} if usage else {}
        for number in range(len(generation.choices)):
            opening = {"role": "assistant", "content": ""}
            yield event({**answer.chunk(number, opening, None, []), **extra})
        try:
            async for number, piece in pieces:
                delta, reason = {"content": piece.text}, finish_of(piece)
                yield event({**answer.chunk(number, delta, None, list(piece.chosen)), **extra})
                if reason:
                    yield event({**answer.chunk(number, {}, reason, []), **extra})
            for number, choice in enumerate(generation.choices):
                if choice.finish_reason is None:  # it was stopped
                    yield event({**answer.chunk(number, {}, "stop", []), **extra})
            if usage:
                yield event({**answer.named(streaming=True), "choices": [], "usage": usage_of(generation)})
        except Exception as error:
            yield event(self._service.accident(request, error))
        yield DONE


class _Answer:
    """The object in which an answer is sent, whole or in chunks."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._id, self._created = f"chatcmpl-{secrets.token_hex(12)}", int(time.time())

    def named(self, *, streaming: bool) -> dict[str, Any]:
        """Return the object without its choices."""
        kind = "chat.completion.chunk" if streaming else "chat.completion"
        return {"id": self._id, "object": kind, "created": self._created, "model": self._asked.model.name}

    def chunk(
        self, number: int, delta: dict[str, str], reason: str | None, chosen: list[Chosen]
    ) -> dict[str, Any]:
        """Return one event of a stream."""
        choice = {
            "index": number,
            "delta": delta,
            "finish_reason": reason,
            "logprobs": self._logprobs(chosen),
        }
        return {**self.named(streaming=True), "choices": [choice]}

    def whole(self, generation: Generation) -> dict[str, Any]:
        """Return all answers."""
        return self.of_choices(generation.choices, usage_of(generation))

    def of_choices(self, choices: list[Choice], usage: dict[str, int]) -> dict[str, Any]:
        """Return the object with whole answers."""
        listed = [
            {
                "index": number,
                "message": {"role": "assistant", "content": choice.text},
                "finish_reason": choice.finish_reason or "stop",
                "logprobs": self._logprobs(choice.chosen),
            }
            for number, choice in enumerate(choices)
        ]
        return {**self.named(streaming=False), "choices": listed, "usage": usage}

    def _logprobs(self, chosen: list[Chosen]) -> dict[str, Any] | None:
        if not (self._asked.sample.alternatives and chosen):
            return None
        return {"content": content_list(self._asked.model.writer.model.tokenizer, chosen)}


def messages_from(messages: Any) -> list[tuple[str, str]]:
    """Return the role and the text of every message; of what is not text nothing is kept."""
    if not isinstance(messages, list) or not messages:
        raise Refusal(400, "api.bad_messages", param="messages")
    said = []
    for message in messages:
        if not isinstance(message, dict):
            raise Refusal(400, "api.bad_messages", param="messages")
        said.append((str(message.get("role")), _content(message.get("content"))))
    return said


def text_of(said: list[tuple[str, str]]) -> str:
    """Return all messages as one text: an answer goes on where the words before it ended, all others begin a line."""
    text = ""
    for role, content in said:
        between = "" if role == "assistant" or not text else "\n"
        text += between + content if content else ""
    return text


def _content(content: Any) -> str:
    """Return a content that is a text, or a list of parts of which some are."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise Refusal(400, "api.bad_messages", param="messages")
    texts = [part.get("text") for part in content if isinstance(part, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))


def _alternatives(fields: Fields) -> int:
    if fields.get("logprobs") is not True:
        return 0
    return max(0, whole_number(fields, "top_logprobs") or 0) or -1


def _errand(answer: _Answer, task: str, streaming: bool) -> Response:
    """Answer an errand in a word, without the model, which could only go on writing instructions."""
    text = errand_answer(task)
    if not streaming:
        usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
        return JSONResponse(answer.of_choices([Choice(text)], usage))
    frames = [
        event(answer.chunk(0, {"role": "assistant", "content": text}, None, [])),
        event(answer.chunk(0, {}, "stop", [])),
        DONE,
    ]
    return Response("".join(frames), media_type="text/event-stream")


def errand_answer(task: str) -> str:
    """Return a title from the first words of the talk, where a title is asked for; else an empty object."""
    if "title" not in task.lower():
        return "{}"
    first = re.search(r"^USER:\s*(\S.*)$", task, re.MULTILINE)
    return json.dumps({"title": first[1][:_TITLE_LENGTH] if first else "NovelGPT"}, ensure_ascii=False)
