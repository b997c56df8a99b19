"""Exports as a person makes them, and the Hugging Face and ONNX folders."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from novelgpt.cli import main
from novelgpt.config import Workspace
from novelgpt.errors import BadValue, FolderUnwritable
from novelgpt.files import sha256_file
from novelgpt.model.exporting import export, onnx_graph
from novelgpt.model.exporting.export import FORMATS, Exported, export_model
from novelgpt.model.exporting.onnx_graph import GRAPH
from novelgpt.model.exporting.refusal import CannotExport, ExportExists, NoOnnx
from novelgpt.model.folder import load_model, save_model
from novelgpt.model.known import WEIGHTS, ModelInfo, find_model
from tests.model.networks import logits, write_foreign
from tests.tiny import TALE, tiny_model_folder, tiny_network, tiny_tokenizer


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelInfo:
    folder = tmp_path_factory.mktemp("tiny")
    return ModelInfo("tiny", tiny_model_folder(folder))


@pytest.mark.parametrize("dtype", [None, "fp16", "bf16"])
def test_a_hugging_face_folder_loads_everywhere(dtype: str | None, tiny: ModelInfo, tmp_path: Path) -> None:
    done = export_model(tiny, "hf", tmp_path / "out", dtype=dtype)
    theirs = AutoModelForCausalLM.from_pretrained(done.path, dtype=torch.float32).eval()
    expected = logits(load_model(tiny.folder).network)
    assert torch.allclose(logits(theirs), expected, atol=0 if dtype is None else 0.02)
    assert AutoTokenizer.from_pretrained(done.path).encode(TALE) == tiny_tokenizer().encode(TALE)
    assert done.dtype == (dtype or "fp32")
    assert done.sha256 == sha256_file(done.path / WEIGHTS)
    assert done.bytes == sum(one.stat().st_size for one in done.path.iterdir())
    assert set(done.files) == {one.name for one in done.path.iterdir()}


def test_half_precision_stays_as_it_is_stored(tmp_path: Path) -> None:
    save_model(tmp_path / "half", tiny_network(), tiny_tokenizer(), "# card\n", dtype=torch.bfloat16)
    done = export_model(ModelInfo("half", tmp_path / "half"), "hf", tmp_path / "out")
    assert done.dtype == "bf16"
    assert done.sha256 == sha256_file(tmp_path / "half" / WEIGHTS)
    assert (done.path / "README.md").read_text() == "# card\n"


def test_what_a_model_has_learnt_besides_is_kept(tmp_path: Path) -> None:
    save_model(tmp_path / "gaps", tiny_network(), tiny_tokenizer(), "", objective="infill")
    done = export_model(ModelInfo("gaps", tmp_path / "gaps"), "hf", tmp_path / "out")
    assert load_model(done.path).objective == "infill"


ONE_LAYER = {"gpt2": {"n_layer": 1}, "qwen3": {"num_hidden_layers": 1}}


@pytest.mark.parametrize(("kind", "files"), [("gpt2", 1), ("qwen3", 2)])
def test_onnx_runtime_computes_the_same_at_every_length(
    kind: str, files: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if files > 1:
        monkeypatch.setattr(onnx_graph, "_LARGEST_FILE", 0)
    write_foreign(tmp_path / "theirs", kind, **ONE_LAYER[kind])
    done = export_model(ModelInfo(kind, tmp_path / "theirs"), "onnx", tmp_path / "out")
    assert len([name for name in done.files if name.startswith(GRAPH)]) == files
    session = onnxruntime.InferenceSession(done.path / GRAPH)
    network = load_model(tmp_path / "theirs").network
    for batch, length in ((1, 1), (1, 2), (3, 7), (2, 40), (1, 64)):
        ids = torch.randint(0, 400, (batch, length), generator=torch.Generator().manual_seed(length))
        with torch.no_grad():
            expected = network(ids).logits.numpy()
        (found,) = session.run(["logits"], {"input_ids": ids.numpy()})
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() < 1e-3
    tokenizer = AutoTokenizer.from_pretrained(done.path)
    assert tokenizer.encode(TALE) == load_model(tmp_path / "theirs").tokenizer.encode(TALE)


def test_without_the_exporter_a_person_is_told(
    tiny: ModelInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_graph.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NoOnnx):
        export_model(tiny, "onnx", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_what_the_exporter_cannot_do_is_one_sentence(
    tiny: ModelInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise torch.onnx.errors.OnnxExporterError("no such\noperator")

    monkeypatch.setattr(torch.onnx, "export", fail)
    with pytest.raises(CannotExport, match="no such"):
        export_model(tiny, "onnx", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_what_lies_there_is_only_replaced_by_force(tiny: ModelInfo, tmp_path: Path) -> None:
    for name in ("hf", "gguf"):
        path = tmp_path / name
        path.write_text("mine")
        with pytest.raises(ExportExists):
            export_model(tiny, name, path)
        assert path.read_text() == "mine"
        done = export_model(tiny, name, path, force=True)
        assert export_model(tiny, name, path, force=True) == done
    assert sorted(one.name for one in tmp_path.iterdir()) == ["gguf", "hf"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_number_type_that_a_format_lacks_is_refused(name: str, tiny: ModelInfo, tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="fp32"):
        export_model(tiny, name, tmp_path / "out", dtype="q4_0")


@pytest.mark.parametrize("former", [True, False])
def test_a_failure_on_the_way_leaves_what_was_there(
    former: bool, tiny: ModelInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out"
    if former:
        export_model(tiny, "hf", path)

    def fail(place: Path) -> None:
        place.mkdir()
        (place / "half").write_text("x")
        raise RuntimeError("power")

    with pytest.raises(RuntimeError):
        export.replace_whole(path, fail)
    assert path.is_dir() is former
    assert len(list(tmp_path.iterdir())) == former


def test_a_folder_that_is_a_file_is_named(tiny: ModelInfo, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderUnwritable):
        export_model(tiny, "hf", tmp_path / "file" / "out")


def test_the_command_says_what_it_wrote(
    tiny: ModelInfo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--workspace", str(tmp_path), "--json", "--format", "gguf"]
    assert main(["export", str(tiny.folder), *given, "--dtype", "q8_0"]) == 0
    told = json.loads(capsys.readouterr().out)
    path = tmp_path / "exports" / f"{tiny.folder.name}-q8_0.gguf"
    assert told["path"] == str(path)
    assert told["bytes"] == path.stat().st_size
    assert told["sha256"] == sha256_file(path)
    assert set(told) == set(Exported.__dataclass_fields__)
    assert main(["export", str(tiny.folder), *given, "--dtype", "q8_0", "--lang", "en"]) == 1
    assert "--force" in capsys.readouterr().err
    assert main(["export", str(tiny.folder), "--workspace", str(tmp_path), "--format", "hf"]) == 0
    assert "sha256" in capsys.readouterr().out
    assert find_model(str(tmp_path / "exports" / f"{tiny.folder.name}-hf"), Workspace(tmp_path))
