"""The door of the server: what comes from elsewhere is answered here and reaches neither the page nor the studio.

Laws: only this machine's own page gets in, programs, and pages that were allowed by name to call the API; nothing larger
than `LARGEST_BODY`, but for novels brought in; where a key or a password was set, nobody without it gets in. Every answer carries
safe headers.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from novelgpt.api.refusals import error_body, is_api
from novelgpt.messages import Lang, translate
from novelgpt.ui.language import LOCALES, preferred_language

LARGEST_BODY = 8_000_000
"""Bytes in one request: a story of more than two million characters."""

LARGEST_UPLOAD = 64_000_000
"""Bytes in one novel brought in."""

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# of all the ways in that Gradio opens (uploads, files, proxies, recordings, ...) the page needs only these
GRADIO = "/gradio_api/"
_OFFERED = tuple(GRADIO + name for name in ("queue/", "heartbeat/", "cancel", "reset", "startup-events"))
_UPLOAD = GRADIO + "upload"
_OPEN_TO_ALL = ("/health", "/ready")
"""What a watching program may ask without a password: that the server lives."""

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
    auth: str | None = None


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
        body = b"" if refusal else await _read_body(receive, _largest(scope))
        if body is None:
            refusal = 413, "serve.body_too_large"
        if refusal:
            return await self._refuse(scope, send, *refusal)
        return await self._app(scope, replay(body or b"", receive), send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        hosts = _header(scope, b"host")
        if len(hosts) != 1 or _hostname(hosts[0]) not in self._hosts:
            return 400, "serve.host_refused"
        acting = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if acting and not _from_own_page(scope, hosts[0]) and not self._is_invited(scope):
            return 403, "serve.origin_refused"
        offered = scope["path"].startswith(_OFFERED) or scope["path"] in (_UPLOAD, _UPLOAD + "_progress")
        if scope["path"].startswith(GRADIO) and not offered:
            return 404, "serve.not_offered"
        if scope["path"] not in _OPEN_TO_ALL and not self._may_enter(scope):
            return 401, "serve.password_wrong"
        if is_api(scope["path"]) and scope.get("method") != "OPTIONS" and not self._has_key(scope):
            return 401, "api.key_wrong"
        return None

    def _is_invited(self, scope: Scope) -> bool:
        """Tell whether a page from an origin that was allowed by name calls the API, not the writing page."""
        origins = _header(scope, b"origin")
        return len(origins) == 1 and origins[0] in self._policy.cors_origins and is_api(scope["path"])

    def _has_key(self, scope: Scope) -> bool:
        return self._policy.api_key is None or _shows(scope, "bearer", self._policy.api_key.encode())

    def _may_enter(self, scope: Scope) -> bool:
        """Tell whether somebody knows the password; a program that shows its key need not."""
        if self._policy.auth is None or (is_api(scope["path"]) and self._policy.api_key is not None):
            return True
        return _shows(scope, "basic", base64.b64encode(self._policy.auth.encode()))

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
        sentence = translate(key, lang, address=self._policy.address, limit=_largest(scope))
        body = json.dumps(error_body(scope["path"], status, sentence), ensure_ascii=False).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if status == 401:
            scheme = b"Bearer" if key == "api.key_wrong" else b'Basic realm="NovelGPT", charset="UTF-8"'
            headers.append((b"www-authenticate", scheme))
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


def _largest(scope: Scope) -> int:
    """Return how many bytes a request to this path may have."""
    return LARGEST_UPLOAD if scope["path"] == _UPLOAD else LARGEST_BODY


async def _read_body(receive: Receive, limit: int) -> bytes | None:
    """Return the whole body, or None once it has grown too large, whatever its length claimed to be."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body.extend(message.get("body", b""))
        if len(body) > limit:
            return None
        if not message.get("more_body"):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return what hands over a body that was read already, in one piece."""
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


def _shows(scope: Scope, kind: str, secret: bytes) -> bool:
    """Tell whether a request shows a secret, taking as long for a wrong one as for the right one."""
    scheme, _, given = "".join(_header(scope, b"authorization")).partition(" ")
    return hmac.compare_digest(given.strip().encode("latin-1"), secret) and scheme.lower() == kind


def _header(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _hostname(host: str) -> str | None:
    try:
        return urlsplit("//" + host).hostname
    except ValueError:
        return None
