"""The line to the page on a real socket: one answer of Gradio's ends, the line does not."""

import asyncio
import itertools
import json
import threading
import time

import pytest

from novelgpt.api import lasting

JOIN, DATA = "/gradio_api/queue/join", "/gradio_api/queue/data?session_hash="
numbers = itertools.count()


class Page:
    """What a browser keeps of a page: its name, and a line that is read until the server hangs up."""

    def __init__(self, server):
        self.server = server
        self.session = f"page{next(numbers)}"
        _, config = server.get("/config")
        named = {part["id"]: part["props"].get("elem_id") for part in config["components"]}
        buttons = {
            (named.get(part), kind): told["id"]
            for told in config["dependencies"]
            for part, kind in told["targets"]
        }
        self._told = threading.Condition()
        self._button = buttons["stories-no", "click"]  # asks for nothing and is answered at once

    def ask(self):
        """Press a button and return the number of the question."""
        pressed = {"data": [], "fn_index": self._button, "session_hash": self.session}
        status, said = self.server.post(JOIN, pressed, Content_Type="application/json")
        assert status == 200, said
        return said["event_id"]

    def listen(self):
        """Open a line; what comes over it is told until the server hangs up, and then that it has."""
        self.heard, self.ended = [], threading.Event()
        threading.Thread(target=self._listen, args=(self.heard, self.ended), daemon=True).start()

    def _listen(self, heard, ended):
        with self.server.asking("GET", DATA + self.session) as answer:
            assert answer.status == 200
            for line in answer:
                if line.startswith(b"data:"):
                    with self._told:
                        heard.append(json.loads(line[5:]))
                        self._told.notify_all()
            if answer.isclosed():  # to its end, not cut off
                ended.set()

    def begin(self):
        """Ask a first question, open a line for its answer, and wait until that has come."""
        first = self.ask()
        self.listen()
        self.answered(first)

    def answered(self, number):
        """Wait for the answer to a question."""

        def came():
            return any(
                said["msg"] == "process_completed" and said["event_id"] == number for said in self.heard
            )

        with self._told:
            assert self._told.wait_for(came, timeout=60)


@pytest.fixture
def page(server):
    return Page(server)


def test_one_line_carries_the_answers_to_questions_that_come_one_after_the_other(page, monkeypatch):
    monkeypatch.setattr(lasting, "LINGER_SECONDS", 5.0)  # a busy machine asks slowly
    page.begin()
    for _ in range(5):
        assert not page.ended.is_set()
        page.answered(page.ask())
    assert page.ended.wait(60)
    assert [said["msg"] for said in page.heard].count("close_stream") == 1
    assert page.heard[-1]["msg"] == "close_stream"


def test_an_answer_that_found_no_line_waits_for_the_next_one(page, monkeypatch):
    monkeypatch.setattr(lasting, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr(lasting, "APART_SECONDS", 0.0)
    page.begin()
    assert page.ended.wait(60)
    second = page.ask()
    page.listen()
    page.answered(second)


def test_a_question_right_after_the_hanging_up_is_answered_once_the_page_has_heard_of_that(page, monkeypatch):
    monkeypatch.setattr(lasting, "APART_SECONDS", 1.5)
    page.begin()
    assert page.ended.wait(60)
    before = time.monotonic()
    second = page.ask()
    assert time.monotonic() - before > 0.5  # a law, not a speed: it may come later, never sooner
    page.listen()
    page.answered(second)


def test_of_two_lines_of_a_page_the_later_one_is_told(page, monkeypatch):
    monkeypatch.setattr(lasting, "LINGER_SECONDS", 60.0)
    page.begin()
    ended = page.ended
    page.listen()
    assert ended.wait(30)
    page.answered(page.ask())


def test_a_page_that_is_gone_holds_up_no_other(page):
    first = page.ask()
    with page.server.asking("GET", DATA + page.session) as answer:
        while (
            json.loads(next(line for line in answer if line.startswith(b"data:"))[5:]).get("event_id")
            != first
        ):
            pass
    Page(page.server).begin()


def test_a_line_that_nothing_was_asked_for_ends_as_gradio_ends_it(page):
    page.listen()
    assert page.ended.wait(60)
    assert page.heard[-1]["msg"] == "unexpected_error"
    assert page.heard[-1]["session_not_found"]


def test_nothing_is_hung_up_while_a_question_is_on_its_way_in(monkeypatch):
    monkeypatch.setattr(lasting, "LINGER_SECONDS", 0.0)
    goodbye = {"type": "http.response.body", "body": b'data: {"msg": "close_stream"}\n\n', "more_body": True}

    async def crossing():
        taken_in, sent, lines = asyncio.Event(), [], itertools.count(1)

        async def hasty(scope, receive, send):  # takes questions in slowly, and hangs up at once
            if scope["path"] == JOIN:
                await taken_in.wait()
                return
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send(
                {"type": "http.response.body", "body": b"data: %d\n\n" % next(lines), "more_body": True}
            )
            await send(goodbye)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        async def receive():
            return {"type": "http.request", "body": b'{"session_hash":"one"}', "more_body": False}

        async def send(message):
            sent.append(message.get("body"))

        app = lasting.LastingAnswers(hasty)
        question = asyncio.create_task(app({"type": "http", "path": JOIN}, receive, send))
        await asyncio.sleep(0)
        line = {"type": "http", "path": DATA.partition("?")[0], "query_string": b"session_hash=one"}
        answer = asyncio.create_task(app(line, receive, send))
        for _ in range(20):
            await asyncio.sleep(0)
        while_coming = list(sent)
        taken_in.set()
        await asyncio.gather(question, answer)
        return while_coming, sent

    while_coming, sent = asyncio.run(crossing())
    assert while_coming == [None, b"data: 1\n\n"]
    assert sent == [None, b"data: 1\n\n", b"data: 2\n\n", goodbye["body"], b""]
