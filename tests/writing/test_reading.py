"""Whole numbers are chosen where they are as good, and never by the state of the machine; greedy writing is transformers' own."""

import pytest
import torch

from novelgpt.config import EMBEDDED_MODEL_DIR
from novelgpt.model.folder import load_model
from novelgpt.writing.engine import Engine
from novelgpt.writing.reading.choice import MOST_WORSE, choose_decoder, is_as_good, loss_of
from novelgpt.writing.reading.decoder import decoder_for
from novelgpt.writing.reading.int8 import int8_linear
from novelgpt.writing.writer import Writer
from tests.tiny import TALE, tiny_network, tiny_tokenizer
from tests.writing import conftest


@pytest.fixture(scope="module")
def embedded():
    return load_model(EMBEDDED_MODEL_DIR)


def test_five_hundred_greedy_tokens_are_those_of_transformers(tokenizer):
    network = conftest.tiny_network(tokenizer.size, 600)
    prompt = [4, 270, 300]
    asked = {
        "do_sample": False,
        "max_new_tokens": 500,
        "min_new_tokens": 500,
        "pad_token_id": 0,
        "eos_token_id": None,
    }
    ids = torch.tensor([prompt])
    expected = network.generate(ids, attention_mask=torch.ones_like(ids), **asked)[0, 3:].tolist()
    window, found = Engine(network).window(prompt), []
    for _ in range(500):
        found.append(int(window.logits_BV[0].argmax()))
        window.push(found[-1:])
    assert found == expected
    assert len(set(found)) > 5


def test_rounding_the_embedded_model_costs_next_to_nothing(embedded):
    plain, rounded = decoder_for(embedded.network), decoder_for(embedded.network, int8_linear)
    text = (
        "却说那日黄昏，众人正在厅上吃酒，忽听得门外一片声嚷，只见一个小厮飞跑进来，跪在地下，气喘吁吁地说道。"
        * 2
    )
    for ids in (embedded.tokenizer.encode(text), embedded.tokenizer.encode(TALE)):
        ratio = loss_of(rounded, ids) / loss_of(plain, ids)
        assert 1 - MOST_WORSE < ratio < 1 + MOST_WORSE
        assert ratio != 1


def test_the_choice_is_by_the_machine_the_size_and_the_loss(embedded, monkeypatch):
    ids = embedded.tokenizer.encode(TALE)
    kinds = {}

    def chosen(network, ids, **how):
        decoder = choose_decoder(network, ids, **how)
        return "plain" if torch.equal(logits(decoder), logits(decoder_for(network))) else "rounded"

    def logits(decoder):
        with torch.inference_mode():
            return decoder.read(torch.tensor([[4, 7]]), decoder.new_cache())

    for able in (True, False):
        monkeypatch.setattr("torch.cpu._is_vnni_supported", lambda able=able: able)
        kinds[able] = chosen(embedded.network, ids)
    assert kinds == {True: "rounded", False: "plain"}
    monkeypatch.setattr("torch.cpu._is_vnni_supported", lambda: True)
    assert chosen(embedded.network, ids, exact=True) == "plain"
    assert chosen(embedded.network, []) == "plain"
    assert chosen(tiny_network(), tiny_tokenizer().encode(TALE)) == "plain"
    monkeypatch.setattr("novelgpt.writing.reading.choice.MOST_WORSE", -0.5)
    assert chosen(embedded.network, ids) == "plain"


def test_a_decoder_that_is_worse_is_not_as_good(embedded):
    plain = decoder_for(embedded.network)
    coarse = decoder_for(embedded.network, lambda weight, bias: int8_linear((weight * 40).round() / 40, bias))
    ids = embedded.tokenizer.encode(TALE)
    assert is_as_good(plain, plain, ids)
    assert not is_as_good(coarse, plain, ids)


def test_the_same_seed_gives_the_same_text_with_and_without_what_is_remembered(embedded):
    from novelgpt.config import SampleConfig

    sample = SampleConfig(max_chars=60, seed=11, n=2)
    story = "却说宝玉走到门前，只见里面静悄悄的，并没有一个人。" * 8
    warm, cold = Writer(embedded), Writer(embedded)
    expected = [one.text for one in cold.write_several(story, sample)]
    warm.write(story[:-30], sample)
    warm.write(story + "他", sample)
    assert [one.text for one in warm.write_several(story, sample)] == expected
