"""How many calls a piece of work costs, and how long it must take: arithmetic on the manifests, no more.

The least time of n calls is T_min(n) = max(0, n - burst) / rate + L, method buckets in parallel: the slowest
one rules. A way there and back, L, is an assumption.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

LATENCY_SECONDS = 0.15
"""The way to a platform and back, assumed."""


class Part(StrEnum):
    """What a call is made for, in the order the parts begin."""

    LOCK_OUT = "lock_out"
    KNOW = "know"
    FIND = "find"
    TAKE_OUT = "take_out"
    READ_BACK = "read_back"


class Per(StrEnum):
    """What a way's calls are counted by."""

    ONCE = "once"
    PERSON = "person"
    GROUP = "group"
    MEMBERSHIP = "membership"
    """Each person in each group; where `takes` is more than one, people of one group travel together."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do one part, as the manifest says it."""

    part: Part
    name: str
    """The request as the allow-list names it."""
    limit: str
    per: Per
    times: int = 1
    """How often for each."""
    takes: int = 1
    """How many people of one group, or how many accounts, one request takes."""
    parts: int = 1
    """How many such requests travel in one call (Graph's `$batch`)."""
    burst: int = 1
    """How many requests may leave at once before the rate counts."""
    together: bool = False
    """Whether all requests of this limit count together, not each method by itself."""
    needs: str = ""
    """What a workspace must have for it, in the platform's words; empty where nothing."""


@dataclass(frozen=True, slots=True)
class Work:
    """So many people, each in so many groups; `shared`: all of them in the same ones."""

    people: int
    groups_each: int
    shared: bool = False

    @property
    def groups(self) -> int:
        """How many different groups there are."""
        return self.groups_each if self.shared else self.people * self.groups_each

    @property
    def people_a_group(self) -> int:
        """How many of them are in each."""
        return self.people if self.shared else 1


class Limit(Protocol):
    """A published limit: `calls` in `seconds`."""

    @property
    def bucket(self) -> str:
        """Its name."""
        ...

    @property
    def calls(self) -> int:
        """How many."""
        ...

    @property
    def seconds(self) -> float:
        """In what time."""
        ...


@dataclass(frozen=True, slots=True)
class Cost:
    """What one chosen way costs."""

    way: Way
    requests: int
    """What the limit counts."""
    calls: int
    """What travels: several requests may be in one call."""
    seconds: float
    """The least time for these alone."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a piece of work costs on one platform, by the chosen ways."""

    chosen: tuple[Cost, ...]
    offered: tuple[Cost, ...]
    """Ways that need what not every workspace has: said, not counted."""
    seconds: float

    @property
    def calls(self) -> int:
        """Everything that travels."""
        return sum(cost.calls for cost in self.chosen)


def estimate(
    ways: Sequence[Way], limits: Iterable[Limit], work: Work, stretch: Mapping[str, float] | None = None
) -> Estimate:
    """Choose for each part the way of fewest calls, the quickest among equals.

    `stretch`: how many times slower than published a method was measured to be, by its name.
    """
    rates = {limit.bucket: limit.calls / limit.seconds for limit in limits}
    costs = [_cost(way, work, rates[way.limit], (stretch or {}).get(way.name, 1.0)) for way in ways]
    usual = [cost for cost in costs if not cost.way.needs]
    chosen = tuple(_best([cost for cost in usual if cost.way.part is part]) for part in Part)
    kept = tuple(cost for cost in chosen if cost is not None)
    offered = tuple(cost for cost in costs if cost.way.needs)
    return Estimate(kept, offered, _whole(kept, rates))


def calls_planned(ways: Sequence[Way], limits: Iterable[Limit], memberships: int) -> int:
    """Give the calls for taking one person out of so many groups and seeing that they are out."""
    acting = [way for way in ways if way.part in (Part.TAKE_OUT, Part.READ_BACK)]
    return estimate(acting, limits, Work(1, memberships)).calls if memberships else 0


def _best(costs: Sequence[Cost]) -> Cost | None:
    return min(costs, key=lambda cost: (cost.calls, cost.seconds), default=None)


def _cost(way: Way, work: Work, rate: float, stretch: float) -> Cost:
    requests = way.times * _requests(way, work)
    calls = math.ceil(requests / way.parts)
    seconds = max(0, requests - way.burst) / rate * stretch + LATENCY_SECONDS if requests else 0.0
    return Cost(way, requests, calls, seconds)


def _requests(way: Way, work: Work) -> int:
    match way.per:
        case Per.ONCE:
            return 1
        case Per.PERSON:
            return math.ceil(work.people / way.takes)
        case Per.GROUP:
            return work.groups
        case Per.MEMBERSHIP:
            return work.groups * math.ceil(work.people_a_group / way.takes)


def _whole(costs: Sequence[Cost], rates: Mapping[str, float]) -> float:
    """The slowest bucket rules; requests that count together are in one."""
    buckets: dict[str, list[Cost]] = {}
    for cost in costs:
        buckets.setdefault(cost.way.limit if cost.way.together else cost.way.name, []).append(cost)
    times = []
    for alike in buckets.values():
        if len(alike) == 1:
            times.append(alike[0].seconds)
            continue
        requests, way = sum(cost.requests for cost in alike), alike[0].way
        times.append(max(0, requests - way.burst) / rates[way.limit] + LATENCY_SECONDS)
    return max(times, default=0.0)
