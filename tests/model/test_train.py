import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from novelgpt.errors import DiskFull, NoValidCheckpoint, RunChanged, RunExists, TooLittleText
from novelgpt.files import write_text
from novelgpt.model import checkpoint
from novelgpt.model.architectures import new_network
from novelgpt.model.checkpoint import MANIFEST, steps_in
from novelgpt.model.run_folder import read_plan
from novelgpt.model.train import Evaluated, Finished, Notice, Saved, learning_rate, new_optimizers
from novelgpt.model.windows import Windows
from novelgpt.text.chapter import Chapter, write_chapters
from novelgpt.tokens.shards import Shards, build_shards
from novelgpt.tokens.vocab import build_vocab
from tests.model.runs import finish, losses, same_weights, steps_of, stop_after, tiny_config, tiny_shards
from tests.tiny import TALE, tiny_tokenizer


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
        "checkpoints",
        "best",
        "final",
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


def test_losing_the_optimizer_would_be_noticed(shards: Shards, unbroken: Path, tmp_path: Path) -> None:
    """The negative control of the test above: without the moments the weights differ."""
    stop_after(tiny_config(), shards, tmp_path / "run", 3)
    (_, newest) = steps_in(tmp_path / "run" / "checkpoints")[-1]
    from safetensors.torch import load_file, save_file

    moments = load_file(newest / "optimizer.safetensors")
    save_file(
        {name: torch.zeros_like(value) for name, value in moments.items()}, newest / "optimizer.safetensors"
    )
    manifest = json.loads((newest / MANIFEST).read_text())
    manifest["files"]["optimizer.safetensors"]["sha256"] = checkpoint.sha256_file(
        newest / "optimizer.safetensors"
    )
    manifest["files"]["optimizer.safetensors"]["size"] = (newest / "optimizer.safetensors").stat().st_size
    (newest / MANIFEST).write_text(json.dumps(manifest))
    finish(tiny_config(), shards, tmp_path / "run", resume=True)
    assert not same_weights(tmp_path / "run" / "final", unbroken / "final")


_CHILD = """
import sys
from pathlib import Path
from tests.model.runs import finish, tiny_config, tiny_shards
from novelgpt.model.train import Step, train
folder = Path(sys.argv[1])
for event in train(tiny_config(steps=16, save_every=3), tiny_shards(folder), folder / "run", resume=True):
    if isinstance(event, Step):
        print(event.step, flush=True)
"""


@contextlib.contextmanager
def _child(folder: Path) -> Iterator[subprocess.Popen[str]]:
    folder.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(folder)], stdout=subprocess.PIPE, text=True
    ) as child:
        yield child
        child.communicate()


def test_kill_9_at_any_instant_changes_nothing(tmp_path: Path) -> None:
    for step, pause in ((4, 0.0), (9, 0.02)):
        with _child(tmp_path / "killed") as child:
            assert child.stdout is not None
            for line in child.stdout:
                if int(line) >= step:
                    break
            time.sleep(pause)  # sometimes inside a step, sometimes inside a save
            os.kill(child.pid, signal.SIGKILL)
    for name in ("killed", "never stopped"):
        with _child(tmp_path / name) as child:
            pass
        assert child.returncode == 0
    killed, never_stopped = tmp_path / "killed" / "run", tmp_path / "never stopped" / "run"
    assert losses(killed) == losses(never_stopped)
    assert same_weights(killed / "final", never_stopped / "final")


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


def test_a_full_disk_is_said_and_the_old_checkpoints_stay(
    shards: Shards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    stop_after(tiny_config(), shards, tmp_path / "run", 3)
    before = steps_in(tmp_path / "run" / "checkpoints")
    monkeypatch.setattr(checkpoint, "sync_file", no_space)
    with pytest.raises(DiskFull):
        finish(tiny_config(), shards, tmp_path / "run", resume=True)
    assert steps_in(tmp_path / "run" / "checkpoints") == before
    assert all(checkpoint.fault(folder) is None for _, folder in before)
    monkeypatch.undo()
    assert isinstance(finish(tiny_config(), shards, tmp_path / "run", resume=True)[-1], Finished)


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
    with pytest.raises(TooLittleText, match="512"):
        finish(tiny_config(context_length=512), tiny_shards(tmp_path, copies=2), tmp_path / "run")
    assert read_plan(tmp_path / "run") is None


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


@pytest.mark.parametrize(
    "changes", [{"dtype": "bf16"}, {"optimizer": "muon"}, {"optimizer": "muon", "dtype": "bf16"}]
)
def test_other_arithmetic_and_optimizers_resume_exactly_too(
    changes: dict[str, object], shards: Shards, tmp_path: Path
) -> None:
    config = tiny_config(**changes)
    finish(config, shards, tmp_path / "whole")
    stop_after(config, shards, tmp_path / "broken", 3)
    finish(config, shards, tmp_path / "broken", resume=True)
    assert same_weights(tmp_path / "broken" / "final", tmp_path / "whole" / "final")


def test_muon_takes_the_matrices_of_the_layers_and_adamw_the_rest(shards: Shards) -> None:
    network = new_network(tiny_config(), "gpt2-tiny", shards.tokenizer)
    muon, adamw = new_optimizers(network, tiny_config(optimizer="muon"))
    (alone,) = new_optimizers(network, tiny_config())
    counts = [
        sum(len(group["params"]) for group in optimizer.param_groups) for optimizer in (muon, adamw, alone)
    ]
    assert counts[0] == 6 * 4
    assert counts[0] + counts[1] == counts[2] == len(list(network.parameters()))


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


@pytest.mark.parametrize(("step", "share"), [(0, 0.1), (9, 1.0), (55, 0.55), (99, 0.1)])
def test_the_learning_rate_warms_up_and_follows_a_cosine(step: int, share: float) -> None:
    config = tiny_config(learning_rate=1.0, warmup=0.1, steps=100)
    assert learning_rate(step, 100, config) == pytest.approx(share, abs=0.01)


def test_the_vocabulary_used_is_the_one_saved(unbroken: Path) -> None:
    from novelgpt.tokens.tokenizer import Tokenizer

    assert Tokenizer.load(unbroken / "final").fingerprint == tiny_tokenizer().fingerprint
