import sys
from pathlib import Path

import pytest

from novelgpt.errors import BadValue, NovelGPTError
from novelgpt.messages import Message
from novelgpt.text.ingesting.engines import Crashed, in_order
from tests.text.work import always_die_on_three, die_on_three, double, fail_on_three

FORKED = sys.platform != "win32"


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    assert list(in_order(double, range(30), jobs=jobs)) == [2 * number for number in range(30)]


def test_a_worker_that_is_killed_costs_nothing_when_its_item_was_not_to_blame(tmp_path: Path) -> None:
    items = [(number, tmp_path / "marker") for number in range(12)]
    assert list(in_order(die_on_three, items, jobs=2)) == [2 * number for number in range(12)]


def test_an_item_that_kills_every_worker_is_named_and_the_rest_goes_on() -> None:
    results = list(in_order(always_die_on_three, range(20), jobs=2))
    assert isinstance(results[3], Crashed)
    assert results[:3] + results[4:] == [2 * number for number in range(20) if number != 3]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_the_work_is_raised_here(jobs: int) -> None:
    with pytest.raises(ValueError, match="three"):
        list(in_order(fail_on_three, range(6), jobs=jobs))


def test_leaving_early_leaves_no_process_waiting() -> None:
    results = in_order(double, iter(range(10**9)), jobs=2)  # a list of these would never be made
    assert [next(results) for _ in range(5)] == [0, 2, 4, 6, 8]
    results.close()  # type: ignore[attr-defined]


def test_an_error_of_ours_comes_home_whole_from_another_process() -> None:
    import pickle

    error = BadValue(name="n", value=1, allowed=Message("allowed.whole"))
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, NovelGPTError)
    assert again.sentence("zh") == error.sentence("zh")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning")
def test_a_real_ray_gives_the_same_results_in_the_same_order() -> None:
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        assert list(in_order(double, range(20), engine="ray")) == [2 * number for number in range(20)]
        results = list(in_order(always_die_on_three, range(6), engine="ray"))
        assert isinstance(results[3], Crashed)
        assert results[5] == 10
    finally:
        ray.shutdown()
