"""The real server on a real socket, in a thread of this process."""

import asyncio
import http.client
import json
import threading
from contextlib import closing, contextmanager

import uvicorn

from novelgpt.api import build_app, listen
from novelgpt.config import Workspace
from novelgpt.studio import open_studio
from tests.tiny import tiny_model_folder


class Server:
    """The server in a thread of this process."""

    def __init__(self, root, **options):
        if not (root / "runs").exists():
            tiny_model_folder(root / "runs" / "tiny" / "final")
        self.studio = open_studio(Workspace(root))
        self._options = options
        self._listener = listen("127.0.0.1", 0)
        self.port = self._listener.getsockname()[1]
        self._uvicorn = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        self._started.wait()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    async def _run(self):
        app = build_app(self.studio, host="novel.example", port=self.port, **self._options)
        settings = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=2)
        self._uvicorn = uvicorn.Server(settings)
        self._started.set()
        await self._uvicorn.serve(sockets=[self._listener])

    def close(self):
        self._uvicorn.should_exit = True
        self._thread.join()
        self._listener.close()

    @contextmanager
    def asking(self, method, path, body=None, host=None, **headers):
        """Send a request and give its answer, which may still be coming; the connection is closed at the end."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(
                method, path, body=body, headers={"Host": host or f"127.0.0.1:{self.port}", **named}
            )
            yield connection.getresponse()

    def ask(self, method, path, body=None, host=None, **headers):
        with self.asking(method, path, body, host, **headers) as answer:
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()

    def get(self, path, **headers):
        """Return status and JSON."""
        status, _, body = self.ask("GET", path, **headers)
        return status, json.loads(body)

    def post(self, path, fields, **headers):
        """Return status and JSON."""
        status, _, body = self.ask("POST", path, json.dumps(fields), **headers)
        return status, json.loads(body)

    def stream(self, path, fields, **headers):
        """Return the text of an event stream, once it has ended."""
        status, sent, body = self.ask("POST", path, json.dumps(fields), **headers)
        assert status == 200, body
        assert sent["content-type"].startswith("text/event-stream")
        return body
