"""How calls come back after an outage: one by one, then doubling, never all at once."""

from __future__ import annotations

from dataclasses import dataclass

_FIRST_GAP_SECONDS = 1.0
_DOUBLINGS = 5
_AT_ONCE = float("-inf")
# A ramp whose answers nobody reports does not last for ever.
_LONGEST_SECONDS = 30.0


@dataclass(slots=True)
class Ramp:
    """A gate before every key of one connector: 1 call in the first second, then 2, 4, 8, 16, then open.

    No more calls are under way at once than the step before let out: a platform that only takes connections
    and answers none gets one call. `scale` stretches the seconds, as it does the published limits.
    """

    scale: float = 1.0
    begun: float = _AT_ONCE
    in_flight: int = 0
    _due: float = _AT_ONCE
    _step: int = _DOUBLINGS
    _left: int = 0

    def begin(self, now: float, after: float) -> None:
        """Let the first call out `after` seconds from now, and the others slowly after it."""
        self.begun = self._due = now + after
        self._step, self._left, self.in_flight = 0, 1, 0

    @property
    def running(self) -> bool:
        """Whether calls are still held back."""
        return self._step < _DOUBLINGS

    def ready_at(self, now: float) -> float:
        """Give the second from which the next call may leave; a moment from now while answers are missing.

        When an answer comes nobody knows: to say 'at the end' would send whoever waits a short while away
        for half a minute, though it mostly comes at once.
        """
        if not self.running:
            return _AT_ONCE
        end = self.begun + _LONGEST_SECONDS * self.scale
        if now >= end:
            self._step = _DOUBLINGS
            return _AT_ONCE
        if self.in_flight < 2 ** max(0, self._step - 1):
            return self._due
        return min(end, max(self._due, now + _FIRST_GAP_SECONDS * self.scale))

    def sent(self, now: float) -> None:
        """Count one call as leaving now."""
        if not self.running:
            return
        self.in_flight += 1
        self._due = max(self._due, now) + _FIRST_GAP_SECONDS * self.scale / 2**self._step
        self._left -= 1
        if self._left == 0:
            self._step += 1
            self._left = 2**self._step

    def answered(self) -> None:
        """Count one call as answered, well or not."""
        self.in_flight = max(0, self.in_flight - 1)
