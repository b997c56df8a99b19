"""A real full disk: a filesystem of a few hundred kilobytes, mounted for this test alone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.text.test_ingest import story

ROOT = Path(__file__).parents[3]
SCRIPT = """
mount -t tmpfs -o size=200k tmpfs "$1" || exit 77
{ingest}; echo "first $?"
ls "$1/corpus/chapters" | wc -l
mount -o remount,size=8m "$1"
{ingest}; echo "second $?"
cp -r "$1/corpus" "$2"
"""


def test_a_full_disk_is_said_and_after_making_room_the_run_goes_on(tmp_path: Path) -> None:
    if shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("mounting a small filesystem needs root and unshare")
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text(story(number, 6), encoding="utf-8")
    disk, after = tmp_path / "disk", tmp_path / "after"
    disk.mkdir()
    ingest = f'"{sys.executable}" -m novelgpt ingest "$3"/*.txt --out "$1/corpus" --jobs 1 --lang en'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", SCRIPT.format(ingest=ingest), "sh", disk, after, tmp_path],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("this machine does not let us mount a small filesystem")
    assert done.returncode == 0, done.stderr
    assert "first 1" in done.stdout
    assert "The disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert "second 0" in done.stdout
    assert "unchanged" in done.stderr  # what was done before the disk was full is not done again
    assert len(json.loads((after / "train.json").read_text(encoding="utf-8"))) == 180
