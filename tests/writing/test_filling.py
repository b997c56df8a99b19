"""A gap is filled with what makes the text after it likeliest."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from novelgpt.config import SampleConfig, TrainConfig
from novelgpt.model.folder import load_model, save_model
from novelgpt.model.learning.objective import hole_id, infill_prompt
from novelgpt.model.networks.architectures import new_network
from novelgpt.writing.filling import fill, fit
from novelgpt.writing.writer import Writer
from tests.tiny import TALE, tiny_model_folder, tiny_tokenizer

BEFORE, MIDDLE, AFTER = TALE[:6], TALE[6:14], TALE[14:30]


@pytest.fixture(scope="module")
def teller(tmp_path_factory: pytest.TempPathFactory) -> Writer:
    return Writer(load_model(tiny_model_folder(tmp_path_factory.mktemp("teller"), steps=150)))


def test_fit_is_the_mean_log_probability_of_what_follows(teller: Writer) -> None:
    tokenizer = teller.model.tokenizer
    follows = tokenizer.encode(AFTER)
    ids = torch.tensor([[*teller.read(BEFORE + MIDDLE), *follows]])
    with torch.no_grad():
        chances = teller.model.network(ids).logits[0].log_softmax(1)
    first = ids.shape[1] - len(follows)
    expected = sum(float(chances[first - 1 + place, token]) for place, token in enumerate(follows))
    assert fit(teller, BEFORE + MIDDLE, AFTER) == pytest.approx(expected / len(follows), abs=1e-3)
    assert fit(teller, BEFORE, "") == 0.0


def test_what_fits_is_put_before_what_does_not(teller: Writer) -> None:
    assert fit(teller, BEFORE + MIDDLE, AFTER) > fit(teller, BEFORE + TALE[40:48], AFTER) + 0.2
    sample = SampleConfig(max_chars=6, temperature=1.5, top_k=0, top_p=1.0, seed=3, n=6)
    found = fill(teller, BEFORE, AFTER, sample)
    assert [one.fit for one in found] == sorted((one.fit for one in found), reverse=True)
    assert len(found) == 6
    alone = fill(teller, BEFORE, AFTER, dataclasses.replace(sample, n=1))
    assert len(alone) == 1


def infill_folder(folder: Path) -> Path:
    """A network that has learnt one gap by heart."""
    tokenizer = tiny_tokenizer()
    network = new_network(TrainConfig(layers=2, width=32, heads=2, context_length=64), "gpt2-tiny", tokenizer)
    hole = hole_id(tokenizer)
    prompt = infill_prompt(
        [tokenizer.chapter_start_id, *tokenizer.encode(BEFORE)], tokenizer.encode(AFTER), tokenizer
    )
    ids = torch.tensor([[*prompt, *tokenizer.encode(MIDDLE), hole]])
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(150):
        optimizer.zero_grad()
        network(ids, labels=ids).loss.backward()
        optimizer.step()
    save_model(folder, network, tokenizer, "", objective="infill")
    return folder


def test_a_model_that_has_learnt_gaps_is_asked_and_ends_by_itself(tmp_path: Path) -> None:
    writer = Writer(load_model(infill_folder(tmp_path)))
    assert writer.model.objective == "infill"
    (found,) = fill(writer, BEFORE, AFTER, SampleConfig(max_chars=40, temperature=0.0))
    assert (found.continuation.text, found.continuation.finish_reason) == (MIDDLE, "stop")


def test_a_folder_says_what_was_learnt_and_anything_else_is_causal(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path)
    assert load_model(folder).objective == "causal"
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "novelgpt_objective": ["infill"]}))
    assert load_model(folder).objective == "causal"
