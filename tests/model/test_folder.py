import json
import struct
from pathlib import Path

import pytest
import torch

from novelgpt.config import Workspace
from novelgpt.errors import BadModel, NoVocabulary, UnknownModel
from novelgpt.model.folder import load_model, save_model
from novelgpt.model.known import EMBEDDED, WEIGHTS, find_model, list_models
from tests.tiny import tiny_model_folder, tiny_network, tiny_tokenizer


def test_a_saved_model_computes_what_it_computed(tmp_path: Path) -> None:
    ids = torch.arange(10)[None]
    network = tiny_network().eval()
    loaded = load_model(tiny_model_folder(tmp_path / "m"))
    with torch.no_grad():
        assert torch.equal(loaded.network(ids).logits, network(ids).logits)
    assert loaded.tokenizer.fingerprint == tiny_tokenizer().fingerprint


def test_bf16_halves_the_file_and_stays_close(tmp_path: Path) -> None:
    network = tiny_network().eval()
    full, half = tmp_path / "full", tmp_path / "half"
    save_model(full, network, tiny_tokenizer(), "")
    save_model(half, network, tiny_tokenizer(), "", dtype=torch.bfloat16)
    assert (half / WEIGHTS).stat().st_size < 0.55 * (full / WEIGHTS).stat().st_size
    ids = torch.arange(10)[None]
    with torch.no_grad():
        assert torch.allclose(load_model(half).network(ids).logits, network(ids).logits, atol=0.02)


HOSTILE = [
    ("model_type", "llama"),
    ("n_layer", 10_000),
    ("n_layer", -1),
    ("n_layer", True),
    ("n_layer", "2"),
    ("n_embd", 33),
    ("n_embd", 64),
    ("n_positions", 10**9),
    ("vocab_size", 601),
    ("n_head", 0),
]


@pytest.mark.parametrize(("name", "value"), HOSTILE)
def test_a_config_that_lies_is_refused(tmp_path: Path, name: str, value: object) -> None:
    folder = tiny_model_folder(tmp_path / "m")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, name: value}))
    with pytest.raises(BadModel):
        load_model(folder)


def test_unknown_keys_of_a_config_do_nothing(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path / "m")
    config = json.loads((folder / "config.json").read_text())
    hostile = {"_attn_implementation_internal": "evil/kernel", "auto_map": {"AutoModel": "evil.py"}}
    (folder / "config.json").write_text(json.dumps({**config, **hostile}))
    assert load_model(folder).network.config.n_layer == 2


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 7, struct.pack("<Q", 2**60) + b"{}", struct.pack("<Q", 2) + b"{}"]
)
def test_weights_that_are_no_weights_are_refused(tmp_path: Path, content: bytes) -> None:
    folder = tiny_model_folder(tmp_path / "m")
    (folder / WEIGHTS).write_bytes(content)
    with pytest.raises(BadModel):
        load_model(folder)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_truncated_weights_are_refused(tmp_path: Path, keep: float) -> None:
    folder = tiny_model_folder(tmp_path / "m")
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(BadModel):
        load_model(folder)


def test_a_folder_without_a_vocabulary_says_so(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path / "m")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(NoVocabulary):
        load_model(folder)


def test_models_are_listed_newest_first_and_found_by_name(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for name in ("older", "newer"):
        tiny_model_folder(tmp_path / "runs" / name / "final")
    import os

    os.utime(tmp_path / "runs" / "older" / "final" / WEIGHTS, (1, 1))
    names = [info.name for info in list_models(workspace)]
    assert names[:2] == ["newer", "older"]
    assert set(names[2:]) <= {EMBEDDED}
    assert find_model(None, workspace).name == "newer"
    assert find_model("older", workspace).folder == tmp_path / "runs" / "older" / "final"
    assert find_model(str(tmp_path / "runs" / "older" / "final"), workspace).name == "final"
    with pytest.raises(UnknownModel, match="newer older"):
        find_model("none", workspace)
