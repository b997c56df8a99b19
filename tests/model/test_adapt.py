import hashlib
import http.server
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from novelgpt.config import TrainConfig
from novelgpt.errors import BadModel, BadValue, WrongVocabulary
from novelgpt.model.folder import load_model, save_model, trained_tensors
from novelgpt.model.known import WEIGHTS
from novelgpt.model.networks.adapt import (
    NoInitialModel,
    NoPeft,
    initial_model,
    is_adapted,
    merged,
    stock,
    with_lora,
)
from novelgpt.model.networks.architectures import new_network
from novelgpt.model.networks.dropout import set_dropout
from novelgpt.model.networks.families import FAMILIES, family_of
from tests.model.networks import KINDS, logits, tiny_foreign, write_foreign
from tests.tiny import tiny_model_folder, tiny_tokenizer

ROWS = 512


def learn(network: Any, steps: int = 3) -> None:
    """Move what is trained, so that it says something of its own."""
    network.train()
    optimizer = torch.optim.SGD([value for value in network.parameters() if value.requires_grad], lr=0.5)
    ids = torch.randint(0, 400, (2, 20), generator=torch.Generator().manual_seed(8))
    for _ in range(steps):
        hidden = stock(network).base_model(input_ids=ids, use_cache=False).last_hidden_state
        scores = hidden @ network.get_output_embeddings().weight.T
        loss = torch.nn.functional.cross_entropy(scores[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()


@pytest.mark.parametrize("kind", KINDS)
def test_adapters_change_nothing_at_first_learn_alone_and_can_be_merged(kind: str) -> None:
    before = tiny_foreign(kind, ROWS)
    frozen = {name: value.clone() for name, value in before.named_parameters()}
    expected = logits(before)
    network = with_lora(before, 4, "auto")
    assert torch.equal(logits(network.eval()), expected)
    learn(network)
    adapted = logits(network)
    assert (adapted - expected).abs().max() > 0.1
    whole = merged(network)
    assert type(whole) is type(before)
    assert torch.allclose(logits(whole), adapted, atol=1e-5)
    assert whole.state_dict().keys() == tiny_foreign(kind, ROWS).state_dict().keys()
    # the adapted network itself is left as it was, and so is what lies under the adapters
    assert torch.equal(logits(network), adapted)
    for name, value in network.get_base_model().named_parameters():
        if "lora_" not in name:
            assert torch.equal(value, frozen[name.replace(".base_layer", "")])


@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_only_adapters_are_trained_tensors(kind: str) -> None:
    network = with_lora(tiny_foreign(kind, ROWS), 2)
    tensors = trained_tensors(network)
    blocks, matrices = 2, len(FAMILIES[kind].matrices) + (kind == "gpt2")  # c_proj stands in two places
    assert len(tensors) == 2 * blocks * matrices
    assert all("lora_" in name and 2 in value.shape for name, value in tensors.items())
    assert all(network.get_parameter(name) is value for name, value in tensors.items())


def test_of_a_network_without_adapters_everything_is_trained() -> None:
    network = tiny_foreign("qwen3", ROWS)
    assert trained_tensors(network).keys() == dict(network.named_parameters()).keys()
    assert trained_tensors(network.requires_grad_(False)).keys() == dict(network.named_parameters()).keys()
    assert merged(network) is stock(network) is network
    assert not is_adapted(network)


def test_adapters_are_drawn_from_the_seed() -> None:
    first, again, other = (
        trained_tensors(with_lora(tiny_foreign("llama", ROWS), 2, "auto", seed)) for seed in (1, 1, 2)
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_the_matrices_can_be_chosen() -> None:
    tensors = trained_tensors(with_lora(tiny_foreign("llama", ROWS), 2, "q_proj, v_proj"))
    assert {name.split(".lora_")[0].rpartition(".")[2] for name in tensors} == {"q_proj", "v_proj"}


@pytest.mark.parametrize("targets", ["evil", "q_proj,evil", "", "lm_head", "c_attn"])
def test_matrices_that_are_not_there_are_refused_with_those_that_are(targets: str) -> None:
    with pytest.raises(BadValue, match="auto q_proj k_proj"):
        with_lora(tiny_foreign("llama", ROWS), 2, targets)


def test_without_peft_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(NoPeft, match="pip install"):
        with_lora(tiny_foreign("gpt2", ROWS), 2)


def test_dropout_works_under_adapters() -> None:
    network = tiny_foreign("qwen3", ROWS)
    set_dropout(network, 0.5)
    network = with_lora(network, 2)
    plain = logits(network.eval())
    assert not torch.equal(logits(network.train()), plain)
    assert torch.equal(logits(merged(network).eval()), plain)


def test_what_was_merged_is_saved_and_loaded_like_any_other(tmp_path: Path) -> None:
    write_foreign(tmp_path / "base", "qwen3")
    model = initial_model(tmp_path / "base")
    network = with_lora(model.network, 4)
    learn(network)
    save_model(tmp_path / "mine", merged(network), model.tokenizer, "")
    assert torch.allclose(logits(load_model(tmp_path / "mine").network), logits(network), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_to_go_on_from_is_ready_to_learn(kind: str, tmp_path: Path) -> None:
    network = write_foreign(tmp_path, kind)
    model = initial_model(str(tmp_path))
    assert model.network.training
    assert all(parameter.requires_grad for parameter in model.network.parameters())
    set_dropout(model.network, 0.0)
    assert torch.equal(logits(model.network), logits(network))
    learn(model.network)
    assert not torch.equal(logits(model.network), logits(network))


def test_our_own_folder_can_be_gone_on_from(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path / "m")
    model = initial_model(folder, tokenizer=tiny_tokenizer())
    assert model.tokenizer.fingerprint == tiny_tokenizer().fingerprint
    network = new_network(
        TrainConfig(layers=2, width=32, heads=2, context_length=64), "novel-tiny", tiny_tokenizer()
    )
    save_model(tmp_path / "n", network, tiny_tokenizer(), "")
    assert family_of(initial_model(tmp_path / "n").network).model_type == "qwen3"


def test_another_vocabulary_than_the_model_s_is_refused(tmp_path: Path) -> None:
    write_foreign(tmp_path, "qwen3")
    with pytest.raises(WrongVocabulary, match=tiny_tokenizer().fingerprint):
        initial_model(tmp_path, tokenizer=tiny_tokenizer())


@pytest.mark.parametrize("name", ["not/here/at/all", "nothing", "../up", "-x/y", "https://a.b/c"])
def test_what_is_neither_a_folder_nor_a_name_is_refused(name: str) -> None:
    with pytest.raises(NoInitialModel, match="HF_ENDPOINT"):
        initial_model(name)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    tiny_tokenizer().save(tmp_path)
    with pytest.raises(BadModel):
        initial_model(tmp_path)


def test_without_a_network_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(NoInitialModel, match="owner/model") as refused:
        initial_model("owner/model")
    assert "\n" not in refused.value.sentence("zh")


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of the Hub as a download asks for, over real HTTP."""

    folder: Path
    asked: list[str]
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = self.path.partition("?")[0]
        commit = "a" * 40
        if path.startswith("/api/models/owner/model"):
            sizes = {one.name: one.stat().st_size for one in sorted(self.folder.iterdir())}
            sizes["sub/evil.json"] = 4
            files = [
                {"type": "file", "path": name, "size": size, "oid": name} for name, size in sizes.items()
            ]
            whole = {"id": "owner/model", "sha": commit, "siblings": [{"rfilename": name} for name in sizes]}
            content = json.dumps(files if "/tree/" in path else whole).encode()
        elif path.startswith(f"/owner/model/resolve/{commit}/"):
            name = path.rpartition("/")[2]
            self.asked.append(name)
            content = (self.folder / name).read_bytes()
        else:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Repo-Commit", commit)
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    handler = type("ThisHub", (Hub,), {"folder": tmp_path / "repository", "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
        address + "/{repo_id}/resolve/{revision}/{filename}",
    )
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)  # this hub is no network
    yield handler
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_name_on_the_hub_is_fetched_without_anything_that_could_run(hub: type[Hub]) -> None:
    network = write_foreign(hub.folder, "qwen3")
    for name in ("pytorch_model.bin", "modeling_evil.py", "tokenizer.model"):
        (hub.folder / name).write_text("evil")
    model = initial_model("owner/model")
    set_dropout(model.network, 0.0)
    assert torch.equal(logits(model.network), logits(network))
    assert model.name == "model"
    assert WEIGHTS in hub.asked
    assert all(name.endswith((".json", ".safetensors", ".txt")) for name in hub.asked)
    assert "evil.json" not in hub.asked


def test_a_name_that_the_hub_does_not_know_is_refused_in_one_line(hub: type[Hub]) -> None:
    with pytest.raises(NoInitialModel, match="owner/nothing") as refused:
        initial_model("owner/nothing")
    assert "\n" not in refused.value.sentence("zh")
