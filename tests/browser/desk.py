"""A server in a process of its own and a person at its page, for the tests in a real Chromium."""

import re
import signal
import socket
import subprocess
import sys
from contextlib import closing, contextmanager

from playwright.sync_api import expect

from novelgpt.config import Workspace
from novelgpt.studio import open_studio

PATIENCE_MS = 120_000
OPENING = "雨下了三天，河水漫过了石桥。"


class Server:
    """`novelgpt serve` in its own process, which can be stopped, killed and started again on the same port."""

    def __init__(self, root):
        self.root = root
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._process = None

    def start(self):
        command = [sys.executable, "-m", "novelgpt", "serve", "--port", str(self.port), "--lang", "en"]
        self._process = subprocess.Popen(
            [*command, "--workspace", str(self.root)], stderr=subprocess.PIPE, text=True
        )
        said = self._process.stderr.readline()
        assert self.address in said, said + self._process.stderr.read()

    def stop(self, how=signal.SIGINT):
        self._process.send_signal(how)
        _, self.said = self._process.communicate(timeout=60)
        return self._process.returncode


class Desk:
    """A person at the page."""

    def __init__(self, page, server):
        self.page, self.server = page, server
        self.complaints, self._leaving = [], False
        self.paper = page.locator("#sheet")
        self.status = page.locator("#status")

    def arrive(self):
        """Note that a page has come."""
        self._leaving = False

    def hear(self, complaint):
        """Note what the page complains of; when it is left, Gradio hangs up and then complains of itself."""
        self._leaving = self._leaving or complaint.startswith("AbortError")
        if not self._leaving or not complaint.startswith(("AbortError", "Unexpected error Connection")):
            self.complaints.append(complaint)

    def open(self, query=""):
        self.page.goto(self.server.address + "/" + query)
        self.ready()

    def ready(self):
        """Wait until the page has been filled and nothing is being written."""
        expect(self.page.locator("#current textarea, #current input")).not_to_have_value(
            "", timeout=PATIENCE_MS
        )
        expect(self.page.locator("#continue")).to_be_enabled(timeout=PATIENCE_MS)
        expect(self.paper).to_have_attribute("aria-readonly", "false", timeout=PATIENCE_MS)

    def new_story(self, title):
        self.page.locator("#rooms button[role=tab]").first.click()  # whatever room the last test ended in
        before = self.page.url
        self.page.locator("#title input").fill(title)
        self.page.locator("#new").click()
        self.page.wait_for_function("before => location.href !== before", arg=before, timeout=PATIENCE_MS)
        expect(self.page.locator("#story input")).to_have_value(title, timeout=PATIENCE_MS)

    def text(self):
        return self.page.evaluate("window.novelgpt.text()")

    def shows(self, text):
        """Wait until the page shows exactly this."""
        self.page.wait_for_function("text => window.novelgpt.text() === text", arg=text, timeout=PATIENCE_MS)

    def type(self, text):
        """Write at the end and wait until it is saved."""
        self.paper.click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.insert_text(text)
        self.saved()

    def saved(self):
        """Wait until the status line says that what is on the page is saved."""
        characters = len("".join(self.text().split()))
        expect(self.status).to_have_text(
            re.compile(rf"\D{characters:,} · (已保存|saved)\s*$"), timeout=PATIENCE_MS
        )

    def set_length(self, characters):
        self.page.locator("#dial-max_chars input").fill(str(characters))

    def write(self, characters=40):
        """Let the model write so many characters and the sentence to its end, and return the page."""
        self.set_length(characters)
        self.page.locator("#continue").click()
        expect(self.status).to_have_text(re.compile(r"写了 [\d,]+ 字 · 写[满完]"), timeout=PATIENCE_MS)
        self.ready()
        return self.text()

    def press(self, name):
        """Press undo or redo, and return the page once it has changed."""
        before = self.text()
        self.page.locator(f"#{name}").click()
        self.page.wait_for_function(
            "text => window.novelgpt.text() !== text", arg=before, timeout=PATIENCE_MS
        )
        return self.text()

    def grows_beyond(self, characters):
        """Wait until the text is longer than so many characters."""
        script = "least => window.novelgpt.text().length > least"
        self.page.wait_for_function(script, arg=characters, timeout=PATIENCE_MS)

    def in_the_library(self):
        """Return the story as the file on the disk has it."""
        number = int(re.search(r"story=(\d+)", self.page.url)[1])
        with closing(open_studio(Workspace(self.server.root))) as studio:
            return studio.text(number)


@contextmanager
def sitting_down(browser, server, **options):
    """Open the page in a window of its own, and at the end find it quiet: no errors, and nothing asked of other hosts."""
    options = {"locale": "zh-CN", "viewport": {"width": 1280, "height": 900}} | options
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    desk, asked = Desk(page, server), []
    complaints = desk.complaints
    page.on("console", lambda message: desk.hear(message.text) if message.type == "error" else None)
    page.on("load", lambda: desk.arrive())
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 400 else None)
    page.on("request", lambda request: asked.append(request.url))
    try:
        desk.open()
        yield desk
        assert complaints == []
        local = (server.address, "data:", "blob:")
        assert [url for url in asked if not url.startswith(local)] == []
    finally:
        context.close()
