"""How much of a lane's work is under way at once: pure; grows while it pays, starts small after a failure."""

from __future__ import annotations

from dataclasses import dataclass, field

A_MOMENT = 0.25
"""Seconds of work whose intentions are stored in one transaction: what a kill leaves to be read back."""
QUEUEING = 2.0
"""A call that takes so many times the shortest waits for its turn, not for the platform."""
NOT_QUEUEING = 1.5
_WEIGHT = 0.3


@dataclass(slots=True)
class Flow:
    """How many calls may be in flight, and how many steps a transaction takes."""

    most: int
    """The most steps of one transaction, and the most calls in flight."""
    unit: int = 1
    """How many steps one call takes."""
    window: int = 1
    """How many calls are in flight: enough to hide the platform's latency, no more than its pace lets out."""
    steps: int = 1
    """How many steps the next transaction intends."""
    _shortest: float = field(default=0.0)
    """Seconds of the quickest call so far: what the platform itself takes."""
    _rate: float = field(default=0.0)
    """Steps a second, smoothed."""

    def __post_init__(self) -> None:
        self.steps = max(self.steps, self.unit)

    def called(self, seconds: float) -> None:
        """Learn how long a call took that went well, its wait for a turn included."""
        self._shortest = min(self._shortest or seconds, seconds)
        if seconds <= NOT_QUEUEING * self._shortest:
            self.window = min(self.most, self.window + 1)
        elif seconds > QUEUEING * self._shortest:
            self.window = max(1, self.window - 1)

    def went(self, steps: int, seconds: float) -> None:
        """Learn how many steps came back between two transactions."""
        if not steps or seconds <= 0:
            return
        rate = steps / seconds
        self._rate = rate if not self._rate else (1 - _WEIGHT) * self._rate + _WEIGHT * rate
        wanted = max(self.unit, int(self._rate * A_MOMENT))
        self.steps = max(self.unit, min(wanted, self.most, 2 * self.steps))

    def again(self) -> None:
        """Start small: after a failure, or an outage."""
        self.window, self.steps, self._rate = 1, self.unit, 0.0
