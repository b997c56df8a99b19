"""The engine computes what a full pass would compute, at any length."""

import threading
from itertools import islice

import pytest
import torch

from novelgpt.writing.engine import generate
from tests.writing.conftest import CONTEXT, tiny_network


def window_of(ids, prompt_length, context=CONTEXT):
    """The rule in its plainest form: grow to the full context, then keep the newest half and grow again."""
    begin = 0
    for count in range(prompt_length, len(ids) + 1):
        if count - begin > context:
            begin = count - max(1, context // 2)
    return ids[begin:]


@pytest.mark.parametrize(
    ("context", "prompt_length"), [(16, 1), (16, 15), (16, 16), (16, 17), (16, 48), (7, 3), (2, 2), (1, 1)]
)
def test_every_step_equals_a_full_pass_over_its_window(context, prompt_length, tokenizer):
    network = tiny_network(tokenizer.size, context)
    prompt = torch.randint(0, tokenizer.size, (prompt_length,), generator=torch.Generator().manual_seed(2))
    rolled = torch.Generator().manual_seed(3)
    steps, count = [], 5 * context

    def choose(logits, ids):
        steps.append((logits, list(ids)))
        return int(torch.randint(0, tokenizer.size, (1,), generator=rolled))

    list(islice(generate(network, prompt.tolist(), choose), count))
    assert len(steps) == count
    for logits, ids in steps:
        with torch.inference_mode():
            whole = network(torch.tensor([window_of(ids, prompt_length, context)]), use_cache=False).logits[
                0, -1
            ]
        assert torch.allclose(logits, whole, atol=1e-4)


def test_what_was_read_matters(network):
    """Otherwise the test above would prove nothing."""
    first = [
        next(generate(network, [4, 300, one], lambda logits, _: int(logits.argmax())))
        for one in range(263, 300)
    ]
    assert len(set(first)) > 3


def test_the_caller_s_list_of_ids_is_left_alone(network):
    prompt = [4, 270]
    assert list(islice(generate(network, prompt, lambda *_: 5), 3)) == [5, 5, 5]
    assert prompt == [4, 270]


def test_leaving_the_loop_stops_the_work(network):
    steps = []
    stream = generate(network, [4], lambda *_: steps.append(1) or 5)
    assert not steps
    next(stream)
    next(stream)
    assert len(steps) == 2
    stream.close()
    assert next(stream, None) is None
    assert len(steps) == 2


def test_gradients_work_as_before_between_two_tokens(network):
    stream = generate(network, [4], lambda *_: 5)
    next(stream)
    assert not torch.is_inference_mode_enabled()


def test_each_token_may_be_asked_for_from_another_thread(network):
    def choose(logits, _):
        return int(logits.argmax())

    expected = list(islice(generate(network, [4, 270], choose), 2 * CONTEXT))
    stream, found = generate(network, [4, 270], choose), []
    for _ in range(2 * CONTEXT):
        thread = threading.Thread(target=lambda: found.append(next(stream)))
        thread.start()
        thread.join()
    assert found == expected
