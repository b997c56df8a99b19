"""What is handed out as a file: a story and a format go in, the whole story or one chapter of it comes out.

Law: only stories leave by this door, under a name made from their title; no path of the disk is ever asked for.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from novelgpt.api.refusals import Refusal
from novelgpt.api.service import Service
from novelgpt.story.store import StoryId


class Downloads:
    """The route of files."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[Route]:
        """Return the route."""
        handler = self._service.answering(self.story)
        return [Route("/download/story/{story:int}/{format}", handler, methods=["GET"])]

    async def story(self, request: Request) -> Response:
        """Hand out a story, or with `section` one chapter of it."""
        path, query = request.path_params, request.query_params
        section = query.get("section")
        if section is not None and not (section.isascii() and section.isdigit() and len(section) < 10):
            raise Refusal(400, "api.bad_number", name="section")
        library = self._service.studio.library
        made = await run_in_threadpool(
            library.export,
            StoryId(path["story"]),
            path["format"],
            int(section) if section is not None else None,
            typography=query.get("typography") == "1",
        )
        named = f"attachment; filename*=UTF-8''{quote(made.filename, safe='')}"
        headers = {"content-disposition": named, "cache-control": "no-store"}
        return Response(made.data, media_type=made.media_type, headers=headers)
