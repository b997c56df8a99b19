"""The training form: its values become the flags of `novelgpt train`, and what cannot be is one sentence."""

import asyncio

import gradio as gr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.config import TrainConfig, Workspace, dials
from novelgpt.errors import NovelGPTError
from novelgpt.messages import LANGUAGES
from novelgpt.model.known import EMBEDDED
from novelgpt.studio import training
from novelgpt.studio.training import AdaptersMissing
from novelgpt.studio.workshop import Workshop
from novelgpt.ui import train_form
from novelgpt.ui.train_form import RARE, lay_out_form, objectives, order_from
from tests.tiny import tiny_tokenizer
from tests.workshops import two_books

BOOKS = ["chapters/渡口.jsonl"]
PLAIN = (BOOKS, "甲", "auto", "", 30)


@pytest.fixture
def workshop(tmp_path):
    return Workshop(two_books(tmp_path))


def asked(workshop, *main, **rare):
    """What an order adds to the usual settings, the often-looked-at apart."""
    order = order_from(workshop, [*(main or PLAIN), *(rare.get(name, "") for name in RARE)])
    return {name: value for name, value in order.asked().items() if not name.endswith("_every")}


@pytest.mark.parametrize(
    ("rare", "expected"),
    [
        ({}, {"minutes": 30.0}),
        ({"steps": 7}, {"steps": 7}),
        ({"epochs": 2}, {"epochs": 2}),
        ({"steps": " 7 ", "learning_rate": "1e-3"}, {"steps": 7, "learning_rate": 0.001}),
        ({"steps": 7, "epochs": 2.5}, {"steps": 7, "epochs": 2.5}),
        ({"objective": "infill", "seed": 5}, {"objective": "infill", "seed": 5, "minutes": 30.0}),
        ({"context_length": 64, "batch_size": 2}, {"context_length": 64, "batch_size": 2, "minutes": 30.0}),
        ({"learning_rate": 0.001, "lora_rank": 4}, {"learning_rate": 0.001, "lora_rank": 4, "minutes": 30.0}),
        ({"lora": False, "dropout": 0, "patience": None}, {"minutes": 30.0}),
    ],
)
def test_what_is_filled_in_is_asked_and_nothing_else(workshop, rare, expected):
    assert asked(workshop, **rare) == expected


def test_adapters_need_a_model_and_their_library(workshop, monkeypatch):
    with_model = (BOOKS, "甲", "auto", EMBEDDED, 1)
    assert asked(workshop, *with_model, lora=True, lora_rank=8) == {
        "init": EMBEDDED, "lora": True, "lora_rank": 8, "minutes": 1.0,
    }  # fmt: skip
    order = order_from(workshop, [*with_model, True, 8])
    assert {"--lora", "--lora-rank=8"} <= set(order.arguments(workshop.workspace))
    with pytest.raises(NovelGPTError, match="--init"):
        order_from(workshop, [*PLAIN, True])
    monkeypatch.setattr(training, "adapters_can_be_trained", lambda: False)
    for call in (workshop.start, workshop.preflight):
        with pytest.raises(AdaptersMissing, match="peft"):
            call(order)
    assert workshop.runs() == []


def test_the_command_refuses_adapters_on_nothing_with_the_same_sentence(workshop):
    from novelgpt.model.running.plan import settle
    from tests.model.runs import tiny_config, tiny_shards

    with pytest.raises(NovelGPTError) as refused:
        settle(tiny_config(lora=True), tiny_shards(workshop.workspace.root))
    with pytest.raises(NovelGPTError) as said:
        order_from(workshop, [*PLAIN, True])
    for lang in LANGUAGES:
        assert refused.value.sentence(lang) == said.value.sentence(lang)


@given(
    rare=st.dictionaries(
        st.sampled_from(RARE),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=5)
        | st.just(10**400)
        | st.just("9" * 400),
    )
)
@settings(deadline=None, max_examples=200)
def test_any_values_make_an_order_or_one_sentence(tmp_path_factory, rare):
    workshop = Workshop(Workspace(tmp_path_factory.getbasetemp() / "form"))
    (workshop.workspace.chapters_dir).mkdir(parents=True, exist_ok=True)
    (workshop.workspace.chapters_dir / "渡口.jsonl").touch()
    try:
        order = order_from(workshop, [*PLAIN, *(rare.get(name) for name in RARE)])
    except NovelGPTError as error:
        assert all(error.sentence(lang) for lang in LANGUAGES)
    else:
        TrainConfig(**order.asked())


async def laid_out():
    with gr.Blocks():
        return lay_out_form(gr.I18n())


def test_every_setting_has_its_part_in_the_order_of_the_values(monkeypatch):
    for has_adapters in (True, False):
        monkeypatch.setattr(train_form, "adapters_can_be_trained", lambda has=has_adapters: has)
        parts = asyncio.run(laid_out())
        assert tuple(parts) == ("books", "name", "preset", "base", "minutes", *RARE)
        assert parts["lora"].interactive == has_adapters
        assert (parts["lora"].info is None) == has_adapters
        assert parts["context_length"].value == TrainConfig().context_length
        assert not any(parts[name].value for name in ("steps", "epochs", "learning_rate"))
    assert set(RARE) <= dials(TrainConfig).keys()
    assert [name for _, name in objectives("zh")] == ["causal", "infill"]


def test_new_models_read_with_ones_own_vocabulary_if_there_is_one(workshop, tmp_path):
    def vocabulary():
        flags = order_from(workshop, PLAIN).arguments(workshop.workspace)
        (found,) = [flag for flag in flags if flag.startswith("--vocab=")]
        return found.removeprefix("--vocab=")

    home = workshop.workspace
    assert vocabulary() == str(home.vocab_dir)
    tiny_tokenizer().save(home.own_vocab_dir)
    assert vocabulary() == str(home.own_vocab_dir)
    elsewhere = Workspace(tmp_path / "empty")
    assert training.vocabulary_dir(elsewhere) == training.EMBEDDED_MODEL_DIR
