"""One browser for all, one server for the tests of a file, one window for those that need nothing special."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

pytest.register_assert_rewrite("tests.browser.desk")  # so that it says what a page complained of

from tests.browser.desk import Server, sitting_down  # noqa: E402
from tests.tiny import tiny_model_folder  # noqa: E402

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium():
    asked = os.environ.get("NOVELGPT_CHROMIUM")
    return asked if asked and Path(asked).is_file() else next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="package")  # Playwright keeps an event loop running, which other tests cannot bear
def browser():
    path = find_chromium()
    if path is None:
        reason = "no Chromium found: install one, or name it in NOVELGPT_CHROMIUM"
        if os.environ.get("NOVELGPT_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("workspace")
    tiny_model_folder(root / "runs" / "tiny" / "final", steps=60)
    server = Server(root)
    server.start()
    yield server
    if server._process.poll() is None:
        server.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def chair(browser, server):
    """One window for all tests that need nothing special: loading the page is what takes time."""
    with sitting_down(browser, server) as desk:
        yield desk


@pytest.fixture
def desk(chair, request):
    chair.new_story(request.node.name)
    yield chair
    if folder := os.environ.get("NOVELGPT_SCREENSHOTS"):
        chair.page.screenshot(path=Path(folder) / f"{request.node.name}.png", full_page=True)
