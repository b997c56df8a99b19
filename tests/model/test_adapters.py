"""Folders with LoRA adapters only."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from novelgpt.config import Workspace
from novelgpt.errors import BadModel
from novelgpt.model.folder import load_model
from novelgpt.model.known import ADAPTER, find_model
from novelgpt.model.networks.adapt import with_lora
from novelgpt.model.networks.adapters import ADAPTERS
from tests.model.networks import logits, write_foreign

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")


def adapted_folder(folder: Path, kind: str = "gpt2", **changes: Any) -> Path:
    """Write a base and, beside it, adapters that change what it computes."""
    network = write_foreign(folder / "base", kind)
    if changes:
        names = ["c_attn"] if kind == "gpt2" else ["q_proj", "down_proj"]
        settings = LoraConfig(
            task_type="CAUSAL_LM", r=3, target_modules=names, fan_in_fan_out=kind == "gpt2", **changes
        )
        adapted = get_peft_model(network, settings)
    else:
        adapted = with_lora(network, rank=3)
    generator = torch.Generator().manual_seed(2)
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.3, generator=generator)
    adapted.peft_config["default"].base_model_name_or_path = str(folder / "base")
    adapted.save_pretrained(folder / "lora")
    return folder / "lora"


@pytest.mark.parametrize("kind", ["gpt2", "qwen3", "llama"])
@pytest.mark.parametrize("changes", [{}, {"lora_alpha": 5, "use_rslora": True}])
def test_adapters_alone_are_a_model(kind: str, changes: dict[str, Any], tmp_path: Path) -> None:
    folder = adapted_folder(tmp_path, kind, **changes)
    info = find_model(str(folder), Workspace(tmp_path))
    model = load_model(info.folder)
    base = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    expected = logits(PeftModel.from_pretrained(base, folder).eval())
    assert torch.allclose(logits(model.network), expected, atol=1e-5)
    assert not torch.allclose(logits(load_model(tmp_path / "base").network), expected, atol=0.1)
    assert model.tokenizer.fingerprint == load_model(tmp_path / "base").tokenizer.fingerprint
    assert type(model.network) is type(base)


def test_the_base_may_be_named_from_where_the_adapters_lie(tmp_path: Path) -> None:
    path = adapted_folder(tmp_path) / ADAPTER
    path.write_text(json.dumps({**json.loads(path.read_text()), "base_model_name_or_path": "../base"}))
    assert load_model(path.parent).name == "lora"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"base_model_name_or_path": "Qwen/Qwen3-0.6B"}, "no model folder here"),
    ({"base_model_name_or_path": "//host/share"}, "base_model"),
    ({"base_model_name_or_path": "\\\\host\\share"}, "base_model"),
    ({"base_model_name_or_path": None}, "base_model"),
    ({"peft_type": "IA3"}, "peft_type"),
    ({"use_dora": True}, "use_dora"),
    ({"bias": "all"}, "bias"),
    ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
    ({"rank_pattern": {"c_attn": 9}}, "rank_pattern"),
    ({"alpha_pattern": {"c_attn": 9}}, "alpha_pattern"),
    ({"r": 4}, "shapes"),
    ({"r": 0}, "r = 0"),
    ({"r": True}, "r = True"),
    ({"r": 10**6}, "r = 1000000"),
    ({"lora_alpha": "16"}, "lora_alpha"),
    ({"lora_alpha": float("nan")}, "lora_alpha"),
]


@pytest.mark.parametrize(("changes", "named"), REFUSED)
def test_settings_that_cannot_be_worked_in_are_refused_by_name(
    changes: dict[str, Any], named: str, tmp_path: Path
) -> None:
    path = adapted_folder(tmp_path) / ADAPTER
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(BadModel, match=named):
        load_model(path.parent)


@pytest.mark.parametrize(
    "change", ["missing", "extra", "elsewhere", "shape", "a vector", "pickle", "nothing"]
)
def test_adapters_that_do_not_fit_are_refused(change: str, tmp_path: Path) -> None:
    path = adapted_folder(tmp_path) / ADAPTERS
    tensors = load_file(path)
    name = next(name for name in tensors if name.endswith("attn.c_attn.lora_A.weight"))
    match change:
        case "missing":
            del tensors[name]
        case "extra":
            tensors["base_model.model.lm_head.weight"] = torch.zeros(3)
        case "elsewhere":
            for half in "AB":
                half_name = name.replace("_A.", f"_{half}.")
                tensors[half_name.replace("c_attn", "evil")] = tensors.pop(half_name)
        case "shape":
            tensors[name] = tensors[name].T.contiguous()
        case "a vector":
            for half in "AB":
                half_name = name.replace("_A.", f"_{half}.")
                tensors[half_name.replace("attn.c_attn", "ln_1")] = tensors.pop(half_name)
        case "nothing":
            tensors = {}
    save_file(tensors, path)
    if change == "pickle":
        path.rename(path.with_name("adapter_model.bin"))
    with pytest.raises(BadModel, match="adapter_model"):
        load_model(path.parent)
