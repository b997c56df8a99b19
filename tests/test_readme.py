"""The README is executed: its commands run, its map is the house, its two languages agree."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parent.parent
README = {
    lang: (ROOT / name).read_text(encoding="utf-8")
    for lang, name in (("zh", "README.md"), ("en", "README.en.md"))
}


def blocks(text: str) -> list[str]:
    return re.findall(r"```bash\n(.*?)```", text, flags=re.S)


def tour(text: str) -> list[str]:
    (block,) = re.findall(r"<!-- tour -->\n```bash\n(.*?)```", text, flags=re.S)
    return block.strip().splitlines()


def test_both_languages_give_the_same_commands() -> None:
    assert blocks(README["zh"]) == blocks(README["en"])


def test_ci_runs_the_readmes_test_command() -> None:
    test_command = blocks(README["zh"])[1]
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for part in (".venv/bin/pip install", "-e '.[dev]'", ".venv/bin/python -m pytest"):
        assert part in test_command
        assert part in ci


def test_the_map_names_every_file_of_the_house_and_no_other() -> None:
    (map_,) = re.findall(r"```\n(README\.md.*?)```", README["zh"], flags=re.S)
    named = set(re.findall(r"[\w.]+\.py", map_)) - {"app.py"}
    there = {path.name for path in (ROOT / "novelgpt").rglob("*.py") if path.parent.name != "messages"}
    there |= {path.name for path in (ROOT / "benchmarks").glob("*.py")}
    assert named == there


def test_every_command_of_the_program_stands_in_the_readme() -> None:
    from novelgpt.cli import build_parser

    commands = re.findall(r"\{(.*?)\}|^    (\w+)  ", build_parser("en").format_help(), flags=re.M)
    names = {name for pair in commands for name in pair if name}
    assert {"ingest", "vocab", "train", "generate", "score", "serve"} <= names
    for name in names:
        assert f"novelgpt {name}" in README["zh"]
        assert f"novelgpt {name}" in README["en"]


def test_no_promise_is_left_unfilled() -> None:
    for text in README.values():
        assert "@" not in re.sub(r"\S+@\S+\.\S+", "", text)
        for link in re.findall(r"\]\((?!http|#)([^)#]+)", text):
            assert (ROOT / link).exists(), link


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What a person has after cloning: the sample novels and app.py."""
    shutil.copytree(
        ROOT / "corpus", tmp_path / "corpus", ignore=shutil.ignore_patterns("chapters", "*.json", "*.html")
    )
    shutil.copy(ROOT / "app.py", tmp_path)
    return tmp_path


def test_the_tour_runs_as_written(project: Path) -> None:
    *commands, last = tour(README["zh"])
    assert last == "python app.py"
    scripts = str(Path(sys.executable).parent)
    environment = {
        **os.environ, "PATH": scripts + os.pathsep + os.environ["PATH"], "PYTHONPATH": str(ROOT),
        "NOVELGPT_LANG": "zh", "PYTHONUTF8": "1",
    }  # fmt: skip
    environment.pop("NOVELGPT_WORKSPACE", None)
    outputs = {}
    for command in commands:
        as_module = command.replace("novelgpt ", f"'{sys.executable}' -m novelgpt ", 1)
        done = subprocess.run(
            as_module, shell=True, cwd=project, env=environment, capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        outputs[command.split()[1]] = done
    assert "收入 4 本书" in outputs["ingest"].stdout
    assert "星火航程（下）" in outputs["ingest"].stderr
    assert "50,000 词片" in outputs["vocab"].stdout
    assert "练成了" in outputs["train"].stdout
    assert len(outputs["generate"].stdout.strip()) > 100
    assert "\ufffd" not in outputs["generate"].stdout
    assert "BLEU" in outputs["score"].stdout
    assert (project / "runs/default/final/model.safetensors").is_file()
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 7860)) == 0:
            pytest.skip("port 7860, the page's default, is in use here; everything before it passed")
    with subprocess.Popen(
        [sys.executable, "app.py"], cwd=project, env={**environment, "NOVELGPT_NO_BROWSER": "1"},
        stderr=subprocess.PIPE, text=True,
    ) as page:  # fmt: skip
        assert page.stderr is not None
        address = re.search(r"http://\S+:\d+", page.stderr.readline())
        assert address is not None
        assert models_ready(address[0]) == ["default", "embedded"]
        page.send_signal(signal.SIGINT)


def models_ready(address: str) -> list[str]:
    """Ask until the server, which said its address while it was starting, answers."""
    for _ in range(120):
        with contextlib.suppress(URLError), urlopen(address + "/ready", timeout=30) as answer:
            models: list[str] = json.load(answer)["models"]
            return models
        time.sleep(0.5)
    raise AssertionError(f"{address} never answered")
