"""Which tokens stay: hand-made distributions, and the laws of every filter."""

import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from novelgpt.writing.sampling.filters import leave_out_likeliest, min_p, top_k, top_p, typical
from novelgpt.writing.sampling.reach import Heights, reaching

logit = st.floats(-30, 30, width=32)
some_logits = (
    st.lists(st.one_of(logit, st.just(-torch.inf)), min_size=1, max_size=40)
    .filter(lambda values: max(values) > -torch.inf)
    .map(torch.tensor)
)
shares = st.floats(0.01, 1.0)
filters = st.one_of(
    st.integers(0, 50).map(lambda k: lambda logits: top_k(logits, k)),
    shares.map(lambda p: lambda logits: top_p(logits, p)),
    shares.map(lambda mass: lambda logits: typical(logits, mass)),
    st.floats(0, 1).map(lambda share: lambda logits: min_p(logits, share)),
    st.floats(0, 0.5).map(lambda least: lambda logits: leave_out_likeliest(logits, least, nobody(logits))),
)


def nobody(logits):
    return torch.zeros(len(logits), dtype=torch.bool)


def finite(logits):
    return logits.isfinite().nonzero().flatten().tolist()


HALVES = torch.tensor([0.5, 0.05, 0.25, 0.2]).log()
FLAT = torch.zeros(4)
HOLES = torch.tensor([0.5, 0.0, 0.3, 0.2]).log()
# surprises 1, 2, 3, 3 bits; their average is 1.75 bits, so the second is nearest, then the first
STEPS = torch.tensor([0.5, 0.25, 0.125, 0.125]).log()


@pytest.mark.parametrize(
    ("keep", "logits", "left"),
    [
        (lambda x: top_k(x, 2), HALVES, [0, 2]),
        (lambda x: top_k(x, 1), FLAT, [0, 1, 2, 3]),
        (lambda x: top_k(x, 4), HOLES, [0, 2, 3]),
        (lambda x: top_p(x, 0.5), STEPS, [0]),
        (lambda x: top_p(x, 0.51), STEPS, [0, 1]),
        (lambda x: top_p(x, 0.7), HALVES, [0, 2]),
        (lambda x: top_p(x, 0.8), HALVES, [0, 2, 3]),
        (lambda x: top_p(x, 0.01), FLAT, [0, 1, 2, 3]),
        (lambda x: top_p(x, 0.99), HOLES, [0, 2, 3]),
        (lambda x: min_p(x, 0.45), HALVES, [0, 2]),
        (lambda x: min_p(x, 0.3), HALVES, [0, 2, 3]),
        (lambda x: min_p(x, 1.0), HALVES, [0]),
        (lambda x: min_p(x, 0.001), HOLES, [0, 2, 3]),
        (lambda x: typical(x, 0.2), STEPS, [1]),
        (lambda x: typical(x, 0.5), STEPS, [0, 1]),
        (lambda x: typical(x, 0.8), STEPS, [0, 1, 2, 3]),
        (lambda x: typical(x, 0.99), HOLES, [0, 2, 3]),
        (lambda x: leave_out_likeliest(x, 0.2, nobody(x)), STEPS, [1, 2, 3]),
        (lambda x: leave_out_likeliest(x, 0.1, nobody(x)), STEPS, [2, 3]),
        (lambda x: leave_out_likeliest(x, 0.4, nobody(x)), STEPS, [0, 1, 2, 3]),
        (lambda x: leave_out_likeliest(x, 0.6, nobody(x)), STEPS, [0, 1, 2, 3]),
        (lambda x: leave_out_likeliest(x, 0.2, torch.tensor([True, False, False, False])), STEPS, [0, 1, 2, 3]),
        (lambda x: leave_out_likeliest(x, 0.1, torch.tensor([False, True, False, False])), STEPS, [1, 2, 3]),
        (lambda x: leave_out_likeliest(x, 0.2, ~nobody(x)), HALVES, [0, 1, 2, 3]),
        (lambda x: leave_out_likeliest(x, 0.0, nobody(x)), HOLES, [3]),
    ],
)  # fmt: skip
def test_exactly_these_tokens_stay(keep, logits, left):
    assert keep(logits).tolist() == left


@given(some_logits, filters)
def test_a_filter_keeps_possible_tokens_in_order_and_never_none(logits, keep):
    before = logits.clone()
    left = keep(logits).tolist()
    assert left
    assert left == sorted(set(left))
    assert set(left) <= set(finite(logits))
    assert torch.equal(logits, before)


@given(some_logits)
def test_neutral_settings_keep_all_that_is_possible(logits):
    for same in (top_k(logits, 0), top_p(logits, 1.0), min_p(logits, 0.0), typical(logits, 1.0)):
        assert same.tolist() == finite(logits)


@given(some_logits, filters, st.randoms(use_true_random=False))
def test_filters_do_not_care_in_which_order_the_ids_stand(logits, keep, random):
    order = torch.tensor(random.sample(range(len(logits)), len(logits)))
    left, expected = order[keep(logits[order])].tolist(), keep(logits).tolist()
    assume(len(left) == len(expected))  # on the very edge, the rounding of sums in another order decides
    assert sorted(left) == expected


@given(some_logits, st.integers(0, 50), st.floats(0, 1), st.randoms(use_true_random=False))
def test_filters_without_sums_never_care(logits, k, share, random):
    order = torch.tensor(random.sample(range(len(logits)), len(logits)))
    for keep in (lambda x: top_k(x, k), lambda x: min_p(x, share)):
        assert sorted(order[keep(logits[order])].tolist()) == keep(logits).tolist()


@given(some_logits, st.integers(1, 50))
def test_top_k_keeps_the_best_k_and_ties(logits, k):
    ranked = sorted((v for v in logits.tolist() if v > -torch.inf), reverse=True)
    least = ranked[min(k, len(ranked)) - 1]
    assert top_k(logits, k).tolist() == [i for i, v in enumerate(logits.tolist()) if v >= least]


@given(some_logits, st.floats(0.01, 0.99))
def test_top_p_reaches_p_and_would_not_without_its_last_token(logits, p):
    left, chances = top_p(logits, p).tolist(), logits.double().softmax(-1)
    least = min(chances[i] for i in left)
    assert chances[left].sum() >= p - 1e-5
    assert sum(chances[i] for i in left if chances[i] > least + 1e-6) < p + 1e-5


@given(some_logits, st.floats(0.001, 0.99))
def test_min_p_compares_with_the_likeliest(logits, share):
    chances = (logits.double() - logits.max()).exp()
    assume(((chances / share - 1).abs() > 1e-5).all())
    assert min_p(logits, share).tolist() == [
        i for i, chance in enumerate(chances.tolist()) if chance >= share
    ]


@pytest.mark.parametrize("p", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("spread", [0.5, 3.0])
def test_top_p_is_exact_in_a_large_vocabulary(p, spread):
    logits = torch.randn(20_001, generator=torch.Generator().manual_seed(3)) * spread
    chances, order = logits.softmax(-1).sort(descending=True)
    count = int((chances.double().cumsum(0) < p).sum()) + 1
    assert abs(len(top_p(logits, p)) - count) <= 1
    assert set(order[: count - 1].tolist()) <= set(top_p(logits, p).tolist())


@given(st.integers(1, 300), st.sampled_from([1, 4095, 4096, 4100, 9999]), st.integers(0, 99), st.booleans())
def test_looking_at_peaks_finds_what_looking_at_all_finds(count, size, seed, coarse):
    logits = torch.randn(size, generator=torch.Generator().manual_seed(seed))
    logits = logits.round() if coarse else logits  # many ties
    logits[::3] = -torch.inf
    logits[0] = 0
    ranked = logits[logits > -torch.inf].sort(descending=True).values[:count]
    assert torch.equal(Heights(logits).highest(count), ranked)
    for least in (ranked[-1].item(), 0.5, 99.0, -math.inf):
        expected = ((logits >= least) & logits.isfinite()).nonzero().flatten()
        assert torch.equal(reaching(logits, least), expected)
