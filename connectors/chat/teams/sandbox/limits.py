"""Graph's limits: resource units and writes for the directory, requests a second for Teams and each team."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.chat.teams.sandbox.operations import Operation

_REPORTED_FROM = 0.8
"""The share of a limit from which on the answers carry it."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: so many units in so many seconds, and no more at once."""

    units: float
    seconds: float


def _published() -> dict[str, Rate]:
    # Microsoft Graph service-specific throttling limits: identity and access (size M), Microsoft Teams.
    return {
        "directory_units": Rate(5000, 10),
        "directory_writes": Rate(3000, 150),
        "teams_members_get": Rate(60, 1),
        "teams": Rate(30, 1),
        "one_team": Rate(4, 1),
    }


@dataclass(slots=True)
class Limits:
    """How the sandbox limits: off, unless switched on; `scale` makes its seconds shorter or longer."""

    on: bool = False
    scale: float = 1.0
    rates: Mapping[str, Rate] = field(default_factory=_published)


@dataclass(frozen=True, slots=True)
class Charged:
    """What a request cost: the seconds to wait where it was refused, and the headers that say so."""

    wait: float | None
    headers: dict[str, str]


class Limiter:
    """Keeps the buckets and counts refusals."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._level: dict[str, tuple[float, float]] = {}
        self._blocked: dict[str, float] = {}
        self.refusals = 0
        self.early_calls = 0
        """Requests made while still told to wait."""

    def charge(self, operation: Operation, values: Mapping[str, str], query: Mapping[str, str]) -> Charged:
        """Take a request's units from every bucket it is limited by; all of them, or none."""
        cost = _cost(operation, query)
        headers = {} if operation.teams else {"x-ms-resource-unit": str(cost)}
        if not self._limits.on:
            return Charged(None, headers)
        wanted = _buckets(operation, values, cost)
        now = time.monotonic()
        waits = [self._wait(key, bucket, units, now) for key, bucket, units in wanted]
        wait = max(waits, default=0.0)
        if wait > 0:
            return Charged(
                self._refuse(wanted, wait, now), headers | {"x-ms-throttle-scope": _scope(operation)}
            )
        used = max((self._take(key, bucket, units, now) for key, bucket, units in wanted), default=0.0)
        if used >= _REPORTED_FROM and not operation.teams:
            headers["x-ms-throttle-limit-percentage"] = f"{used:.1f}"
        return Charged(None, headers)

    def _refuse(self, wanted: list[tuple[str, str, float]], wait: float, now: float) -> float:
        self.refusals += 1
        key = wanted[0][0]
        self.early_calls += now < self._blocked.get(key, 0.0)
        self._blocked[key] = now + wait
        # Whole seconds, as Graph says them, unless a second is shorter here.
        return wait if self._limits.scale < 1 else float(math.ceil(wait))

    def _rate(self, bucket: str) -> float:
        rate = self._limits.rates[bucket]
        return rate.units / (rate.seconds * self._limits.scale)

    def _filled(self, key: str, bucket: str, now: float) -> float:
        most = self._limits.rates[bucket].units
        level, since = self._level.get(key, (most, now))
        return min(most, level + (now - since) * self._rate(bucket))

    def _wait(self, key: str, bucket: str, units: float, now: float) -> float:
        return max(0.0, units - self._filled(key, bucket, now)) / self._rate(bucket)

    def _take(self, key: str, bucket: str, units: float, now: float) -> float:
        """Take the units; give the share of the bucket now used."""
        left = self._filled(key, bucket, now) - units
        self._level[key] = (left, now)
        return 1 - left / self._limits.rates[bucket].units


def _cost(operation: Operation, query: Mapping[str, str]) -> int:
    """Reckon resource units as published: `$select` −1, `$expand` +1, `$top` under 20 −1, never under 1."""
    few = query.get("$top", "").isdigit() and int(query["$top"]) < 20
    return max(1, operation.cost - ("$select" in query) + ("$expand" in query) - few)


def _buckets(operation: Operation, values: Mapping[str, str], cost: int) -> list[tuple[str, str, float]]:
    if not operation.teams:
        writes = [("directory_writes", "directory_writes", 1.0)] if operation.writes else []
        return [("directory_units", "directory_units", float(cost)), *writes]
    members = operation.method == "GET" and "members" in operation.template.casefold()
    kind = "teams_members_get" if members else "teams"
    # A request on a channel is one on its team, too.
    places = [values[name] for name in ("team", "channel", "chat") if name in values]
    own = [(f"one_team:{place}", "one_team", 1.0) for place in places]
    return [*own, (f"{kind}:{operation.method}", kind, 1.0)]


def _scope(operation: Operation) -> str:
    return f"Application/{'Write' if operation.writes else 'Read'}"
