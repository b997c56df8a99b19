"""Folders in the very shapes in which people download Chinese models: what transformers gives is what we give."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tokenizers
import torch
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModelForCausalLM, AutoTokenizer

from novelgpt.config import SampleConfig
from novelgpt.model.folder import load_model
from novelgpt.writing.writer import Writer
from tests.model.networks import tiny_foreign
from tests.model.test_convert import MIXED, PIECES
from tests.tiny import TALE

QWEN_CUT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA_CUT = QWEN_CUT.replace(r"\p{N}| ?", r"\p{N}{1,3}| ?")
ROWS = 512


def byte_level(cut: str, specials: list[str], *, ignore_merges: bool) -> tokenizers.Tokenizer:
    """Return a byte-level BPE whose markers come after its pieces, as Qwen and Llama 3 have them."""
    engine = tokenizers.Tokenizer(models.BPE(ignore_merges=ignore_merges))
    split = pre_tokenizers.Split(tokenizers.Regex(cut), "isolated", invert=False)
    whole = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    engine.pre_tokenizer = pre_tokenizers.Sequence([split, whole])
    engine.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, show_progress=False)
    engine.train_from_iterator([TALE] * 3, trainer)
    engine.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in specials])
    return engine


def write_settings(folder: Path, engine: tokenizers.Tokenizer, **settings: Any) -> None:
    raw = json.loads(engine.to_str())
    added = {
        one["id"]: {name: value for name, value in one.items() if name != "id"} for one in raw["added_tokens"]
    }
    whole = {"added_tokens_decoder": added, "clean_up_tokenization_spaces": False, **settings}
    (folder / "tokenizer_config.json").write_text(json.dumps(whole))
    (folder / "tokenizer.json").write_text(json.dumps(raw))


def bert_gpt2(folder: Path) -> None:
    network = tiny_foreign("gpt2", len(PIECES))
    network.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    raw = json.loads((folder / "config.json").read_text())
    marks = {"bos_token_id": 50256, "eos_token_id": 50256}  # what nobody changed
    raw = {**raw, **marks, "n_ctx": 64, "tokenizer_class": "BertTokenizer"}
    (folder / "config.json").write_text(json.dumps(raw))


def qwen3_base(folder: Path) -> None:
    tiny_foreign("qwen3", ROWS).save_pretrained(folder)
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    engine = byte_level(QWEN_CUT, specials, ignore_merges=False)
    engine.normalizer, engine.post_processor = normalizers.NFC(), processors.ByteLevel(trim_offsets=False)
    raw = json.loads(engine.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(raw["vocab"]))
    (folder / "merges.txt").write_text("\n".join(" ".join(one) for one in raw["merges"]))
    marks = {"bos_token": None, "eos_token": specials[0], "pad_token": specials[0], "unk_token": None}
    write_settings(folder, engine, tokenizer_class="Qwen2Tokenizer", model_max_length=131072, **marks)


def llama3_base(folder: Path) -> None:
    tiny_foreign("llama", ROWS).save_pretrained(folder)
    begin, end = specials = ["<|begin_of_text|>", "<|end_of_text|>"]
    engine = byte_level(LLAMA_CUT, specials, ignore_merges=True)
    template = processors.TemplateProcessing(
        single=f"{begin} $A", pair=f"{begin} $A {begin}:1 $B:1", special_tokens=[(begin, 420)]
    )
    engine.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    marks = {"bos_token": begin, "eos_token": end}
    write_settings(folder, engine, tokenizer_class="PreTrainedTokenizerFast", **marks)
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "bos_token_id": 420, "eos_token_id": [421]}))


SHAPES = [bert_gpt2, qwen3_base, llama3_base]


@pytest.mark.parametrize("write", SHAPES)
def test_ids_and_logits_are_those_of_transformers(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path)
    model, tokenizer = load_model(tmp_path), AutoTokenizer.from_pretrained(tmp_path)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    for text in MIXED:
        ids = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
        assert model.tokenizer.encode(text) == ids
        shown = torch.tensor([ids[:60]])
        with torch.no_grad():
            assert torch.equal(model.network(shown).logits, theirs(shown).logits)
    if write is not bert_gpt2:
        assert all(model.tokenizer.decode(model.tokenizer.encode(text)) == text for text in [TALE, *MIXED])


MARKERS = {bert_gpt2: ("[MASK]", "[CLS]"), qwen3_base: ("<|endoftext|>",) * 2}
MARKERS[llama3_base] = ("<|begin_of_text|>", "<|end_of_text|>")


@pytest.mark.parametrize("write", SHAPES)
def test_text_in_and_text_out(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path)
    model, tokenizer = load_model(tmp_path), AutoTokenizer.from_pretrained(tmp_path)
    start, *_, end = model.tokenizer.encode_chapter(TALE)
    assert (start, end) == tuple(tokenizer.convert_tokens_to_ids(list(MARKERS[write])))
    written = Writer(model).write("老船夫坐在门口，", SampleConfig(max_chars=30, temperature=1.0, seed=3))
    assert written.text
    assert "\ufffd" not in written.text
    assert not any(marker in written.text for marker in ("<|", "[UNK]", "[SEP]"))
