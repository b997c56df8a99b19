"""The floors of the house: a room imports only from floors below, and the command line starts light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent / "novelgpt"
FLOORS = [
    {"messages"},
    {"errors"},
    {"files", "config", "pages"},
    {"text"},
    {"tokens"},
    {"model"},
    {"writing", "scoring", "story", "turns"},
    {"studio"},
    {"api", "ui"},
    {"cli"},
    {"__main__"},
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
ALLOWED_ON_ONE_FLOOR = {("api", "ui")}  # the HTTP app mounts the page
FILES = sorted(path for path in HOUSE.rglob("*.py") if path != HOUSE / "__init__.py")


def room_of(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module or ""]
            if node.module == "novelgpt":
                names = [f"novelgpt.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("novelgpt.")}
    return found & FLOOR_OF.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_room_imports_only_from_floors_below(path: Path) -> None:
    room = room_of(path)
    assert room in FLOOR_OF, f"{room} has no floor yet"
    for other in imported_rooms(path) - {room}:
        below = FLOOR_OF[other] < FLOOR_OF[room]
        assert below or (room, other) in ALLOWED_ON_ONE_FLOOR, f"{room} must not import {other}"


def test_the_command_line_starts_without_anything_heavy() -> None:
    heavy = [
        "torch",
        "transformers",
        "gradio",
        "numpy",
        "tokenizers",
        "fastapi",
        "rjieba",
        "sacrebleu",
        "chardet",
    ]
    code = f"import sys, novelgpt.cli; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_names_are_there_and_lazy() -> None:
    code = "import sys, novelgpt; assert 'torch' not in sys.modules; [getattr(novelgpt, n) for n in novelgpt.__all__]"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


@pytest.mark.parametrize(
    ("module", "heavy"),
    [("novelgpt.api", ["gradio", "torch", "transformers"]), ("novelgpt.ui.page", ["torch", "transformers"])],
)
def test_a_browser_is_called_and_the_page_is_drawn_before_what_takes_long_is_read(
    module: str, heavy: list[str]
) -> None:
    code = f"import sys, novelgpt.studio, {module}; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
