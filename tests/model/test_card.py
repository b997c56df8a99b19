import re
from typing import Any

import pytest

from novelgpt.config import TrainConfig
from novelgpt.model.reporting.card import model_card


def facts(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "config": TrainConfig().to_dict(), "preset": "gpt2-tiny", "family": "gpt2", "parameters": 8_966_144,
        "layers": 6, "width": 256, "heads": 4, "context_length": 512, "vocabulary": 16_000, "fingerprint": "3fa8c1",
        "training_characters": 12_345_678, "training_tokens": 10_200_000, "source": "9b1c77", "step": 900,
        "total_steps": 1_000, "batch_size": 8, "optimizer": "muon", "schedule": "wsd", "learning_rate": 2e-3,
        "dtype": "bf16", "held_out_characters": 650_000, "bits": 5.4321, "threads": 2, "base": "",
    }  # fmt: skip
    return {**usual, **changes}


def front_matter(card: str) -> dict[str, str]:
    first, matter, _ = card.split("---\n", 2)
    assert first == ""
    return dict(line.split(": ", 1) for line in matter.splitlines())


def test_the_card_says_both_languages_and_the_run_s_own_numbers() -> None:
    card = model_card(facts())
    for number in (
        "8,966,144",
        "16,000",
        "12,345,678",
        "10,200,000",
        "900",
        "1,000",
        "0.002",
        "650,000",
        "5.432",
    ):
        assert card.count(number) >= 2, number
    assert "中文小说模型" in card
    assert "A model for Chinese novels" in card
    assert front_matter(card) == {
        "language": "zh",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
    }


@pytest.mark.parametrize(
    ("family", "said", "not_said"),
    [
        ("gpt2", "GPT2LMHeadModel", "Qwen"),
        ("qwen3", "nothing to do with Qwen's models", "GPT-2"),
        ("llama", "Llama's design", "GPT-2"),
        ("mistral", "the design mistral", "GPT-2"),
    ],
)
def test_the_design_is_named(family: str, said: str, not_said: str) -> None:
    card = model_card(facts(family=family))
    assert said in card
    assert not_said not in card


@pytest.mark.parametrize(
    ("base", "on_the_hub"),
    [("uer/gpt2-chinese-cluecorpussmall", True), ("/home/me/models/base", False), ("../base", False)],
)
def test_a_tuned_model_names_its_beginning(base: str, on_the_hub: bool) -> None:
    card = model_card(facts(base=base, before={"bits_per_character": 7.25}))
    assert f"从 {base} 练起，练的是全部权重" in card
    assert "7.250" in card
    assert ("base_model" in front_matter(card)) == on_the_hub
    assert "[MASK]" not in card  # its own tokenizer has other markers


def test_adapters_are_said_to_be_merged() -> None:
    card = model_card(facts(base="uer/gpt2", config=TrainConfig(init="uer/gpt2", lora=True).to_dict()))
    assert "LoRA" in card
    assert "All weights were trained" not in card


@pytest.mark.parametrize(
    ("missing", "row"), [("bits", "held out"), ("schedule", "training"), ("parameters", "network")]
)
def test_what_is_not_known_is_not_mentioned(missing: str, row: str) -> None:
    assert f"| {row} |" in model_card(facts())
    assert f"| {row} |" not in model_card(facts(**{missing: None}))


def test_a_run_that_never_read_the_held_out_text_claims_nothing() -> None:
    assert "inf" not in model_card(facts(bits=float("inf"))).replace("infill", "")


def test_filling_in_is_mentioned_where_it_was_learnt() -> None:
    assert "infill" not in model_card(facts())
    assert "infill" in model_card(facts(config=TrainConfig(objective="infill").to_dict()))


def test_a_name_cannot_break_out_of_its_place() -> None:
    card = model_card(facts(base="x|y`<script>\n---\n# z"))
    assert "<script>" not in card
    assert "\n# z" not in card
    assert all(line.count("|") == 3 for line in card.splitlines() if line.startswith("| "))


def test_the_code_in_the_card_compiles() -> None:
    for card in (model_card(facts()), model_card(facts(base="uer/gpt2"))):
        (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
        compile(code, "card", "exec")
        assert "AutoModelForCausalLM" in code
