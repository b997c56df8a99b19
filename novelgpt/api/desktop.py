"""The page in a window of its own: the server runs beside it, and both end when the window is closed.

Law: without a way to open windows the page opens in the browser, and it says so; closing the window saves like Ctrl-C.
"""

from __future__ import annotations

import importlib
import threading
import webbrowser
from collections.abc import Callable
from typing import Any

from novelgpt.api.server import serve_studio
from novelgpt.studio import Studio

WIDTH, HEIGHT = 1280, 900


def serve_in_window(
    studio: Studio,
    *,
    when_ready: Callable[[str], None],
    no_window: Callable[[str], None],
    **how: Any,
) -> None:
    """Serve until the window is closed; `no_window` hears why there is none, and then the browser is used."""
    try:
        windows = importlib.import_module("webview")
    except ImportError as error:
        no_window(str(error))
        return serve_studio(studio, when_ready=_also_in_the_browser(when_ready), **how)
    return _Window(studio, windows, when_ready, no_window, how).run()


def _also_in_the_browser(when_ready: Callable[[str], None]) -> Callable[[str], None]:
    def ready(address: str) -> None:
        when_ready(address)
        webbrowser.open(address)

    return ready


class _Window:
    """The server in a thread, the window in the main one: window systems ask for that."""

    def __init__(
        self,
        studio: Studio,
        windows: Any,
        when_ready: Callable[[str], None],
        no_window: Callable[[str], None],
        how: dict[str, Any],
    ) -> None:
        self._studio, self._windows, self._how = studio, windows, how
        self._when_ready, self._no_window = when_ready, no_window
        self._ready, self._stop = threading.Event(), threading.Event()
        self._address = ""
        self._error: BaseException | None = None

    def run(self) -> None:
        server = threading.Thread(target=self._serve, name="novelgpt-server")
        server.start()
        self._ready.wait()
        try:
            if self._error is None:
                self._show()
        finally:
            self._stop.set()
            server.join()
        if self._error is not None:
            raise self._error

    def _serve(self) -> None:
        try:
            serve_studio(self._studio, when_ready=self._opened, stop=self._stop, **self._how)
        except BaseException as error:  # the main thread says it
            self._error = error
        finally:
            self._ready.set()

    def _opened(self, address: str) -> None:
        self._address = address
        self._when_ready(address)
        self._ready.set()

    def _show(self) -> None:
        try:
            self._windows.create_window("NovelGPT", self._address, width=WIDTH, height=HEIGHT)
            self._windows.start()
        except Exception as error:  # a machine without a screen, or without a browser engine for windows
            self._no_window(f"{type(error).__name__}: {error}")
            webbrowser.open(self._address)
            self._stop.wait()
