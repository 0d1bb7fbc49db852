"""Three ways a server may count: token bucket, fixed window, and a penalty for who goes on while refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

PENALTY_SECONDS = 10.0
"""The first wait of a penalised client; each further call meanwhile adds `PENALTY_STEP` to it."""
PENALTY_STEP = 2.0
LONGEST_PENALTY = 120.0


class Limiter(Protocol):
    """One bucket's counting."""

    def take(self, now: float) -> float:
        """Let one call through at `now` (0.0), or give the seconds after which it may be asked again."""
        ...


@dataclass(slots=True)
class TokenBucket:
    """`calls` in `seconds`, refilled evenly, with `burst` to spare."""

    calls: int
    seconds: float
    burst: int
    _tokens: float = 0.0
    _at: float | None = None

    def take(self, now: float) -> float:
        """Let one call through, or give the wait until the next token."""
        rate = self.calls / self.seconds
        if self._at is None:
            self._tokens, self._at = float(self.burst), now
        self._tokens = min(float(self.burst), self._tokens + (now - self._at) * rate)
        self._at = now
        if self._tokens >= 1.0 - 1e-9:
            self._tokens = max(0.0, self._tokens - 1.0)
            return 0.0
        return (1.0 - self._tokens) / rate


@dataclass(slots=True)
class FixedWindow:
    """`calls` in each window of `seconds`; the first begins with the first call, so that none starts late."""

    calls: int
    seconds: float
    burst: int = 0
    _start: float | None = None
    _window: int = -1
    _used: int = 0

    def take(self, now: float) -> float:
        """Let one call through, or give the wait until the next window."""
        self._start = now if self._start is None else self._start
        window = int((now - self._start) // self.seconds)
        if window != self._window:
            self._window, self._used = window, 0
        if self._used < self.calls:
            self._used += 1
            return 0.0
        return self._start + (window + 1) * self.seconds - now


@dataclass(slots=True)
class Penalty:
    """A token bucket whose refusal holds, and is prolonged by every call made while it does."""

    calls: int
    seconds: float
    burst: int
    _bucket: TokenBucket = field(init=False)
    _until: float = 0.0

    def __post_init__(self) -> None:
        self._bucket = TokenBucket(self.calls, self.seconds, self.burst)

    def take(self, now: float) -> float:
        """Let one call through, or give the wait; asking while refused makes it longer."""
        if now < self._until:
            self._until = min(now + LONGEST_PENALTY, self._until + PENALTY_STEP)
            return self._until - now
        missing = self._bucket.take(now)
        if missing:
            self._until = now + max(missing, PENALTY_SECONDS)
            return self._until - now
        return 0.0


MODELS: dict[str, type[TokenBucket | FixedWindow | Penalty]] = {
    "token": TokenBucket,
    "window": FixedWindow,
    "penalty": Penalty,
}


def least_seconds(model: str, calls: int, limit: tuple[int, float, int]) -> float:
    """Give the least seconds in which so many calls fit under (calls, seconds, burst), from a fresh start."""
    number, seconds, burst = limit
    if model == "window":
        return (calls - 1) // number * seconds
    return max(0, calls - burst) * seconds / number
