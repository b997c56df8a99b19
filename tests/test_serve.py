"""`novelgpt serve`: when the browser is opened, and when only the address is said."""

import argparse
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest

from novelgpt.cli import serve
from novelgpt.cli.face import Face

SCREEN = {"DISPLAY": ":0"}


@pytest.mark.parametrize(
    ("asked", "environment", "opened"),
    [
        ({"open": True}, SCREEN, True),
        ({"open": True}, {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"open": True}, {}, False),
        ({"open": True}, {**SCREEN, "NOVELGPT_NO_BROWSER": "1"}, False),
        ({"open": True, "desktop": True}, SCREEN, False),
        ({}, SCREEN, False),
    ],
)
def test_the_browser_is_opened_where_it_was_asked_for_and_there_is_a_screen(
    asked, environment, opened, monkeypatch, capsys
):
    pages = []
    monkeypatch.setattr(webbrowser, "open", pages.append)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "NOVELGPT_NO_BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    flags = argparse.Namespace(**{"open": False, "desktop": False, "json": False, "workspace": None, **asked})
    serve._ready(Face(flags, "en"), "http://127.0.0.1:7860")
    assert (pages == ["http://127.0.0.1:7860"]) == opened
    assert "http://127.0.0.1:7860" in capsys.readouterr().err


def test_app_py_takes_the_flags_of_serve():
    app = Path(__file__).parent.parent / "app.py"
    done = subprocess.run([sys.executable, app, "--help", "--lang", "en"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "--port" in done.stdout and "--open" in done.stdout
    assert len(app.read_text(encoding="utf-8").splitlines()) <= 15
