"""Folders that transformers wrote, of every family, and what is refused in them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from novelgpt.errors import BadModel, BadVocabulary
from novelgpt.model.folder import load_model, save_model
from novelgpt.model.known import INDEX, WEIGHTS
from novelgpt.model.networks.families import FAMILIES, checked_config, plain_config
from tests.model.networks import KINDS, logits, tiny_config, write_foreign

transformers.utils.logging.disable_progress_bar()


def theirs(folder: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder).eval()


def rewrite(path: Path, **changes: object) -> None:
    raw = json.loads(path.read_text())
    path.write_text(
        json.dumps({key: value for key, value in {**raw, **changes}.items() if value != "absent"})
    )


def test_all_families_are_tried() -> None:
    assert set(KINDS) == set(FAMILIES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_folder_computes_what_transformers_computes(kind: str, tmp_path: Path) -> None:
    network = write_foreign(tmp_path, kind)
    model = load_model(tmp_path)
    assert torch.equal(logits(model.network), logits(theirs(tmp_path)))
    assert torch.equal(logits(model.network), logits(network))
    assert model.tokenizer.size == 512
    assert not any(parameter.requires_grad for parameter in model.network.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_saved_again_loads_everywhere_without_a_word(kind: str, tmp_path: Path) -> None:
    network = write_foreign(tmp_path / "theirs", kind)
    model = load_model(tmp_path / "theirs")
    save_model(tmp_path / "ours", model.network, model.tokenizer, "")
    again, report = AutoModelForCausalLM.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(report.values())
    assert torch.equal(logits(again), logits(network))
    ours = load_model(tmp_path / "ours")
    assert torch.equal(logits(ours.network), logits(network))
    assert ours.tokenizer.fingerprint == model.tokenizer.fingerprint


@pytest.mark.parametrize("kind", ["gpt2", "llama", "qwen3"])
@pytest.mark.parametrize("tied", [True, False])
def test_matrices_may_be_tied_or_not(kind: str, tied: bool, tmp_path: Path) -> None:
    network = write_foreign(tmp_path, kind, tie_word_embeddings=tied)
    loaded = load_model(tmp_path).network
    assert torch.equal(logits(loaded), logits(network))
    assert (loaded.get_input_embeddings().weight is loaded.get_output_embeddings().weight) is tied


@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
@pytest.mark.parametrize("stored", ["twice", "as two", "as the head"])
def test_a_tied_matrix_may_be_stored_in_other_ways(kind: str, stored: str, tmp_path: Path) -> None:
    network = write_foreign(tmp_path, kind, tie_word_embeddings=True)
    tensors = load_file(tmp_path / WEIGHTS)
    base = next(name for name in tensors if name.endswith(("wte.weight", "embed_tokens.weight")))
    tensors["lm_head.weight"] = tensors[base].clone() * (2 if stored == "as two" else 1)
    if stored == "as the head":
        del tensors[base]
    save_file(tensors, tmp_path / WEIGHTS, metadata={"format": "pt"})
    loaded = load_model(tmp_path).network
    if stored != "as the head" or kind == "qwen3":
        assert torch.equal(logits(loaded), logits(theirs(tmp_path)))
    assert torch.equal(logits(loaded), logits(network) * (2 if stored == "as two" else 1))


def test_the_oldest_gpt2_files_have_other_names_and_masks(tmp_path: Path) -> None:
    network = write_foreign(tmp_path, "gpt2")
    tensors = {
        name.removeprefix("transformer."): value for name, value in load_file(tmp_path / WEIGHTS).items()
    }
    assert "wte.weight" in tensors
    tensors |= {"h.0.attn.bias": torch.ones(1, 1, 64, 64), "h.1.attn.masked_bias": torch.tensor(-1e4)}
    save_file(tensors, tmp_path / WEIGHTS, metadata={"format": "pt"})
    assert torch.equal(logits(load_model(tmp_path).network), logits(network))


@pytest.mark.parametrize("kind", ["gpt2", "qwen2"])
def test_weights_may_lie_in_several_files(kind: str, tmp_path: Path) -> None:
    network = write_foreign(tmp_path / "whole", kind)
    network.save_pretrained(tmp_path / "parts", max_shard_size="30KB")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "parts" / name).write_bytes((tmp_path / "whole" / name).read_bytes())
    assert len(list((tmp_path / "parts").glob("*.safetensors"))) > 2
    assert torch.equal(logits(load_model(tmp_path / "parts").network), logits(network))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_widened_or_kept(dtype: torch.dtype, tmp_path: Path) -> None:
    network = write_foreign(tmp_path, "qwen3")
    network.to(dtype).save_pretrained(tmp_path)
    assert load_model(tmp_path).network.dtype is torch.float32
    kept = load_model(tmp_path, dtype=None).network
    assert kept.dtype is dtype
    assert torch.equal(logits(kept), logits(theirs(tmp_path)))
    wide = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    assert torch.equal(logits(load_model(tmp_path).network), logits(wide))


ROPES: list[dict[str, Any]] = [
    {"rope_parameters": "absent", "rope_theta": 5_000_000.0},
    {"rope_parameters": "absent", "rope_theta": 10_000, "rope_scaling": {"type": "linear", "factor": 2.0}},
    {
        "rope_parameters": "absent",
        "rope_theta": 1e6,
        "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16},
    },
    {"rope_parameters": None, "rope_scaling": None},
]


@pytest.mark.parametrize("changes", ROPES)
def test_older_ways_to_name_the_rotation_are_understood(changes: dict[str, Any], tmp_path: Path) -> None:
    network = write_foreign(tmp_path, "qwen2")
    rewrite(tmp_path / "config.json", **changes)
    found = logits(load_model(tmp_path).network)
    assert torch.equal(found, logits(theirs(tmp_path)))
    assert torch.equal(found, logits(network)) is (changes.get("rope_theta") is None)


HOSTILE: list[tuple[str, str, object]] = [
    ("llama", "model_type", "evil"),
    ("llama", "model_type", None),
    ("llama", "hidden_size", 10**9),
    ("llama", "hidden_size", 33),
    ("llama", "hidden_size", "32"),
    ("llama", "num_hidden_layers", 97),
    ("llama", "num_attention_heads", 3),
    ("llama", "num_key_value_heads", 3),
    ("llama", "num_key_value_heads", 0),
    ("llama", "head_dim", 7),
    ("llama", "vocab_size", 600),
    ("llama", "vocab_size", 100),
    ("llama", "hidden_act", "evil"),
    ("llama", "rms_norm_eps", float("nan")),
    ("llama", "attention_bias", True),
    ("llama", "tie_word_embeddings", "yes"),
    ("llama", "rope_parameters", {"rope_type": "evil"}),
    ("llama", "rope_parameters", {"rope_type": "dynamic", "factor": 2.0}),
    ("llama", "rope_parameters", {"rope_type": "linear", "factor": 1e300}),
    ("llama", "rope_parameters", {"rope_type": "default", "rope_theta": "1e4"}),
    ("llama", "rope_parameters", [1]),
    ("qwen2", "layer_types", ["full_attention"]),
    ("qwen2", "layer_types", ["full_attention", "evil"]),
    ("qwen2", "sliding_window", -1),
    ("gpt2", "activation_function", "evil"),
    ("gpt2", "n_inner", 31),
    ("gpt2", "tie_word_embeddings", None),
]


@pytest.mark.parametrize(("kind", "name", "value"), HOSTILE)
def test_a_config_that_lies_is_refused(kind: str, name: str, value: object, tmp_path: Path) -> None:
    write_foreign(tmp_path, kind)
    rewrite(tmp_path / "config.json", **{name: value})
    with pytest.raises((BadModel, BadVocabulary)) as refused:
        load_model(tmp_path)
    assert "\n" not in refused.value.sentence("zh")


def test_unknown_keys_do_nothing(tmp_path: Path) -> None:
    network = write_foreign(tmp_path, "qwen3")
    hostile = {
        "_attn_implementation_internal": "evil/kernel",
        "attn_implementation": "evil/kernel",
        "auto_map": {"AutoModelForCausalLM": "evil.Evil"},
        "quantization_config": {"quant_method": "evil"},
        "_name_or_path": "../../evil",
    }
    rewrite(tmp_path / "config.json", **hostile)
    loaded = load_model(tmp_path).network
    assert torch.equal(logits(loaded), logits(network))
    assert "evil" not in json.dumps(loaded.config.to_dict())


def test_only_safetensors_are_read(tmp_path: Path) -> None:
    write_foreign(tmp_path, "llama")
    (tmp_path / WEIGHTS).rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(BadModel, match="convert") as refused:
        load_model(tmp_path)
    assert "pytorch_model.bin" in refused.value.sentence("zh")


INDICES: list[object] = [
    {"weight_map": {"a": "../elsewhere.safetensors"}},
    {"weight_map": {"a": "/etc/passwd"}},
    {"weight_map": {"a": "sub/x.safetensors"}},
    {"weight_map": {"a": "missing.safetensors"}},
    {"weight_map": {"a": ["x"]}},
    {"weight_map": {}},
    {"weight_map": {str(n): f"{n}.safetensors" for n in range(2_000)}},
    [],
]


@pytest.mark.parametrize("index", INDICES)
def test_an_index_that_points_elsewhere_is_refused(index: object, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    write_foreign(folder, "llama")
    (folder / WEIGHTS).rename(tmp_path / "elsewhere.safetensors")
    (folder / INDEX).write_text(json.dumps(index))
    with pytest.raises(BadModel):
        load_model(folder)


@pytest.mark.parametrize("change", ["missing", "extra", "shape", "kind", "twice"])
def test_tensors_that_do_not_fit_are_refused_by_name(change: str, tmp_path: Path) -> None:
    write_foreign(tmp_path, "qwen3")
    tensors = load_file(tmp_path / WEIGHTS)
    name = "model.layers.1.mlp.up_proj.weight"
    match change:
        case "missing":
            del tensors[name]
        case "extra":
            tensors["model.evil"] = torch.zeros(3)
            name = "model.evil"
        case "shape":
            tensors[name] = tensors[name].T.contiguous()
        case "kind":
            tensors[name] = tensors[name].to(torch.int8)
            name = "I8"
        case "twice":
            tensors[name.removeprefix("model.")] = tensors[name].clone()
            name = "twice"
    save_file(tensors, tmp_path / WEIGHTS, metadata={"format": "pt"})
    with pytest.raises(BadModel, match=re.escape(name)):
        load_model(tmp_path)


@pytest.mark.parametrize(("padding", "kept"), [(0, None), (1, 1), (512, None), (-1, None), ("1", None)])
def test_a_row_that_ends_texts_is_never_a_padding_row(
    padding: object, kept: int | None, tmp_path: Path
) -> None:
    """A padding row never learns, and the end of a text has to be learnt."""
    write_foreign(tmp_path, "qwen3")
    rewrite(tmp_path / "config.json", pad_token_id=padding, eos_token_id=[0, 7])
    network = load_model(tmp_path).network
    assert network.get_input_embeddings().padding_idx == kept
    assert network.config.eos_token_id == 0


CONFIGS: list[tuple[str, dict[str, Any]]] = [
    *((kind, {}) for kind in KINDS),
    ("mistral", {"sliding_window": None}),
    ("qwen3", {"tie_word_embeddings": False, "attention_bias": True}),
    ("gpt2", {"n_inner": 96, "scale_attn_by_inverse_layer_idx": True}),
]


@pytest.mark.parametrize(("kind", "changes"), CONFIGS)
def test_a_configuration_comes_back_whole(kind: str, changes: dict[str, Any]) -> None:
    config = tiny_config(kind, 512, **changes)
    again = checked_config(json.loads(json.dumps(plain_config(config))))
    assert again.to_dict() == config.to_dict()


UNEVEN: list[tuple[str, dict[str, object], str]] = [
    ("llama", {"hidden_size": 34}, "multiple of num_attention_heads"),
    ("qwen3", {"num_key_value_heads": 3}, "multiple of num_key_value_heads"),
    ("qwen3", {"head_dim": 7}, "odd"),
    ("mistral", {"hidden_size": 36, "head_dim": None}, "odd"),
    ("qwen2", {"layer_types": ["full_attention"] * 3}, "3 layers"),
    ("gpt2", {"n_embd": 33}, "multiple of n_head"),
]


@pytest.mark.parametrize(("kind", "changes", "said"), UNEVEN)
def test_sizes_that_do_not_divide_are_refused_before_a_network_is_made(
    kind: str, changes: dict[str, object], said: str
) -> None:
    plain = plain_config(tiny_config(kind, 512))
    checked_config(plain)
    with pytest.raises(ValueError, match=said):
        checked_config({**plain, **changes})
