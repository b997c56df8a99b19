from typing import Any

import pytest
import torch

from novelgpt.model.learning.samples import write_sample
from tests.model.networks import tiny_qwen3
from tests.tiny import CONTEXT, TALE, learn_tale, tiny_network, tiny_tokenizer

TOKENIZER = tiny_tokenizer()


@pytest.fixture(scope="module", params=["gpt2", "qwen3"])
def network(request: pytest.FixtureRequest) -> Any:
    made = tiny_network() if request.param == "gpt2" else tiny_qwen3(TOKENIZER.size, CONTEXT, tied=True)
    learn_tale(made, steps=30)
    return made


def sample(network: Any, **changes: Any) -> str:
    asked: dict[str, Any] = {"prompt": TALE[:12], "characters": 40, "seed": 1, **changes}
    return write_sample(network, TOKENIZER, **asked)


def slowly(network: Any, prompt: str, tokens: int, seed: int) -> list[int]:
    """The same choice without a cache: every token reads everything before it anew."""
    ids, generator = (
        [TOKENIZER.chapter_start_id, *TOKENIZER.encode(prompt)],
        torch.Generator().manual_seed(seed),
    )
    begun = len(ids)
    for _ in range(tokens):
        with torch.no_grad():
            logits = network(torch.tensor([ids])).logits[0, -1].float()
        banned = {TOKENIZER.padding_id, TOKENIZER.unknown_id, TOKENIZER.chapter_start_id}
        banned |= {TOKENIZER.chapter_end_id} if len(ids) == begun else set()
        logits[sorted(banned)] = -torch.inf
        best = logits.topk(50)
        chosen = torch.multinomial((best.values / 0.9).softmax(0), 1, generator=generator)
        ids.append(int(best.indices[chosen]))
    return ids[begun:]


def test_with_a_cache_it_writes_what_it_writes_without(network: Any) -> None:
    network.eval()
    expected = TOKENIZER.decode(slowly(network, TALE[:12], tokens=12, seed=4))
    assert "\ufffd" not in expected
    assert sample(network, seed=4).startswith(expected[:8])


def test_the_same_seed_gives_the_same_text_and_another_gives_another(network: Any) -> None:
    assert sample(network) == sample(network)
    assert len({sample(network, seed=seed) for seed in range(4)}) == 4


@pytest.mark.parametrize("training", [True, False])
def test_looking_changes_nothing(network: Any, training: bool) -> None:
    network.train(training)
    before, state = torch.get_rng_state(), {k: v.clone() for k, v in network.state_dict().items()}
    sample(network)
    assert torch.equal(torch.get_rng_state(), before)
    assert network.training is training
    assert all(module.training is training for module in network.modules())
    assert all(torch.equal(state[name], value) for name, value in network.state_dict().items())
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_dropout_is_off_while_it_writes(network: Any) -> None:
    network.train()
    noisy = sample(network)
    network.eval()
    assert sample(network) == noisy


@pytest.mark.parametrize("characters", [1, 7, 40, 2 * CONTEXT])
def test_it_writes_as_much_as_was_asked_for_also_past_its_window(network: Any, characters: int) -> None:
    network.eval()
    lengths = [len(sample(network, characters=characters, seed=seed)) for seed in range(2)]
    assert max(lengths) == characters  # one may end its chapter earlier, not all


def test_a_prompt_longer_than_the_window_is_read_from_its_end(network: Any) -> None:
    assert sample(network, prompt=TALE * 3)


def test_it_stops_where_the_chapter_ends() -> None:
    network = tiny_network()
    favour(network, TOKENIZER.chapter_end_id, *TOKENIZER.encode("雨"))  # an end at every other place
    assert all(1 <= len(sample(network, seed=seed)) < 20 for seed in range(3))


@pytest.mark.parametrize("seed", range(3))
def test_a_network_that_spells_bytes_at_random_shows_no_broken_and_no_control_characters(seed: int) -> None:
    network = tiny_network()
    favour(network, *TOKENIZER.byte_ids)
    text = sample(network, characters=60, seed=seed)
    assert text
    assert all(character.isprintable() or character in "\n\u3000" for character in text)
    assert "\ufffd" not in text


def favour(network: Any, *ids: int) -> None:
    """Make some tokens far likelier than any other, whatever went before."""
    with torch.no_grad():
        network.transformer.ln_f.bias.fill_(1.0)
        network.transformer.ln_f.weight.zero_()
        network.lm_head.weight.mul_(0.01)
        network.lm_head.weight[list(ids)] += 0.5
