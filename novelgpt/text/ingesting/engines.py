"""The same work on many items: here, in the processes of this machine, or on a Ray cluster.

Law: results come in the order of the items whatever the engine, and only a few wait at a time, so that memory does not
grow with the library.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Literal, TypeVar

from novelgpt.errors import NoRay

Engine = Literal["local", "ray"]
ENGINES: tuple[Engine, ...] = ("local", "ray")
AHEAD = 4
"""Items under way per worker: enough that a short one never waits for a long one to be fetched."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Crashed:
    """Stands for the result of an item whose worker died (killed for memory, most likely)."""


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], *, engine: Engine = "local", jobs: int = 1
) -> Iterator[Result | Crashed]:
    """Yield `work(item)` for every item, in order."""
    if engine == "ray":
        return _on_ray(work, items)
    if jobs <= 1:
        return map(work, items)
    return _in_processes(work, items, jobs)


def _in_processes(
    work: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[Result | Crashed]:
    """Yield results from a pool; when a worker dies, what was under way is done again, each item in a process of its own."""
    waiting: deque[tuple[Item, Any]] = deque()
    pool = _pool(jobs)
    try:
        for item in items:
            try:
                future = pool.submit(work, item)
            except BrokenProcessPool:
                yield from (_result(work, *pair) for pair in waiting)
                waiting.clear()
                pool = _pool(jobs)
                future = pool.submit(work, item)
            waiting.append((item, future))
            while len(waiting) > AHEAD * jobs:
                yield _result(work, *waiting.popleft())
        yield from (_result(work, *pair) for pair in waiting)
    finally:
        pool.shutdown(cancel_futures=True)


def _result(work: Callable[[Item], Result], item: Item, future: Any) -> Result | Crashed:
    try:
        return future.result()  # type: ignore[no-any-return]
    except BrokenProcessPool:
        pass
    with _pool(1) as alone:
        try:
            return alone.submit(work, item).result()
        except BrokenProcessPool:
            return Crashed()


def _pool(jobs: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_leave_interrupts_to_the_parent)


def _leave_interrupts_to_the_parent() -> None:
    """Ctrl-C reaches every process of a terminal; only the parent answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _on_ray(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result | Crashed]:
    """Yield results from the cluster named by RAY_ADDRESS, else from a Ray started here for the while."""
    try:
        import ray
    except ImportError:
        raise NoRay() from None
    ours = not ray.is_initialized()
    if ours:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        remote = ray.remote(max_retries=1)(_do)
        window = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        waiting: deque[Any] = deque()
        for item in items:
            waiting.append(remote.remote(work, item))
            if len(waiting) > window:
                yield _from_ray(ray, waiting.popleft())
        yield from (_from_ray(ray, reference) for reference in waiting)
    finally:
        if ours:
            ray.shutdown()


def _do(work: Callable[[Item], Result], item: Item) -> Result:
    return work(item)


def _from_ray(ray: Any, reference: Any) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.WorkerCrashedError:
        return Crashed()
