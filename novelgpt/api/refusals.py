"""What a program is told when it cannot have what it asked for: an error goes in, a status and a body of JSON come out.

Law: each family of routes is answered in its own shape, in the reader's language, and no text of a story is in it.
"""

from __future__ import annotations

from typing import Any, Literal

from novelgpt.errors import Busy, InputError, NovelGPTError, TooManyWaiting, UnknownModel, UnknownStory
from novelgpt.messages import Lang, Message

Family = Literal["openai", "kobold", "page"]

KOBOLD_ROOTS = ("/api/api", "/api", "")
"""Before `/v1/model` or `/extra/version`: programs differ in whether the address they are given ends in `/api`."""
KOBOLD_V1 = ("/v1/model", "/v1/info/version", "/v1/generate", "/v1/config/")

_TYPES = {
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "service_unavailable",
}


_STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (TooManyWaiting, 429),
    (Busy, 503),
    (UnknownModel, 404),
    (UnknownStory, 404),
    (InputError, 400),
)


class Refusal(Exception):
    """A request that cannot be answered; `code` and `param` are for programs, the sentence is for people."""

    def __init__(
        self, status: int, key: str, *, param: str | None = None, code: str | None = None, **facts: Any
    ) -> None:
        super().__init__(key)
        self.status, self.param, self.code = status, param, code
        self.message = Message(key, facts)

    def sentence(self, lang: Lang) -> str:
        """Return the one line that names the cause and the cure."""
        return self.message.text(lang)


def family_of(path: str) -> Family:
    """Return whose routes a path belongs to."""
    if path.startswith(("/api/", "/extra/")) or (
        path.startswith(KOBOLD_V1) and not path.startswith("/v1/models")
    ):
        return "kobold"
    return "openai" if path.startswith("/v1/") else "page"


def is_api(path: str) -> bool:
    """Tell whether a path is one that programs call; the others belong to the page."""
    return family_of(path) != "page"


def status_of(error: Exception) -> int:
    """Return the HTTP status that says what went wrong."""
    if isinstance(error, Refusal):
        return error.status
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def sentence_of(error: Exception, lang: Lang) -> str:
    """Return what to say; of an error that nobody foresaw only its kind, for its words may hold a story's."""
    if isinstance(error, NovelGPTError | Refusal):
        return error.sentence(lang)
    return Message("api.unexpected", {"kind": type(error).__name__}).text(lang)


def error_body(
    path: str, status: int, sentence: str, *, param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    """Return the body of an error as the callers of `path` read it."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    family = family_of(path)
    if family == "openai":
        if status == 401:
            code = "invalid_api_key"
        return {"error": {"message": sentence, "type": kind, "param": param, "code": code}}
    return {"detail": {"msg": sentence, "type": kind}} if family == "kobold" else {"detail": sentence}
