"""HTTP: a studio goes in, one server comes out that carries the page and, beside it, what programs ask for.

Law: the page's routes and the programs' stand side by side and pass the same door; the page works whatever programs do.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from novelgpt.api.chat import Chats
from novelgpt.api.door import LARGEST_UPLOAD, Door, DoorPolicy, PageLanguage
from novelgpt.api.downloads import Downloads
from novelgpt.api.kobold import Kobold
from novelgpt.api.lasting import LastingAnswers
from novelgpt.api.meter import Counting, Meter
from novelgpt.api.openai import Completions
from novelgpt.api.refusals import Refusal
from novelgpt.api.service import Service
from novelgpt.errors import AddressRefused, NovelGPTError, PortBusy
from novelgpt.messages import Lang
from novelgpt.studio import Studio

SHUTDOWN_SECONDS = 2
WARM_UP_AFTER_SECONDS = 4.0
"""By then a browser has drawn the page, which comes first."""


def build_app(
    studio: Studio,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    lang_default: Lang = "zh",
    api_key: str | None = None,
    auth: str | None = None,
    cors_origins: Collection[str] = (),
) -> FastAPI:
    """Return the server for a studio; `host` is the one name, besides this machine's own, it may be called by.

    With an `api_key` programs have to show it; with `auth`, a name and a password with a colon between them, everybody has
    to; pages from `cors_origins` may call the API like programs.
    """
    app = FastAPI(openapi_url=None, lifespan=_closing(studio))
    routes = _routes(studio, lang_default)
    meter = Meter([*(route.path for route in routes), "/metrics"])

    async def metrics(_: Request) -> Response:
        return PlainTextResponse(meter.text(studio), media_type="text/plain; version=0.0.4")

    app.router.routes += [
        Route("/metrics", metrics, methods=["GET"]),
        *routes,
        *_unknown(studio, lang_default),
    ]
    _mount_page(app, studio, host, port, lang_default)
    policy = DoorPolicy(host, address(host, port), lang_default, api_key, frozenset(cors_origins), auth)
    app.add_middleware(LastingAnswers)
    app.add_middleware(PageLanguage, lang_default=lang_default)
    app.add_middleware(Door, policy=policy)
    app.add_middleware(Counting, meter=meter)
    return app


def _routes(studio: Studio, lang_default: Lang) -> list[Route]:
    service = Service(studio, lang_default)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        return await run_in_threadpool(_readiness, studio, lang_default)

    return [
        Route("/health", health, methods=["GET"]),
        Route("/ready", ready, methods=["GET"]),
        *Completions(service).routes(),
        *Chats(service).routes(),
        *Kobold(service).routes(),
        *Downloads(service).routes(),
    ]


def _unknown(studio: Studio, lang_default: Lang) -> list[Route]:
    """Return routes for every other address of the API, so that programs are answered in their own way."""
    service = Service(studio, lang_default)

    async def unknown(request: Request) -> Response:
        raise Refusal(404, "api.no_such_route", code="unknown_url", path=request.url.path[:100])

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    roots = ("/v1/{rest:path}", "/api/{rest:path}", "/extra/{rest:path}")
    return [Route(root, service.answering(unknown), methods=methods) for root in roots]


def _mount_page(app: FastAPI, studio: Studio, host: str, port: int, lang_default: Lang) -> None:
    import gradio as gr  # it takes seconds, in which the browser that was told the address starts

    from novelgpt.ui.page import build_demo, mount_settings

    # Gradio's own place for uploads is one for all programs and users of a machine, and this is its only way to name another
    os.environ["GRADIO_TEMP_DIR"] = str(_emptied(studio.workspace.uploads_dir).resolve())
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
        max_file_size=LARGEST_UPLOAD,
        app_kwargs={"openapi_url": None},
        **mount_settings(),
    )


def _emptied(folder: Path) -> Path:
    """Return a folder that only its owner can read, with nothing in it that was left there."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # a disk that takes nothing is said when something is brought in
        folder.mkdir(mode=0o700, parents=True)
    return folder


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
    api_key: str | None = None,
    auth: str | None = None,
    cors_origins: Collection[str] = (),
    when_ready: Callable[[str], None] = lambda address: None,
    stop: threading.Event | None = None,
) -> None:
    """Serve the page until interrupted, or until `stop` is set; `when_ready` is given its address as soon as a browser may
    open it: what it asks for is answered when the page is drawn. Port 0: any free one."""
    with contextlib.closing(listen(host, port)) as listener:
        port = listener.getsockname()[1]
        studio.stories()  # a library that cannot be used is said now, not in the browser
        when_ready(address(host, port))
        app = build_app(
            studio,
            host=host,
            port=port,
            lang_default=lang_default,
            api_key=api_key,
            auth=auth,
            cors_origins=cors_origins,
        )
        warming = threading.Timer(WARM_UP_AFTER_SECONDS, _warm_up, args=(studio,))
        warming.daemon = True
        warming.start()
        settings = uvicorn.Config(
            app, log_level="warning", access_log=False, timeout_graceful_shutdown=SHUTDOWN_SECONDS
        )
        server = uvicorn.Server(settings)
        if stop is not None:
            threading.Thread(target=_stopping, args=(server, stop), daemon=True).start()
        server.run(sockets=[listener])


def _warm_up(studio: Studio) -> None:
    with contextlib.suppress(NovelGPTError):  # who asks for a text hears of it, in the right language
        studio.warm_up()


def _stopping(server: uvicorn.Server, stop: threading.Event) -> None:
    stop.wait()
    server.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; an address that cannot be had is refused in our own words."""
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
