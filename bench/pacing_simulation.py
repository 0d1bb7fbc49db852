"""Removals in virtual time: the pacing's core against servers of three kinds, with latency and jitter."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.stubs.limiters import MODELS, Limiter
from connectors.pacing.meter import Meter


@dataclass(slots=True)
class Server:
    """One limit as a server holds it; `changes` gives at which second it follows another from then on."""

    limiter: Limiter
    changes: Mapping[float, Limiter] = field(default_factory=dict)

    def take(self, now: float) -> float:
        """Take one call; 0 where it is let in, else the seconds to wait."""
        for at in sorted(self.changes):
            if now >= at:
                self.limiter = self.changes[at]
        self.changes = {at: one for at, one in self.changes.items() if now < at}
        return self.limiter.take(now)


@dataclass(slots=True)
class Run:
    """What came of one run; times in virtual seconds."""

    ended: float = 0.0
    refused: int = 0
    sent: list[float] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    during_refusal: int = 0
    """Calls that left while a wait the client had been told of was not over."""


@dataclass(frozen=True, slots=True)
class Line:
    """The way to the server: seconds there, and back, each times 1 ± `jitter`; so many calls at a time."""

    seconds: float = 0.05
    jitter: float = 0.3
    at_once: int = 1


def server(model: str, calls: int, seconds: float, burst: int) -> Server:
    """Give a server of one of the models in `bench.stubs.limiters.MODELS`."""
    return Server(MODELS[model](calls, seconds, burst))


def remove(
    removals: int,
    meter: Meter,
    at: Server,
    line: Line = Line(),
    *,
    seed: int = 1,
    late: Callable[[], float] = lambda: 0.0,
) -> Run:
    """Send removals until each was let in once; `late` is what a timer adds to each wait."""
    chance, run, events = random.Random(seed), Run(), _Events()  # noqa: S311 - a simulation
    waiting, under_way, now, told_until = removals, 0, 0.0, 0.0
    while waiting or under_way:
        ready = max(now, meter.ready_at(now)) if waiting and under_way < line.at_once else float("inf")
        if ready > now and ready != float("inf"):
            ready += late()
        if ready <= events.next_at:
            now = ready
            meter.sent(now)
            run.sent.append(now)
            run.during_refusal += now < told_until
            events.add(now + line.seconds * _about(chance, line), ("arrives", now))
            waiting, under_way = waiting - 1, under_way + 1
            continue
        now, (what, since), wait = events.pop()
        if what == "arrives":
            wait = at.take(now)
            events.add(now + line.seconds * _about(chance, line), ("answered", since), wait)
            continue
        under_way -= 1
        if wait > 0:
            run.refused += 1
            run.refusals.append(now)
            told_until = max(told_until, now + wait)
            meter.refused(now, wait, since)
            waiting += 1
        else:
            run.accepted.append(now)
            meter.accepted(now)
    run.ended = now
    return run


def _about(chance: random.Random, line: Line) -> float:
    return 1 + line.jitter * (2 * chance.random() - 1)


class _Events:
    """What will happen, soonest first."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, tuple[str, float], float]] = []
        self._count = 0

    @property
    def next_at(self) -> float:
        return self._heap[0][0] if self._heap else float("inf")

    def add(self, at: float, what: tuple[str, float], wait: float = 0.0) -> None:
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, what, wait))

    def pop(self) -> tuple[float, tuple[str, float], float]:
        at, _, what, wait = heapq.heappop(self._heap)
        return at, what, wait
