"""Requests go by, and are counted: numbers come out in the text format that Prometheus reads.

Law: a label is one of the known routes or the family a path belongs to, never a piece of an address; nothing of a text is counted but its length.
"""

from __future__ import annotations

import bisect
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable

from novelgpt.api.door import App, Message, Receive, Scope, Send
from novelgpt.api.refusals import family_of
from novelgpt.studio import Studio

BUCKETS = (0.05, 0.2, 1.0, 5.0, 20.0, 60.0, 300.0)

Clock = Callable[[], float]


class Meter:
    """What was counted; may be asked while requests run."""

    def __init__(self, routes: Iterable[str], clock: Clock = time.monotonic) -> None:
        self._routes, self._clock = frozenset(routes), clock
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._slots: Counter[tuple[str, int]] = Counter()
        self._seconds: Counter[str] = Counter()

    def now(self) -> float:
        """Return the time."""
        return self._clock()

    def count(self, path: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        route = path if path in self._routes else family_of(path)
        with self._lock:
            self._requests[route, status] += 1
            self._slots[route, bisect.bisect_left(BUCKETS, seconds)] += 1
            self._seconds[route] += seconds  # type: ignore[assignment]

    def text(self, studio: Studio) -> str:
        """Return all numbers."""
        with self._lock:
            lines = [*self._counted(), *self._histogram()]
        lines += _gauge("novelgpt_tokens_written_total", "counter", "Tokens written.", studio.tokens_written)
        lines += _gauge("novelgpt_waiting", "gauge", "Texts waiting for their turn.", studio.turns.waiting)
        lines += _gauge("novelgpt_writing", "gauge", "Texts being written.", studio.turns.writing)
        return "\n".join(lines) + "\n"

    def _counted(self) -> list[str]:
        name = "novelgpt_requests_total"
        lines = _header(name, "counter", "Requests answered.")
        for (route, status), count in sorted(self._requests.items()):
            lines.append(f'{name}{{route="{route}",status="{status}"}} {count}')
        return lines

    def _histogram(self) -> list[str]:
        name = "novelgpt_request_seconds"
        lines = _header(name, "histogram", "Seconds until a request was answered whole.")
        for route in sorted(self._seconds):
            total = 0
            for slot, limit in enumerate([*BUCKETS, "+Inf"]):
                total += self._slots[route, slot]
                lines.append(f'{name}_bucket{{route="{route}",le="{limit}"}} {total}')
            lines.append(f'{name}_sum{{route="{route}"}} {self._seconds[route]:.6f}')
            lines.append(f'{name}_count{{route="{route}"}} {total}')
        return lines


class Counting:
    """Count every request that passes, whether the door refuses it or not."""

    def __init__(self, app: App, meter: Meter) -> None:
        self._app, self._meter = app, meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count when the answer is whole."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began, path, status = self._meter.now(), scope["path"], 499

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._meter.count(path, status, self._meter.now() - began)


def _header(name: str, kind: str, help_text: str) -> list[str]:
    return [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"]


def _gauge(name: str, kind: str, help_text: str, value: float) -> list[str]:
    return [*_header(name, kind, help_text), f"{name} {value}"]
