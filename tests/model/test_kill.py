"""kill -9, a full disk and damaged files: nothing is lost and nothing is different afterwards."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from novelgpt.errors import DiskFull, FolderUnwritable, NoValidCheckpoint
from novelgpt.model.learning.learner import OutOfMemory
from novelgpt.model.running import checkpoint
from novelgpt.model.running.checkpoint import fault, steps_in
from novelgpt.model.running.events import Finished, Notice, Paused, Step
from novelgpt.model.train import LossDiverged, train
from novelgpt.tokens.shards import Shards
from tests.model import children
from tests.model.runs import finish, losses, reseal, same_weights, stop_after, tiny_config, tiny_shards, told

CHANGES = {"steps": 5, "save_every": 2, "evaluate_every": 2, "sample_every": 5}
KILLED = -9
posix = pytest.mark.skipif(os.name == "nt", reason="SIGKILL and the fork server are POSIX")


@pytest.fixture(scope="module")
def never_stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("never-stopped")
    assert children.run(folder, changes=CHANGES) == 0
    return folder / "run"


def assert_same(run_dir: Path, expected: Path) -> None:
    assert told(run_dir) == told(expected)
    assert same_weights(run_dir / "final", expected / "final")
    assert same_weights(run_dir / "best", expected / "best")
    assert not list(run_dir.glob("**/.*"))


@posix
@pytest.mark.parametrize("call", [1, 5, 9, 14, 20, 27, 33, 38, 44, 51, 58, 66, 75])
def test_killed_inside_a_write_it_ends_as_if_never_killed(
    call: int, never_stopped: Path, tmp_path: Path
) -> None:
    assert children.run(tmp_path, changes=CHANGES, die_at_call=call) == KILLED
    assert children.run(tmp_path, changes=CHANGES) == 0
    assert_same(tmp_path / "run", never_stopped)


@posix
def test_killed_again_and_again_it_ends_as_if_never_killed(tmp_path: Path) -> None:
    chance, deaths, longer = random.Random(5), 0, {**CHANGES, "steps": 150, "evaluate_every": 150}
    for _ in range(6):
        deaths += (
            children.run(tmp_path / "storm", changes=longer, die_after=chance.uniform(0.2, 0.9)) == KILLED
        )
    assert deaths == 6
    for folder in ("storm", "calm"):
        assert children.run(tmp_path / folder, changes=longer) == 0
    assert_same(tmp_path / "storm" / "run", tmp_path / "calm" / "run")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with room for a few checkpoints."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs Linux and root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_pauses_the_run_and_room_lets_it_go_on(
    small_disk: Path, shards: Shards, tmp_path: Path
) -> None:
    config = tiny_config(steps=8, save_every=1)
    finish(config, shards, tmp_path / "roomy")
    filler, paused = small_disk / "filler", 0
    for event in train(config, shards, small_disk / "run", wait_seconds=0.01):
        if isinstance(event, Step) and event.step == 4:
            _fill(filler)
        if isinstance(event, Paused):
            paused += 1
            whole = [folder for _, folder in steps_in(small_disk / "run" / "checkpoints")]
            assert whole
            assert all(fault(folder) is None for folder in whole)
            if paused == 3:
                filler.unlink()
    assert paused == 3
    assert losses(small_disk / "run") == losses(tmp_path / "roomy")
    assert same_weights(small_disk / "run" / "final", tmp_path / "roomy" / "final")


def test_stopping_while_the_disk_is_full_says_so_and_keeps_the_old_checkpoints(
    small_disk: Path, shards: Shards
) -> None:
    config = tiny_config(steps=8, save_every=1)
    events = train(config, shards, small_disk / "run", wait_seconds=0.01)
    with pytest.raises(DiskFull, match="--resume"):
        for event in events:
            if isinstance(event, Step) and event.step == 4:
                _fill(small_disk / "filler")
            if isinstance(event, Paused):
                events.close()
    (small_disk / "filler").unlink()
    assert isinstance(finish(config, shards, small_disk / "run", resume=True)[-1], Finished)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as stream:
        try:
            while stream.write(b"\0" * 4096):
                pass
        except OSError:
            return


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Shards:
    return tiny_shards(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def stopped(shards: Shards, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = tmp_path_factory.mktemp("stopped") / "run"
    stop_after(tiny_config(ema=0.9), shards, run_dir, 3)
    return run_dir


def test_every_truncation_and_every_kind_of_flipped_bit_is_noticed(stopped: Path, tmp_path: Path) -> None:
    (_, newest) = steps_in(stopped / "checkpoints")[-1]
    chance = random.Random(1)
    for path in sorted(newest.iterdir()):
        content = path.read_bytes()
        damaged = [content[:size] for size in range(0, len(content), max(1, len(content) // 12))]
        for _ in range(12):
            flipped = bytearray(content)
            flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            damaged.append(bytes(flipped))
        for bad in damaged:
            copy = tmp_path / "copy"
            shutil.copytree(newest, copy)
            (copy / path.name).write_bytes(bad)
            assert fault(copy) is not None or (
                path.name == checkpoint.MANIFEST and _means_the_same(bad, content)
            )
            shutil.rmtree(copy)


def _means_the_same(one: bytes, other: bytes) -> bool:
    """A flipped bit in the white space or the name of the schema of a manifest changes nothing that it vouches for."""
    try:
        return json.loads(one)["files"] == json.loads(other)["files"]
    except (ValueError, KeyError, TypeError):
        return False


def test_a_loss_that_is_no_number_stops_the_run_and_a_gentler_one_goes_on_from_the_last_checkpoint(
    shards: Shards, tmp_path: Path
) -> None:
    config = tiny_config(steps=8, learning_rate=0.9, clip=0.0, warmup=0.0, schedule="linear")
    stop_after(config, shards, tmp_path / "run", 3)
    (step, newest) = steps_in(tmp_path / "run" / "checkpoints")[-1]
    _spoil(newest)
    with pytest.raises(LossDiverged, match=f"step {step + 1} .*--fork"):
        finish(config, shards, tmp_path / "run", resume=True)
    assert steps_in(tmp_path / "run" / "checkpoints")[-1][0] == step


def _spoil(folder: Path) -> None:
    """Make the weights of a checkpoint so large that the loss overflows."""
    tensors = load_file(folder / "weights.safetensors")
    save_file({name: value * 1e38 for name, value in tensors.items()}, folder / "weights.safetensors")
    reseal(folder)


def test_too_little_memory_halves_the_windows_computed_at_once(
    shards: Shards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config(batch_size=4, dropout=0.0)
    finish(tiny_config(batch_size=4, dropout=0.0, micro_batch=1), shards, tmp_path / "one")
    _refuse_more_than(1, monkeypatch)
    finish(config, shards, tmp_path / "halved")
    assert same_weights(tmp_path / "halved" / "final", tmp_path / "one" / "final")
    assert losses(tmp_path / "halved") == losses(tmp_path / "one")


def test_no_memory_at_all_is_one_sentence(
    shards: Shards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refuse_more_than(0, monkeypatch)
    with pytest.raises(OutOfMemory, match="--context-length"):
        finish(tiny_config(), shards, tmp_path / "run")


def _refuse_more_than(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail as the allocator does whenever more windows than `rows` are computed at once."""
    from novelgpt.model.learning import learner

    forward = learner._Lesson.forward

    def narrow(self: object, inputs: object, targets: object, divisor: int) -> object:
        if self.training and len(inputs) > rows:
            raise RuntimeError(
                "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"
            )
        return forward(self, inputs, targets, divisor)

    monkeypatch.setattr(learner._Lesson, "forward", narrow)


def test_a_folder_that_cannot_be_written_is_one_sentence(shards: Shards, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(FolderUnwritable):
        finish(tiny_config(), shards, tmp_path / "run")


def test_what_was_set_aside_is_told(shards: Shards, stopped: Path, tmp_path: Path) -> None:
    run_dir = shutil.copytree(stopped, tmp_path / "run")
    (_, newest) = steps_in(run_dir / "checkpoints")[-1]
    (newest / "average.safetensors").write_bytes(b"")
    keys = [
        event.message.key
        for event in finish(tiny_config(ema=0.9), shards, run_dir, resume=True)
        if isinstance(event, Notice)
    ]
    assert keys[:2] == ["train.set_aside", "train.resumed"]
    with pytest.raises(NoValidCheckpoint):
        for _, folder in steps_in(run_dir / "checkpoints"):
            (folder / "state.json").unlink()
        finish(tiny_config(ema=0.9), shards, run_dir, resume=True)
