"""A person at the page without a browser: keys and buttons go in, what the server says in answer comes out.

It speaks what the page itself speaks: `/config` tells which event belongs to which button, `queue/join` sends one with the
sheet as it stands, `queue/data` streams the answers. Law: it saves when `ui/desk.js` would save and understands what
`ui/sheet.js` understands. It is no measurement; `server_kill.py` and `visitors.py` are made of it.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

QUIET_SECONDS, LONGEST_SECONDS = 0.5, 1.0
"""As in ui/desk.js: typing is saved after so long a pause, and after so long a time without one."""
WATCHED_SECONDS = 0.5
SILENT_SECONDS = 120.0
"""An answer that takes longer hangs."""
API = "/gradio_api"
ALARM = 'role="alert"'


class PageError(Exception):
    """The server answered with an error, or not at all."""


@dataclass(frozen=True)
class Event:
    """What a button does: its number, what it sends and what it may change."""

    number: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass
class Wiring:
    """The page as `/config` describes it."""

    events: dict[tuple[str, str], Event]
    names: dict[int, str]
    """The element id of each component, or its kind where it has none."""
    values: dict[int, Any]

    @classmethod
    def of(cls, config: dict[str, Any]) -> Wiring:
        """Read a configuration."""
        names = {part["id"]: part["props"].get("elem_id") or part["type"] for part in config["components"]}
        values = {part["id"]: part["props"].get("value") for part in config["components"]}
        events: dict[tuple[str, str], Event] = {}
        for told in config["dependencies"]:
            event = Event(told["id"], tuple(told["inputs"]), tuple(told["outputs"]))
            for part, kind in told["targets"]:
                events.setdefault((names.get(part, "page"), kind), event)
        return cls(events, names, values)


@dataclass
class Moment:
    """What stood on the page from a moment on."""

    at: float
    text: str


@dataclass
class PageClient:
    """One window. `past` is everything that ever stood on its sheet; `acknowledged` is the last of it that the server has
    said it keeps, `kept` is what it said was kept under which passage."""

    http: httpx.AsyncClient
    wiring: Wiring
    text: str = ""
    tip: Any = ""
    story: str = ""
    status: str = ""
    held: bool = False
    past: list[Moment] = field(default_factory=list)
    acknowledged: int = 0
    kept: dict[int, str] = field(default_factory=dict)
    pressed: list[str] = field(default_factory=list)
    """Events whose answer is not whole yet."""
    sent: int = 0
    complaints: list[str] = field(default_factory=list)
    dials: dict[str, Any] = field(default_factory=dict)
    """Settings that were changed, by their element's id."""
    took: dict[str, list[float]] = field(default_factory=dict)
    """Seconds until each answer was whole."""

    def __post_init__(self) -> None:
        self._session = f"{random.getrandbits(50):x}"
        self._answers: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._since: float | None = None
        self._saving: asyncio.Task[None] | None = None
        self._save_again = False
        self._heard_at = self._pages = 0

    async def open(self, story: str = "") -> None:
        """Load the page, as a browser does on a visit or a reload."""
        self.story = story
        (await self.http.get("/", params={"story": story})).raise_for_status()
        await self.press("page", "load")
        while self.held:  # a model writes in it: the sheet asks again and again
            await asyncio.sleep(WATCHED_SECONDS)
            await self.press("reopen")

    def type(self, text: str) -> None:
        """Write at the end of the sheet; it is saved when the page would save it."""
        self.change(self.text + text)

    def change(self, text: str) -> None:
        """Make the sheet read like this."""
        self._stands(text)
        now = time.monotonic()
        self._since = self._since or now
        self._forget_timer()
        wait = max(0.0, min(QUIET_SECONDS, self._since + LONGEST_SECONDS - now))
        self._timer = asyncio.get_running_loop().call_later(wait, self._save)

    async def press(self, button: str, kind: str = "click", page: bool = False) -> None:
        """Press a button and take in all of the answer; `page`: it carries the sheet, so no save is needed any more."""
        if page:
            self._forget()
        event = self.wiring.events[button, kind]
        standing = len(self.past) - 1
        alone, began = not self.pressed, time.monotonic()
        self.pressed.append(button)
        self.sent += 1
        try:
            async for output in self._ask(event):
                alone = alone and len(self.pressed) == 1
                self._take(event, output)
            self.took.setdefault(button, []).append(time.monotonic() - began)
        finally:
            self.pressed.remove(button)
        if button != "stop" and ALARM not in self.status:
            self._acknowledge(standing if button == "save" else len(self.past) - 1, alone)

    async def saved(self) -> None:
        """Wait until everything typed is saved."""
        while self._timer or self._saving:
            await asyncio.sleep(0.02)

    def reloaded(self) -> PageClient:
        """Return the same window as it is before it has loaded anew: it knows nothing."""
        self.close()
        return PageClient(
            self.http, self.wiring, dials=self.dials, took=self.took, complaints=self.complaints
        )

    def close(self) -> None:
        """Close the window."""
        self._forget()
        for task in (self._reader, self._saving):
            if task:
                task.cancel()

    def _save(self) -> None:
        self._forget()
        if self._saving:
            self._save_again = True
        else:
            self._saving = asyncio.get_running_loop().create_task(self._saves())

    async def _saves(self) -> None:
        """Save; once more where it was asked for meanwhile."""
        try:
            while True:
                self._save_again = False
                await self.press("save")
                if not self._save_again:
                    break
        except (httpx.HTTPError, PageError) as error:
            self.complaints.append(f"save: {error!r}")
        finally:
            self._saving = None

    def _forget(self) -> None:
        self._forget_timer()
        self._since = None

    def _forget_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _stands(self, text: str) -> None:
        if text != self.text or not self.past:
            self.past.append(Moment(time.monotonic(), text))
        self.text = text

    def _acknowledge(self, place: int, alone: bool) -> None:
        self.acknowledged = max(self.acknowledged, place)
        if alone and isinstance(self.tip, int) and place >= 0:
            self.kept[self.tip] = self.past[place].text

    def _value(self, part: int) -> Any:
        name = self.wiring.names[part]
        if name == "json":
            self._pages += 1
            return {
                "text": self.text,
                "tip": self.tip,
                "window": self._session,
                "number": self._pages,
                "selection": None,
            }
        return self.story if name == "current" else self.dials.get(name, self.wiring.values[part])

    async def _ask(self, event: Event) -> AsyncIterator[list[Any]]:
        """Send an event and yield, after each step of its answer, what it would change."""
        # the answers' names are known before any can come
        body = {
            "data": [self._value(part) for part in event.inputs],
            "event_data": None,
            "fn_index": event.number,
            "trigger_id": None,
            "session_hash": self._session,
        }
        answer = await self.http.post(f"{API}/queue/join", json=body)
        if answer.status_code != 200:
            raise PageError(f"{answer.status_code} {answer.text[:200]}")
        name = answer.json()["event_id"]
        answers = self._answers.setdefault(name, asyncio.Queue())
        if self._reader is None:
            self._reader = asyncio.get_running_loop().create_task(self._read())
        data: list[Any] = []
        try:
            while True:
                said = await asyncio.wait_for(answers.get(), SILENT_SECONDS)
                kind, output = said["msg"], said.get("output") or {}
                if kind in ("unexpected_error", "gone") or not said.get("success", True):
                    raise PageError(f"{kind}: {said.get('message') or output}")
                if kind == "process_generating":
                    data = _patched(data, output["data"])
                    yield data
                elif kind == "process_completed":
                    yield output["data"]
                    return
        finally:
            del self._answers[name]

    async def _read(self) -> None:
        """Take in what the server says, as long as an answer is awaited."""
        try:
            while self._answers:
                async for said in self._stream():
                    name = said.get("event_id")
                    if name:
                        self._answers.setdefault(name, asyncio.Queue()).put_nowait(said)
                    elif said["msg"] == "unexpected_error":
                        self._tell_all(said)
        except httpx.HTTPError as error:
            self._tell_all({"msg": "gone", "message": repr(error)})
        finally:
            self._reader = None

    async def _stream(self) -> AsyncIterator[dict[str, Any]]:
        params = {"session_hash": self._session}
        async with self.http.stream("GET", f"{API}/queue/data", params=params) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    said = json.loads(line[5:])
                    if said["msg"] == "close_stream":
                        return
                    yield said

    def _tell_all(self, said: dict[str, Any]) -> None:
        for answers in self._answers.values():
            answers.put_nowait(said)

    def _take(self, event: Event, output: list[Any]) -> None:
        for part, value in zip(event.outputs, output, strict=True):
            name = self.wiring.names[part]
            if not isinstance(value, str):
                continue
            if name == "paper":
                self._told(json.loads(value))
            elif name == "status":
                if ALARM in value and value != self.status:
                    self.complaints.append(value)
                self.status = value

    def _told(self, said: dict[str, Any]) -> None:
        """Do what the sheet does; a message that was heard already changes nothing."""
        if said["at"] <= self._heard_at:
            return
        self._heard_at = said["at"]
        if said.get("opens"):
            self.story = str(said["story"])
        if str(said.get("story", self.story)) != self.story:
            return  # about a story that was left
        self.tip = said.get("tip", self.tip)
        self.held = said.get("held", self.held)
        if "tail" in said:
            self._stands(self.text[: said.get("keep", 0)] + said["tail"])
        elif "text" in said:
            self._stands(said["text"])


def _patched(data: list[Any], changes: list[Any]) -> list[Any]:
    """Return what an answer has become: its first step is sent whole, later ones as changes of each value."""
    if not data:
        return changes
    return [_changed(value, edits) for value, edits in zip(data, changes, strict=True)]


def _changed(value: Any, edits: list[Any]) -> Any:
    for act, path, new in edits:
        if not path:
            value = value + new if act == "append" else new
            continue
        holder = value
        for step in path[:-1]:
            holder = holder[step]
        if act == "delete":
            del holder[path[-1]]
        elif act == "append":
            holder[path[-1]] += new
        elif act == "add" and isinstance(holder, list):
            holder.insert(path[-1], new)
        else:
            holder[path[-1]] = new
    return value


@asynccontextmanager
async def visiting(address: str, name: str, wiring: Wiring | None = None) -> AsyncIterator[PageClient]:
    """Open a window on a server; whoever has its wiring already need not ask for it again."""
    timeout = httpx.Timeout(SILENT_SECONDS, connect=30.0)
    headers = {"user-agent": name, "accept-language": "zh-CN"}
    # without `verify` each client would read all certificates of the machine, for which the server is not to blame
    async with httpx.AsyncClient(base_url=address, timeout=timeout, headers=headers, verify=False) as http:
        client = PageClient(http, wiring or Wiring.of((await http.get("/config")).json()))
        try:
            yield client
        finally:
            client.close()
