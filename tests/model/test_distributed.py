"""Two processes on loopback, as torchrun starts them on one machine or on two, learn what one process learns."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from novelgpt.errors import BadValue
from novelgpt.model.folder import load_model
from novelgpt.model.running.distributed import World
from novelgpt.model.running.saving import read_tensors
from tests.model.runs import finish, losses, tiny_config, tiny_shards, weights

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="gloo over loopback is tested on Linux")

SCRIPT = """
import os, sys
from pathlib import Path
from novelgpt.model.running.distributed import joined
from novelgpt.model.running.events import Step
from novelgpt.model.train import train
from tests.model.runs import tiny_config, tiny_shards
folder, changes = Path(sys.argv[1]), eval(sys.argv[2])
with joined(os.environ) as world:
    with world.first_goes_first():
        shards = tiny_shards(folder)
    for event in train(tiny_config(**changes), shards, folder / "run", resume=True, world=world):
        if isinstance(event, Step):
            (folder / f"rank-{world.rank}").write_text(f"{event.step} {os.getpid()}")
"""
CHANGES = {"batch_size": 4, "dropout": 0.0, "steps": 6}


def command(folder: Path, *options: str, changes: dict[str, object] = CHANGES) -> list[str]:
    script = folder / "learn.py"
    script.write_text(SCRIPT)
    return [sys.executable, "-m", "torch.distributed.run", *options, str(script), str(folder), repr(changes)]


@contextlib.contextmanager
def started(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        yield process
        process.kill()


def run(arguments: list[str]) -> None:
    with started(arguments) as process:
        said, _ = process.communicate(timeout=180)
        assert process.returncode == 0, said[-9000:]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alone")
    finish(tiny_config(**CHANGES), tiny_shards(folder), folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("together")
    run(command(folder, "--standalone", "--nproc-per-node", "2"))
    return folder / "run"


def assert_close(run_dir: Path, expected: Path) -> None:
    ours, theirs = weights(run_dir / "final"), weights(expected / "final")
    for name in theirs:
        if (
            theirs[name].dim() == 2
        ):  # a bias of keys has no gradient but rounding, which AdamW makes whole steps of
            assert (ours[name] - theirs[name]).norm() < 5e-3 * theirs[name].norm(), name
    for (step, loss), (other_step, other_loss) in zip(losses(run_dir), losses(expected), strict=True):
        assert step == other_step
        assert loss == pytest.approx(other_loss, rel=1e-4)


def test_two_processes_learn_what_one_does(alone: Path, together: Path) -> None:
    assert_close(together, alone)


def test_one_process_goes_on_where_two_stopped_and_two_where_one_stopped(alone: Path, tmp_path: Path) -> None:
    run(
        command(tmp_path, "--standalone", "--nproc-per-node", "2", changes={**CHANGES, "steps": 6, "keep": 9})
    )
    for step in (3, 4, 5, 6):
        for folder in (tmp_path / "run" / "checkpoints").glob(f"step-{step}"):
            shutil.rmtree(folder)
    finish(tiny_config(**{**CHANGES, "keep": 9}), tiny_shards(tmp_path), tmp_path / "run", resume=True)
    assert_close(tmp_path / "run", alone)


def test_a_killed_rank_is_started_again_and_the_run_ends_the_same(together: Path, tmp_path: Path) -> None:
    longer = {**CHANGES, "steps": 300, "save_every": 5, "evaluate_every": 300, "sample_every": 300}
    whole = tmp_path / "whole"
    whole.mkdir()
    run(command(whole, "--standalone", "--nproc-per-node", "2", changes=longer))
    options = ("--standalone", "--nproc-per-node", "2", "--max-restarts", "2")
    with started(command(tmp_path, *options, changes=longer)) as process:
        _kill_rank_one(tmp_path, process)
        said, _ = process.communicate(timeout=240)
        assert process.returncode == 0, said[-9000:]
    assert losses(tmp_path / "run") == losses(whole / "run")
    ours, theirs = weights(tmp_path / "run" / "final"), weights(whole / "run" / "final")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def _kill_rank_one(folder: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            step, pid = map(int, (folder / "rank-1").read_text().split())
            if step >= 8:
                os.kill(pid, signal.SIGKILL)
                return
        time.sleep(0.01)
    raise AssertionError("rank 1 never came so far")


def test_two_machines_are_two_agents_that_find_each_other(together: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = ("--nnodes", "2", "--nproc-per-node", "1", "--rdzv-backend", "c10d", "--rdzv-id", "novel")
    where = ("--rdzv-endpoint", f"127.0.0.1:{port}", "--local-addr", "127.0.0.1")
    with (
        started(command(tmp_path, *shared, *where)) as first,
        started(command(tmp_path, *shared, *where)) as other,
    ):
        for process in (first, other):
            said, _ = process.communicate(timeout=240)
            assert process.returncode == 0, said[-9000:]
    assert_close(tmp_path / "run", together)


SHARDED = {**CHANGES, "shard": True, "optimizer": "adamw", "ema": 0.9, "dropout": 0.1, "micro_batch": 1}


@pytest.mark.parametrize("preset", ["gpt2-tiny", "novel-tiny"])
def test_a_network_in_shares_learns_what_a_whole_one_does(preset: str, tmp_path: Path) -> None:
    # dropout masks are drawn by each process for its own rows: they cannot be those of one process
    changes = {**SHARDED, "preset": preset, "dropout": 0.0}
    finish(tiny_config(**changes), tiny_shards(tmp_path), tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / "alone")
    run(command(tmp_path, "--standalone", "--nproc-per-node", "2", changes=changes))
    assert_close(tmp_path / "run", tmp_path / "alone")
    assert (tmp_path / "run" / "report.html").is_file()
    network = load_model(tmp_path / "run" / "final").network
    assert all(torch.isfinite(value).all() for value in network.parameters())


def test_a_network_in_shares_goes_on_bit_for_bit(tmp_path: Path) -> None:
    runs = []
    for name, pauses in (("whole", [6]), ("stopped", [3, 6])):
        folder = tmp_path / name
        folder.mkdir()
        for steps in pauses:
            changes = {**SHARDED, "steps": steps, "schedule": "plateau", "warmup": 0.0}
            run(command(folder, "--standalone", "--nproc-per-node", "2", changes=changes))
        kept = read_tensors(folder / "run" / "checkpoints" / "step-6")
        runs.append({"final": weights(folder / "run" / "final"), **kept})
    whole, stopped = runs
    assert set(whole) == set(stopped) == {"final", "weights", "optimizer", "average"}
    for file, tensors in whole.items():
        assert tensors.keys() == stopped[file].keys()
        assert all(torch.equal(tensors[name], stopped[file][name]) for name in tensors), file


def test_one_process_goes_on_with_what_was_in_shares(tmp_path: Path) -> None:
    changes = {**SHARDED, "dropout": 0.0, "keep": 9}
    run(command(tmp_path, "--standalone", "--nproc-per-node", "2", changes=changes))
    run_dir = tmp_path / "run"
    expected = tmp_path / "expected"
    shutil.copytree(run_dir, expected)
    for step in (3, 4, 5, 6):
        for folder in (run_dir / "checkpoints").glob(f"step-{step}"):
            shutil.rmtree(folder)
    finish(tiny_config(**changes), tiny_shards(tmp_path), run_dir, resume=True)
    assert_close(run_dir, expected)


@pytest.mark.parametrize("other", [{"optimizer": "muon"}, {"lora": True, "init": "embedded"}])
def test_shares_go_neither_with_muon_nor_with_adapters(other: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="shard"):
        finish(tiny_config(shard=True, **other), tiny_shards(tmp_path), tmp_path / "run")


def test_metrics_are_written_once(together: Path) -> None:
    steps = [json.loads(line)["step"] for line in (together / "metrics.jsonl").read_text().splitlines()]
    assert [step for step, _ in losses(together)] == [1, 2, 3, 4, 5, 6]
    assert steps == sorted(steps)


def test_a_batch_is_shared_out_evenly_or_refused() -> None:
    assert [World(rank, 3).share(6) for rank in range(3)] == [slice(0, 2), slice(2, 4), slice(4, 6)]
    with pytest.raises(BadValue, match="such as 9"):
        World(0, 3).share(8)
