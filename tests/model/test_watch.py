import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.messages import LANGUAGES
from novelgpt.model.learning import watch as watch_module
from novelgpt.model.learning.watch import RUN, Copies, Watch, copied_share, copy_alarm, reading
from tests.tiny import TALE, tiny_tokenizer


def alarms(losses: list[float]) -> list[tuple[int, str]]:
    watch = Watch()
    said = [(step, watch.saw(step, loss)) for step, loss in enumerate(losses, start=1)]
    return [(step, message.key) for step, message in said if message]


def noise(count: int, size: float) -> np.ndarray:
    return np.random.RandomState(1).normal(0, size, count)


FALLING = (3 + 7.8 * np.exp(-np.arange(2000) / 300)).tolist()


@pytest.mark.parametrize(
    "losses",
    [
        FALLING,
        (np.array(FALLING) + noise(2000, 1.0)).tolist(),  # single short windows
        (5 + noise(5000, 1.5)).tolist(),
        [*[2.0] * 5, *[6.0] * 400],  # easy text at the very start
        [10.8] * 300,  # stuck is not diverged
        [*np.linspace(10.8, 12.0, 20), *FALLING],  # a warm-up that first goes the wrong way
        [*FALLING, *[FALLING[-1] + 0.8] * 500],  # another part of the text
        [*[4.0] * 200, *[9.0] * 15, *[4.0] * 200],  # a bump that it recovers from
    ],
)
def test_a_normal_run_raises_no_alarm(losses: list[float]) -> None:
    assert alarms(losses) == []


@pytest.mark.parametrize("after", [200, 1500])
def test_a_loss_that_climbs_and_stays_is_told_once(after: int) -> None:
    losses = [*FALLING[:after], *np.linspace(FALLING[after], 12, 60), *[12.0] * 400]
    found = alarms(losses)
    assert [key for _, key in found] == ["watch.rising"]
    assert after < found[0][0] < after + 200


def test_a_second_rise_after_a_recovery_is_told_again() -> None:
    episode = [*[3.0] * 300, *[8.0] * 200]
    assert [key for _, key in alarms(episode * 2)] == ["watch.rising"] * 2


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_told_at_once_and_once(loss: float) -> None:
    assert alarms([5.0, loss, loss, loss]) == [(2, "watch.not_a_number")]
    assert alarms([loss]) == [(1, "watch.not_a_number")]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 20) | st.just(math.nan), max_size=300), st.integers(0, 300))
def test_a_watch_that_was_saved_goes_on_as_if_it_had_not_been(losses: list[float], cut: int) -> None:
    never, saved = Watch(), Watch()
    for step, loss in enumerate(losses):
        if step == cut:
            saved = Watch.from_dict(json.loads(json.dumps(saved.to_dict())))
        assert never.saw(step, loss) == saved.saw(step, loss)
    assert never == saved


def test_a_watch_saved_again_and_again_during_a_rise_still_tells_it() -> None:
    watch, told = Watch(), []
    for step, loss in enumerate([*[3.0] * 300, *[8.0] * 200]):
        watch = Watch.from_dict(json.loads(json.dumps(watch.to_dict())))
        told.append(watch.saw(step, loss))
    assert sum(message is not None for message in told) == 1


def test_an_empty_state_is_a_fresh_watch() -> None:
    assert Watch.from_dict({}) == Watch()


RANDOM = np.random.RandomState(3)
CORPUS = RANDOM.randint(0, 40_000, 50_000).astype(np.uint16)
FRESH = (RANDOM.randint(0, 20_000, 200) + 40_000).tolist()


def copied(begin: int, count: int) -> list[int]:
    return CORPUS[begin : begin + count].tolist()


@pytest.mark.parametrize(
    ("sample", "share"),
    [
        (FRESH, 0.0),
        ([], 0.0),
        (copied(100, RUN - 1), 0.0),
        (copied(100, RUN), 1.0),
        (copied(0, RUN), 1.0),
        (copied(50_000 - RUN, RUN), 1.0),
        (copied(100, 200), 1.0),
        ([*FRESH[:75], *copied(7, 25)], 0.25),
        ([*copied(7, 25), *FRESH[:50], *copied(7, 25)], 0.5),  # twice the same
        ([*copied(7, 19), *FRESH[:50], *copied(900, 19)], 0.0),
        ([*copied(7, 30), FRESH[0], *copied(38, 30)], 60 / 61),
    ],
)
def test_only_long_runs_of_the_corpus_count_as_copied(sample: list[int], share: float) -> None:
    assert copied_share(sample, CORPUS) == pytest.approx(share)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(0, 2), max_size=120), st.lists(st.integers(0, 2), max_size=60), st.integers(20, 50)
)
def test_the_share_is_that_of_comparing_every_place_with_every_other(
    corpus: list[int], sample: list[int], at_once: int
) -> None:
    corpus += sample[3:30]
    runs = {tuple(corpus[place : place + RUN]) for place in range(len(corpus) - RUN + 1)}
    covered = {
        place + inside
        for place in range(len(sample) - RUN + 1)
        if tuple(sample[place : place + RUN]) in runs
        for inside in range(RUN)
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch_module, "_TOKENS_AT_ONCE", at_once)  # runs across the parts are found too
        share = copied_share(sample, np.array(corpus, dtype=np.uint32))
    assert share == pytest.approx(len(covered) / max(1, len(sample)))


@pytest.mark.parametrize("begin", [0, 40, 50, 63, 64, 65, 100])
def test_runs_across_the_parts_of_a_corpus_are_found(begin: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "_TOKENS_AT_ONCE", 64)
    assert copied_share(copied(begin, 30), CORPUS[:200]) == 1.0


def test_a_text_is_looked_up_in_the_words_of_the_vocabulary() -> None:
    tokenizer = tiny_tokenizer()
    copies = Copies(np.array(tokenizer.encode_chapter(TALE), dtype=np.uint16), tokenizer)
    assert copies.share_of(TALE[40:120]) > 0.7
    assert copies.share_of("".join(reversed(TALE))) == 0


@pytest.mark.parametrize(("share", "alarmed"), [(0.0, False), (0.29, False), (0.3, True), (1.0, True)])
def test_copying_is_told_when_it_is_more_than_a_set_phrase(share: float, alarmed: bool) -> None:
    message = copy_alarm(share)
    assert (message is not None) == alarmed
    if message:
        assert all(f"{share:.0%}" in message.text(lang) for lang in LANGUAGES)


@pytest.mark.parametrize(
    ("loss", "characters_per_token", "pieces", "level"),
    [
        (math.log(50_000), 1.5, 50_000, "guessing"),
        (math.log(8_000) + 0.3, 1.0, 8_000, "guessing"),
        (6.1, 1.0, 8_000, "letters"),  # 8.8 bits per character: single characters' entropy
        (7.5, 1.5, 50_000, "words"),
        (4.2, 1.0, 8_000, "phrases"),
        (4.5, 1.5, 50_000, "passages"),
        (2.0, 1.0, 8_000, "close"),
        (0.5, 1.0, 8_000, "by_heart"),
    ],
)
def test_a_loss_is_read_out_in_plain_words(
    loss: float, characters_per_token: float, pieces: int, level: str
) -> None:
    message = reading(loss, characters_per_token, pieces)
    assert message.facts["level"].key == f"reading.{level}"
    bits = loss / math.log(2) / characters_per_token
    assert all(f"{bits:.2f}" in message.text(lang) for lang in LANGUAGES)
