"""Trainings begun from the workshop: real processes, small enough for a test."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.config import Workspace
from novelgpt.errors import BadValue, UnknownModel
from novelgpt.model.known import EMBEDDED, list_models
from novelgpt.model.running.process import mark_by_ps, mark_of
from novelgpt.studio import training
from novelgpt.studio.corpus_desk import StoryTooShort
from novelgpt.studio.running import Child
from novelgpt.studio.training import (
    BadRunName,
    NameTaken,
    NotTraining,
    OrderRefused,
    TrainingOrder,
    TrainingUnderWay,
    UnknownRun,
    checked_name,
    free_name,
)
from novelgpt.studio.workshop import Workshop
from tests.model.runs import finish, stop_after, tiny_config, tiny_shards
from tests.tiny import CONTEXT, TALE, tiny_model_folder, tiny_network
from tests.workshops import SMALL, order, over, until


def test_a_training_is_watched_paused_found_again_and_finished(workshop, workspace):
    workshop.start(order(), "en")
    assert workshop.state("渡口").status == "waiting"
    with pytest.raises(TrainingUnderWay, match="渡口"):
        workshop.start(order("夜雨"))
    state = until(workshop, "渡口", lambda state: state.step >= 20 and state.samples and state.held_out)
    assert state.status == "running"
    assert state.steps == 100_000
    assert len(state.loss) == state.step
    assert state.eta_seconds > 0
    assert state.tokens_per_second > 0

    later = Workshop(workspace)  # as after a restart of the server
    assert later.state("渡口").status == "running"
    assert later.state("渡口").step >= state.step
    later.pause("渡口")
    state = until(later, "渡口", over)
    assert state.status == "paused"
    assert "everything is saved" in state.last_lines[-1]
    with pytest.raises(NotTraining):
        later.pause("渡口")

    facts = json.loads((workspace.runs_dir / "渡口/studio.json").read_text(encoding="utf-8"))
    shorter = [f"--steps={state.step + 5}" if "--steps" in flag else flag for flag in facts["flags"]]
    Child(workspace.runs_dir / "渡口", "studio").note(flags=shorter)
    later.resume("渡口", "en")
    last = until(later, "渡口", over)
    assert (last.status, last.step, last.steps) == ("finished", state.step + 5, state.step + 5)
    assert [step for step, _ in last.loss] == list(range(1, last.step + 1))
    assert "渡口" in [info.name for info in list_models(workspace)]
    with pytest.raises(NameTaken):
        later.start(order())


def test_a_model_learns_my_story_and_is_compared(workshop, workspace, monkeypatch):
    short = {"steps": 20, "evaluate_every": 10, "sample_every": 20}
    monkeypatch.setattr(training, "GENTLE", {**training.GENTLE, **short})
    tiny_model_folder(workspace.runs_dir / "tiny/final")
    with pytest.raises(StoryTooShort, match="500"):
        workshop.learn_my_story("雨下了三天。", "渡口")
    text = "".join(f"第{n}章 渡{n}\n\n{TALE * 3}\n" for n in range(1, 6))
    name = workshop.learn_my_story(text, "../渡口: 上/下", minutes=5)
    assert name == "渡口 上 下"
    assert workshop.comparison("tiny") is None
    assert until(workshop, name, over).status == "finished"
    (book,) = [book for book in workshop.books() if book.id.startswith("mine/")]
    assert (book.title, book.chapters) == ("../渡口: 上/下", 5)
    assert book.path.parent == workspace.corpus_dir / "mine"
    compared = workshop.comparison(name)
    assert compared.bits_after < compared.bits_before
    assert compared.sample_before
    assert compared.sample_after
    first = workshop.models()[0]
    assert (first.name, first.origin, first.base, first.is_default) == (name, "init", "tiny", True)
    assert first.trained_on == (book.path.stem,)
    assert first.bits_per_character == pytest.approx(compared.bits_after)
    assert first.context_length == CONTEXT
    assert first.parameters == sum(p.numel() for p in tiny_network().parameters())


def test_the_examination_is_the_one_of_the_command_line(workshop, monkeypatch):
    sentences = workshop.preflight(order(steps=7), "en")
    assert any("7 steps" in sentence for sentence in sentences)
    assert any("memory" in sentence for sentence in sentences)
    assert workshop.runs() == []
    monkeypatch.setattr(training, "run_to_end", lambda flags, seconds: (1, ["so", "novelgpt: no, because"]))
    with pytest.raises(OrderRefused, match="no, because"):
        workshop.preflight(order(steps=7), "en")
    monkeypatch.setattr(training, "run_to_end", lambda flags, seconds: (1, []))
    with pytest.raises(OrderRefused):
        workshop.preflight(order(steps=7), "en")


def test_a_renamed_run_goes_on_under_its_new_name(workshop, workspace, monkeypatch, tmp_path):
    begun = []
    monkeypatch.setattr(Child, "start", lambda self, arguments, **facts: begun.append(arguments))
    run_dir = workspace.runs_dir / "旧"
    stop_after(tiny_config(), tiny_shards(tmp_path), run_dir, 3)
    (run_dir / "studio.log").touch()
    Child(run_dir, "studio").note(flags=["--name=旧", "--steps=6"], started_at=0)
    workshop.rename("旧", "新")
    workshop.resume("新", "en")
    assert begun[0][:4] == ["train", "--resume", "--name=新", "--steps=6"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("渡口", "渡口-2"),
        ("", "my-story"),
        ("...", "my-story"),
        ("embedded", "my-embedded"),
        ("a/b:c", "a b c"),
    ],
)
def test_a_story_gives_its_run_a_name(workspace, title, name):
    (workspace.runs_dir / "渡口").mkdir(parents=True)
    assert free_name(title, workspace) == name == checked_name(name)


@given(title=st.text(max_size=80))
@settings(deadline=None)
def test_every_title_gives_a_name_that_is_accepted(title):
    name = free_name(title, Workspace(Path("/nowhere")))
    assert checked_name(name) == name


def test_a_run_that_is_stopped_is_marked_whether_it_runs_or_rests(workshop, run_of_three):
    run_dir = run_of_three
    (run_dir / "studio.log").touch()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stand_in:
        child = Child(run_dir, "studio")
        child.note(pid=stand_in.pid, mark=mark_of(stand_in.pid), started_at=time.time() + 1)
        assert workshop.state("渡口").status == "waiting"
        workshop.stop("渡口")
        stand_in.wait(10)
    assert stand_in.returncode == -signal.SIGTERM
    assert workshop.state("渡口").status == "stopped"
    child.note(asked="pause")
    assert workshop.state("渡口").status == "paused"
    workshop.stop("渡口")
    assert workshop.state("渡口").status == "stopped"


TRACE = "Traceback (most recent call last):\n  File x\nValueError: odd\n"


@pytest.mark.parametrize(
    ("log", "asked", "status", "reason"),
    [
        (
            "第 3 步\nnovelgpt: 没有词表。请先运行 novelgpt vocab。\n",
            None,
            "failed",
            "没有词表。请先运行 novelgpt vocab。",
        ),
        ("novelgpt: 磁盘已满。\n", "pause", "failed", "磁盘已满。"),
        (TRACE, None, "failed", "ValueError: odd"),
        ("第 3 步\n", None, "failed", "检查点"),
        ("", None, "failed", "检查点"),
        ("第 3 步\n", "pause", "paused", None),
        ("已停下，进度都存好了。接着练：novelgpt train --resume（{folder}）\n", None, "paused", None),
    ],
)
def test_the_last_words_of_a_training_say_how_it_ended(
    workshop, workspace, run_of_three, log, asked, status, reason
):
    (run_of_three / "studio.log").write_text(
        "novelgpt: of an earlier start\n" + log.replace("{folder}", str(run_of_three)), encoding="utf-8"
    )
    gone = {"pid": 2**22 + 1, "mark": "gone", "started_at": 0}
    Child(run_of_three, "studio").note(**gone, asked=asked, log_from=len("novelgpt: of an earlier start\n"))
    state = workshop.state("渡口")
    assert state.status == status
    assert (state.reason is None) == (reason is None)
    assert reason is None or reason in state.reason.text("zh")


@pytest.fixture
def run_of_three(workspace, begun_run):
    shutil.copytree(begun_run, workspace.runs_dir / "渡口")
    return workspace.runs_dir / "渡口"


@pytest.fixture(scope="module")
def begun_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("begun")
    stop_after(tiny_config(), tiny_shards(folder), folder / "run", 3)
    return folder / "run"


def test_runs_of_the_command_line_are_there_too(workshop, workspace, tmp_path):
    shards = tiny_shards(tmp_path)
    finish(tiny_config(), shards, workspace.runs_dir / "done")
    stop_after(tiny_config(), shards, workspace.runs_dir / "begun", 3)
    (workspace.runs_dir / "no-run").mkdir()
    (workspace.runs_dir / "removed").mkdir()
    assert [(run.name, run.can_be_asked) for run in workshop.runs()] == [("begun", False), ("done", False)]
    assert workshop.state("done").status == "finished"
    assert workshop.state("begun").status == "running"  # its log has just grown: it may well run
    with pytest.raises(TrainingUnderWay):
        workshop.resume("begun")
    long_ago = time.time() - 600
    os.utime(workspace.runs_dir / "begun/metrics.jsonl", (long_ago, long_ago))
    assert workshop.state("begun").status == "paused"


def test_the_log_is_read_anew_when_it_is_rewritten(workshop, workspace, tmp_path):
    run_dir = workspace.runs_dir / "begun"
    shards = tiny_shards(tmp_path)
    stop_after(tiny_config(), shards, run_dir, 3)
    assert [step for step, _ in workshop.state("begun").loss] == [1, 2, 3]
    with (run_dir / "metrics.jsonl").open("a") as log:
        log.write('{"step": 4, "loss": 1.0}\nrubbish\n[1]\n{"step": 5, "lo')
    assert [step for step, _ in workshop.state("begun").loss] == [1, 2, 3, 4]
    with (run_dir / "metrics.jsonl").open("a") as log:
        log.write('ss": 1.0}\n')
    assert workshop.state("begun").loss[-1] == (5, 1.0)
    longer = '{"step": 1, "loss": 2.0}\n' + " \n" * (run_dir / "metrics.jsonl").stat().st_size
    (run_dir / "new").write_text(longer)
    (run_dir / "new").replace(run_dir / "metrics.jsonl")
    assert list(workshop.state("begun").loss) == [(1, 2.0)]
    (run_dir / "metrics.jsonl").unlink()
    assert list(workshop.state("begun").loss) == []


def test_a_number_given_to_another_program_is_not_taken_for_ours(tmp_path):
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        child = Child(tmp_path, "studio")
        child.note(pid=stranger.pid, mark=mark_of(stranger.pid), started_at=0)
        assert child.is_running()
        child.note(mark="another boot 17")
        assert not child.is_running()
        assert not child.ask("pause")
        assert stranger.poll() is None
    finally:
        stranger.communicate(b"\n")
    child.note(mark="x")
    assert not child.is_running()
    assert mark_of(stranger.pid) is None


def test_a_process_that_ended_and_was_not_collected_does_not_run():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ends_at = time.monotonic() + 10
    while mark_of(ended.pid) and time.monotonic() < ends_at:
        time.sleep(0.01)
    assert mark_of(ended.pid) is None
    ended.wait()


@pytest.mark.skipif(not os.path.exists("/bin/ps"), reason="no ps here")  # noqa: PTH110
def test_ps_tells_processes_apart_too():
    assert mark_by_ps(os.getpid()) == mark_by_ps(os.getpid()) != mark_by_ps(1)
    assert mark_by_ps(2**22 + 1) is None


@pytest.mark.parametrize("damage", ["", "[]", "{", "\0"])
def test_damaged_facts_count_as_none(tmp_path, damage):
    (tmp_path / "studio.json").write_text(damage)
    assert Child(tmp_path, "studio").facts == {}
    assert not Child(tmp_path, "studio").is_running()
    assert Child(tmp_path, "studio").last_lines() == ()


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "../up",
        "a/b",
        "a\\b",
        ".hidden",
        "-x",
        "a\0b",
        "a\nb",
        "embedded",
        "Removed",
        "字" * 61,
    ],
)
def test_a_name_that_is_no_folder_is_refused(name):
    with pytest.raises(BadRunName):
        TrainingOrder(name)


def test_names_are_cleaned_and_settings_checked(workspace):
    assert checked_name("  我的  书 ") == "我的 书"
    with pytest.raises(BadValue, match="preset"):
        order(preset="gpt9")
    with pytest.raises(BadValue, match="width"):
        order(settings={"width": 1})
    with pytest.raises(UnknownModel):
        order(init="nowhere").arguments(workspace)
    asked = order(
        chapters=(workspace.chapters_dir / "渡口.jsonl",), minutes=2.5, steps=None, init=EMBEDDED, lora=True
    )
    flags = asked.arguments(workspace)
    assert flags[0] == "--name=渡口"
    assert flags[-1].endswith("/corpus/chapters/渡口.jsonl")
    assert {"--minutes=2.5", "--lora", "--preset=gpt2-tiny"} <= set(flags)
    assert replace(asked, lora=False, init=None, minutes=None).asked().keys() == {"preset", *SMALL}


@pytest.mark.parametrize("name", ["nothing", "..", "../渡口", ""])
def test_a_run_that_is_not_there_is_one_sentence(workshop, name):
    for call in (workshop.state, workshop.pause, workshop.stop, workshop.resume):
        with pytest.raises(UnknownRun):
            call(name)
