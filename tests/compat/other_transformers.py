"""Check the vocabularies with another version of transformers, in an environment of its own (no torch, some 100 MB).

    python -m tests.compat.other_transformers [VERSION]

Makes a virtual environment in a temporary folder with `transformers==VERSION` (4.57.6 unless told otherwise), writes the
vocabularies and what is expected of them with the NovelGPT at hand, and runs `check_transformers.py` there for every
model type that this transformers knows. Leaves with status 1 if anything differs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tests.compat import check_transformers
from tests.compat.expected import write_expected
from tests.tokens.vocabularies import VOCABULARIES

VERSION = "4.57.6"


def main(version: str = VERSION) -> int:
    with tempfile.TemporaryDirectory() as place:
        python = _environment(Path(place) / "venv", version)
        return max([_check(python, name, Path(place)) for name in VOCABULARIES])


def _environment(folder: Path, version: str) -> Path:
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", f"transformers=={version}"]
    subprocess.run([python, *install], check=True)
    return python


def _check(python: Path, name: str, place: Path) -> int:
    folder, expected = place / name, place / f"{name}.json"
    VOCABULARIES[name]().save(folder)
    write_expected(expected, VOCABULARIES[name]())
    kinds = [] if name == "shipped" else ["all"]  # loading 50,000 pieces hundreds of times would take minutes
    print(f"{name}: ", end="", flush=True)
    return subprocess.run(
        [python, str(Path(check_transformers.__file__)), folder, expected, *kinds]
    ).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
