"""Exports begun from the workshop: real processes that can be watched and cancelled."""

import subprocess
import sys
import time

import pytest

from novelgpt.errors import BadValue, UnknownModel
from novelgpt.model.exporting.refusal import ExportExists
from novelgpt.studio.export_bench import ExportUnderWay
from novelgpt.studio.running import Child
from novelgpt.studio.workshop import Workshop
from tests.tiny import tiny_model_folder
from tests.workshops import PATIENCE_SECONDS, two_books


@pytest.fixture
def workshop(tmp_path):
    workspace = two_books(tmp_path)
    tiny_model_folder(workspace.runs_dir / "小 模型/final")
    return Workshop(workspace)


def ended(workshop):
    assert Child(workshop.workspace.root / "exports/.workshop", "export").wait(PATIENCE_SECONDS)
    return workshop.exporting()


def left(workshop):
    return sorted(path.name for path in (workshop.workspace.root / "exports").iterdir())


def test_an_export_is_watched_to_its_end_and_replaced_only_when_asked(workshop):
    assert workshop.exporting().status == "none"
    workshop.export("小 模型", "gguf", lang="en")
    state = workshop.exporting()
    assert (state.status, state.model, state.format) == ("running", "小 模型", "gguf")
    assert state.expected_bytes > 10_000
    with pytest.raises(ExportUnderWay, match="小 模型"):
        workshop.export("小 模型", "hf")
    state = ended(workshop)
    assert state.status == "finished"
    path = workshop.workspace.root / "exports/小 模型-fp16.gguf"
    assert state.result["path"] == str(path)
    assert 0.5 < path.stat().st_size / state.expected_bytes < 3
    with pytest.raises(ExportExists):
        workshop.export("小 模型", "gguf")
    workshop.export("小 模型", "gguf", replace=True)
    workshop.cancel_export()
    assert ended(workshop).status == "cancelled"
    assert left(workshop) == [".workshop", path.name]
    workshop.cancel_export()  # nothing runs: nothing happens


def test_what_cannot_be_exported_begins_nothing(workshop):
    with pytest.raises(BadValue):
        workshop.export("小 模型", "exe")
    with pytest.raises(UnknownModel):
        workshop.export("没有", "hf")
    assert workshop.exporting().status == "none"


SLOW = """
import sys, time
from pathlib import Path
from novelgpt.cli.export import ends_tidily
from novelgpt.model.exporting.export import replace_whole

def write(place):
    place.write_bytes(b"x" * 1000)
    print("begun", flush=True)
    time.sleep(60)

with ends_tidily():
    replace_whole(Path(sys.argv[1]), write)
"""


def test_an_export_that_is_asked_to_end_takes_what_it_had_written_with_it(workshop):
    path = workshop.workspace.root / "exports/a.gguf"
    path.parent.mkdir()
    path.write_text("former")
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as slow:
        assert slow.stdout.readline() == b"begun\n"
        child = workshop._exports._child
        child.note(path=str(path), started_at=time.time(), pid=1, mark="gone")
        assert len(left(workshop)) == 3
        slow.terminate()
        assert slow.wait(PATIENCE_SECONDS) != 0
        assert b"KeyboardInterrupt" in slow.stderr.read()
    assert left(workshop) == [".workshop", "a.gguf"]
    assert path.read_text() == "former"


def test_the_size_of_what_is_half_written_is_seen(workshop):
    from novelgpt.studio.export_bench import _size_of_unfinished

    folder = workshop.workspace.root / "exports"
    assert _size_of_unfinished(folder / "a[1].gguf") == 0
    (folder / ".b-hf.12.tmp").mkdir(parents=True)
    (folder / ".b-hf.12.tmp/model.safetensors").write_bytes(b"123")
    (folder / ".a[1].gguf.34.tmp").write_bytes(b"12345")
    (folder / ".a[1].gguf.34.old").write_bytes(b"1")
    assert _size_of_unfinished(folder / "b-hf") == 3
    assert _size_of_unfinished(folder / "a[1].gguf") == 5
