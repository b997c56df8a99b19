"""HTTP: a studio goes in, one server comes out that carries the page and the APIs that writing programs know."""

from novelgpt.api.door import LARGEST_BODY
from novelgpt.api.server import address, build_app, listen, serve_studio

__all__ = ["LARGEST_BODY", "address", "build_app", "listen", "serve_studio"]
