"""Work for the engines, in a module of its own so that other processes can import it."""

import os
import signal
from pathlib import Path


def double(number: int) -> int:
    return 2 * number


def die_on_three(item: tuple[int, Path]) -> int:
    """Kill the process at item 3 the first time, as the system does when memory runs out; a marker remembers it."""
    number, marker = item
    if number == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def always_die_on_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def fail_on_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number
