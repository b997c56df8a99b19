"""HTTP: a studio goes in, one server comes out that carries the page and the APIs that writing programs know."""

from novelgpt.api.desktop import serve_in_window
from novelgpt.api.door import LARGEST_BODY, LARGEST_UPLOAD
from novelgpt.api.server import address, build_app, listen, serve_studio

__all__ = [
    "LARGEST_BODY",
    "LARGEST_UPLOAD",
    "address",
    "build_app",
    "listen",
    "serve_in_window",
    "serve_studio",
]
