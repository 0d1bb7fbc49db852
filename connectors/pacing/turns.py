"""Who waits for which keys: first come, first served, and nobody holds one key while waiting for another."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from connectors.pacing.meter import Meter

Keys = tuple[tuple[Meter, int], ...]
"""(key's meter, calls at once)."""
ReadyAt = Callable[[Keys], float]
"""The second from which a request with these keys, or with one of them, may leave."""


@dataclass(slots=True, eq=False)
class _Waiter:
    keys: Keys
    deadline: float
    turn: asyncio.Future[float | None]


class Turns:
    """Waiters in the order they came.

    `take` counts a request as leaving, at once with all its keys; `back` as not having left after all.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        ready_at: ReadyAt,
        take: Callable[[Keys], None],
        back: Callable[[Keys], None],
    ) -> None:
        self._clock = clock
        self._ready_at = ready_at
        self._take = take
        self._back = back
        self._queue: list[_Waiter] = []
        self._waiting: Counter[Meter] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def ahead(self, key: Meter) -> int:
        """Give how many wait for this key; who waits for another key only is not in this one's way."""
        return self._waiting[key] if self._queue else 0

    async def wait(self, keys: Keys, deadline: float) -> float | None:
        """Wait for a turn; None when it is ours, else the seconds missing at the time it was given up."""
        turn: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(keys, deadline, turn)
        self._queue.append(waiter)
        self.look()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result() is None:
                self._back(keys)  # it was let out and cancelled in the same instant
            raise
        finally:
            if not turn.done() or turn.cancelled():
                self._drop(waiter)
                self.look()

    def look(self) -> None:
        """Let out everybody whose turn it is, and set the timer for the next; to be called after any news.

        Who waits for one key leaves the others to those behind: only the keys waited for are kept in order.
        """
        if not self._queue:
            return
        now, soonest = self._clock(), float("inf")
        held: set[Meter] = set()
        for waiter in tuple(self._queue):
            if held.isdisjoint(key for key, _ in waiter.keys):
                soonest = min(soonest, self._serve(waiter, now, held))
            elif now >= waiter.deadline:
                self._done(waiter, max(self._ready_at(waiter.keys) - now, 0.001))
            else:
                soonest = min(soonest, waiter.deadline)
        self._waiting = Counter(key for waiter in self._queue for key, _ in waiter.keys if key in held)
        self._wake_at(soonest)

    def _serve(self, waiter: _Waiter, now: float, held: set[Meter]) -> float:
        """Serve one who is first for all their keys; gives when to look again."""
        ready = self._ready_at(waiter.keys)
        if ready <= now:
            self._take(waiter.keys)
            self._done(waiter, None)
            return float("inf")
        if ready > waiter.deadline:
            self._done(waiter, ready - now)
            return float("inf")
        held.update(one[0] for one in waiter.keys if self._ready_at((one,)) > now)
        return ready

    def _done(self, waiter: _Waiter, missing: float | None) -> None:
        self._drop(waiter)
        if not waiter.turn.done():
            waiter.turn.set_result(missing)

    def _drop(self, waiter: _Waiter) -> None:
        if waiter in self._queue:
            self._queue.remove(waiter)

    def _wake_at(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._queue and at < float("inf"):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, at - self._clock()), self.look)
