"""How the suite is shared out among processes: file by file, the longest first, and all that needs the browser in one."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"  # the processes are as many as the cores

HOUSE = Path(__file__).parent
LONGEST_FIRST = (
    "browser",
    "test_readme.py",
    "model/test_distributed.py",
    "model/test_resume.py",
    "model/test_train.py",
    "api",
)


@pytest.fixture
def workspace(tmp_path: Path) -> Any:
    """A place of work with two small books and a vocabulary."""
    from tests.workshops import two_books

    return two_books(tmp_path)


@pytest.fixture
def workshop(workspace: Any) -> Iterator[Any]:
    """The workshop of that place; whatever it began has ended afterwards."""
    from novelgpt.studio.workshop import Workshop
    from tests.workshops import end_trainings

    yield Workshop(workspace)
    end_trainings(workspace)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name each test's group, and put those first that would otherwise keep the others waiting at the end."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: _place(_group(item)))  # what is equal stays in its order


def _group(item: pytest.Item) -> str:
    """Return the file, or `browser`: two browsers and two servers are too much for two cores."""
    inside = item.path.relative_to(HOUSE).as_posix()
    return "browser" if inside.startswith("browser/") else inside


def _place(group: str) -> int:
    return next(
        (place for place, begin in enumerate(LONGEST_FIRST) if group.startswith(begin)), len(LONGEST_FIRST)
    )
