"""How far one search reads at once: windows of the log, newest first, as wide as the last one was quick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final, Self

WINDOW: Final = 20_000
"""Entries in the first window: a tenth of a second even where every one must be read."""
QUICK: Final = 0.05
"""Seconds; a window read sooner is followed by one four times as wide."""
AT_ONCE: Final = 0.008
"""Seconds; a window read sooner was read by an index, and is followed by one sixteen times as wide."""
SLOW: Final = 0.25
"""Seconds; a window read later is followed by one half as wide."""


@dataclass(slots=True)
class Walk:
    """Down from `below` (not included) to `first`; all of it at once where nobody is in a hurry."""

    below: int
    first: int
    patience: float | None
    width: int = WINDOW
    spent: float = 0.0

    @classmethod
    def over(cls, ends: tuple[int, int], before: int | None, patience: float | None) -> Self:
        """Walk from the last of two entries down to the first; from below `before` where a page goes on."""
        first, last = ends
        below = last + 1 if before is None else min(before, last + 1)
        return cls(below, first, patience)

    @property
    def goes_on(self) -> bool:
        """Whether there is more to read, and patience for it."""
        return self.below > self.first and (self.patience is None or self.spent < self.patience)

    @property
    def unread(self) -> int:
        """How many entries nobody has looked at."""
        return max(self.below - self.first, 0)

    @contextmanager
    def step(self) -> Iterator[tuple[int, int]]:
        """Give the next window as [first, below), and learn from the time the block takes."""
        start = self.first if self.patience is None else max(self.below - self.width, self.first)
        begun = monotonic()
        yield start, self.below
        took = monotonic() - begun
        self.below = start
        self.spent += took
        if took < QUICK:
            self.width *= 16 if took < AT_ONCE else 4
        elif took > SLOW:
            self.width = max(self.width // 2, WINDOW)
