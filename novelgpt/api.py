"""HTTP: a studio goes in, one server comes out that carries the page and, beside it, `/health` and `/ready`.

Law: only this machine's own page gets in. A request under a foreign host name, from a foreign site, or with too large a
body is answered at the door and reaches neither the page nor the studio.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from novelgpt.errors import AddressRefused, NovelGPTError, PortBusy
from novelgpt.messages import Lang, translate
from novelgpt.studio import Studio
from novelgpt.ui.language import preferred_language
from novelgpt.ui.page import LOCALES, build_demo, mount_settings

LARGEST_BODY = 8_000_000
"""Bytes in one request: a story of more than two million characters."""

SHUTDOWN_SECONDS = 2

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


def build_app(
    studio: Studio, *, host: str = "127.0.0.1", port: int = 7860, lang_default: Lang = "zh"
) -> FastAPI:
    """Return the server for a studio; `host` is the one name, besides this machine's own, it may be called by."""
    app = FastAPI(openapi_url=None, lifespan=_closing(studio))

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/ready")
    def ready() -> JSONResponse:
        return _readiness(studio, lang_default)

    gr.mount_gradio_app(
        app,
        build_demo(studio, lang_default),
        path="/",
        server_name=host,
        server_port=port,
        footer_links=[],
        run_history=False,  # Gradio would keep every text sent in the browser's storage
        show_error=False,
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=False,
        allowed_paths=[],
        max_file_size=0,
        app_kwargs={"openapi_url": None},
        **mount_settings(),
    )
    app.add_middleware(PageLanguage, lang_default=lang_default)
    app.add_middleware(Door, host=host, address=address(host, port), lang_default=lang_default)
    return app


def address(host: str, port: int) -> str:
    """Return the address to open in a browser."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def serve_studio(
    studio: Studio,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    lang_default: Lang = "zh",
    when_ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve the page until interrupted; `when_ready` is given its address once it can be opened. Port 0: any free one."""
    with contextlib.closing(_listen(host, port)) as listener:
        port = listener.getsockname()[1]
        studio.stories()  # a library that cannot be used is said now, not in the browser
        app = build_app(studio, host=host, port=port, lang_default=lang_default)
        when_ready(address(host, port))
        settings = uvicorn.Config(
            app, log_level="warning", access_log=False, timeout_graceful_shutdown=SHUTDOWN_SECONDS
        )
        uvicorn.Server(settings).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if os.name != "nt":  # there it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise PortBusy(host=host, port=port) from None
        raise AddressRefused(host=host, port=port, detail=getattr(error, "strerror", None) or error) from None
    return listener


def _closing(studio: Studio) -> Callable[[Any], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield
        studio.close()

    return lifespan


def _readiness(studio: Studio, lang: Lang) -> JSONResponse:
    """Ready means: the library opens and some model can write."""
    try:
        stories, models = len(studio.stories()), [info.name for info in studio.models()]
    except NovelGPTError as error:
        return JSONResponse({"ready": False, "detail": error.sentence(lang)}, 503)
    return JSONResponse({"ready": bool(models), "stories": stories, "models": models}, 200 if models else 503)


class Door:
    """What is refused here never reaches the application; what is passed on gets safe headers on its answer.

    A page on some other site can make a browser call this machine, under a host name of its own if it likes. So the
    host name, the origin and the size of every request are looked at before anything else.
    """

    def __init__(self, app: App, host: str, address: str, lang_default: Lang) -> None:
        self._app, self._address, self._lang_default = app, address, lang_default
        self._hosts = {*THIS_MACHINE, host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal is None:
                return await self._app(scope, receive, send)
            return await send({"type": "websocket.close", "code": 1008})
        body = b"" if refusal else await _read_body(receive)
        if body is None:
            refusal = 413, "serve.body_too_large"
        if refusal:
            return await self._refuse(scope, _with_safe_headers(send), *refusal)
        return await self._app(scope, _replay(body or b"", receive), _with_safe_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        hosts = _header(scope, b"host")
        if len(hosts) != 1 or _hostname(hosts[0]) not in self._hosts:
            return 400, "serve.host_refused"
        acting = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if acting and not _from_own_page(scope, hosts[0]):
            return 403, "serve.origin_refused"
        if scope["path"].startswith(_GRADIO) and not scope["path"].startswith(_OFFERED):
            return 404, "serve.not_offered"
        return None

    async def _refuse(self, scope: Scope, send: Send, status: int, key: str) -> None:
        lang = preferred_language(next(iter(_header(scope, b"accept-language")), None), self._lang_default)
        sentence = translate(key, lang, address=self._address, limit=LARGEST_BODY)
        body = json.dumps({"detail": sentence}, ensure_ascii=False).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        # what remains of a refused body is not read, so the connection cannot be used again
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*headers, (b"connection", b"close")],
            }
        )
        await send({"type": "http.response.body", "body": body})


class PageLanguage:
    """Tell the browser side of Gradio which language the visitor reads: it knows zh-CN, but not zh, zh-HK or zh-Hans."""

    def __init__(self, app: App, lang_default: Lang) -> None:
        self._app, self._lang_default = app, lang_default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put one line of script at the head of the page; leave everything else alone."""
        if scope["type"] != "http" or scope["path"] != "/":
            return await self._app(scope, receive, send)
        lang = preferred_language(next(iter(_header(scope, b"accept-language")), None), self._lang_default)
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


def _with_safe_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_SAFE_HEADERS]
        await send(message)

    return wrapped


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
