"""What travels with the program: the default vocabulary and the embedded model."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from novelgpt.config import EMBEDDED_MODEL_DIR, PIECES, SampleConfig
from novelgpt.model.folder import load_model
from novelgpt.text.markers import SPECIALS
from novelgpt.text.plain import read_plain_text
from novelgpt.tokens.tokenizer import Tokenizer
from novelgpt.writing.row import PATIENCE
from novelgpt.writing.writer import Writer

ROOT = Path(__file__).parent.parent
VOCAB = ROOT / "vocab"
NOVELS = sorted((ROOT / "corpus").glob("*.txt"))[:2]


def test_the_default_vocabulary_has_exactly_50000_pieces_a_line_each() -> None:
    lines = (VOCAB / "vocab.txt").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(set(lines)) == PIECES == 50_000
    assert tuple(lines[:5]) == SPECIALS
    assert len(AutoTokenizer.from_pretrained(VOCAB)) == PIECES


def test_its_report_is_about_it() -> None:
    report = json.loads((VOCAB / "vocab-report.json").read_text(encoding="utf-8"))
    assert report["fingerprint"] == Tokenizer.load(VOCAB).fingerprint
    assert report["size"] == PIECES


@pytest.mark.parametrize("path", NOVELS, ids=lambda path: path.stem)
def test_whole_novels_come_back_from_it_and_transformers_agrees(path: Path) -> None:
    text = read_plain_text(path)
    tokenizer = Tokenizer.load(VOCAB)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.unknown_id not in ids
    theirs = AutoTokenizer.from_pretrained(VOCAB)
    assert theirs(text)["input_ids"] == ids
    assert theirs.decode(ids, skip_special_tokens=True) == text


def test_the_embedded_model_speaks_the_default_vocabulary_and_is_small() -> None:
    assert Tokenizer.load(EMBEDDED_MODEL_DIR).fingerprint == Tokenizer.load(VOCAB).fingerprint
    assert sum(path.stat().st_size for path in EMBEDDED_MODEL_DIR.iterdir()) <= 48_000_000


def test_the_embedded_model_writes_and_plain_transformers_loads_it() -> None:
    model = load_model(EMBEDDED_MODEL_DIR)
    text = Writer(model).write("话说", SampleConfig(max_chars=40, seed=1)).text
    assert 40 <= len(text) <= 40 + PATIENCE
    assert "\ufffd" not in text
    theirs = AutoModelForCausalLM.from_pretrained(EMBEDDED_MODEL_DIR, dtype=torch.float32).eval()
    ids = torch.tensor([model.tokenizer.encode("却说那日天色已晚，")])
    with torch.no_grad():
        assert torch.allclose(theirs(ids).logits, model.network(ids).logits, atol=1e-4)


def test_the_embedded_model_foresees_chinese_better_than_chance() -> None:
    from novelgpt.scoring.score import score_text

    model = load_model(EMBEDDED_MODEL_DIR)
    text = "话说那日天色已晚，二人走到一座古庙前，只见庙门半掩，里面透出一点灯火。老者笑道：“你来得正好。”"
    bits = score_text(text, model.network, model.tokenizer).to_dict()["bits_per_character"]
    assert bits < 8


def test_the_model_card_says_what_it_must() -> None:
    card = (EMBEDDED_MODEL_DIR / "README.md").read_text(encoding="utf-8")
    for said in (
        "bits per character",
        "Held-out books",
        "Unedited samples",
        "What it was trained on",
        "《儿女英雄传》",
    ):
        assert said in card
