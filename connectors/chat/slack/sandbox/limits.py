"""Rate limits by tier, in the three manners servers are known to keep them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class LimitManner(StrEnum):
    """Off; a refilling bucket; a window that starts over; or one where asking too early costs more."""

    OFF = "off"
    TOKEN_BUCKET = "token_bucket"  # noqa: S105 - a kind of limit
    FIXED_WINDOW = "fixed_window"
    PENALTY = "penalty"


@dataclass(slots=True)
class Limits:
    """How the sandbox limits: `minute` is how long a minute lasts here, in seconds."""

    manner: LimitManner = LimitManner.OFF
    minute: float = 60.0
    per_minute: Mapping[str, int] = field(
        default_factory=lambda: {"t1": 1, "t2": 20, "t3": 50, "t4": 100, "t5": 600, "post": 60, "scim": 180}
    )
    as_ok_false: bool = False
    """Answer 200 with `ratelimited` and no Retry-After, as Slack sometimes does."""


class Limiter:
    """Counts calls per method and says how long a caller must wait."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._level: dict[str, tuple[float, float]] = {}
        """method → (token bucket: tokens; else calls in the window, time of the last change)."""
        self._blocked: dict[str, float] = {}
        self.refusals = 0
        self.early_calls = 0
        """Calls made while still told to wait: what a storming client makes many of."""

    def wait_for(self, method: str, tier: str) -> float | None:
        """Count a call; None where it is let in, else the seconds to wait."""
        if self._limits.manner is LimitManner.OFF:
            return None
        now = time.monotonic()
        if now < self._blocked.get(method, 0.0):
            self.early_calls += 1
        wait = self._judge(method, self._limits.per_minute[tier], now)
        if wait is not None:
            self.refusals += 1
            self._blocked[method] = now + wait
        return wait

    def _judge(self, method: str, calls: int, now: float) -> float | None:
        match self._limits.manner:
            case LimitManner.TOKEN_BUCKET:
                return self._bucket(method, calls, now)
            case LimitManner.PENALTY:
                return self._penalty(method, calls, now)
            case _:
                return self._window(method, calls, now)

    def _bucket(self, method: str, calls: int, now: float) -> float | None:
        per_second = calls / self._limits.minute
        tokens, since = self._level.get(method, (max(1.0, calls / 5), now))
        tokens = min(max(1.0, calls / 5), tokens + (now - since) * per_second)
        if tokens < 1:
            self._level[method] = (tokens, now)
            return (1 - tokens) / per_second
        self._level[method] = (tokens - 1, now)
        return None

    def _window(self, method: str, calls: int, now: float) -> float | None:
        count, start = self._level.get(method, (0.0, now))
        if now - start >= self._limits.minute:
            count, start = 0.0, now
        self._level[method] = (count + 1, start)
        return None if count < calls else self._limits.minute - (now - start)

    def _penalty(self, method: str, calls: int, now: float) -> float | None:
        if now < self._blocked.get(method, 0.0):
            return self._limits.minute  # asking too early starts the wait over
        return self._window(method, calls, now)
