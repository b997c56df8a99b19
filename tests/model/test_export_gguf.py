"""GGUF files, read by llama.cpp and by the format's own package."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch

from novelgpt.model.exporting.gguf import write_gguf_file
from novelgpt.model.exporting.refusal import CannotExport
from novelgpt.model.folder import Model
from novelgpt.tokens.foreign import load_vocabulary
from novelgpt.tokens.vocabulary import Vocabulary
from tests.model.llama_cpp import llama_cpp
from tests.model.networks import KINDS, USUAL, VOCABULARIES, tiny_foreign, write_vocabulary
from tests.tiny import TALE, tiny_network, tiny_tokenizer
from tests.tokens.vocabularies import tiny_bpe

PROMPT = [5, 300, 7, 33, 90]
WHOLE_CONTEXT = {"mistral": {"sliding_window": None}, "qwen2": {"use_sliding_window": False}}


def model_of(folder: Path, kind: str, **changes: Any) -> Model:
    tokenizer = load_vocabulary(write_vocabulary(folder, USUAL[kind]))
    size = tokenizer.size
    network = tiny_foreign(kind, size, **{**WHOLE_CONTEXT.get(kind, {}), **changes})
    return Model(kind, folder, network, tokenizer)


def likeliest(network: Any, ids: list[int], count: int) -> list[int]:
    found: list[int] = []
    with torch.no_grad():
        for _ in range(count):
            found.append(int(network(torch.tensor([[*ids, *found]])).logits[0, -1].argmax()))
    return found


def exported(model: Model, folder: Path, dtype: str) -> Path:
    path = folder / "model.gguf"
    write_gguf_file(model, path, dtype)
    return path


DESIGNS = [
    *((kind, {}) for kind in KINDS),
    ("gpt2", {"tie_word_embeddings": False, "n_inner": 96}),
    ("qwen3", {"tie_word_embeddings": False}),
    ("llama", {"attention_bias": True, "tie_word_embeddings": True, "rope_parameters": None}),
    ("qwen2", {"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}}),
]


@pytest.mark.parametrize(("kind", "changes"), DESIGNS)
def test_llama_cpp_takes_the_same_tokens(kind: str, changes: dict[str, Any], tmp_path: Path) -> None:
    model = model_of(tmp_path, kind, **changes)
    with llama_cpp(exported(model, tmp_path, "fp32")) as other:
        found = other.continue_ids(PROMPT, 50)
    assert len(found) == 50 or found[-1] == model.tokenizer.chapter_end_id
    assert found == likeliest(model.network, PROMPT, len(found))


def test_a_sliding_window_becomes_the_longest_context(tmp_path: Path) -> None:
    model = model_of(tmp_path, "mistral", sliding_window=8)
    with llama_cpp(exported(model, tmp_path, "fp32")) as other:
        found = other.continue_ids(PROMPT, 50)
    assert found == likeliest(model.network, PROMPT, 3)


def test_a_chapter_is_continued_as_here(tmp_path: Path) -> None:
    model = Model("tiny", tmp_path, tiny_network().eval(), tiny_tokenizer())
    ids = [tiny_tokenizer().chapter_start_id, *tiny_tokenizer().encode("雨下了三天")]
    with llama_cpp(exported(model, tmp_path, "fp32")) as other:
        assert other.tokenize("雨下了三天", add_special=True) == ids
        found = other.continue_ids(ids, 50)
        assert found == likeliest(model.network, ids, len(found))


HARD = "第1234章 The end’s near\n\n\t x  y 🙂𠮷 [SEP] <0x41> [a <b \u2060"


@pytest.mark.parametrize("name", ["tiny", "bpe", *VOCABULARIES])
def test_words_come_back_whole_from_their_ids(name: str, tmp_path: Path) -> None:
    tokenizer = vocabulary(name, tmp_path)
    network = tiny_foreign("gpt2", tokenizer.size)
    with llama_cpp(exported(Model(name, tmp_path, network, tokenizer), tmp_path, "q8_0")) as other:
        for text in (TALE, HARD):
            ids = tokenizer.encode(text)
            assert other.detokenize(ids) == tokenizer.decode(ids)
        assert other.tokenize(TALE) == tokenizer.encode(TALE)
        if name not in ("tiny", "unigram"):  # those write [UNK] there for what is beyond ASCII and unknown
            assert other.tokenize(HARD) == tokenizer.encode(HARD)


def vocabulary(name: str, folder: Path) -> Vocabulary:
    if name in ("tiny", "bpe"):
        return tiny_tokenizer() if name == "tiny" else tiny_bpe()
    return load_vocabulary(write_vocabulary(folder, name))


TOLERANCES = {"fp32": 0.0, "fp16": 1e-3, "bf16": 5e-3, "q8_0": 1e-2}


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_every_matrix_comes_back(dtype: str, tmp_path: Path) -> None:
    model = model_of(tmp_path, "qwen3", intermediate_size=72)
    path = exported(model, tmp_path, dtype)
    stored = {one.name: one for one in gguf.GGUFReader(path).tensors}
    down = stored["blk.1.ffn_down.weight"]
    matrix = model.network.model.layers[1].mlp.down_proj.weight.numpy(force=True)
    back = gguf.quants.dequantize(down.data, down.tensor_type)
    assert back.shape == matrix.shape
    assert np.abs(back - matrix).max() <= TOLERANCES[dtype]
    up = stored["blk.1.ffn_up.weight"]
    rows = model.network.model.layers[1].mlp.up_proj.weight.numpy(force=True)
    assert np.abs(gguf.quants.dequantize(up.data, up.tensor_type) - rows).max() <= TOLERANCES[dtype]
    kinds = {"fp32": "F32", "fp16": "F16", "bf16": "BF16", "q8_0": "Q8_0"}
    assert up.tensor_type.name == kinds[dtype]
    # 72 numbers do not fill whole blocks of 32
    assert down.tensor_type.name == ("F16" if dtype == "q8_0" else kinds[dtype])
    assert stored["output_norm.weight"].tensor_type.name == "F32"


def test_eight_bits_are_those_of_the_formats_own_package() -> None:
    from novelgpt.model.exporting.gguf_file import _in_blocks

    rows = torch.randn(7, 96, generator=torch.Generator().manual_seed(1)).numpy()
    rows[2] = 0
    ours = np.frombuffer(_in_blocks(rows), dtype=np.uint8).reshape(7, -1)
    theirs = gguf.quants.quantize(rows, gguf.GGMLQuantizationType.Q8_0)
    assert np.array_equal(ours, theirs)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("gpt2", {"activation_function": "relu"}, "activation_function"),
    ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx"),
    ("qwen3", {"attention_bias": True}, "attention_bias"),
    ("qwen3", {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0}}, "rope_type"),
    ("llama", {"hidden_act": "gelu"}, "hidden_act"),
]


@pytest.mark.parametrize(("kind", "changes", "named"), REFUSED)
def test_what_llama_cpp_computes_otherwise_is_refused(
    kind: str, changes: dict[str, Any], named: str, tmp_path: Path
) -> None:
    with pytest.raises(CannotExport, match=named):
        exported(model_of(tmp_path, kind, **changes), tmp_path, "fp32")
    assert not list(tmp_path.glob("*.gguf"))
