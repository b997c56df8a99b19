import math
from itertools import product

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given

from novelgpt.errors import BadValue, EmptyText, NotUnicode
from novelgpt.scoring.likelihood import Likelihood, likelihood, text_likelihood, total, windows
from tests.tiny import CONTEXT, TALE, tiny_network, tiny_tokenizer

LENGTHS = (3, 5, CONTEXT - 1, CONTEXT, CONTEXT + 1, 3 * CONTEXT + 7)


def tokens_of(text):
    return [
        tiny_tokenizer().chapter_start_id,
        *tiny_tokenizer().encode(text),
        tiny_tokenizer().chapter_end_id,
    ]


def text_of(tokens):
    """Return a text that takes about so many tokens (rare characters take three each)."""
    text = ""
    while len(tokens_of(text)) < tokens:
        text += TALE[len(text) % len(TALE)]
    return text


def brute_force(text, network, stride):
    """Score one token at a time, each after the history its window would have given it."""
    ids, nats = tokens_of(text), 0.0
    for place in range(1, len(ids)):
        start = stride * max(0, math.ceil((place - CONTEXT) / stride))
        with torch.no_grad():
            logits = network(torch.tensor([ids[start:place]])).logits[0, -1]
        nats -= float(logits.double().log_softmax(-1)[ids[place]])
    return nats


@pytest.fixture(scope="module")
def network():
    return tiny_network().eval()


@pytest.mark.parametrize(
    ("length", "stride"), [*product(LENGTHS, (None, 20)), (CONTEXT - 1, 1), (CONTEXT + 9, 1)]
)
def test_windows_score_what_token_by_token_scores(network, length, stride):
    text = text_of(length)
    found = text_likelihood(text, network, tiny_tokenizer(), stride=stride)
    assert found.nats == pytest.approx(brute_force(text, network, stride or CONTEXT // 2), rel=1e-5)
    assert (found.tokens, found.characters) == (len(tokens_of(text)) - 1, len(text))


def test_how_many_rows_are_taken_at_once_changes_nothing(network, monkeypatch):
    at_once = likelihood([TALE], network, tiny_tokenizer())
    monkeypatch.setattr("novelgpt.scoring.likelihood._ROWS_AT_ONCE", 7)
    assert likelihood([TALE], network, tiny_tokenizer()).nats == pytest.approx(at_once.nats, rel=1e-6)


def test_a_text_within_the_context_costs_what_the_networks_own_loss_says(network):
    ids = torch.tensor([tokens_of("雨下了。")])
    loss = float(network(ids, labels=ids).loss.detach())
    found = likelihood(["雨下了。"], network, tiny_tokenizer())
    assert found.nats == pytest.approx(loss * (ids.shape[1] - 1), rel=1e-5)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_network_that_knows_nothing_pays_log_v_for_every_token(length):
    network = tiny_network()
    for weights in network.parameters():
        torch.nn.init.zeros_(weights)
    found = likelihood([text_of(length)], network, tiny_tokenizer())
    assert found.nats == pytest.approx(found.tokens * math.log(tiny_tokenizer().size))
    assert found.perplexity == pytest.approx(tiny_tokenizer().size)


@given(st.integers(1, 400), st.integers(1, 80), st.data())
def test_every_token_is_scored_once_after_at_least_half_a_context(inputs, context, data):
    half = max(1, context // 2)
    stride = data.draw(st.integers(1, half))
    scored = []
    for cut in windows(inputs, context, stride):
        assert 0 < cut.scored <= cut.end - cut.start <= context
        for follower in range(cut.end - cut.scored + 1, cut.end + 1):
            assert follower - cut.start >= min(follower, half)
            scored.append(follower)
    assert scored == list(range(1, inputs + 1))


def test_bits_and_perplexity_are_the_ones_computed_by_hand():
    cost = Likelihood(tokens=2, characters=4, nats=2 * math.log(8), signature="")
    assert cost.perplexity == pytest.approx(8)
    assert cost.bits_per_character == pytest.approx(6 / 4)


def test_costs_of_texts_add_up(network):
    texts = ["雨下了。", "", TALE]
    each = [text_likelihood(text, network, tiny_tokenizer()) for text in texts]
    together = likelihood(iter(texts), network, tiny_tokenizer())
    assert together == total(each)
    assert together.nats == pytest.approx(sum(cost.nats for cost in each))
    assert together.tokens == sum(cost.tokens for cost in each)
    assert together.characters == sum(map(len, texts))


def test_scoring_a_network_in_training_switches_dropout_off_and_leaves_it_in_training(network):
    training = tiny_network().train()
    found = likelihood([TALE], training, tiny_tokenizer())
    assert found == likelihood([TALE], network, tiny_tokenizer())
    assert training.training and not network.training


def test_the_signature_names_the_context_the_stride_and_the_vocabulary(network):
    found = likelihood(["雨"], network, tiny_tokenizer(), stride=16)
    assert found.signature == (
        f"likelihood|context:64|stride:16|vocabulary:{tiny_tokenizer().fingerprint}|v:1"
    )


@pytest.mark.parametrize(
    ("error", "texts", "stride"),
    [
        (EmptyText, [], None),
        (EmptyText, ["", ""], None),
        (NotUnicode, ["\ud800"], None),
        (BadValue, ["雨"], 0),
        (BadValue, ["雨"], CONTEXT // 2 + 1),
    ],
)
def test_what_cannot_be_scored_is_said(network, error, texts, stride):
    with pytest.raises(error) as raised:
        likelihood(texts, network, tiny_tokenizer(), stride=stride)
    assert raised.value.sentence("zh") and raised.value.sentence("en")
