import threading
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt import turns as turns_module
from novelgpt.errors import Busy, TooManyWaiting
from novelgpt.turns import MOST_BEGUN, Turn, Turns


@pytest.fixture
def no_share(monkeypatch):
    """Everybody has had its share at once."""
    monkeypatch.setattr(turns_module, "SHARE_SECONDS", 0.0)


def had_in_order(turns, entered):
    """Let everybody finish; return who had a turn, in order."""
    order = []
    waiting = list(entered)
    while waiting:
        having = next(turn for turn in waiting if turn.position == 0 and turn.granted)
        order.append(having)
        waiting.remove(having)
        having.leave()
    return order


def test_the_first_has_its_turn_at_once_and_the_next_when_it_leaves():
    turns = Turns()
    with turns.enter("a") as first:
        assert first.wait()
        second = turns.enter("a")
        assert (turns.writing, turns.waiting, second.granted) == (1, 1, False)
    assert second.granted
    assert second.wait()
    second.leave()
    assert (turns.writing, turns.waiting) == (0, 0)


def test_clients_take_turns_in_a_circle_and_each_ones_texts_come_in_order():
    turns = Turns()
    now = turns.enter("x")
    entered = [turns.enter(client) for client in "aaabbc"]
    assert [turn.position for turn in entered] == [1, 4, 6, 2, 5, 3]
    now.leave()
    assert "".join(turn.client for turn in had_in_order(turns, entered)) == "abcaba"


@given(st.lists(st.sampled_from("abcd"), max_size=24), st.integers(1, 3))
def test_nobody_waits_for_two_texts_of_another_client_between_two_of_its_own(clients, slots):
    turns = Turns(slots, most_per_client=24)
    blocking = [turns.enter("x") for _ in range(slots)]
    entered = [turns.enter(client) for client in clients]
    assert sorted(turn.position for turn in entered) == list(range(slots, slots + len(entered)))
    expected = sorted(entered, key=lambda turn: turn.position)
    for turn in blocking[1:]:
        turn.cancel()  # they compute on; only one slot is emptied below
    blocking[0].leave()
    order = had_in_order(turns, entered)
    assert order == expected
    place = Counter()
    rounds = []
    for turn in order:
        place[turn.client] += 1
        rounds.append(place[turn.client])
    assert rounds == sorted(rounds)


def test_a_full_queue_is_refused_at_once():
    turns = Turns(most_waiting=2)
    entered = [turns.enter(client) for client in "abc"]
    with pytest.raises(Busy) as refused:
        turns.enter("d")
    assert not isinstance(refused.value, TooManyWaiting)
    assert refused.value.facts["seconds"] > 0
    entered[1].cancel()
    assert turns.enter("d").position == 2


def test_one_client_cannot_fill_the_queue():
    turns = Turns(most_per_client=2)
    for _ in range(3):
        turns.enter("greedy")
    with pytest.raises(TooManyWaiting):
        turns.enter("greedy")
    turns.enter("modest")


def test_who_gives_up_while_waiting_is_woken_and_never_computes():
    turns = Turns()
    first, second, third = (turns.enter(client) for client in "abc")
    results = []
    thread = threading.Thread(target=lambda: results.append(second.wait()))
    thread.start()
    second.cancel()
    thread.join()
    assert results == [False]
    assert third.position == 1
    first.leave()
    assert third.wait()
    second.leave()
    assert turns.writing == 1


def test_who_waits_hears_again_and_again_how_many_go_before():
    turns = Turns()
    first, second, third = (turns.enter(client) for client in "abc")
    heard = []
    for _ in third.waits(0.001):
        heard.append(third.position)
        (first if len(heard) == 2 else second if len(heard) == 4 else Turn(turns, "nobody")).leave()
    assert heard == [2, 2, 1, 1]
    assert third.granted
    assert third.position == 0


def test_who_gives_up_hears_no_more():
    turns = Turns()
    _, second = turns.enter("a"), turns.enter("b")
    for _ in second.waits(0.001):
        second.cancel()
    assert not second.wait()


def test_those_under_way_go_before_one_that_has_not_begun_and_a_text_set_aside_waits_for_nobody(no_share):
    turns = Turns()
    entered = [turns.enter(str(number)) for number in range(MOST_BEGUN + 3)]
    threads = [threading.Thread(target=turn.share) for turn in entered[: MOST_BEGUN - 1]]
    for turn, thread in zip(entered, threads, strict=False):
        assert turn.wait()
        thread.start()
    assert entered[MOST_BEGUN - 1].wait()
    places = [turn.position for turn in entered]
    assert places == [0] * MOST_BEGUN + [MOST_BEGUN, MOST_BEGUN + 1, MOST_BEGUN + 2]
    turns.cancel_all()
    for thread in threads:
        thread.join()


def test_cancelling_one_that_computes_asks_it_to_stop_but_keeps_its_slot_until_it_leaves():
    turns = Turns()
    first, second = turns.enter("a"), turns.enter("b")
    first.cancel()
    assert first.cancelled
    assert not second.granted
    first.leave()
    first.leave()
    assert second.granted
    assert turns.writing == 1


def test_all_turns_of_a_client_can_be_cancelled_together():
    turns = Turns()
    entered = [turns.enter(client) for client in "aba"]
    assert turns.cancel_all("a") == 2
    assert [turn.cancelled for turn in entered] == [True, False, True]
    assert turns.cancel_all() == 2


def test_an_error_inside_a_turn_frees_the_slot():
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.enter("a"):
        raise ZeroDivisionError
    assert turns.writing == 0


def test_a_long_text_steps_back_for_another_client_and_goes_on_after_it(no_share):
    turns = Turns()
    with turns.enter("long") as long:
        assert long.share()  # nobody waits
        short = turns.enter("short")
        back = []
        thread = threading.Thread(target=lambda: back.append(long.share()))
        thread.start()
        assert short.wait()
        assert (turns.having, turns.writing, turns.waiting) == ([short], 2, 0)
        short.leave()
        thread.join()
        assert back == [True]
        assert turns.having == [long]
    assert (turns.writing, turns.waiting) == (0, 0)


def test_nobody_steps_back_within_its_share_or_for_its_own_next_text(no_share, monkeypatch):
    turns = Turns()
    first, own = turns.enter("a"), turns.enter("a")
    assert first.share()
    assert not own.granted
    monkeypatch.setattr(turns_module, "SHARE_SECONDS", 1000.0)
    other = turns.enter("b")
    assert first.share()
    assert not other.granted


def test_who_stepped_back_can_be_cancelled(no_share):
    turns = Turns()
    first, second = turns.enter("a"), turns.enter("b")
    back = []
    thread = threading.Thread(target=lambda: back.append(first.share()))
    thread.start()
    assert second.wait()
    first.cancel()
    thread.join()
    first.leave()
    assert back == [False]
    assert (turns.having, turns.writing) == ([second], 1)
    assert not first.share()


def test_only_so_many_are_under_way_and_the_others_begin_as_these_end(no_share):
    turns = Turns()
    entered = [turns.enter(str(number)) for number in range(MOST_BEGUN + 1)]
    threads = [threading.Thread(target=turn.share) for turn in entered[:MOST_BEGUN]]
    for turn, thread in zip(entered, threads, strict=False):
        assert turn.wait()
        thread.start()
    threads[0].join()  # the last of them stepped back for the first, not for one more
    assert (turns.writing, turns.waiting) == (MOST_BEGUN, 1)
    entered[0].leave()
    assert entered[MOST_BEGUN].wait()
    assert (turns.writing, turns.waiting) == (MOST_BEGUN, 0)
    turns.cancel_all()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("slots", [1, 2])
def test_threads_never_compute_more_than_there_are_slots(slots, no_share):
    turns, lock = Turns(slots, most_waiting=100, most_per_client=100), threading.Lock()
    at_once, most, done = 0, 0, []
    start = threading.Barrier(12)

    def work(number):
        nonlocal at_once, most
        start.wait()
        for _ in range(5):
            with turns.enter(str(number % 3)) as turn:
                if number == 11:
                    turn.cancel()
                if turn.wait():
                    with lock:
                        at_once += 1
                        most = max(most, at_once)
                    with lock:
                        at_once -= 1
                    turn.share()
                    with lock:
                        done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= slots
    assert len(done) == 55
    assert (turns.writing, turns.waiting) == (0, 0)
