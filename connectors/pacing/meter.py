"""One limit's arithmetic, without a clock: told what happened when, it says when the next call may leave.

A bucket is counted by its due time (the generic cell rate algorithm, ITU-T I.371): a call may leave as soon
as the time it is due lies less than a burst away. A window is counted by the calls sent within it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from connectors.pacing.learning import Learnt, Model, Refusal, learn

# So many calls that went well at once let one more be under way beyond them.
_PROVED_FOR_EACH = 16
# A server's wait ends on the server's clock, and often in whole seconds: a little more is never early.
WAIT_MARGIN = 1.01
# Waits are rounded up by so much: a window may have begun that much earlier than they say.
_ROUNDED_SECONDS = 1.0
# Held in reserve after a refusal, in calls and at most in seconds: answers arrive unevenly.
_RESERVE_CALLS = 1.5
_RESERVE_SECONDS = 0.1
# A timer that fires late may be made up for by this much, or half a call, where no burst would cover it.
_LATE_SECONDS = 0.02
# A call not answered for so long is no longer counted as being on its way.
_ANSWER_SECONDS = 60.0
# In a window, calls leave at this multiple of the even pace: early done, yet someone urgent finds room.
_WINDOW_HASTE = 2.0
_WINDOW_MARGIN = 0.005
# So many calls in a row that were refused double what is waited, up to 2 to this power.
_MOST_DOUBLINGS = 6


@dataclass(slots=True, eq=False)
class Meter:
    """One key's count; times in seconds of any clock that never goes back.

    `interval` is the published seconds per call, scaled; `most` the published calls per window.
    """

    interval: float
    most: int
    scale: float = 1.0
    """How far published seconds are stretched."""
    learnt: Learnt = field(init=False)
    due: float = float("-inf")
    blocked_until: float = float("-inf")
    in_flight: int = 0
    last_sent: float = float("-inf")
    tight_until: float = float("-inf")
    """Until then the server's own numbers ask for `tight` times the usual seconds per call."""
    tight: float = 1.0
    _episode: float = float("-inf")
    _streak: int = 0
    _sent: deque[float] = field(init=False)

    def __post_init__(self) -> None:
        self.learnt = Learnt(self.most, self.interval)
        self._sent = deque(maxlen=self.most)

    @property
    def window(self) -> float:
        """The published window in seconds."""
        return self.interval * self.most

    def pace(self, now: float) -> float:
        """Seconds per call as known by now."""
        pace = self.interval * self.learnt.stretch
        if self.learnt.model is Model.WINDOW:
            pace = self.interval / _WINDOW_HASTE
        return pace * self.tight if now < self.tight_until else pace

    def depth(self, now: float) -> float:
        """How many calls ahead of the even pace this key is: what a bucket would have lost by now."""
        pace = self.pace(now)
        return max(0.0, (self.due - now) / pace) if pace > 0.0 else 0.0

    def fullness(self, now: float) -> float:
        """How much of the published calls are in use by our own count; 1.0 is all of them."""
        return self.depth(now) / self.most

    def ready_at(self, now: float, calls: int = 1) -> float:
        """Give the second from which so many calls may leave together.

        Deeper than any burst that went well before, calls leave alone, or few at a time: whether the server
        takes them is learnt from one answer, not from ten refusals.
        """
        burst = 1.0 if now < self.tight_until else self._burst(now)
        spare = (max(burst, calls) - calls) * self.pace(now)
        ready = max(self.due - spare, self.blocked_until)
        if self.learnt.model is Model.WINDOW:
            ready = max(ready, self._window_open(calls, self.learnt.cap))
        if self.learnt.trying and self.in_flight and now - self.last_sent < _ANSWER_SECONDS:
            ready = max(ready, self._trial_at(calls))
        return ready

    def _trial_at(self, calls: int) -> float:
        """While a trial is on, let hardly more be under way than before: failing is to cost few refusals."""
        stretch, cap = self.learnt.full
        if self.learnt.model is Model.WINDOW:
            return self._window_open(calls, cap)
        if self.in_flight <= self.learnt.under_way + 1:
            return float("-inf")
        return self.last_sent + self.interval * stretch * calls

    def _burst(self, now: float) -> float:
        learnt = self.learnt
        under_way = self.in_flight if now - self.last_sent < _ANSWER_SECONDS else 0
        unproved = learnt.proved < learnt.burst and under_way > learnt.proved // _PROVED_FOR_EACH
        return learnt.proved if unproved else float(learnt.burst)

    def _window_open(self, calls: int, cap: int) -> float:
        """When the oldest of the calls that would be too many has left the window."""
        excess = len(self._sent) + min(calls, cap) - cap
        if excess <= 0:
            return float("-inf")
        return self._sent[excess - 1] + self.window * (1 + _WINDOW_MARGIN)

    def sent(self, now: float, calls: int = 1) -> None:
        """Count calls as leaving now."""
        pace = self.pace(now)
        late = min(pace / 2, _LATE_SECONDS)
        if now > self.due + late + self.learnt.burst * pace:
            self.learnt.idled()
        self.due = max(self.due, now - late) + calls * pace
        self.in_flight = calls if now - self.last_sent >= _ANSWER_SECONDS else self.in_flight + calls
        self.last_sent = now
        for _ in range(calls if self.window > 0.0 else 0):
            self._sent.append(now)

    def accepted(self, now: float, calls: int = 1) -> None:
        """Count answers that were no refusals."""
        self.lost(calls)
        self._streak = 0
        self.learnt.accepted(calls, self.depth(now), now, self.in_flight)

    def lost(self, calls: int = 1) -> None:
        """Count calls whose answer says nothing about limits."""
        self.in_flight = max(0, self.in_flight - calls)

    def refused(self, now: float, wait: float, sent_at: float | None = None) -> bool:
        """Count a refusal for `wait` seconds; gives whether it is a new one, not an echo of the last.

        Calls under way when the first was refused tell nothing new: they only prolong the wait.
        """
        self.lost()
        echo = now < self.blocked_until or (sent_at is not None and sent_at <= self._episode)
        self._streak += not echo
        if not echo:
            self._learn(now, wait)
        pace = self.pace(now)
        longest = pace * 2.0 ** min(self._streak - 1, _MOST_DOUBLINGS) if self._streak > 1 else 0.0
        until = now + max(wait * WAIT_MARGIN, longest)
        if self.learnt.model is not Model.WINDOW:
            until += _RESERVE_CALLS * pace + min(_RESERVE_SECONDS, 5 * pace)
        if echo and until > self.blocked_until:
            self.learnt.prolonged(until - max(now, self.blocked_until))
        self.blocked_until = max(self.blocked_until, until)
        self.due = max(self.due, self.blocked_until + (self.learnt.burst - 1) * self.pace(now))
        if not echo:
            self._episode = now
            self.learnt.emptied(now, self.blocked_until, pace)
        return not echo

    def _learn(self, now: float, wait: float) -> None:
        if self._sent:
            self._sent.pop()  # the refused one was not counted there either
        depth = max(0.0, self.depth(now) - 1)
        begun = now + wait - self.window - min(_ROUNDED_SECONDS, self.window / 20)
        within = sum(1 for at in self._sent if at >= begun)
        refusal = Refusal(now, wait, depth, within, self.interval, self.window, self.in_flight)
        learn(self.learnt, refusal, self.scale)
        self.due = min(self.due, now + self.learnt.burst * self.pace(now))

    def told(self, now: float, *, remaining: float | None, reset: float | None, used: float | None) -> None:
        """Learn from an answer's headers: calls left until `reset` seconds from now, or the share used.

        They only ever slow down: what is left may be shared with others.
        """
        if used is not None and used > 1.0:
            self._tighten(now, min(used, 2.0), max(self.window / 10, 10 * self.interval))
        if remaining is None or reset is None or self.interval <= 0.0 or reset <= 0.0:
            return
        left = remaining - self.in_flight
        if left < 1.0:
            self.blocked_until = max(self.blocked_until, now + reset * WAIT_MARGIN)
        elif left * self.interval < reset and left < self.learnt.burst:
            self._tighten(now, reset / left / self.interval, reset)

    def _tighten(self, now: float, factor: float, seconds: float) -> None:
        self.tight, self.tight_until = max(1.0, factor), now + seconds

    def idle(self, now: float) -> bool:
        """Whether forgetting this key loses nothing: it is at rest, and nothing was learnt of it."""
        return self.rested(now) and self.learnt.is_news is False

    def rested(self, now: float) -> bool:
        """Whether nothing is under way and nothing holds it back."""
        quiet = max(self.due, self.blocked_until, self.last_sent + max(self.window, 1.0))
        return now > quiet and (self.in_flight == 0 or now - self.last_sent > _ANSWER_SECONDS)
