"""How the suite is shared out among processes: file by file, the longest first, and all that needs the browser in one."""

import os
from pathlib import Path

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
