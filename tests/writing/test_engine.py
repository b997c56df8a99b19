"""The engine computes what a full pass would compute, at any length, in any number of rows."""

import random
import threading
from itertools import pairwise

import pytest
import torch

from novelgpt.writing.engine import AHEAD, BLOCK, Engine
from novelgpt.writing.reading.decoder import decoder_for
from novelgpt.writing.reading.int8 import int8_linear
from tests.model.networks import KINDS, tiny_foreign
from tests.writing.conftest import CONTEXT, tiny_network


def window_of(ids, prompt_length, context=CONTEXT):
    """The rule in its plainest form: grow to the full context, then keep the newest half and grow again."""
    begin = 0
    for count in range(prompt_length, len(ids) + 1):
        if count - begin > context:
            begin = count - max(1, context // 2)
    return ids[begin:]


def whole_pass(network, ids):
    with torch.inference_mode():
        return network(torch.tensor([ids]), use_cache=False).logits[0, -1]


def some_ids(count, size, seed):
    return torch.randint(0, size, (count,), generator=torch.Generator().manual_seed(seed)).tolist()


@pytest.mark.parametrize(
    ("context", "prompt_length"),
    [
        (16, 1),
        (16, 15),
        (16, 16),
        (16, 17),
        (16, 48),
        (7, 3),
        (2, 2),
        (1, 1),
        (6 * AHEAD, 3),
        (3 * BLOCK, 2 * BLOCK),
    ],
)
def test_every_step_equals_a_full_pass_over_its_window(context, prompt_length, tokenizer):
    network = tiny_network(tokenizer.size, context)
    ids, coming = some_ids(prompt_length, tokenizer.size, 2), some_ids(5 * context // 2, tokenizer.size, 3)
    window = Engine(network).window(ids)
    for token in coming:
        expected = whole_pass(network, window_of(ids, prompt_length, context))
        assert torch.allclose(window.logits_BV[0], expected, atol=1e-4)
        ids.append(token)
        window.push([token])


@pytest.mark.parametrize("kind", KINDS)
def test_every_family_and_several_rows_at_once(kind):
    longest = {"n_positions" if kind == "gpt2" else "max_position_embeddings": 3 * AHEAD}
    network = tiny_foreign(kind, 512, **longest).requires_grad_(False)
    rows = [[5, 300, 7] for _ in range(3)]
    engine = Engine(network)
    window = engine.window(rows[0])
    window.select([0, 0, 0])
    for step in range(5 * AHEAD):
        for row, ids in enumerate(rows):
            expected = whole_pass(network, window_of(ids, 3, engine.longest))
            assert torch.allclose(window.logits_BV[row], expected, atol=1e-4)
            ids.append(some_ids(1, 512, 7 * step + row)[0])
        window.push([ids[-1] for ids in rows])


@pytest.mark.parametrize(
    "changes",
    [
        {"scale_attn_weights": False},
        {"scale_attn_by_inverse_layer_idx": True},
        {"reorder_and_upcast_attn": True},
        {"activation_function": "relu"},
        {"activation_function": "gelu_fast"},
        {"activation_function": "gelu"},
        {"n_inner": 40},
        {"tie_word_embeddings": False},
    ],
    ids=str,
)
def test_gpt2_with_uncommon_settings(changes):
    network = tiny_foreign("gpt2", 512, **changes).requires_grad_(False)
    assert torch.allclose(
        Engine(network).window([5, 300, 7, 9]).logits_BV[0], whole_pass(network, [5, 300, 7, 9]), atol=1e-4
    )


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("mistral", {"sliding_window": 8}),
        ("qwen2", {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1}),
        ("llama", {"attention_bias": True, "mlp_bias": True}),
        ("qwen3", {"tie_word_embeddings": False}),
        ("llama", {"hidden_act": "gelu_pytorch_tanh"}),
    ],
    ids=str,
)
def test_llama_s_kin_with_uncommon_settings(kind, changes):
    network = tiny_foreign(kind, 512, **changes).requires_grad_(False)
    engine = Engine(network)
    slides = "sliding_window" in changes
    assert engine.longest == (8 if slides else network.config.max_position_embeddings)
    ids = some_ids(6, 512, 1)
    assert torch.allclose(engine.window(ids).logits_BV[0], whole_pass(network, ids), atol=1e-4)


def test_rows_can_be_chosen_doubled_and_dropped(network):
    window = Engine(network).window([4, 270])
    window.select([0, 0, 0])
    window.push([5, 6, 7])
    window.select([2, 2, 0])
    window.push([8, 9, 10])
    for row, ids in enumerate(([4, 270, 7, 8], [4, 270, 7, 9], [4, 270, 5, 10])):
        assert torch.allclose(window.logits_BV[row], whole_pass(network, ids), atol=1e-4)


def test_tokens_can_be_taken_back(tokenizer):
    network = tiny_network(tokenizer.size, 4 * AHEAD)
    chance = random.Random(5)
    ids = [4, 270, 9]
    window = Engine(network).window(ids)
    shown = list(ids)
    for _ in range(12 * AHEAD):
        if len(shown) > 8 and chance.random() < 0.2 and window.held > 8:
            back = chance.randrange(1, 6)
            window.rewind(back)
            del shown[-back:]
        else:
            shown.append(chance.randrange(tokenizer.size))
            window.push([shown[-1]])
        expected = whole_pass(network, shown[-window.held :])
        assert torch.allclose(window.logits_BV[0], expected, atol=1e-4)


@pytest.mark.parametrize("make_linear", [None, int8_linear])
def test_what_is_remembered_changes_no_bit(make_linear, tokenizer):
    network = tiny_network(tokenizer.size, 8 * BLOCK)
    story = some_ids(5 * BLOCK + 9, tokenizer.size, 4)
    warm = Engine(network)
    if make_linear:
        warm.decoder = decoder_for(network, make_linear)
    for length in (3 * BLOCK, 3 * BLOCK + 1, 5 * BLOCK + 9, 2 * BLOCK + 5, 5 * BLOCK):
        cold = Engine(network)
        cold.decoder = warm.decoder
        changed = [*story[: length - 3], 7, 8, 9]
        for ids in (story[:length], changed):
            first, second = warm.window(ids), cold.window(ids)
            for token in (5, 6):
                assert torch.equal(first.logits_BV, second.logits_BV)
                first.push([token])
                second.push([token])


def test_known_blocks_are_not_read_again(tokenizer, monkeypatch):
    engine = Engine(tiny_network(tokenizer.size, 8 * BLOCK))
    story = some_ids(4 * BLOCK, tokenizer.size, 4)
    read, counted = engine.decoder.read, []

    def counting(ids, *rest):
        counted.append(ids.shape[1])
        return read(ids, *rest)

    monkeypatch.setattr(engine.decoder, "read", counting)
    engine.window(story[: 3 * BLOCK])
    assert counted == [BLOCK] * 3
    counted.clear()
    engine.window(story)
    assert counted == [BLOCK, BLOCK]  # two were known; the last one always gives the logits


def test_what_is_remembered_is_bounded(tokenizer, monkeypatch):
    monkeypatch.setattr("novelgpt.writing.engine.MOST_BYTES", 3 * BLOCK * 2 * 2 * 32 * 4)  # three blocks
    network = tiny_network(tokenizer.size, 8 * BLOCK)
    engine = Engine(network)
    for seed in range(9):
        ids = some_ids((seed % 5 + 1) * BLOCK + 1, tokenizer.size, seed)
        assert torch.equal(engine.window(ids).logits_BV, Engine(network).window(ids).logits_BV)
        kept = engine._left
        assert sum(len(one.ids) for one in kept) <= 3 * BLOCK
        assert len(kept) <= 4


def test_no_step_past_the_window_reads_much_more_than_the_others(tokenizer, monkeypatch):
    engine = Engine(tiny_network(tokenizer.size, 8 * AHEAD))
    window = engine.window([4])
    read, counted = engine.decoder.read, [0]

    def counting(ids, *rest):
        counted[-1] += ids.shape[1]
        return read(ids, *rest)

    monkeypatch.setattr(engine.decoder, "read", counting)
    for token in some_ids(30 * AHEAD, tokenizer.size, 6):
        counted.append(0)
        window.push([token])
    assert max(counted) <= AHEAD + 1
    assert sum(counted) > 40 * AHEAD  # it did slide


def test_a_text_that_is_whole_numbers_is_nearly_the_same_text(tokenizer):
    network = tiny_network(tokenizer.size, 64)
    ids = some_ids(50, tokenizer.size, 8)
    plain, rounded = decoder_for(network), decoder_for(network, int8_linear)
    with torch.inference_mode():
        expected = plain.read(torch.tensor([ids]), plain.new_cache(), "every")
        found = rounded.read(torch.tensor([ids]), rounded.new_cache(), "every")
    assert not torch.equal(found, expected)
    assert (found - expected).norm() < 0.05 * expected.norm()


def test_a_row_of_whole_numbers_does_not_depend_on_its_neighbours():
    weight, rows = torch.randn(40, 24), torch.randn(6, 24)
    linear = int8_linear(weight, None)
    together = linear(rows * torch.tensor([1, 1000, 1, 1e-3, 1, 5])[:, None])
    assert torch.equal(together[:1], linear(rows[:1]))
    assert torch.equal(together[2:3], linear(rows[2:3]))
    assert (linear(rows) - rows @ weight.T).norm() < 0.02 * (rows @ weight.T).norm()
    assert torch.equal(linear(torch.zeros(1, 24)), torch.zeros(1, 40))


def test_what_was_read_matters(network):
    """Otherwise the tests above would prove nothing."""
    engine = Engine(network)
    found = [engine.window([4, 300, one]).logits_BV for one in range(263, 270)]
    assert not any(torch.equal(one, other) for one, other in pairwise(found))


def test_the_caller_s_list_of_ids_is_left_alone(network):
    prompt = [4, 270]
    Engine(network).window(prompt).push([5])
    assert prompt == [4, 270]


def test_each_token_may_be_asked_for_from_another_thread(network):
    engine, found = Engine(network), []
    window, alone = engine.window([4, 270]), engine.window([4, 270])

    def step():
        window.push([int(window.logits_BV[0].argmax())])
        found.append(window.logits_BV)

    for _ in range(2 * CONTEXT):
        thread = threading.Thread(target=step)
        thread.start()
        thread.join()
        alone.push([int(alone.logits_BV[0].argmax())])
        assert torch.equal(found[-1], alone.logits_BV)
    assert not torch.is_inference_mode_enabled()


def test_several_threads_read_side_by_side(network):
    engine = Engine(network)
    prompts = [[4, 270, one] for one in range(263, 271)]
    expected = [Engine(network).window(prompt).logits_BV for prompt in prompts]
    found = {}

    def read(number):
        for _ in range(20):
            found[number] = engine.window(prompts[number]).logits_BV

    threads = [threading.Thread(target=read, args=(number,)) for number in range(len(prompts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(found[number], value) for number, value in enumerate(expected))
