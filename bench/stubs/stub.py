"""What every stub has in common: the scaled clock, limits, faults, ledger, and the way to steer it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from bench.stubs.http import Reply, Request
from bench.stubs.ledger import Ledger
from bench.stubs.limiters import MODELS, Limiter

CONTROL = "/_stub/"
Limit = tuple[int, float, int]
"""(calls, seconds, burst)"""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong between two instants: `unavailable` (503), `dropped` or `silent`.

    Of what is dropped or met by silence, every second write still has its effect.
    """

    kind: str
    start: float
    end: float


@dataclass(slots=True)
class Stub:
    """One platform's stub; subclasses know its methods."""

    speed: float = 1.0
    model: str = "none"
    slower: float = 1.0
    """The real limit is the published one divided by this."""
    latency: float = 0.0
    faults: list[Fault] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    _limiters: dict[str, Limiter] = field(default_factory=dict)
    _origin: float = field(default_factory=time.monotonic)
    _cpu: float = 0.0

    def now(self) -> float:
        """Seconds of scaled time since the last reset."""
        return (time.monotonic() - self._origin) * self.speed

    def answer(self, request: Request) -> Reply:
        """Answer one request, as its platform would."""
        if request.path.startswith(CONTROL):
            return self._control(request)
        raise NotImplementedError

    def seed(self, world: Mapping[str, Any]) -> None:
        """Fill the platform anew."""
        raise NotImplementedError

    def answered(self, method: str, do: Callable[[float], Reply], *buckets: tuple[str, Limit]) -> Reply:
        """Count, limit and perhaps spoil one request; `do` has the effect and gives the answer."""
        now = self.now()
        self.ledger.came(method, now)
        fault = self._fault(now)
        if fault is not None:
            return self._spoilt(method, fault, do, now)
        if (wait := self.refused(now, *buckets)) > 0:
            self.ledger.limited[method] += 1
            return self.limited(wait)
        return do(now)

    def refused(self, now: float, *buckets: tuple[str, Limit]) -> float:
        """Take from every bucket; gives the longest wait where one is empty, else 0."""
        if self.model == "none":
            return 0.0
        return max((self._limiter(key, limit).take(now) for key, limit in buckets), default=0.0)

    def limited(self, wait: float) -> Reply:
        """Refuse for now, with whole seconds as platforms say them."""
        return Reply(
            429, b'{"ok":false,"error":"ratelimited"}', {"Retry-After": str(max(1, math.ceil(wait)))}
        )

    def said(self, value: Any, status: int = 200, **headers: str) -> Reply:
        """Give an answer after the latency of the platform."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return Reply(status, orjson.dumps(value), named, self.latency / self.speed)

    def _limiter(self, key: str, limit: Limit) -> Limiter:
        if key not in self._limiters:
            calls, seconds, burst = limit
            self._limiters[key] = MODELS[self.model](calls, seconds * self.slower, burst)
        return self._limiters[key]

    def _fault(self, now: float) -> Fault | None:
        return next((fault for fault in self.faults if fault.start <= now < fault.end), None)

    def _spoilt(self, method: str, fault: Fault, do: Callable[[float], Reply], now: float) -> Reply:
        self.ledger.failed[method] += 1
        if fault.kind == "unavailable":
            return Reply(503, b"{}")
        if sum(self.ledger.failed.values()) % 2 == 0:
            do(now)
        return Reply(lost=fault.kind == "dropped", silent=fault.kind == "silent")

    def _control(self, request: Request) -> Reply:
        said = orjson.loads(request.body or b"{}")
        if request.path == CONTROL + "reset":
            self._reset(said)
        elif request.path == CONTROL + "mark":
            self.ledger = Ledger()
        elif request.path == CONTROL + "fault":
            now = self.now()
            self.faults = [Fault(said["kind"], now + said.get("in", 0.0), now + said["in"] + said["seconds"])]
            return Reply(body=orjson.dumps({"start": self.faults[0].start, "end": self.faults[0].end}))
        down = (self.faults[0].start, self.faults[0].end) if self.faults else None
        report = self.ledger.report(said.get("prefix", ""), down)
        used = {"now": self.now(), "cpu": time.process_time() - self._cpu}
        return Reply(body=orjson.dumps(report | used))

    def _reset(self, said: Mapping[str, Any]) -> None:
        self.speed, self.model = said.get("speed", 1.0), said.get("model", "none")
        self.slower, self.latency = said.get("slower", 1.0), said.get("latency", 0.0)
        self.faults, self.ledger, self._limiters = [], Ledger(), {}
        self.seed(said.get("world", {}))
        self._origin, self._cpu = time.monotonic(), time.process_time()
