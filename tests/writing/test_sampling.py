"""The whole choice: what is composed, in which order, and how it draws."""

from functools import partial

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from novelgpt.config import STYLES, SampleConfig
from novelgpt.errors import BadValue
from novelgpt.messages import CATALOGUE
from novelgpt.writing.sampling import Known, compose, draw
from novelgpt.writing.sampling.choice import cool
from novelgpt.writing.sampling.filters import top_k, top_p
from novelgpt.writing.sampling.known import BREAKERS
from novelgpt.writing.sampling.mirostat import Mirostat, rank
from tests.tiny import tiny_tokenizer

logit = st.floats(-30, 30, width=32)
some_logits = (
    st.lists(st.one_of(logit, st.just(-torch.inf)), min_size=1, max_size=40)
    .filter(lambda values: max(values) > -torch.inf)
    .map(torch.tensor)
)
NEUTRAL = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "repetition_penalty": 1.0}
settings = st.builds(
    SampleConfig,
    temperature=st.sampled_from([0.0, 0.05, 0.9, 2.0]),
    top_k=st.sampled_from([0, 1, 5]),
    top_p=st.sampled_from([0.01, 0.9, 1.0]),
    min_p=st.sampled_from([0.0, 0.1, 1.0]),
    typical=st.sampled_from([0.1, 1.0]),
    newline_top_p=st.sampled_from([None, 0.5]),
    frequency_penalty=st.sampled_from([-2.0, 0.0, 1.0]),
    presence_penalty=st.sampled_from([0.0, 2.0]),
    no_repeat_ngram=st.sampled_from([0, 1, 3]),
    dry_multiplier=st.sampled_from([0.0, 0.8]),
    xtc_probability=st.sampled_from([0.0, 0.5, 1.0]),
    xtc_threshold=st.sampled_from([0.0, 0.1]),
    mirostat=st.sampled_from([0, 1, 2]),
    bias=st.sampled_from([(), ((0, -100.0),), ((0, 5.0),)]),
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def picked(logits, seen=(), known=(), seed=0, **overrides):
    choose = compose(SampleConfig(**(NEUTRAL | overrides)), known, generator(seed))
    return {choose(torch.tensor(logits), list(seen)) for _ in range(60)}


@given(some_logits, settings, st.lists(st.integers(0, 39), max_size=30), st.integers(0, 99))
def test_whatever_the_settings_a_possible_token_comes_and_the_seed_brings_it_back(logits, sample, seen, seed):
    seen = [token % len(logits) for token in seen]
    known = Known(
        spared=frozenset({1}), breakers=frozenset({2}), newlines=frozenset({3}), turns=frozenset({3})
    )
    before = logits.clone()
    once, again = (compose(sample, known, generator(seed)) for _ in range(2))
    drawn = [once(logits, seen) for _ in range(4)]
    assert drawn == [again(logits, seen) for _ in range(4)]
    assert all(logits[token] > -torch.inf for token in drawn)
    assert torch.equal(logits, before)


@pytest.mark.parametrize(
    ("seen", "chosen"),
    [
        ([], 0),
        ([0], 1),
        ([0, 1], 2),
        ([0, 1, 2], 2),
        ([0] + [3] * 10, 0),
        ([0] + [3] * 9, 1),
    ],
)
def test_only_recent_tokens_that_are_not_spared_are_penalized(seen, chosen):
    sample = SampleConfig(temperature=0, repetition_penalty=2.0, repetition_range=10)
    assert (
        compose(sample, Known(spared=frozenset({2})), generator())(torch.tensor([3.0, 2.5, 2.0, 0.5]), seen)
        == chosen
    )


@pytest.mark.parametrize(
    ("overrides", "seen", "chosen"),
    [
        ({"presence_penalty": 1.0}, [0, 0, 0], 1),
        ({"presence_penalty": 0.4}, [0, 0, 0], 0),
        ({"frequency_penalty": 0.4}, [0, 0, 0], 1),
        ({"frequency_penalty": 0.4}, [0], 0),
        ({"frequency_penalty": 0.4}, [0, 0, 0, 1, 1], 2),
        ({"presence_penalty": 2.0, "repetition_range": 0}, [0, 0, 0], 0),
        ({"presence_penalty": 2.0}, [2, 0], 1),
        ({"no_repeat_ngram": 2}, [1, 0, 1], 1),
        ({"no_repeat_ngram": 2}, [2, 1, 2], 0),
        ({"no_repeat_ngram": 2}, [0, 0], 1),
        ({"no_repeat_ngram": 2}, [0, 2, 0], 0),
        ({"dry_multiplier": 2.0, "dry_allowed_length": 1}, [1, 0, 1], 1),
        ({"dry_multiplier": 2.0, "dry_allowed_length": 2}, [1, 0, 1], 0),
        ({"dry_multiplier": 2.0, "dry_allowed_length": 1, "dry_range": 2}, [1, 0, 1], 0),
        ({"dry_multiplier": 2.0, "dry_allowed_length": 1}, [3, 0, 3], 0),
        ({"bias": ((1, 1.0),)}, [], 1),
        ({"bias": ((0, -0.4), (1, -0.4))}, [], 0),
        ({"bias": ((0, -100.0), (1, -100.0))}, [], 2),
    ],
)
def test_penalties_and_biases_decide_between_tokens_that_are_near(overrides, seen, chosen):
    known = Known(spared=frozenset({2, 3}), breakers=frozenset({3}))
    sample = SampleConfig(temperature=0, repetition_penalty=1.0, **overrides)
    assert compose(sample, known, generator())(torch.tensor([2.0, 1.5, 1.0, -9.0]), seen) == chosen


def test_what_is_spared_is_not_forbidden_and_not_charged_by_dry():
    sample = SampleConfig(
        temperature=0, repetition_penalty=1, no_repeat_ngram=2, dry_multiplier=9.0, dry_allowed_length=1
    )
    for spared, chosen in [(frozenset(), 1), (frozenset({0}), 0)]:
        choose = compose(sample, Known(spared=spared), generator())
        assert choose(torch.tensor([2.0, 1.0, -9.0]), [2, 0, 2]) == chosen


def test_when_every_token_is_forbidden_none_is():
    assert picked([1.0, 1.0], [0, 1, 0, 0, 1, 1, 0], no_repeat_ngram=1) == {0, 1}


@pytest.mark.parametrize(
    "bias", [((4, 1.0),), ((-1, 1.0),), ((0, 1.0), (99, 1.0)), ((0, float("inf")),), ((0, -101.0),)]
)
def test_a_bias_that_cannot_be_meant_is_refused_by_name(bias):
    with pytest.raises(BadValue, match="bias"):
        compose(SampleConfig(bias=bias), (), generator())(torch.zeros(4), [])


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


def test_a_temperature_of_one_leaves_the_logits_alone():
    logits = torch.tensor([1.0, 2.0])
    assert cool(logits, 1.0) is logits


CHANCES = torch.tensor([0.4, 0.3, 0.2, 0.1]).log().tolist()


@pytest.mark.parametrize(
    ("overrides", "seen", "left"),
    [
        ({}, [], {0, 1, 2, 3}),
        ({"top_k": 2}, [], {0, 1}),
        ({"top_p": 0.6}, [], {0, 1}),
        ({"top_k": 3, "top_p": 0.75}, [], {0, 1}),
        ({"min_p": 0.6}, [], {0, 1}),
        ({"min_p": 0.6, "temperature": 5.0}, [], {0, 1, 2, 3}),
        ({"top_k": 3, "min_p": 0.2}, [], {0, 1, 2}),
        ({"newline_top_p": 0.6}, [9], {0, 1}),
        ({"newline_top_p": 0.6}, [9, 8], {0, 1, 2, 3}),
        ({"newline_top_p": 0.6}, [], {0, 1, 2, 3}),
        ({"top_p": 0.3, "newline_top_p": 1.0}, [9], {0, 1, 2, 3}),
        ({"xtc_probability": 1.0, "xtc_threshold": 0.15}, [], {2, 3}),
        ({"xtc_probability": 1.0, "xtc_threshold": 0.15, "top_k": 2}, [], {1}),
        ({"xtc_probability": 1.0, "xtc_threshold": 0.5}, [], {0, 1, 2, 3}),
        ({"xtc_probability": 0.5, "xtc_threshold": 0.15, "top_k": 2}, [], {0, 1}),
        ({"bias": ((1, -100.0),)}, [], {0, 2, 3}),
    ],
)
def test_exactly_these_tokens_can_come(overrides, seen, left):
    assert picked(CHANCES, seen, Known(newlines=frozenset({9})), **overrides) == left


def test_xtc_never_leaves_out_the_turns_of_a_text_nor_counts_them():
    xtc = {"xtc_probability": 1.0, "xtc_threshold": 0.15}
    assert picked(CHANCES, (), Known(turns=frozenset({0})), **xtc) == {0, 2, 3}
    assert picked(CHANCES, (), Known(turns=frozenset({2})), **xtc) == {1, 2, 3}


def test_xtc_has_a_draw_of_its_own_that_comes_whether_or_not_anything_is_left_out():
    choices = [
        compose(SampleConfig(**NEUTRAL, xtc_probability=chance, xtc_threshold=0.5), Known(), generator(5))
        for chance in (0.01, 0.99)
    ]
    drawn = [[choose(torch.tensor(CHANCES), []) for _ in range(30)] for choose in choices]
    assert drawn[0] == drawn[1]


@given(some_logits, st.integers(0, 9), st.sampled_from([0.3, 0.9, 1.0]), st.sampled_from([0.5, 1.0, 2.0]))
def test_the_composed_choice_draws_among_what_the_filters_keep_one_after_another(logits, k, p, temperature):
    ids = top_k(logits, k)
    rest = cool(logits[ids], temperature)
    kept = top_p(rest, p)
    expected = ids[kept][draw(rest[kept], generator(3))]
    sample = SampleConfig(**(NEUTRAL | {"top_k": k, "top_p": p, "temperature": temperature}))
    assert compose(sample, (), generator(3))(logits, []) == expected


@pytest.mark.parametrize(
    ("overrides", "left"),
    [
        ({"temperature": 0.7}, [0, 1, 2, 4, 5]),
        ({}, [0, 1, 2, 4, 5]),
        ({"temperature": 1.6}, [0, 1, 2, 4, 5]),
        ({"top_k": 3}, [0, 1, 5]),
        ({"min_p": 0.2, "temperature": 1.3}, [0, 1, 2, 5]),
    ],
)
def test_tokens_are_drawn_as_often_as_their_probabilities_say(overrides, left):
    logits = torch.tensor([2.0, 1.0, 0.0, -torch.inf, -1.0, 0.5])
    choose = compose(SampleConfig(**(NEUTRAL | overrides)), (), generator(7))
    draws = 4000
    counts = torch.bincount(torch.tensor([choose(logits, []) for _ in range(draws)]), minlength=6)
    expected = draws * (logits[left] / overrides.get("temperature", 1)).softmax(-1)
    assert counts[left].sum() == draws
    chi_square = ((counts[left] - expected).square() / expected).sum()
    assert chi_square < 18.47  # the 0.1 % bound at 4 degrees of freedom, and stricter with fewer


def test_drawing_moves_the_generator_it_was_given_and_no_other():
    before = torch.get_rng_state()
    own = generator()
    state = own.get_state()
    draw(torch.zeros(10), own)
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.equal(state, own.get_state())


ZIPF = torch.arange(1, 5001).double().pow(-1.1).log().float()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("tau", [3.0, 6.0])
def test_mirostat_keeps_the_average_surprise_near_its_target(version, tau):
    bits = ZIPF.log_softmax(-1) / -torch.tensor(2.0).log()
    choose = compose(SampleConfig(**NEUTRAL, mirostat=version, mirostat_tau=tau), (), generator(1))
    drawn = torch.tensor([choose(ZIPF, []) for _ in range(900)])
    assert abs(bits[drawn[100:]].mean() - tau) < 0.15


def test_mirostat_takes_the_likeliest_where_everything_is_too_surprising():
    steer = Mirostat(2, 0.1, 1.0, partial(draw, generator=generator()))
    logits = torch.tensor([0.5, 0.3, 0.2]).log()
    for _ in range(20):
        steer(logits, [])
    assert steer.bound == 0
    assert {steer(logits, []) for _ in range(20)} == {0}


@pytest.mark.parametrize("version", [1, 2])
def test_mirostat_comes_back_from_a_stretch_without_surprise(version):
    steer = Mirostat(version, 5.0, 0.5, partial(draw, generator=generator()))
    for _ in range(500):
        steer(torch.tensor([50.0, 0.0, 0.0]), [])
    assert steer.bound <= 24


@pytest.mark.parametrize("steepness", [0.7, 1.0, 1.3, 2.0])
@pytest.mark.parametrize("place", [10, 200])
def test_mirostat_1_keeps_as_many_tokens_as_zipf_s_law_has_below_the_bound(steepness, place):
    logprobs = (-steepness * torch.arange(1, 5001).double().log()).log_softmax(-1)
    bound = float(-logprobs[place - 1]) / 0.6931472
    # the sum over ranks is taken as an integral, which begins at 1 and so misses about half of the first rank
    assert rank(logprobs[:100], 5000, bound) == pytest.approx(place, rel=0.35)


@pytest.mark.parametrize(("logprobs", "expected"), [([0.0], 1), ([-1.0, -1.0, -1.0], 3)])
def test_mirostat_1_survives_distributions_unlike_zipf_s(logprobs, expected):
    assert rank(torch.tensor(logprobs), 3, 9.0) == expected


def test_what_is_known_of_a_vocabulary():
    tokenizer = tiny_tokenizer()
    known, texts = Known.of(tokenizer), tokenizer.texts
    comma, newline = texts.index("，"), tokenizer.newline_id
    river = texts.index("河")
    assert {comma, newline, tokenizer.chapter_end_id, *tokenizer.byte_ids} <= known.spared
    assert {comma, newline, tokenizer.chapter_start_id} <= known.breakers
    assert not known.breakers & tokenizer.byte_ids.keys()
    assert known.newlines == {newline}
    assert known.turns == {newline, tokenizer.chapter_end_id}
    assert river not in known.spared | known.breakers
    assert known.sparing([river]).spared == known.spared | {river}
    assert all(
        (token in known.breakers) == any(mark in text for mark in BREAKERS)
        for token, text in enumerate(texts)
        if text
    )


def test_every_style_is_a_valid_setting_with_a_name_in_both_languages():
    for name, overrides in STYLES.items():
        assert SampleConfig.of_style(name, max_chars=7) == SampleConfig(**overrides, max_chars=7)
        assert f"style.{name}" in CATALOGUE
    with pytest.raises(BadValue, match="perhaps steady"):
        SampleConfig.of_style("stedy")


def test_styles_grow_bolder_from_steady_to_free():
    logits = torch.linspace(0, -8, 500)
    depths = []
    for name in ("steady", "balanced", "free"):
        choose = compose(SampleConfig.of_style(name), Known(), generator(1))
        depths.append(sum(choose(logits, []) for _ in range(400)))
    assert depths[0] < depths[1] < depths[2]
