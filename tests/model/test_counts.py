import math
import random
import warnings
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import GPT2Config, GPT2LMHeadModel

from novelgpt.config import TrainConfig
from novelgpt.model.learning.loss import cross_entropy
from novelgpt.model.networks import counts
from novelgpt.model.networks.architectures import new_network
from novelgpt.model.networks.counts import bigram_counts, counting_message, start_from_counts
from novelgpt.tokens.shards import Split
from tests.model.networks import tiny_qwen3
from tests.tiny import TALE, tiny_tokenizer

SIZE = 60


def split_of(tokens: Any, dtype: str = "<u2") -> Split:
    return Split(np.asarray(tokens, dtype=dtype), np.array([0, len(tokens)]), len(tokens))


def walk(length: int = 20_000) -> list[int]:
    """A text in which every token has three likely followers, and any other now and then."""
    chance, now, tokens = random.Random(1), 0, []
    for _ in range(length):
        tokens.append(now)
        likely = (now * 7 + chance.choice((1, 1, 1, 5, 11))) % 50
        now = likely if chance.random() < 0.9 else int(50 * chance.random() ** 2)
    return tokens


def counted(pairs: counts.Pairs) -> list[tuple[tuple[int, int], int]]:
    now, after, found = (one.tolist() for one in pairs)
    return list(zip(zip(now, after, strict=True), found, strict=True))


def network(kind: str, tied: bool = False) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        if kind == "gpt2":
            return GPT2LMHeadModel(
                GPT2Config(
                    vocab_size=SIZE,
                    n_positions=32,
                    n_embd=32,
                    n_layer=2,
                    n_head=2,
                    bos_token_id=0,
                    eos_token_id=0,
                    tie_word_embeddings=tied,
                )
            )
    return tiny_qwen3(SIZE, 32, tied=tied)


def loss_of(network: Any, tokens: list[int]) -> torch.Tensor:
    windows = torch.tensor(tokens[: len(tokens) // 33 * 33]).view(-1, 33)
    hidden = network.base_model(input_ids=windows[:, :-1], use_cache=False).last_hidden_state
    weight = network.get_output_embeddings().weight
    return cross_entropy(hidden.flatten(0, 1), weight, windows[:, 1:].flatten(), torch.float32)


def entropies(tokens: list[int]) -> tuple[float, float]:
    """What knowing each token's frequency gives, and what knowing the token before gives."""
    single, pairs = Counter(tokens[1:]), Counter(pairwise(tokens))
    before, total = Counter(tokens[:-1]), len(tokens) - 1
    alone = -sum(n * math.log(n / total) for n in single.values()) / total
    knowing = -sum(n * math.log(n / before[now]) for (now, _), n in pairs.items()) / total
    return alone, knowing


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 5), max_size=60))
def test_every_pair_met_again_is_counted_and_no_other(tokens: list[int]) -> None:
    expected = sorted((pair, count) for pair, count in Counter(pairwise(tokens)).items() if count > 1)
    assert counted(bigram_counts(split_of(tokens), 6)) == expected


@pytest.mark.parametrize(("size", "dtype"), [(SIZE, "<u2"), (2**16, "<u2"), (2**16 + 1, "<u4")])
def test_counts_do_not_depend_on_how_much_is_read_at_once(
    size: int, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = split_of([size - 1 - token for token in walk(3_000)], dtype)
    whole = bigram_counts(split, size)
    monkeypatch.setattr(counts, "_TOKENS_AT_ONCE", 97)
    for one, other in zip(whole, bigram_counts(split, size), strict=True):
        assert np.array_equal(one, other)
    assert whole[0].max() == size - 1


def test_where_too_many_pairs_would_stay_the_rarest_go() -> None:
    everything = bigram_counts(split_of(walk()), SIZE)
    fewer = bigram_counts(split_of(walk()), SIZE, most_pairs=40)
    assert 0 < len(fewer[2]) <= 40 < len(everything[2])
    assert fewer[2].min() > np.sort(everything[2])[-41]


def test_a_text_too_long_for_the_memory_still_gives_its_frequent_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = dict(counted(bigram_counts(split_of(walk()), SIZE, most_pairs=100)))
    held: list[int] = []
    merge = counts._merged
    monkeypatch.setattr(counts, "_TOKENS_AT_ONCE", 1_000)
    monkeypatch.setattr(
        counts, "_merged", lambda kept: held.append(sum(len(k) for k, _ in kept)) or merge(kept)
    )
    found = dict(counted(bigram_counts(split_of(walk()), SIZE, most_pairs=100)))
    assert len(held) > 2
    assert max(held) <= 6 * 100 + 1_000
    kept_well = [pair for pair, count in expected.items() if found.get(pair, 0) >= 0.95 * count]
    assert len(kept_well) >= 0.9 * len(expected)


@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_the_first_guess_knows_the_token_before(kind: str) -> None:
    tokens, fresh = walk(), network(kind)
    start = start_from_counts(fresh.eval(), split_of(tokens), seed=1)
    alone, knowing = entropies(tokens)
    with torch.no_grad():
        loss = float(loss_of(fresh, tokens))
    assert knowing < loss < knowing + 0.15 * (alone - knowing)
    assert start.loss == pytest.approx(loss, abs=0.06)
    assert start.loss_of_frequencies == pytest.approx(alone, abs=0.06)
    assert start.pairs == len(bigram_counts(split_of(tokens), SIZE)[2])


@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_blocks_and_norms_change_nothing_at_the_start(kind: str) -> None:
    fresh, tokens = network(kind).eval(), torch.arange(SIZE).view(2, -1)
    start_from_counts(fresh, split_of(walk()), seed=1)
    with torch.no_grad():
        if kind == "gpt2":
            fresh.transformer.wpe.weight.zero_()
        hidden = fresh.base_model(input_ids=tokens, use_cache=False).last_hidden_state
        assert torch.allclose(hidden, fresh.get_input_embeddings()(tokens), atol=1e-4)


@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(kind: str) -> None:
    first, same, other = network(kind), network(kind), network(kind)
    for one, seed in ((first, 1), (same, 1), (other, 2)):
        start_from_counts(one, split_of(walk()), seed)
    for name, weight in first.state_dict().items():
        assert torch.equal(weight, same.state_dict()[name])
    assert not torch.equal(first.get_input_embeddings().weight, other.get_input_embeddings().weight)


@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_learning_goes_on_from_there(kind: str) -> None:
    tokens, fresh = walk(3_300), network(kind)
    start_from_counts(fresh, split_of(tokens), seed=1)
    optimizer = torch.optim.AdamW(fresh.parameters(), lr=1e-3)
    losses = []
    for _ in range(8):
        loss = loss_of(fresh.train(), tokens)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        assert all(torch.isfinite(weight.grad).all() for weight in fresh.parameters())
        silent = [name for name, weight in fresh.named_parameters() if not weight.grad.any()]
        optimizer.zero_grad()
    assert silent == []
    assert losses[-1] < losses[0]


def test_tokens_never_met_get_rows_as_long_as_all_others_and_are_not_expected() -> None:
    fresh = network("qwen3")
    start_from_counts(fresh, split_of(walk()), seed=1)
    rows = fresh.get_input_embeddings().weight
    assert torch.allclose(rows.norm(dim=1), torch.full((SIZE,), math.sqrt(32)), rtol=1e-4)
    with torch.no_grad():
        expected = fresh(torch.tensor([[55], [3]])).logits.softmax(-1)
    assert torch.isfinite(expected).all()
    assert expected[..., 50:].sum(-1).max() < 0.02


@pytest.mark.parametrize("tokens", [[0, 1, 2, 3], [0, 0], [4, 4, 4, 4, 4]])
def test_a_text_of_a_few_tokens_is_no_reason_to_fail(tokens: list[int]) -> None:
    fresh = network("qwen3")
    start = start_from_counts(fresh, split_of(tokens), seed=1)
    assert math.isfinite(start.loss)
    assert all(torch.isfinite(weight).all() for weight in fresh.parameters())


def test_one_matrix_for_both_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="two embedding matrices"):
        start_from_counts(network("qwen3", tied=True), split_of(walk(100)), seed=1)


def test_nothing_outside_the_network_changes() -> None:
    before = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        start = start_from_counts(network("gpt2"), split_of(walk(2_000)), seed=1)
    assert torch.equal(before, torch.get_rng_state())
    assert "2,000" in counting_message(split_of(walk(2_000))).text("zh")
    assert f"{start.loss:.2f}" in start.message().text("en")


@pytest.mark.parametrize("length", [9, 60, 160])
def test_a_text_of_a_few_words_is_enough_to_begin_with(length: int) -> None:
    network = new_network(TrainConfig(), "novel-tiny", tiny_tokenizer(), tied=False)
    tokens = [*tiny_tokenizer().encode(TALE)][:length]
    begun = start_from_counts(network, split_of(tokens), seed=1)
    assert begun.pairs < 12
    assert all(parameter.isfinite().all() for parameter in network.parameters())
    assert begun.loss < math.log(tiny_tokenizer().size)
