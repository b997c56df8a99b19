"""The page in a window of its own; no window system runs here, so a stand-in takes the window's place and nothing else's.

Each case is a process of its own: Gradio leaves an event loop open behind it wherever none is running.
"""

import json
import subprocess
import sys

import pytest

BEGINNING = """
import json, sys, threading, types, urllib.request, webbrowser
from contextlib import closing
from pathlib import Path
from novelgpt.api import listen, serve_in_window
from novelgpt.config import Workspace
from novelgpt.errors import PortBusy
from novelgpt.studio import open_studio

opened, told, answers = [], [], []
webbrowser.open = opened.append

def health(address):
    try:
        with urllib.request.urlopen(address + "/health", timeout=30) as answer:
            return answer.status
    except OSError:
        return "gone"

def window(start):
    shown = []
    stand_in = types.SimpleNamespace(create_window=lambda title, address, **size: shown.append(address))
    stand_in.start = lambda: start(shown[0])
    sys.modules["webview"] = stand_in
    return shown

def serve(**how):
    with closing(open_studio(Workspace(Path(sys.argv[1])))) as studio:
        serve_in_window(studio, **{"port": 0, "when_ready": told.append, "no_window": told.append, **how})

"""


@pytest.fixture
def run(tmp_path):
    def run(code):
        script = BEGINNING + code + "\nprint(json.dumps([opened, told, answers]))"
        command = [sys.executable, "-W", "ignore", "-c", script, str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_the_server_lives_as_long_as_the_window(run):
    opened, told, answers = run("""
shown = window(lambda address: answers.append(health(address)))
serve()
answers += [health(shown[0]), shown[0] == told[0]]
""")
    assert answers == [200, "gone", True]
    assert len(told) == 1
    assert opened == []


def test_without_windows_the_browser_is_used(run):
    opened, told, answers = run("""
sys.modules["webview"] = None
stop = threading.Event()

def ready(address):
    told.append(address)
    threading.Thread(target=lambda: (answers.append(health(address)), stop.set())).start()

serve(when_ready=ready, stop=stop)
""")
    assert answers == [200]
    assert "webview" in told[0]
    assert opened == [told[1]]


def test_a_window_that_does_not_open_is_no_end(run):
    opened, told, answers = run("""
def start(address):
    threading.Timer(0.5, lambda: (answers.append(health(address)), stop())).start()
    raise OSError("no screen")

def stop():
    import os, signal
    os.kill(os.getpid(), signal.SIGINT)

window(start)
try:
    serve()
except KeyboardInterrupt:
    answers.append("interrupted")
""")
    assert answers == [200, "interrupted"]
    assert "no screen" in told[1]
    assert opened == [told[0]]


def test_a_server_that_cannot_start_says_so(run):
    _, _, answers = run("""
window(lambda address: answers.append("shown"))
with closing(listen("127.0.0.1", 0)) as taken:
    try:
        serve(port=taken.getsockname()[1])
    except PortBusy:
        answers.append("busy")
""")
    assert answers == ["busy"]
