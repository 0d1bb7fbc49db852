"""How much of a lane's work is under way at once: pure; grows while it pays, starts small after a failure."""

from __future__ import annotations

from dataclasses import dataclass, field

A_MOMENT = 0.25
"""Seconds of work whose intentions are stored in one transaction: what a kill leaves to be read back."""
QUEUED_FEW = 0.5
QUEUED_MANY = 1.0
WAITED_LITTLE, WAITED_LONG = 0.05, 0.15
"""Seconds: a fast pace needs more calls at hand than one, and nobody feels so short a wait."""
"""So many calls may wait for their turn: fewer leave the pace idle, more only keep somebody urgent back."""
LONGEST_PATIENCE = 60.0
_WEIGHT = 0.3


@dataclass(slots=True)
class Flow:
    """How many calls may be in flight, and how many steps a transaction takes."""

    most: int
    """The most steps of one transaction, and the most calls in flight."""
    unit: int = 1
    """How many steps one call takes."""
    window: int = 2
    """How many calls are in flight: enough to hide the platform's latency, no more than its pace lets out."""
    steps: int = 1
    """How many steps the next transaction intends."""
    refused: int = 0
    """How often in a row the platform refused for now, and took nothing between."""
    _finding: bool = True
    """Whether no call has had to wait for its turn yet."""
    _round: int = 0
    _waited: float = 0.0
    _spent: float = 0.0
    _rate: float = field(default=0.0)
    """Steps a second, smoothed."""

    def __post_init__(self) -> None:
        self.steps = max(self.steps, self.unit)

    def called(self, seconds: float, waited: float) -> None:
        """Learn how long a call took that went well, and how much of that it waited for its turn.

        Until one has to wait, each call that comes back lets one more out; after that the window moves by
        one in a round of calls, because a call tells of the window as it was when it left.
        """
        self._round += 1
        self._waited += waited
        self._spent += seconds
        if self._finding and waited < WAITED_LITTLE:
            self.window = min(self.most, self.window + 1)
        elif self._finding or self._round >= self.window:
            self._finding = False
            self._adjust()

    def _adjust(self) -> None:
        queued = self.window * min(1.0, self._waited / self._spent) if self._spent > 0 else 0.0
        mean = self._waited / self._round
        if queued < QUEUED_FEW or mean < WAITED_LITTLE:
            self.window = min(self.most, self.window + 1)
        elif queued > QUEUED_MANY and mean > WAITED_LONG:
            self.window = max(1, self.window - 1)
        self._round, self._waited, self._spent = 0, 0.0, 0.0

    def went(self, steps: int, seconds: float) -> None:
        """Learn how many steps came back between two transactions."""
        if not steps or seconds <= 0:
            return
        rate = steps / seconds
        self._rate = rate if not self._rate else (1 - _WEIGHT) * self._rate + _WEIGHT * rate
        wanted = max(self.unit, int(self._rate * A_MOMENT))
        self.steps = max(self.unit, min(wanted, self.most, 2 * self.steps))

    def patience(self, asked: float) -> float:
        """Give how long to hold back after a refusal that asked for so many seconds.

        At least that; longer each time nothing else is said, for each try is stored before and after it.
        """
        self.refused += 1
        return max(
            asked, min(LONGEST_PATIENCE, 2.0 ** min(self.refused - 2, 16)) if self.refused > 1 else 0.0
        )

    def again(self) -> None:
        """Start small: after a failure, or an outage."""
        self.window, self.steps, self._rate, self._finding = 1, self.unit, 0.0, True
        self._round, self._waited, self._spent = 0, 0.0, 0.0
