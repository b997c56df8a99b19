"""The laws of the sampler."""

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from novelgpt.config import SampleConfig
from novelgpt.writing.sampling import PENALTY_SPAN, compose, cool, draw, keep_top_k, keep_top_p, penalize

logit = st.floats(-30, 30, width=32)
some_logits = (
    st.lists(st.one_of(logit, st.just(-torch.inf)), min_size=1, max_size=40)
    .filter(lambda values: max(values) > -torch.inf)
    .map(torch.tensor)
)
filters = st.one_of(
    st.integers(0, 50).map(lambda k: lambda logits: keep_top_k(logits, k)),
    st.floats(0.01, 1.0).map(lambda p: lambda logits: keep_top_p(logits, p)),
)


def kept(logits):
    return set(logits.isfinite().nonzero().flatten().tolist())


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@given(some_logits, filters)
def test_a_filter_keeps_a_part_of_what_was_there_untouched_and_never_nothing(logits, keep):
    filtered = keep(logits)
    left = kept(filtered)
    assert left
    assert left <= kept(logits)
    assert all(filtered[i] == logits[i] for i in left)


@given(some_logits)
def test_neutral_settings_change_nothing(logits):
    for same in (
        keep_top_k(logits, 0),
        keep_top_p(logits, 1.0),
        cool(logits, 1.0),
        penalize(logits, {0}, 1.0),
        penalize(logits, set(), 2.0),
    ):
        assert torch.equal(same, logits)


@given(some_logits, st.integers(1, 50))
def test_top_k_keeps_the_best_k_and_ties(logits, k):
    ranked = sorted((v for v in logits.tolist() if v > -torch.inf), reverse=True)
    least = ranked[min(k, len(ranked)) - 1]
    assert kept(keep_top_k(logits, k)) == {i for i, v in enumerate(logits.tolist()) if v >= least}


@given(some_logits, st.floats(0.01, 0.99))
def test_top_p_reaches_p_and_would_not_without_its_last_token(logits, p):
    filtered, chances = keep_top_p(logits, p), logits.double().softmax(-1)
    left = kept(filtered)
    least = min(chances[i] for i in left)
    assert chances[list(left)].sum() >= p - 1e-5
    assert sum(chances[i] for i in left if chances[i] > least + 1e-6) < p + 1e-5


def test_top_p_is_exact_where_the_likeliest_few_do_not_reach_p():
    logits = torch.linspace(0, 1, 2000)
    chances = logits.softmax(-1).sort(descending=True).values.cumsum(0)
    assert len(kept(keep_top_p(logits, 0.9))) == int((chances < 0.9).sum()) + 1


@given(some_logits, st.randoms(use_true_random=False), st.integers(0, 50), st.floats(0.01, 1.0))
def test_filters_do_not_care_in_which_order_the_ids_stand(logits, random, k, p):
    sums = logits.softmax(-1).sort(descending=True).values.cumsum(0)
    assume(((sums - p).abs() > 1e-4).all())  # on the very edge, rounding decides
    order = torch.tensor(random.sample(range(len(logits)), len(logits)))
    assert torch.equal(keep_top_k(logits, k)[order], keep_top_k(logits[order], k))
    assert torch.equal(keep_top_p(logits, p)[order], keep_top_p(logits[order], p))


@pytest.mark.parametrize(
    ("before", "after"), [(2.0, 1.0), (-2.0, -4.0), (0.0, 0.0), (-torch.inf, -torch.inf)]
)
def test_the_penalty_divides_positive_and_multiplies_negative_logits(before, after):
    logits = torch.tensor([before, 1.0])
    assert penalize(logits, {0}, 2.0).tolist() == [after, 1.0]
    assert logits.tolist() == [before, 1.0]


@pytest.mark.parametrize(
    ("seen", "chosen"),
    [
        ([], 0),
        ([0], 1),
        ([0, 1], 2),
        ([0, 1, 2], 2),
        ([0] + [3] * PENALTY_SPAN, 0),
        ([0] + [3] * (PENALTY_SPAN - 1), 1),
    ],
)
def test_only_recent_tokens_that_are_not_spared_are_penalized(seen, chosen):
    choose = compose(SampleConfig(temperature=0, repetition_penalty=2.0), {2}, generator())
    assert choose(torch.tensor([3.0, 2.5, 2.0, 0.5]), seen) == chosen


@given(some_logits)
def test_zero_temperature_is_the_best_token_whatever_the_seed(logits):
    for seed in range(3):
        choose = compose(SampleConfig(temperature=0, repetition_penalty=1), (), generator(seed))
        assert choose(logits, []) == int(logits.argmax())


@given(st.lists(logit, min_size=1, max_size=40, unique=True).map(torch.tensor), st.floats(0, 1e-12))
def test_a_temperature_near_zero_is_nearly_greedy(logits, temperature):
    best_two = logits.sort(descending=True).values[:2]
    assume(len(best_two) == 1 or best_two[0] - best_two[1] > 1e-3)
    choose = compose(SampleConfig(temperature=temperature, repetition_penalty=1), (), generator())
    assert choose(logits, []) == int(logits.argmax())


@given(some_logits, st.integers(0, 2**63 - 1), st.integers(0, 50), st.floats(0.01, 1), st.floats(0.05, 2))
def test_the_same_seed_draws_the_same_tokens_and_only_what_was_kept(logits, seed, k, p, temperature):
    sample = SampleConfig(top_k=k, top_p=p, temperature=temperature, seed=seed)
    once, again = (compose(sample, (), generator(seed)) for _ in range(2))
    drawn = [once(logits, []) for _ in range(5)]
    assert drawn == [again(logits, []) for _ in range(5)]
    assert set(drawn) <= kept(keep_top_k(logits, k))


@pytest.mark.parametrize("temperature", [0.7, 1.0, 1.6])
def test_tokens_are_drawn_as_often_as_their_probabilities_say(temperature):
    logits = torch.tensor([2.0, 1.0, 0.0, -torch.inf, -1.0, 0.5])
    choose = compose(
        SampleConfig(temperature=temperature, top_k=0, top_p=1.0, repetition_penalty=1), (), generator(7)
    )
    draws = 4000
    counts = torch.bincount(torch.tensor([choose(logits, []) for _ in range(draws)]), minlength=6)
    expected = draws * (logits / temperature).softmax(-1)
    possible = expected > 0
    chi_square = ((counts - expected).square() / expected)[possible].sum()
    assert counts[3] == 0
    assert chi_square < 18.47  # the 0.1 % bound at 4 degrees of freedom


def test_drawing_moves_the_generator_it_was_given_and_no_other():
    before = torch.get_rng_state()
    own = generator()
    state = own.get_state()
    draw(torch.zeros(10), own)
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.equal(state, own.get_state())
