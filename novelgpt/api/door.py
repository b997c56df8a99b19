"""The door of the server: what comes from elsewhere is answered here and reaches neither the page nor the studio.

Laws: only this machine's own page gets in, programs, and pages that were allowed by name to call the API; nothing larger
than `LARGEST_BODY`; where a key was set, nobody without it uses the API. Every answer carries safe headers.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from novelgpt.api.refusals import error_body, is_api
from novelgpt.messages import Lang, translate
from novelgpt.ui.language import preferred_language
from novelgpt.ui.page import LOCALES

LARGEST_BODY = 8_000_000
"""Bytes in one request: a story of more than two million characters."""

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# of all the ways in that Gradio opens (uploads, files, proxies, recordings, ...) the page needs only these
_GRADIO = "/gradio_api/"
_OFFERED = tuple(_GRADIO + name for name in ("queue/", "heartbeat/", "cancel", "reset", "startup-events"))

_SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    # Gradio's own scripts are inline and compile the page's small functions; all come from this very server
    (
        b"content-security-policy",
        b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'none'; form-action 'self'; base-uri 'self'",
    ),
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class DoorPolicy:
    """Who may come in: under which host name, pages from which other origins, and with which key."""

    host: str
    address: str
    lang_default: Lang = "zh"
    api_key: str | None = None
    cors_origins: Collection[str] = ()


class Door:
    """What is refused here never reaches the application; what is passed on gets safe headers on its answer.

    A page on some other site can make a browser call this machine, under a host name of its own if it likes. So the
    host name, the origin and the size of every request are looked at before anything else.
    """

    def __init__(self, app: App, policy: DoorPolicy) -> None:
        self._app, self._policy = app, policy
        self._hosts = {*THIS_MACHINE, policy.host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal is None:
                return await self._app(scope, receive, send)
            return await send({"type": "websocket.close", "code": 1008})
        send = _with_headers(send, [*_SAFE_HEADERS, *self._cors_headers(scope)])
        if refusal is None and scope["method"] == "OPTIONS" and self._is_invited(scope):
            return await _answer(send, 204, b"", [])
        body = b"" if refusal else await _read_body(receive)
        if body is None:
            refusal = 413, "serve.body_too_large"
        if refusal:
            return await self._refuse(scope, send, *refusal)
        return await self._app(scope, _replay(body or b"", receive), send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        hosts = _header(scope, b"host")
        if len(hosts) != 1 or _hostname(hosts[0]) not in self._hosts:
            return 400, "serve.host_refused"
        acting = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if acting and not _from_own_page(scope, hosts[0]) and not self._is_invited(scope):
            return 403, "serve.origin_refused"
        if scope["path"].startswith(_GRADIO) and not scope["path"].startswith(_OFFERED):
            return 404, "serve.not_offered"
        if is_api(scope["path"]) and scope.get("method") != "OPTIONS" and not self._has_key(scope):
            return 401, "api.key_wrong"
        return None

    def _is_invited(self, scope: Scope) -> bool:
        """Tell whether a page from an origin that was allowed by name calls the API, not the writing page."""
        origins = _header(scope, b"origin")
        return len(origins) == 1 and origins[0] in self._policy.cors_origins and is_api(scope["path"])

    def _has_key(self, scope: Scope) -> bool:
        if self._policy.api_key is None:
            return True
        given = "".join(_header(scope, b"authorization"))
        scheme, _, key = given.partition(" ")
        wanted = self._policy.api_key.encode()
        return hmac.compare_digest(key.strip().encode("latin-1"), wanted) and scheme.lower() == "bearer"

    def _cors_headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        if not self._is_invited(scope):
            return []
        headers = [
            (b"access-control-allow-origin", _header(scope, b"origin")[0].encode("latin-1")),
            (b"vary", b"origin"),
        ]
        if scope["method"] == "OPTIONS":
            asked = ", ".join(_header(scope, b"access-control-request-headers"))
            headers += [
                (b"access-control-allow-methods", b"GET, POST"),
                (b"access-control-allow-headers", asked.encode("latin-1")),
                (b"access-control-allow-private-network", b"true"),
            ]
        return headers

    async def _refuse(self, scope: Scope, send: Send, status: int, key: str) -> None:
        lang = language_of(scope, self._policy.lang_default)
        sentence = translate(key, lang, address=self._policy.address, limit=LARGEST_BODY)
        body = json.dumps(error_body(scope["path"], status, sentence), ensure_ascii=False).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        # what remains of a refused body is not read, so the connection cannot be used again
        await _answer(send, status, body, [*headers, (b"connection", b"close")])


class PageLanguage:
    """Tell the browser side of Gradio which language the visitor reads: it knows zh-CN, but not zh, zh-HK or zh-Hans."""

    def __init__(self, app: App, lang_default: Lang) -> None:
        self._app, self._lang_default = app, lang_default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put one line of script at the head of the page; leave everything else alone."""
        if scope["type"] != "http" or scope["path"] != "/":
            return await self._app(scope, receive, send)
        lang = language_of(scope, self._lang_default)
        script = f'<script>Object.defineProperty(navigator,"language",{{value:"{LOCALES[lang]}"}})</script>'
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        return await self._app({**scope, "headers": plain}, receive, _inserting(script.encode(), send))


def _inserting(script: bytes, send: Send) -> Send:
    start: Message = {}
    body = bytearray()

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        page = bytes(body).replace(b"<head>", b"<head>" + script, 1)
        kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        length = str(len(page)).encode()
        await send({**start, "headers": [*kept, (b"content-length", length), (b"vary", b"accept-language")]})
        await send({"type": "http.response.body", "body": page})

    return wrapped


async def _read_body(receive: Receive) -> bytes | None:
    """Return the whole body, or None once it has grown too large, whatever its length claimed to be."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body.extend(message.get("body", b""))
        if len(body) > LARGEST_BODY:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [body]

    async def replayed() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replayed


def _with_headers(send: Send, headers: list[tuple[bytes, bytes]]) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return wrapped


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def language_of(scope: Scope, default: Lang) -> Lang:
    """Return the language in which a request wants to be answered."""
    return preferred_language(next(iter(_header(scope, b"accept-language")), None), default)


def _from_own_page(scope: Scope, host: str) -> bool:
    """Tell whether a browser says that the page it shows came from us; other programs say nothing and may pass."""
    if b"cross-site" in (value.encode() for value in _header(scope, b"sec-fetch-site")):
        return False
    return all(urlsplit(origin).netloc.lower() == host.lower() for origin in _header(scope, b"origin"))


def _header(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _hostname(host: str) -> str | None:
    try:
        return urlsplit("//" + host).hostname
    except ValueError:
        return None
