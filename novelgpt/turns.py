"""Whose turn it is: everything that wants to compute comes in under a client's name, and one at a time computes.

Laws: never more than `slots` compute; clients take turns in a circle, and within one client who came first goes first; a
long text steps back between two of its tokens when others wait, so that nobody waits for the whole of it; who finds the
queue full is refused at once, whoever waits may ask how many go before, and may give up.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from types import TracebackType

from novelgpt.errors import Busy, TooManyWaiting

MOST_WAITING = 64
MOST_PER_CLIENT = 16
SECONDS_EACH = 5
"""What a turn is guessed to take, to tell who was refused when to come back."""
SHARE_SECONDS = 0.25
"""How long one computes while others wait."""
MOST_BEGUN = 8
"""So many texts are under way at most: each holds what it remembers of its own text in memory."""


class Turn:
    """A place in the queue, then a slot; as a context it is left at the end, however it ends."""

    def __init__(self, turns: Turns, client: str) -> None:
        self.client = client
        self._turns = turns
        self._decided = threading.Event()
        self._cancelled = threading.Event()
        self._granted_at = 0.0

    @property
    def cancelled(self) -> bool:
        """Whether nobody wants the result any more."""
        return self._cancelled.is_set()

    @property
    def granted(self) -> bool:
        """Whether it may compute."""
        return self._decided.is_set() and not self.cancelled

    @property
    def position(self) -> int:
        """How many go before; 0 for one that has begun or no longer waits."""
        return self._turns.position(self)

    def wait(self) -> bool:
        """Wait until it may compute; False if it was cancelled meanwhile."""
        self._decided.wait()
        return not self.cancelled

    def waits(self, seconds: float) -> Iterator[None]:
        """Wait as `wait` does, but come back after every so many seconds, to look how many still go before."""
        while not self._decided.wait(seconds):
            yield

    def share(self) -> bool:
        """Between two steps: step back if this one has had its share and others wait, until it may go on; False if it
        was cancelled."""
        if time.monotonic() - self._granted_at >= SHARE_SECONDS and self._turns.set_aside(self):
            return self.wait()
        return not self.cancelled

    def cancel(self) -> None:
        """Give up: one that waits is woken at once, one that computes sees `cancelled` at its next step."""
        self._cancelled.set()
        self._turns.forget(self)
        self._decided.set()

    def leave(self) -> None:
        """Let the next one compute; leaving twice is leaving once."""
        self._turns.release(self)

    def grant(self) -> None:
        """Wake it: it may compute."""
        self._granted_at = time.monotonic()
        self._decided.set()

    def pause(self) -> None:
        """Make it wait again."""
        self._decided.clear()

    def __enter__(self) -> Turn:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


class Turns:
    """The circle of clients that wait, and the turns being had; may be used by any number of threads."""

    def __init__(
        self, slots: int = 1, most_waiting: int = MOST_WAITING, most_per_client: int = MOST_PER_CLIENT
    ) -> None:
        self._slots, self._most_waiting, self._most_per_client = slots, most_waiting, most_per_client
        self._lock = threading.RLock()
        self._lines: OrderedDict[str, deque[Turn]] = OrderedDict()
        self._having: set[Turn] = set()
        self._begun: set[Turn] = set()

    @property
    def writing(self) -> int:
        """How many are under way, by turns."""
        return len(self._begun)

    @property
    def having(self) -> list[Turn]:
        """Those that compute at this moment."""
        with self._lock:
            return list(self._having)

    @property
    def waiting(self) -> int:
        """How many have not begun."""
        with self._lock:
            return sum(turn not in self._begun for line in self._lines.values() for turn in line)

    def enter(self, client: str) -> Turn:
        """Return a turn, had at once or waiting; refuse at once where too many wait already."""
        with self._lock:
            turn = Turn(self, client)
            if len(self._having) >= self._slots:
                self._refuse(client)
            self._lines.setdefault(client, deque()).append(turn)
            self._fill()
            return turn

    def cancel_all(self, client: str | None = None) -> int:
        """Cancel every turn, or every one of a client; return how many there were."""
        with self._lock:
            everyone = [*self._having, *self._order()]
        mine = [turn for turn in everyone if client in (None, turn.client)]
        for turn in mine:
            turn.cancel()
        return len(mine)

    def position(self, turn: Turn) -> int:
        """Return how many go before `turn`, if nobody else comes or gives up: all that are under way, and those in front of it
        that have not begun either."""
        with self._lock:
            waiting = [one for one in self._order() if one not in self._begun]
            return len(self._begun) + waiting.index(turn) if turn in waiting else 0

    def forget(self, turn: Turn) -> None:
        """Take a turn out of its line, if it waits in one."""
        with self._lock:
            line = self._lines.get(turn.client, deque())
            if turn in line:
                line.remove(turn)
                if not line:
                    del self._lines[turn.client]

    def release(self, turn: Turn) -> None:
        """Take back a slot, or a place in the queue."""
        with self._lock:
            self.forget(turn)
            self._having.discard(turn)
            self._begun.discard(turn)
            self._fill()

    def set_aside(self, turn: Turn) -> bool:
        """Give the slot of `turn` to the next client; False where nobody else could take it."""
        with self._lock:
            if turn.cancelled or all(client == turn.client for client in self._ready()):
                return False
            self._having.discard(turn)
            turn.pause()
            self._lines.setdefault(turn.client, deque()).appendleft(turn)
            self._lines.move_to_end(turn.client)
            self._fill()
            return True

    def _fill(self) -> None:
        while len(self._having) < self._slots and (client := next(self._ready(), None)) is not None:
            line = self._lines.pop(client)
            turn = line.popleft()
            if line:
                self._lines[client] = line  # behind all others
            self._having.add(turn)
            self._begun.add(turn)
            turn.grant()

    def _ready(self) -> Iterator[str]:
        """Yield the clients whose next text may go on now, in their order."""
        for client, line in self._lines.items():
            if line[0] in self._begun or len(self._begun) < MOST_BEGUN:
                yield client

    def _refuse(self, client: str) -> None:
        if self.waiting >= self._most_waiting:
            raise Busy(waiting=self.waiting, seconds=SECONDS_EACH)
        if len(self._lines.get(client, ())) >= self._most_per_client:
            raise TooManyWaiting(waiting=self._most_per_client, seconds=SECONDS_EACH)

    def _order(self) -> list[Turn]:
        lines = [list(line) for line in self._lines.values()]
        rounds = range(max(map(len, lines), default=0))
        return [line[place] for place in rounds for line in lines if place < len(line)]
