"""Where a value stands on an axis: evenly for counts, by powers for times from a second to a month."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

STEPS: Final = (1, 2, 5)
MOST_TICKS: Final = 5
TIMES: Final = (
    timedelta(seconds=1),
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=30),
    timedelta(days=365),
)
"""The marks of a clock that people have a feeling for."""


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis: its ticks with their words, and how far up each value stands."""

    ticks: Sequence[tuple[float, str]]
    """(value, what is written there), the lowest first; the highest is the end of the axis."""
    by_powers: bool = False

    def share(self, value: float) -> float:
        """Give how far up a value stands, from 0 to 1; what is beyond an end stands at that end."""
        low, high = self._place(self.ticks[0][0]), self._place(self.ticks[-1][0])
        if high <= low:
            return 0.0
        return min(max((self._place(value) - low) / (high - low), 0.0), 1.0)

    def _place(self, value: float) -> float:
        return math.log(max(value, 1e-9)) if self.by_powers else value


def linear(highest: float, said: Callable[[int], str]) -> Scale:
    """Give an axis from 0 to at least `highest`, in steps of 1, 2 or 5 times a power of ten."""
    step = _step(highest)
    count = max(math.ceil(highest / step), 1)
    return Scale([(float(n * step), said(n * step)) for n in range(count + 1)])


def _step(highest: float) -> int:
    power = 1
    while True:
        for step in STEPS:
            if highest <= step * power * MOST_TICKS:
                return step * power
        power *= 10


def times(values: Sequence[timedelta], said: Callable[[timedelta], str]) -> Scale:
    """Give an axis of times that holds all of these, in marks people know; a longer one stands at the end."""
    highest = max([*values, TIMES[1]])
    above = next((n for n, mark in enumerate(TIMES) if mark >= highest), len(TIMES) - 1)
    return Scale([(mark.total_seconds(), said(mark)) for mark in TIMES[: above + 1]], by_powers=True)
