"""Old `pytorch_model.bin` folders, honest and hostile."""

import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BertTokenizer

from novelgpt.cli import main
from novelgpt.errors import BadModel, NoVocabulary
from novelgpt.messages import CATALOGUE
from novelgpt.model import convert, unpickle
from novelgpt.model.convert import OLD_WEIGHTS, NotConverted, NothingToConvert, convert_folder
from novelgpt.model.exporting.refusal import ExportExists
from novelgpt.model.folder import load_model
from tests.model.networks import tiny_foreign
from tests.tiny import TALE

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
PIECES = [
    "[PAD]",
    *(f"[unused{number}]" for number in range(1, 100)),
    *("[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *sorted(set(TALE + "，。！“”") - {"\n"}),
    *("!", "?", ".", ",", "'", "[", "]", "-", "%", "…"),
    *LETTERS,
    *(f"##{one}" for one in LETTERS),
    *("the", "##ing", "20", "##24", "cafe"),
]
MIXED = [
    TALE.replace("\n", ""),
    "The singing cafés, the end!",
    "他在2024年说：The end… [SEP] [MASK] 𠮷🙂",
    " \t 石 桥\u3000abc-def100%",
    "ＡＢＣ！１２３",
]


def write_old(folder: Path, *, archive: bool = True, **changes: Any) -> Any:
    """Write a folder in the shape of the public Chinese GPT-2s, and return its network."""
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    network = tiny_foreign("gpt2", len(PIECES))
    config = {
        "activation_function": "gelu_new",
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "n_ctx": 64,
        "n_positions": 64,
        "n_embd": 32,
        "n_head": 2,
        "n_layer": 2,
        "output_past": True,
        "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 320}},
        "tokenizer_class": "BertTokenizer",
        "vocab_size": len(PIECES),
        **changes,
    }
    kept = {name: value for name, value in config.items() if value != "absent"}
    (folder / "config.json").write_text(json.dumps(kept))
    masks = {"transformer.h.0.attn.bias": torch.ones(1, 1, 64, 64, dtype=torch.uint8)}
    state = {**network.state_dict(), **masks}
    torch.save(state, folder / OLD_WEIGHTS, _use_new_zipfile_serialization=archive)
    return network


def here(source: Path, target: Path) -> int:
    return int(unpickle.answer(source, target, guard=lambda: None)["tensors"])


def logits_of(network: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = network(torch.arange(40)[None] + 90).logits
    return found


@pytest.mark.parametrize("archive", [True, False])
def test_an_old_chinese_gpt2_becomes_a_folder_that_loads_everywhere(archive: bool, tmp_path: Path) -> None:
    network = write_old(tmp_path / "old", archive=archive)
    done = convert_folder(tmp_path / "old", tmp_path / "new")
    model = load_model(tmp_path / "new")
    assert torch.equal(logits_of(model.network), logits_of(network))
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "new").eval()
    assert torch.equal(logits_of(theirs), logits_of(network))
    expected = BertTokenizer.from_pretrained(tmp_path / "old")
    auto = AutoTokenizer.from_pretrained(tmp_path / "new")
    for text in MIXED:
        ids = expected.encode(text, add_special_tokens=False, split_special_tokens=True)
        assert model.tokenizer.encode(text) == ids
        assert auto.encode(text, add_special_tokens=False) == ids
    assert model.tokenizer.decode(model.tokenizer.encode("石桥 the 少年")) == "石桥the少年"
    assert done.tensors == len(network.state_dict())
    assert not list((tmp_path / "new").glob("*.bin"))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["new", "old"]


def test_the_oldest_config_does_not_say_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = write_old(tmp_path / "old", model_type="absent", n_positions="absent", architectures="absent")
    monkeypatch.setattr(convert, "_unpickled", here)  # what the child does was tried above
    convert_folder(tmp_path / "old", tmp_path / "new")
    assert torch.equal(logits_of(load_model(tmp_path / "new").network), logits_of(network))


class Runs:
    """A pickle of this calls `deed` when it is read."""

    def __init__(self, deed: Callable[..., Any], *given: Any) -> None:
        self.call = deed, given

    def __reduce__(self) -> Any:
        return self.call


CANARY = "canary"


def evil_archive(path: Path, canary: Path) -> None:
    torch.save({"a": Runs(os.system, f"touch {canary}")}, path)


def evil_old_format(path: Path, canary: Path) -> None:
    torch.save({"a": Runs(open, str(canary), "w")}, path, _use_new_zipfile_serialization=False)


def bare_pickle(path: Path, canary: Path) -> None:
    path.write_bytes(pickle.dumps(Runs(exec, f"open({str(canary)!r}, 'w')"), protocol=2))


def newer_pickle(path: Path, canary: Path) -> None:
    torch.save({"a": Runs(os.system, f"touch {canary}")}, path, pickle_protocol=4)


def squeezed(path: Path, canary: Path) -> None:
    torch.save({"a": torch.zeros(10**6)}, path.with_suffix(".tmp"))
    with zipfile.ZipFile(path.with_suffix(".tmp")) as old, zipfile.ZipFile(path, "w", 8) as new:
        for one in old.infolist():
            new.writestr(one.filename, old.read(one))
    path.with_suffix(".tmp").unlink()


def squeezed_noise(path: Path, canary: Path) -> None:
    """It unfolds to no more than it takes, but an honest file is not squeezed."""
    with zipfile.ZipFile(path, "w", 8) as new:
        new.writestr("archive/data.pkl", os.urandom(1000))


def cut_short(path: Path, canary: Path) -> None:
    torch.save({"a": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:-700])


def cut_short_old_format(path: Path, canary: Path) -> None:
    torch.save({"a": torch.zeros(1000)}, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes()[:-700])


def empty(path: Path, canary: Path) -> None:
    path.write_bytes(b"")


def spread(path: Path, canary: Path) -> None:
    torch.save({"a": torch.zeros(1).expand(10**6, 10**6)}, path)


def whole_numbers(path: Path, canary: Path) -> None:
    torch.save({"a": torch.zeros(9, dtype=torch.int64)}, path)


def a_list(path: Path, canary: Path) -> None:
    torch.save([torch.zeros(9)], path)


def words(path: Path, canary: Path) -> None:
    torch.save({"a": "b"}, path)


HOSTILE = [
    (evil_archive, "code", "system"),
    (evil_old_format, "code", "open"),
    (bare_pickle, "code", "exec"),
    (newer_pickle, "code", "operand"),
    (squeezed, "compressed", "bytes"),
    (squeezed_noise, "compressed", "data.pkl"),
    (cut_short, "damaged", "zip"),
    (cut_short_old_format, "damaged", "Error"),
    (empty, "damaged", "EOFError"),
    (spread, "too_large", "bytes"),
    (whole_numbers, "contents", "int64"),
    (a_list, "contents", "list"),
    (words, "contents", "str"),
]


@pytest.mark.parametrize(("write", "rule", "named"), HOSTILE)
def test_a_hostile_file_is_refused_by_its_rule(
    write: Callable[[Path, Path], None], rule: str, named: str, tmp_path: Path
) -> None:
    path = tmp_path / OLD_WEIGHTS
    write(path, tmp_path / CANARY)
    told = unpickle.answer(path, tmp_path / "out", guard=lambda: None)
    assert (told["rule"], [one.name for one in tmp_path.iterdir()]) == (rule, [OLD_WEIGHTS])
    assert named in told["detail"]
    assert f"convert.{rule}" in CATALOGUE


def test_what_would_run_code_runs_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    write_old(tmp_path / "old")
    evil_archive(tmp_path / "old" / OLD_WEIGHTS, tmp_path / CANARY)
    with pytest.raises(NotConverted, match="system") as refused:
        convert_folder(tmp_path / "old", tmp_path / "new")
    assert refused.value.rule == "code"
    assert "\n" not in refused.value.sentence("zh")
    assert [one.name for one in tmp_path.iterdir()] == ["old"]


DEEDS = [
    "os.system('true')",
    "open('canary', 'w')",
    "__import__('socket').socket()",
    "os.remove('x')",
    "os.fork()",
]


@pytest.mark.parametrize("deed", DEEDS)
def test_even_code_that_ran_in_the_child_could_do_nothing(deed: str, tmp_path: Path) -> None:
    code = f"import os, runpy, socket, sys\nmodule = runpy.run_path({unpickle.__file__!r})\n"
    code += f"sys.addaudithook(module['_refuse_deeds'])\n{deed}"
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Refused: ('code'" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_child_has_no_network_and_its_limits(tmp_path: Path) -> None:
    code = f"""import resource, runpy, socket
runpy.run_path({unpickle.__file__!r})["_confine"](10 << 30, 77, 5000)
print(resource.getrlimit(resource.RLIMIT_AS)[0] >> 30, resource.getrlimit(resource.RLIMIT_CPU)[0])
print(resource.getrlimit(resource.RLIMIT_FSIZE)[0], [name for _, name in socket.if_nameindex()])"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("10 77\n5000 ")


def test_too_large_a_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_old(tmp_path / "old")
    monkeypatch.setattr(convert, "_LARGEST_FILE", 1000)
    with pytest.raises(NotConverted) as refused:
        convert_folder(tmp_path / "old", tmp_path / "new")
    assert refused.value.rule == "too_large"


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_old(tmp_path / "old")
    monkeypatch.setattr(convert, "_SECONDS", 0)
    with pytest.raises(NotConverted) as refused:
        convert_folder(tmp_path / "old", tmp_path / "new")
    assert refused.value.rule == "limits"


def test_what_the_parent_checks_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_unpickled", here)
    with pytest.raises(NothingToConvert):
        convert_folder(tmp_path, tmp_path / "new")
    write_old(tmp_path / "wrong", n_layer=3)
    with pytest.raises(BadModel, match="tensors differ"):
        convert_folder(tmp_path / "wrong", tmp_path / "new")
    write_old(tmp_path / "evil", n_layer=10**6)
    with pytest.raises(BadModel, match="n_layer"):
        convert_folder(tmp_path / "evil", tmp_path / "new")
    (tmp_path / "wrong" / "vocab.txt").unlink()
    with pytest.raises(NoVocabulary):
        convert_folder(tmp_path / "wrong", tmp_path / "new")
    with pytest.raises(ExportExists):
        convert_folder(tmp_path / "evil", tmp_path / "wrong")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["evil", "wrong"]


def test_the_command_converts_and_its_model_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_unpickled", here)
    write_old(tmp_path / "old")
    assert main(["convert", str(tmp_path / "old"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == str(tmp_path / "old-safetensors")
    given = ["--max-chars", "10", "--seed", "1", "--workspace", str(tmp_path)]
    assert main(["generate", "雨下了", "--model", told["path"], *given]) == 0
    assert len(capsys.readouterr().out.strip()) >= 5
    assert main(["convert", str(tmp_path / "old"), "--lang", "en"]) == 1
    assert "exists already" in capsys.readouterr().err
