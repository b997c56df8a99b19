"""Trainings that a person began on the command line: the page finds them, pauses them, and goes on with them."""

import json
import os
import subprocess
import sys
import time

import pytest

from novelgpt import cli
from novelgpt.model.running.process import AlreadyTraining, lives, mark_of, noted, read_note
from novelgpt.studio.training import NotTraining, TrainingUnderWay
from tests.workshops import SMALL, over, until

FLAGS = ["--preset=gpt2-tiny", *(f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items())]


def command(workspace, *flags):
    """Begin `novelgpt train` as a person does, in a folder and with paths of their own."""
    chosen = ["corpus/chapters/渡口.jsonl", "--vocab", "vocab", "--name", "手练", *FLAGS, *flags]
    return subprocess.Popen(
        [sys.executable, "-m", "novelgpt", "train", *chosen],
        cwd=workspace.root,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd(), "NOVELGPT_LANG": "en"},  # noqa: PTH109
    )


def test_a_run_of_the_command_line_is_paused_and_gone_on_with_from_the_page(workshop, workspace, capsys):
    with command(workspace, "--steps", "100000") as begun:
        note = workspace.runs_dir / "手练/process.json"
        while not (note.parent / "config.toml").exists():
            assert begun.poll() is None, begun.stderr.read()
            time.sleep(0.05)
        state = until(workshop, "手练", lambda state: state.step >= 3)
        assert (state.status, state.can_be_asked) == ("running", True)
        again = ["train", "--name=手练", f"--workspace={workspace.root}", "--lang=en"]
        assert cli.main(again) == 1
        assert f"process {begun.pid}" in capsys.readouterr().err
        with pytest.raises(TrainingUnderWay):
            workshop.resume("手练")
        with pytest.raises(TrainingUnderWay):
            workshop.rename("手练", "新")
        workshop.pause("手练")
        assert begun.wait(60) == 130
        assert b"everything is saved" in begun.stderr.read()
    state = workshop.state("手练")
    assert (state.status, state.can_be_asked) == ("paused", False)
    with pytest.raises(NotTraining):
        workshop.pause("手练")
    assert json.loads(note.read_text())["flags"] == [
        f"--vocab={workspace.vocab_dir}",
        str(workspace.chapters_dir / "渡口.jsonl"),
    ]
    workshop.resume("手练", "en")
    longer = until(workshop, "手练", lambda state: state.step > state_step(workspace) or over(state))
    assert longer.status == "running", longer.last_lines
    workshop.stop("手练")
    assert until(workshop, "手练", over).status == "stopped"
    assert [step for step, _ in workshop.state("手练").loss] == list(
        range(1, workshop.state("手练").step + 1)
    )


def state_step(workspace):
    folders = (workspace.runs_dir / "手练/checkpoints").glob("step-*")
    return max((int(folder.name.removeprefix("step-")) for folder in folders), default=0)


def test_a_training_that_never_comes_about_leaves_no_folder(workspace, capsys):
    (workspace.root / "few.jsonl").write_text('{"title": "甲", "text": "乙"}\n', encoding="utf-8")
    given = ["train", str(workspace.root / "few.jsonl"), "--name=空", f"--workspace={workspace.root}"]
    assert cli.main([*given, "--vocab=nowhere"]) == 1
    assert not (workspace.runs_dir / "空").exists()
    capsys.readouterr()


@pytest.fixture
def stranger():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_two_processes_do_not_train_in_one_folder(tmp_path, stranger):
    (tmp_path / "config.toml").touch()
    note = tmp_path / "process.json"
    alive = {"pid": stranger.pid, "mark": mark_of(stranger.pid)}
    for former, is_free in (
        (alive, False),
        ({**alive, "mark": "another boot 17"}, True),
        ({**alive, "ended_at": 5.0}, True),
        ({"pid": "x", "mark": "y"}, True),
        ([], True),
    ):
        note.write_text(json.dumps(former))
        if is_free:
            with noted(tmp_path, ["--x"]):
                assert lives(read_note(note))
                assert read_note(note)["pid"] == os.getpid()
            assert not lives(read_note(note))
            assert read_note(note)["flags"] == ["--x"]
        else:
            with pytest.raises(AlreadyTraining, match=str(stranger.pid)), noted(tmp_path):
                pass
            assert read_note(note) == former


def test_a_folder_that_cannot_be_written_is_the_trainings_own_affair(tmp_path):
    (tmp_path / "run").touch()
    with noted(tmp_path / "run"):
        pass
    assert (tmp_path / "run").is_file()


def test_a_killed_run_rests_at_once_and_one_in_a_strangers_program_counts_for_a_while(workshop, workspace):
    folder = workspace.runs_dir / "手练"
    folder.mkdir(parents=True)
    (folder / "config.toml").touch()
    (folder / "metrics.jsonl").write_text('{"step": 1, "loss": 2.0}\n')
    assert workshop.state("手练").status == "running"  # nobody knows its process, but its log has just grown
    with noted(folder):
        (folder / "metrics.jsonl").write_text('{"step": 2, "loss": 2.0}\n')
        assert workshop.state("手练").status == "running"
        told = read_note(folder / "process.json")
    assert workshop.state("手练").status == "paused"
    (folder / "process.json").write_text(json.dumps({**told, "mark": "gone"}))
    assert workshop.state("手练").status == "paused"
    workshop.stop("手练")
    assert workshop.state("手练").status == "stopped"
    (folder / "process.json").write_text(json.dumps({**told, "mark": "gone", "host": "another"}))
    assert workshop.state("手练").status == "running"


def test_a_note_is_never_a_reason_to_signal_a_stranger(workshop, workspace, stranger):
    folder = workspace.runs_dir / "手练"
    folder.mkdir(parents=True)
    (folder / "config.toml").touch()
    (folder / "process.json").write_text(json.dumps({"pid": stranger.pid, "mark": "x", "started_at": 1}))
    with pytest.raises(NotTraining):
        workshop.pause("手练")
    assert stranger.poll() is None
