import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.config import TrainConfig
from novelgpt.messages import CATALOGUE, LANGUAGES, Lang
from novelgpt.model.reporting.facts import (
    bits_per_character,
    data_facts,
    network_facts,
    run_facts,
    unigram_nats,
)
from novelgpt.model.reporting.preflight import (
    VocabularyMisfit,
    disk_of,
    duration,
    examine,
    memory_of,
    size_of,
)
from novelgpt.text.chapter import Chapter, write_chapters
from novelgpt.tokens.shards import Shards, build_shards
from tests.tiny import TALE, tiny_network, tiny_tokenizer


def facts(**changes: Any) -> dict[str, Any]:
    """A run of gpt2-tiny over ten million tokens, with nothing to complain about."""
    usual: dict[str, Any] = {
        "config": TrainConfig().to_dict(),
        "preset": "gpt2-tiny", "family": "gpt2", "parameters": 8_966_144, "trainable": 8_966_144,
        "matrices": 4_718_592, "layers": 6, "width": 256, "inner_width": 1024, "output_weights": 16_000 * 256,
        "network_vocabulary": 16_000, "vocabulary": 16_000, "vocabulary_fingerprint": "3fa8", "largest_id": 15_999,
        "training_tokens": 10_000_000, "training_characters": 12_000_000, "chapters": 4_000,
        "median_chapter_tokens": 2_500, "held_out_tokens": 500_000, "held_out_characters": 600_000,
        "unigram_nats": 6.9, "byte_share": 0.001, "start": "random", "optimizer": "adamw", "dtype": "fp32",
        "batch_size": 8, "context_length": 512, "total_steps": 9_000, "seconds_per_step": 0.5,
        "memory_bytes": 16 * 2**30, "free_disk_bytes": 50 * 2**30,
    }  # fmt: skip
    return {**usual, **changes}


def warned(**changes: Any) -> list[str]:
    return [message.key for message in examine(facts(**changes)).warnings]


def said(lang: Lang, **changes: Any) -> str:
    return "\n".join(message.text(lang) for message in examine(facts(**changes)).messages())


def test_a_sound_run_is_not_warned_of_anything() -> None:
    assert warned() == []
    assert warned(start="model", byte_share=0.1, training_tokens=8_000_000) == []  # it has its own vocabulary


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"held_out_tokens": 0}, "preflight.warn_held_out"),
        ({"training_tokens": 8_000_000}, "preflight.warn_small"),
        ({"training_tokens": 8_000_000, "trainable": 500_000_000, "start": "model"}, "preflight.warn_tune"),
        ({"total_steps": 40_000}, "preflight.warn_epochs"),
        ({"total_steps": 1_000}, "preflight.warn_part"),
        ({"median_chapter_tokens": 511}, "preflight.warn_window"),
        ({"byte_share": 0.03}, "preflight.warn_vocabulary"),
        ({"memory_bytes": 2**30}, "preflight.warn_memory"),
        ({"free_disk_bytes": 300 * 2**20}, "preflight.warn_disk"),
    ],
)
def test_each_risk_has_its_own_warning_with_a_cure(changes: dict[str, Any], warning: str) -> None:
    assert warned(**changes) == [warning]
    assert examine(facts(**changes)).messages()[-1].key == warning
    assert all(CATALOGUE[warning][side].startswith(("注意", "Note")) for side in (0, 1))


@pytest.mark.parametrize("changes", [{"largest_id": 16_000}, {"network_vocabulary": 8_000}])
def test_a_vocabulary_that_does_not_fit_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(VocabularyMisfit) as refused:
        examine(facts(**changes))
    assert "16,000" in refused.value.sentence("zh")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_examination_says_what_a_person_must_know(lang: Lang) -> None:
    text = said(lang)
    tokens = 9_000 * 8 * 512
    for fact in (
        "12,000,000",
        "10,000,000",
        "600,000",
        "16,000",
        "3fa8",
        "8.97M",
        "9,000",
        f"{tokens:,}",
        "3.69",
    ):
        assert fact in text
    assert f"{math.log(16_000):.1f}" in text
    assert "6.9" in text
    assert "16.0 GiB" in text
    assert "50.0 GiB" in text


def test_what_is_not_known_is_left_out() -> None:
    unknown = examine(facts(seconds_per_step=None, memory_bytes=None, free_disk_bytes=None))
    keys = [message.key for message in unknown.messages()]
    assert unknown.seconds is None
    assert "preflight.time" not in keys
    assert {"preflight.memory", "preflight.disk"} <= set(keys)


@pytest.mark.parametrize(
    ("start", "key", "expects"),
    [
        ("random", "preflight.loss", True),
        ("counts", "preflight.loss_counts", True),
        ("model", "preflight.loss_model", False),
    ],
)
def test_the_first_loss_depends_on_where_it_starts(start: str, key: str, expects: bool) -> None:
    keys = [message.key for message in examine(facts(start=start)).messages()]
    assert key in keys
    assert ("preflight.expect" in keys) == expects


@pytest.mark.parametrize(
    ("seconds", "english"),
    [
        (0.2, "1 seconds"),
        (40, "40 seconds"),
        (300, "5 minutes"),
        (3600, "1 h 0 min"),
        (86_400 * 2, "48 h 0 min"),
    ],
)
def test_time_is_said_in_the_unit_that_fits(seconds: float, english: str) -> None:
    assert duration(seconds).text("en") == english


@pytest.mark.parametrize(
    ("count", "said"), [(5 * 2**20, "5 MiB"), (2**30, "1.0 GiB"), (1.5 * 2**31, "3.0 GiB")]
)
def test_sizes(count: float, said: str) -> None:
    assert size_of(count) == said


PEAKS = [
    # family, width, layers, inner, vocabulary, windows, dtype, optimizer, parameters, measured MiB of a whole process
    # (benchmarks/memory.py: gpt2-tiny and novel-tiny, windows of 512 tokens)
    ("gpt2", 256, 6, 1024, 50_000, 8, "fp32", "adamw", 17_670_144, 1742),
    ("gpt2", 256, 6, 1024, 50_000, 8, "fp32", "muon", 17_670_144, 1714),
    ("gpt2", 256, 6, 1024, 50_000, 8, "bf16", "adamw", 17_670_144, 1369),
    ("gpt2", 256, 6, 1024, 50_000, 8, "bf16", "muon", 17_670_144, 1356),
    ("qwen3", 384, 6, 1024, 50_000, 8, "fp32", "adamw", 29_822_592, 2168),
    ("qwen3", 384, 6, 1024, 50_000, 8, "bf16", "adamw", 29_822_592, 1953),
]


@pytest.mark.parametrize("measured", PEAKS, ids=str)
def test_the_memory_estimate_agrees_with_what_was_measured(measured: tuple[Any, ...]) -> None:
    family, width, layers, inner, vocabulary, windows, dtype, optimizer, parameters, peak = measured
    estimate = memory_of(
        facts(
            family=family, width=width, layers=layers, inner_width=inner, vocabulary=vocabulary, dtype=dtype,
            output_weights=vocabulary * width, batch_size=windows, optimizer=optimizer, parameters=parameters,
            trainable=parameters, matrices=4_718_592,
        )
    )  # fmt: skip
    assert estimate.total / 2**20 == pytest.approx(peak, rel=0.3)


@given(st.integers(1, 64), st.sampled_from(["fp32", "bf16"]), st.sampled_from(["adamw", "muon"]))
@settings(deadline=None, max_examples=50)
def test_more_windows_at_once_need_more_memory_and_muon_needs_less(
    windows: int, dtype: str, optimizer: str
) -> None:
    here = memory_of(facts(micro_batch=windows, dtype=dtype, optimizer=optimizer))
    more = memory_of(facts(micro_batch=windows + 1, dtype=dtype, optimizer=optimizer))
    assert here.total < more.total
    assert here.total == sum(vars(here).values())
    assert memory_of(facts(micro_batch=windows, dtype=dtype, optimizer="muon")).total <= here.total


def test_the_disk_holds_the_checkpoints_kept_one_more_and_the_models() -> None:
    size, parameters = 4, 8_966_144
    plain = disk_of(facts())
    assert plain.checkpoint == 3 * parameters * size  # weights and two moments
    assert plain.needed == 3 * plain.checkpoint + 3 * plain.model
    averaged = facts(config=TrainConfig(ema=0.99, keep=5).to_dict())
    assert disk_of(averaged).checkpoint == 4 * parameters * size
    assert disk_of(averaged).needed == 6 * disk_of(averaged).checkpoint + 3 * plain.model
    assert disk_of(facts(trainable=100_000, matrices=0)).checkpoint == 1_200_000  # adapters alone


@given(st.integers(1, 10**7))
@settings(deadline=None, max_examples=50)
def test_reading_more_promises_no_worse_and_never_worse_than_counts(steps: int) -> None:
    less, more = examine(facts(total_steps=steps)), examine(facts(total_steps=2 * steps))
    low, high = less.expected_bits
    assert more.expected_bits[0] <= low
    assert more.expected_bits[1] <= high
    assert 0 < low < high <= bits_per_character(6.9, facts())


def test_values_are_plain() -> None:
    import json

    values = examine(facts(held_out_tokens=0)).values()
    assert json.loads(json.dumps(values))["warnings"] == ["preflight.warn_held_out"]
    assert values["memory"]["total"] > values["memory"]["activations"] > 0


def test_entropy_of_even_counts_is_the_logarithm_of_their_number() -> None:
    even = np.full(1000, 10_000)
    assert unigram_nats(even) == pytest.approx(math.log(1000), abs=1e-3)
    assert unigram_nats(np.array([0, 7, 0])) == 0
    assert unigram_nats(np.array([0, 0])) == 0


def test_entropy_of_a_sample_makes_up_for_what_it_missed() -> None:
    shares = 1 / np.arange(1, 20_001)
    shares /= shares.sum()
    true = float(-(shares * np.log(shares)).sum())
    counts = np.random.default_rng(1).multinomial(50_000, shares)
    bare = -sum(count / 50_000 * math.log(count / 50_000) for count in counts if count)
    assert abs(unigram_nats(counts) - true) < abs(bare - true) < 0.2


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Shards:
    folder = tmp_path_factory.mktemp("shards")
    path = folder / "chapters.jsonl"
    write_chapters(path, [Chapter(f"第{n}章", TALE * (1 + n % 2), index=n, book="渡口") for n in range(6)])
    return build_shards([path], tiny_tokenizer(), folder / "data", held_out=0.3)


def test_facts_of_real_shards_and_a_real_network(shards: Shards, tmp_path: Path) -> None:
    network = tiny_network()
    data, sizes = data_facts(shards), network_facts(network)
    assert data["training_tokens"] + data["held_out_tokens"] == len(shards.train.tokens) + len(
        shards.held_out.tokens
    )
    assert data["chapters"] == len(shards.train.offsets) - 1
    assert data["largest_id"] == int(np.max(shards.train.tokens))
    assert 0 < data["unigram_nats"] < math.log(tiny_tokenizer().size)
    spelt = np.isin(shards.train.tokens, list(tiny_tokenizer().byte_ids)).mean()
    assert data["byte_share"] == pytest.approx(float(spelt))
    assert sizes["parameters"] == sum(p.numel() for p in network.parameters())
    assert sizes["matrices"] == 2 * (32 * 96 + 32 * 32 + 2 * 32 * 128)
    assert (sizes["layers"], sizes["width"], sizes["inner_width"]) == (2, 32, 128)


def test_a_real_plan_can_be_examined(shards: Shards) -> None:
    @dataclass(frozen=True)
    class Plan:
        config: TrainConfig
        preset: str = "gpt2-tiny"
        dtype: str = "fp32"
        batch_size: int = 2
        context_length: int = 16
        total_steps: int = 50
        optimizer: str = "adamw"
        start: str = "random"

    examined = examine(run_facts(Plan(TrainConfig()), shards, tiny_network(), seconds_per_step=0.1))
    assert examined.epochs == pytest.approx(50 * 2 * 16 / len(shards.train.tokens))
    assert examined.seconds == pytest.approx(5.0)
    assert "preflight.warn_small" in [message.key for message in examined.warnings]
    assert all(message.text(lang) for message in examined.messages() for lang in LANGUAGES)
