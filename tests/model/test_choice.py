"""Which of a finished run's two models is used."""

import json
import math
import shutil

import pytest

from novelgpt.config import Workspace
from novelgpt.model.folder import load_model
from novelgpt.model.known import EMBEDDED, find_model
from novelgpt.model.reporting.card import bits_in_card, model_card
from novelgpt.model.running.choice import ChosenModel, chosen_model, newest_state
from novelgpt.studio.model_shelf import Comparison
from novelgpt.studio.workshop import Workshop
from tests.model.runs import finish, same_weights, tiny_config, tiny_shards
from tests.tiny import tiny_model_folder


@pytest.fixture(scope="module")
def overfitted(tmp_path_factory):
    """A run that says it was better at its fourth step than at its last."""
    folder = tmp_path_factory.mktemp("overfitted")
    base, run_dir = tiny_model_folder(folder / "runs/base/final"), folder / "runs/greedy"
    finish(tiny_config(init=str(base)), tiny_shards(folder), run_dir)
    tiny_model_folder(run_dir / "best", seed=2)
    path = run_dir / "checkpoints/step-6/state.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps({**state, "best_step": 4, "best_bits": min(state["held_out"]) - 0.5}))
    return folder


def test_the_model_that_was_best_on_the_held_out_text_writes(overfitted):
    run_dir = overfitted / "runs/greedy"
    state = newest_state(run_dir)
    assert state["best_bits"] < state["held_out"][-1]
    chosen = chosen_model(run_dir)
    assert chosen == ChosenModel(run_dir / "best", state["best_step"], state["best_bits"])
    assert chosen.is_best
    assert not same_weights(run_dir / "best", run_dir / "final")
    info = find_model("greedy", Workspace(overfitted))
    assert info.folder == run_dir / "best"
    assert load_model(info.folder, info.name).name == "greedy"


def test_the_page_says_which_one_and_what_it_is_worth(overfitted):
    workshop, state = Workshop(Workspace(overfitted)), newest_state(overfitted / "runs/greedy")
    told = {model.name: model for model in workshop.models()}
    assert told["greedy"].bits_per_character == state["best_bits"]
    assert told["greedy"].best_step == state["best_step"]
    assert (told["greedy"].origin, told["greedy"].base) == ("init", "base")
    assert (told["base"].origin, told["base"].best_step) == ("brought", None)
    assert told["base"].bits_per_character is None
    assert told[EMBEDDED].bits_per_character == pytest.approx(6.267)
    compared = workshop.comparison("greedy")
    assert isinstance(compared, Comparison)
    assert (compared.bits_after, compared.best_step) == (state["best_bits"], state["best_step"])
    assert compared.sample_after


@pytest.mark.parametrize(
    ("state", "folder"),
    [
        ({"best_bits": 5.0, "best_step": 2, "held_out": [6.0, 5.0, 5.5], "step": 6}, "best"),
        ({"best_bits": 5.0, "best_step": 6, "held_out": [6.0, 5.0], "step": 6}, "final"),
        ({"best_bits": math.inf, "best_step": 0, "held_out": [math.inf], "step": 6}, "final"),
        ({"best_bits": 5.0, "best_step": 2, "held_out": [], "step": 6}, "final"),
        ({"best_bits": "x", "held_out": 3, "step": None}, "final"),
        ([1], "final"),
        ("damaged", "final"),
        (None, "final"),
    ],
)
def test_the_last_model_is_used_unless_the_run_knows_better(tmp_path, state, folder):
    for name in ("best", "final"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").touch()
    if state is not None:
        (tmp_path / "checkpoints/step-6").mkdir(parents=True)
        content = state if state == "damaged" else json.dumps(state)
        (tmp_path / "checkpoints/step-6/state.json").write_text(content)
    assert chosen_model(tmp_path).folder.name == folder
    shutil.rmtree(tmp_path / "best")
    assert chosen_model(tmp_path).folder.name == "final"


@pytest.mark.parametrize("bits", [0.5, 6.267, 12.0])
def test_a_card_gives_back_the_bits_that_were_written_on_it(bits):
    known = {"held_out_characters": 1_675_534, "before": {"bits_per_character": 9.9}, "config": {}}
    assert bits_in_card(model_card({**known, "bits": bits})) == bits
    assert bits_in_card(model_card({**known, "bits": math.inf})) is None
    assert bits_in_card("| held out | many |\n|" * 1000) is None
