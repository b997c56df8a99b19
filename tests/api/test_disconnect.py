"""Clients that leave, and clients that come when there is no room."""

import json
import socket
import threading
import time
from contextlib import closing

import pytest

from novelgpt import turns as turns_module
from novelgpt.api import generation
from novelgpt.writing.writer import Writer
from tests.api.server import Server

PROMPT = "雨下了三天，"
ENDLESS = {"prompt": PROMPT, "max_tokens": 100_000, "max_length": 100_000, "ban_eos_token": True}
SECRET = "秘密的句子"
COMPLETE, CHAT = "/v1/completions", "/v1/chat/completions"
KOBOLD, KOBOLD_STREAM = "/api/v1/generate", "/api/extra/generate/stream"


class Steps:
    """A writer whose every piece has to be allowed, so that a test knows exactly how far it has come."""

    def __init__(self, monkeypatch):
        self.allowed = threading.Semaphore(0)
        self.begun, self.ended = threading.Semaphore(0), threading.Semaphore(0)
        self.pieces = 0
        stream = Writer.stream

        def stepwise(writer, prompt, sample):
            self.begun.release()
            try:
                for piece in stream(writer, prompt, sample):
                    self.allowed.acquire()
                    self.pieces += 1
                    yield piece
            finally:
                self.ended.release()

        monkeypatch.setattr(Writer, "stream", stepwise)

    def go_on(self):
        self.allowed.release(1_000_000)


@pytest.fixture
def steps(server, monkeypatch):
    steps = Steps(monkeypatch)
    yield steps
    steps.go_on()
    server.studio.turns.cancel_all()
    eventually(lambda: not server.studio.turns.writing)


def eventually(condition):
    """Wait for another thread; the limit is only there so that a failure ends."""
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.005)


def call(server, path, fields):
    """Send a request by hand; return the open connection."""
    body = json.dumps(fields).encode()
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def received(connection, mark):
    data = b""
    while mark not in data:
        data += connection.recv(4096)
    return data


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (COMPLETE, ENDLESS | {"stream": True}),
        (COMPLETE, ENDLESS),
        (COMPLETE, ENDLESS | {"prompt": [PROMPT] * 3}),
        (CHAT, ENDLESS | {"stream": True, "messages": [{"role": "user", "content": PROMPT}]}),
        (KOBOLD, ENDLESS),
        (KOBOLD_STREAM, ENDLESS),
    ],
)
def test_who_leaves_has_nothing_written_after_the_step_it_is_at(server, steps, path, fields):
    turns = server.studio.turns
    with closing(call(server, path, fields)) as connection:
        assert steps.begun.acquire(timeout=30)
        (turn,) = turns.having
        steps.allowed.release()
        steps.allowed.release()
        eventually(lambda: steps.pieces == 2)
        if "stream" in fields or path == KOBOLD_STREAM:
            received(connection, b"data: ")
    eventually(lambda: turn.cancelled)
    steps.allowed.release()
    assert steps.ended.acquire(timeout=30)
    assert steps.pieces <= 3
    eventually(lambda: not turns.writing)


def test_who_leaves_while_waiting_gives_up_its_place(server, steps):
    turns = server.studio.turns
    with closing(call(server, COMPLETE, ENDLESS)):
        assert steps.begun.acquire(timeout=30)
        for path, fields in ((COMPLETE, ENDLESS | {"stream": True}), (KOBOLD, ENDLESS)):
            with closing(call(server, path, fields)):
                eventually(lambda: turns.waiting == 1)
            eventually(lambda: turns.waiting == 0)
        assert turns.writing == 1


def test_two_at_once_are_written_one_after_the_other(server, steps):
    with (
        closing(call(server, COMPLETE, ENDLESS | {"max_tokens": 5, "stream": True})) as first,
        closing(call(server, COMPLETE, ENDLESS | {"max_tokens": 5, "stream": True})) as second,
    ):
        eventually(lambda: server.studio.turns.waiting == 1)
        steps.go_on()
        for connection in (first, second):
            assert b"200 OK" in received(connection, b"data: [DONE]\n\n")


def test_a_long_text_of_one_program_does_not_keep_another_waiting(server, monkeypatch):
    monkeypatch.setattr(turns_module, "SHARE_SECONDS", 0.0)
    alone = [
        server.post(COMPLETE, {"prompt": PROMPT, "max_tokens": 12, "seed": seed})[1]["choices"][0]["text"]
        for seed in (1, 2)
    ]
    with closing(call(server, COMPLETE, ENDLESS | {"stream": True})) as endless:
        received(endless, b"data: ")
        beside = [
            server.post(COMPLETE, {"prompt": PROMPT, "max_tokens": 12, "seed": seed}, User_Agent="b")[1]
            for seed in (1, 2)
        ]
        assert [answer["choices"][0]["text"] for answer in beside] == alone
        assert server.studio.turns.writing == 1
    eventually(lambda: not server.studio.turns.writing)


@pytest.mark.parametrize("path", [COMPLETE, KOBOLD_STREAM, CHAT])
def test_who_waits_long_for_a_stream_hears_that_somebody_is_there(server, steps, monkeypatch, path):
    monkeypatch.setattr(generation, "SILENCE_SECONDS", 0.02)
    fields = {**ENDLESS, "stream": True, "messages": [{"role": "user", "content": PROMPT}]}
    short = fields | {"max_tokens": 3, "max_length": 3}
    with closing(call(server, COMPLETE, fields)) as first:
        assert steps.begun.acquire(timeout=30)
        with closing(call(server, path, short)) as second:
            received(second, generation.STILL_HERE.encode())
            assert not steps.pieces
            first.close()
            steps.go_on()
            assert b'"finish_reason": "length"' in received(second, b"0\r\n\r\n")


@pytest.mark.parametrize(("mark", "status"), [("_most_per_client", 429), ("_most_waiting", 503)])
def test_who_finds_no_room_is_told_at_once_and_when_to_come_back(server, steps, monkeypatch, mark, status):
    monkeypatch.setattr(server.studio.turns, mark, 1)
    with closing(call(server, COMPLETE, ENDLESS)):
        assert steps.begun.acquire(timeout=30)
        with closing(call(server, COMPLETE, ENDLESS)):
            eventually(lambda: server.studio.turns.waiting == 1)
            for fields in (ENDLESS, ENDLESS | {"stream": True}):
                found, headers, body = server.ask("POST", COMPLETE, json.dumps(fields))
                assert (found, int(headers["retry-after"]) > 0) == (status, True)
                assert json.loads(body)["error"]["type"] in ("rate_limit_error", "service_unavailable")
            found, _, body = server.ask("POST", KOBOLD, json.dumps(ENDLESS))
            assert found == status
            assert json.loads(body)["detail"]["msg"]
            assert server.get("/health")[0] == 200


def test_a_program_can_stop_what_it_asked_for(server, steps):
    with closing(call(server, COMPLETE, ENDLESS | {"stream": True})) as connection:
        assert steps.begun.acquire(timeout=30)
        steps.allowed.release()
        received(connection, b"data: ")
        assert server.post("/v1/internal/stop-generation", {})[0] == 200
        steps.go_on()
        assert b'"finish_reason": "stop"' in received(connection, b"data: [DONE]\n\n")


@pytest.mark.parametrize("pieces", [0, 2])
@pytest.mark.parametrize("path", [COMPLETE, KOBOLD_STREAM, CHAT])
def test_an_accident_is_said_and_frees_the_turn_and_its_words_stay_here(
    server, monkeypatch, caplog, path, pieces
):
    stream = Writer.stream

    def breaking(writer, prompt, sample):
        for number, piece in enumerate(stream(writer, prompt, sample)):
            if number == pieces:
                raise ValueError(SECRET)
            yield piece

    monkeypatch.setattr(Writer, "stream", breaking)
    fields = {**ENDLESS, "stream": True, "messages": [{"role": "user", "content": PROMPT}]}
    status, _, body = server.ask("POST", path, json.dumps(fields))
    assert status == (200 if pieces else 500)
    assert "ValueError" in body
    assert SECRET not in body + caplog.text
    assert "ValueError" in caplog.text
    assert body.endswith("\n\n") or not pieces
    eventually(lambda: not server.studio.turns.writing)


def test_the_server_stops_though_somebody_is_still_listening(tmp_path):
    server = Server(tmp_path)
    with closing(call(server, COMPLETE, ENDLESS | {"stream": True})) as connection:
        received(connection, b"data: ")
        server.close()
    eventually(lambda: not server.studio.turns.writing)
