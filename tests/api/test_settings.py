import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.api.refusals import Refusal
from novelgpt.api.settings import _NAMES, _REPETITION, LONGEST, sample_from
from novelgpt.config import SampleConfig

SIZE = 600


def sample(**fields):
    return sample_from(fields, size=SIZE, default_tokens=16)


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({"temperature": 0.3}, "temperature", 0.3),
        ({"temperature": 99}, "temperature", 5.0),
        ({"temperature": "0.5"}, "temperature", 0.5),
        ({"temperature": None}, "temperature", SampleConfig.temperature),
        ({"top_k": -1}, "top_k", 0),
        ({"top_k": 40.0}, "top_k", 40),
        ({"top_p": 0}, "top_p", 0.01),
        ({"typical_p": 0.5}, "typical", 0.5),
        ({"typical": 0.5, "typical_p": 1}, "typical", 0.5),
        ({"rep_pen": 1.05, "repetition_penalty": 1.2, "repeat_penalty": 1}, "repetition_penalty", 1.2),
        ({"rep_pen_range": 360}, "repetition_range", 360),
        ({"repeat_last_n": -1}, "repetition_range", 8192),
        ({"no_repeat_ngram_size": 4}, "no_repeat_ngram", 4),
        ({"dry_penalty_last_n": 10**9}, "dry_range", 8192),
        ({"mirostat_mode": 2}, "mirostat", 2),
        ({"seed": -1}, "seed", None),
        ({"sampler_seed": 7}, "seed", 7),
        ({"seed": 2**63 - 1}, "seed", 2**63 - 1),
        ({"seed": 10**400}, "seed", 10**400 % 2**63),
        ({"n": 2}, "n", 2),
        ({"n": 1000}, "n", 16),
        ({"max_tokens": 5}, "max_tokens", 5),
        ({"max_new_tokens": 6}, "max_tokens", 6),
        ({"n_predict": -1}, "max_tokens", 16),
        ({"max_length": 10**9}, "max_tokens", LONGEST),
        ({"stop": "。"}, "stop", ("。",)),
        ({"stop": ["。", "", "\n"], "stopping_strings": ["。", "！"]}, "stop", ("。", "\n", "！")),
        ({"stop_sequence": '["。", "！"]'}, "stop", ("。", "！")),
        ({"stop": "[未完"}, "stop", ("[未完",)),
        ({"stop": "[" * 100_000}, "stop", ("[" * 100_000,)),
        ({"stop": ["\ud800"]}, "stop", ()),
        ({"banned_strings": ["突然"], "banned_tokens": ["仿佛"]}, "banned", ("突然", "仿佛")),
        ({"logit_bias": {"5": 200, "9999": 1, "x": 1, "7": -0.5}}, "bias", ((5, 100.0), (7, -0.5))),
        ({"custom_token_bans": "1, 2,x"}, "bias", ((1, -100.0), (2, -100.0))),
        ({"ban_eos_token": True}, "ends", False),
        ({"use_default_badwordsids": False}, "ends", True),
        ({"dry_sequence_breakers": '["\\n"]', "grammar_string": "", "top_a": 0, "tfs": 1}, "n", 1),
    ],
)
def test_any_programs_name_for_a_setting_is_understood(fields, name, value):
    assert getattr(sample(**fields), name) == value


@pytest.mark.parametrize("value", ["warm", [], {}, "nan"])
def test_what_is_no_number_is_refused_by_name(value):
    with pytest.raises(Refusal) as refused:
        sample(temperature=value)
    assert refused.value.param == "temperature"
    assert "temperature" in refused.value.sentence("zh")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text('0a1.-["雨', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["1", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
every_name = st.sampled_from(
    [
        *(name for names in _NAMES.values() for name in names),
        *_REPETITION,
        "seed",
        "sampler_seed",
        "max_tokens",
        "max_length",
        "stop",
        "stop_sequence",
        "banned_tokens",
        "logit_bias",
        "custom_token_bans",
        "unheard_of",
    ]
)


@given(st.dictionaries(every_name, json_values, max_size=6))
def test_every_object_gives_settings_or_a_refusal_that_names_a_field(fields):
    fields = json.loads(json.dumps(fields))
    try:
        made = sample_from(fields, size=SIZE, default_tokens=16)
    except Refusal as refused:
        assert refused.status == 400
    else:
        assert 1 <= made.max_tokens <= LONGEST
