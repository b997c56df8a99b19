import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from novelgpt.errors import FolderUnwritable, NoValidCheckpoint, RunChanged, RunExists, TooLittleText
from novelgpt.files import write_text
from novelgpt.model.learning.windows import Windows
from novelgpt.model.running.checkpoint import steps_in
from novelgpt.model.running.events import Evaluated, Finished, Notice, Saved
from novelgpt.model.running.run_folder import read_plan
from novelgpt.text.chapter import Chapter, write_chapters
from novelgpt.tokens.shards import Shards, build_shards
from novelgpt.tokens.vocab import build_vocab
from tests.model.runs import finish, losses, same_weights, steps_of, stop_after, tiny_config, tiny_shards
from tests.tiny import TALE, tiny_model_folder, tiny_tokenizer


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Shards:
    return tiny_shards(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def unbroken(shards: Shards, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = tmp_path_factory.mktemp("unbroken") / "run"
    finish(tiny_config(), shards, run_dir)
    return run_dir


def test_a_run_leaves_what_the_contract_names(unbroken: Path) -> None:
    assert {path.name for path in unbroken.iterdir()} == {
        "config.toml",
        "metrics.jsonl",
        "tensorboard",
        "checkpoints",
        "best",
        "final",
        "report.html",
        "report.md",
        "curves.png",
    }
    assert [step for step, _ in steps_in(unbroken / "checkpoints")] == [4, 6]
    assert [step for step, _ in losses(unbroken)] == [1, 2, 3, 4, 5, 6]
    for name in ("config.json", "model.safetensors", "tokenizer.json", "generation_config.json", "README.md"):
        assert (unbroken / "final" / name).is_file()


@pytest.mark.parametrize("stop_at", [1, 2, 3, 5])
def test_resume_gives_the_same_weights_and_losses_as_never_stopping(
    stop_at: int, shards: Shards, unbroken: Path, tmp_path: Path
) -> None:
    stop_after(tiny_config(), shards, tmp_path / "run", stop_at)
    events = finish(tiny_config(), shards, tmp_path / "run", resume=True)
    assert steps_of(events) == list(range(stop_at + 1, 7))
    assert losses(tmp_path / "run") == losses(unbroken)
    assert same_weights(tmp_path / "run" / "final", unbroken / "final")
    assert same_weights(tmp_path / "run" / "best", unbroken / "best")


def test_plain_transformers_loads_the_result_and_computes_the_same(unbroken: Path) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(unbroken / "final")
    tokenizer = AutoTokenizer.from_pretrained(unbroken / "final")
    ids = tokenizer(TALE[:10], return_tensors="pt").input_ids
    from novelgpt.model.folder import load_model

    ours = load_model(unbroken / "final").network
    with torch.no_grad():
        assert torch.equal(theirs.eval()(ids).logits, ours(ids).logits)


def test_held_out_bits_fall_as_it_learns(shards: Shards, tmp_path: Path) -> None:
    config = tiny_config(steps=30, evaluate_every=15, save_every=30, dropout=0.0)
    bits = [
        e.bits_per_character for e in finish(config, shards, tmp_path / "run") if isinstance(e, Evaluated)
    ]
    assert bits[-1] < bits[0]


def test_evaluating_and_saving_more_often_changes_no_weight(
    shards: Shards, unbroken: Path, tmp_path: Path
) -> None:
    finish(tiny_config(evaluate_every=1, save_every=5), shards, tmp_path / "run")
    assert same_weights(tmp_path / "run" / "final", unbroken / "final")


def test_a_damaged_checkpoint_is_set_aside_and_the_one_before_is_used(
    shards: Shards, unbroken: Path, tmp_path: Path
) -> None:
    stop_after(tiny_config(), shards, tmp_path / "run", 5)
    (_, newest) = steps_in(tmp_path / "run" / "checkpoints")[-1]
    content = bytearray((newest / "weights.safetensors").read_bytes())
    content[len(content) // 2] ^= 1
    (newest / "weights.safetensors").write_bytes(content)
    events = finish(tiny_config(), shards, tmp_path / "run", resume=True)
    notices = [event.message.key for event in events if isinstance(event, Notice)]
    assert notices[:2] == ["train.set_aside", "train.resumed"]
    assert list((tmp_path / "run" / "checkpoints").glob("step-5.damaged-*"))
    assert same_weights(tmp_path / "run" / "final", unbroken / "final")
    assert losses(tmp_path / "run") == losses(unbroken)


def test_nothing_is_trained_over_when_no_checkpoint_is_whole(shards: Shards, tmp_path: Path) -> None:
    stop_after(tiny_config(), shards, tmp_path / "run", 3)
    for _, folder in steps_in(tmp_path / "run" / "checkpoints"):
        (folder / "state.json").unlink()
    with pytest.raises(NoValidCheckpoint):
        finish(tiny_config(), shards, tmp_path / "run", resume=True)


def test_litter_of_a_crash_is_swept_and_a_half_renamed_folder_comes_back(
    shards: Shards, unbroken: Path, tmp_path: Path
) -> None:
    run_dir = tmp_path / "run"
    stop_after(tiny_config(), shards, run_dir, 4)
    (run_dir / "best").rename(run_dir / ".best.former")
    (run_dir / "checkpoints" / ".step-5.abc.tmp").mkdir()
    finish(tiny_config(), shards, run_dir, resume=True)
    assert not list(run_dir.glob("**/.*"))
    assert same_weights(run_dir / "best", unbroken / "best")


def test_a_finished_run_has_nothing_left_to_do(shards: Shards, unbroken: Path, tmp_path: Path) -> None:
    finish(tiny_config(), shards, tmp_path / "run")
    events = finish(tiny_config(), shards, tmp_path / "run", resume=True)
    assert not steps_of(events)
    assert isinstance(events[-1], Finished)
    assert same_weights(tmp_path / "run" / "final", unbroken / "final")


def test_a_second_run_never_writes_over_the_first(shards: Shards, unbroken: Path) -> None:
    with pytest.raises(RunExists, match="--resume"):
        finish(tiny_config(), shards, unbroken)


def test_resume_refuses_other_chapters_settings_and_words(shards: Shards, tmp_path: Path) -> None:
    stop_after(tiny_config(), shards, tmp_path / "run", 2)
    with pytest.raises(RunChanged, match="learning_rate"):
        finish(tiny_config(learning_rate=0.5), shards, tmp_path / "run", resume=True)
    (tmp_path / "more").mkdir()
    with pytest.raises(RunChanged, match="chapters"):
        finish(tiny_config(), tiny_shards(tmp_path / "more", copies=9), tmp_path / "run", resume=True)
    write_chapters(
        tmp_path / "c.jsonl", [Chapter("一", TALE, book="甲"), Chapter("二", TALE + "。", book="甲")]
    )
    words = build_vocab([Chapter("一", TALE[::-1], book="甲")], size=500)
    other = build_shards([tmp_path / "c.jsonl"], words, tmp_path / "other", held_out=0.2)
    with pytest.raises(RunChanged, match="vocabulary"):
        finish(tiny_config(), other, tmp_path / "run", resume=True)


def test_too_little_text_is_said_before_anything_is_made(tmp_path: Path) -> None:
    whole = tiny_shards(tmp_path)
    short = replace(whole, train=replace(whole.train, tokens=whole.train.tokens[:8]))
    with pytest.raises(TooLittleText, match="8"):
        finish(tiny_config(), short, tmp_path / "run")
    assert read_plan(tmp_path / "run") is None


def test_a_corpus_shorter_than_a_window_is_learnt_in_shorter_windows(tmp_path: Path) -> None:
    shards = tiny_shards(tmp_path, copies=3)
    events = finish(tiny_config(context_length=4096), shards, tmp_path / "run")
    plan = read_plan(tmp_path / "run")
    assert plan is not None
    assert 8 <= plan.context_length < len(shards.train.tokens)
    notices = [event.message for event in events if isinstance(event, Notice)]
    shrunk = next(message for message in notices if message.key == "train.window_shrunk")
    assert shrunk.facts == {"asked": 4096, "used": plan.context_length}


def test_minutes_become_steps_once(shards: Shards, tmp_path: Path) -> None:
    stop_after(tiny_config(steps=None, minutes=60.0), shards, tmp_path / "run", 1)
    plan = read_plan(tmp_path / "run")
    assert plan is not None
    assert plan.total_steps > 60
    stop_after(tiny_config(steps=None, minutes=60.0), shards, tmp_path / "run", 2, resume=True)
    assert read_plan(tmp_path / "run") == plan


def test_metrics_cut_off_by_a_crash_are_mended(shards: Shards, unbroken: Path, tmp_path: Path) -> None:
    stop_after(tiny_config(), shards, tmp_path / "run", 4)
    path = tmp_path / "run" / "metrics.jsonl"
    write_text(path, path.read_text() + '{"step": 5, "loss": 1.0}\n{"step": 6, "lo')
    finish(tiny_config(), shards, tmp_path / "run", resume=True)
    assert losses(tmp_path / "run") == losses(unbroken)


def test_saved_events_name_whole_folders(shards: Shards, tmp_path: Path) -> None:
    saved = [event for event in finish(tiny_config(), shards, tmp_path / "run") if isinstance(event, Saved)]
    assert [event.step for event in saved] == [2, 4, 6]


def test_no_window_is_read_twice_in_an_epoch_and_the_next_epoch_differs(shards: Shards) -> None:
    windows = Windows(shards.train, 16, 2, seed=3)
    epoch = range(windows.batches_per_epoch)
    first = [tuple(row.tolist()) for step in epoch for row in windows.batch(step)[0]]
    second = [tuple(row.tolist()) for step in epoch for row in windows.batch(step + len(epoch))[0]]
    assert len(set(first)) == len(first)
    assert first != second
    assert first == [
        tuple(r.tolist()) for s in epoch for r in Windows(shards.train, 16, 2, seed=3).batch(s)[0]
    ]


def test_targets_are_the_inputs_one_token_on(shards: Shards) -> None:
    inputs, targets = Windows(shards.train, 16, 2, seed=3).batch(0)
    assert torch.equal(inputs[:, 1:], targets[:, :-1])


def test_the_vocabulary_used_is_the_one_saved(unbroken: Path) -> None:
    from novelgpt.tokens.tokenizer import Tokenizer

    assert Tokenizer.load(unbroken / "final").fingerprint == tiny_tokenizer().fingerprint


def test_without_a_compiler_a_run_says_so_and_goes_on(
    shards: Shards, unbroken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    events = finish(tiny_config(compile="on"), shards, tmp_path / "run")
    assert "train.no_compiler" in [event.message.key for event in events if isinstance(event, Notice)]
    assert same_weights(tmp_path / "run" / "final", unbroken / "final")


def test_a_run_from_a_model_may_be_left_before_its_first_evaluation(shards: Shards, tmp_path: Path) -> None:
    base = tiny_model_folder(tmp_path / "base")
    config = tiny_config(
        preset="auto", layers=None, width=None, heads=None, init=str(base), evaluate_every=100
    )
    stop_after(config, shards, tmp_path / "run", 1)
    assert (tmp_path / "run" / "report.html").is_file()


def test_an_alarm_and_a_sample_are_logged(shards: Shards, tmp_path: Path) -> None:
    config = tiny_config(steps=60, learning_rate=0.01, optimizer="muon", sample_every=30, evaluate_every=60)
    finish(config, shards, tmp_path / "run")
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    samples = [line["sample"] for line in lines if "sample" in line]
    assert len(samples) == 2
    assert all(samples)
    assert "\ufffd" not in "".join(samples)


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="needs a folder that nobody may write to")
def test_a_folder_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(FolderUnwritable, match=r"/sys/kernel/novelgpt.*(permitted|denied|Read-only)"):
        finish(tiny_config(), tiny_shards(tmp_path), Path("/sys/kernel/novelgpt/run"))
