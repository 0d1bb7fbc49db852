"""What refusals teach about a server: bucket or window, how deep a burst it takes, how fast it truly is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Model(StrEnum):
    """How a server seems to count."""

    UNKNOWN = "unknown"
    BUCKET = "bucket"
    """Tokens that come back evenly; with penalties too, for whoever never calls while limited."""
    WINDOW = "window"
    """So many calls, all at once if need be, then none until the window's end."""


SLOWEST = 6.0
"""No learnt pace is slower than this many times the published one; longer waits are the server's to state."""
_SLOWER = 1.5
_A_LITTLE_SLOWER = 1.04
# What was measured is kept to a little less: a call more or less at either end of the measurement.
_SAFETY = 0.985
# A measurement over fewer calls than this is carried on over the next refusal.
_ENOUGH_CALLS = 20
# Good calls, and seconds, before the published pace is tried again; doubled for each trial that fails.
_FIRST_TRIAL_CALLS, _MOST_TRIAL_CALLS = 25, 60
_FIRST_TRIAL_SECONDS, _MOST_TRIAL_SECONDS = 10.0, 45.0
# A penalty is risked again after so many times its length: trials cost less than a tenth of the time.
_PENALTIES_APART = 10.0
# Bursts that are tried one call at a time, unless the limit is smaller still.
_UNPROVED = 5
# A bucket this shallow cannot be measured: what comes in while it is full is lost.
_SHALLOW = 2
_NO_SLOWER = 1.01
# Calls beyond the slower pace after which a trial holds, where its limit is larger than that.
_MOST_EXCESS = 50
# Accepted calls for each one of depth after which a refusal is about the rate and not about the burst.
_RATE_RUN = 3
# A wait is a window's where it is longer than so many calls' time, and than this part of the window.
_WINDOW_CALLS = 4.0
_WINDOW_PART = 1 / 15
_NEARLY = 0.9
# A window that gave less than this part of what it gave before is of another length than we think.
_PLAUSIBLE = 0.4
# A window's end is foretold by an earlier one to this part of a window; twice in a row is no chance.
_EDGE_TOLERANCE = 0.015
_PUNCTUAL = 2
# Refusals that contradict a window before it is given up.
_MOST_DOUBTS = 2
# A window is worth knowing where it takes many more calls than are under way at once.
_WINDOW_TO_UNDER_WAY = 4


@dataclass(slots=True)
class Learnt:
    """What is known of one key; `burst` and `cap` in calls, never above the published `most`."""

    most: int
    interval: float
    """Published seconds per call."""
    model: Model = Model.UNKNOWN
    stretch: float = 1.0
    """Seconds per call ÷ the published; never below 1."""
    burst: int = 0
    proved: float = 1.0
    """The deepest burst that was answered well, in calls."""
    cap: int = 0
    """Calls a window takes."""
    edge: float | None = None
    """When the last window seen ended."""
    punctual: int = 0
    """Refusals in a row that ended a whole number of windows after the one before."""
    doubts: int = 0
    run: int = 0
    """Calls accepted since the last refusal."""
    trying: bool = False
    trials_failed: int = 0
    try_after: tuple[int, float] = (0, 0.0)
    """The published pace is tried again from this `run` and this second on."""
    since: float | None = None
    """When the bucket was last known to be empty, under load ever since."""
    counted: int = 0
    """Calls accepted since then."""
    full: tuple[float, int] = (1.0, 0)
    """The stretch and the cap to go back to where the trial under way fails."""
    under_way: int = 0
    """How many calls were under way when it began."""
    begun: tuple[int, float] = (0, 0.0)
    """The `run` and the second at which it began."""

    def __post_init__(self) -> None:
        self.burst = self.cap = self.most
        self.proved = float(max(1, min(_UNPROVED, self.most // 10)))

    @property
    def slowdown(self) -> float:
        """How many times slower than published, whichever way the server counts."""
        return self.most / self.cap if self.model is Model.WINDOW else self.stretch

    @property
    def is_news(self) -> bool:
        """Whether anything differs from what is published."""
        return self.model is not Model.UNKNOWN or self.stretch > 1.0

    def accepted(self, calls: int, depth: float, now: float, under_way: int = 0) -> None:
        """Count good answers; after enough of them the published pace is tried again."""
        self.counted += calls
        self.run += calls
        self.proved = max(self.proved, min(depth, float(self.burst)))
        if self.trying:
            self.trying = not self._proved_true(now)
        elif self.stretch > 1.0 or self.cap < self.most:
            self._try(now, under_way)

    def _try(self, now: float, under_way: int) -> None:
        if self.run < self.try_after[0] or now < self.try_after[1]:
            return
        self.trying, self.under_way = True, under_way
        self.full, self.begun = (self.stretch, self.cap), (self.run, now)
        self.stretch, self.cap = self._faster(), self.most

    def _proved_true(self, now: float) -> bool:
        """Whether more went well than the slower pace and a burst, or the smaller window, would let pass."""
        calls = self.run - self.begun[0]
        if self.model is Model.WINDOW:
            enough = calls >= 2 * self.most
        else:
            slower = (now - self.begun[1]) / max(self.interval * self.full[0], 1e-9)
            enough = calls - slower >= max(2 * self.burst, min(self.most // 2, _MOST_EXCESS)) + 1
        if enough:
            self.trials_failed = 0
            self.try_after = (self.run + _FIRST_TRIAL_CALLS, now)
        return enough

    def _faster(self) -> float:
        """What a trial tries; a shallow bucket bears only a little less than its rate, so it is neared."""
        if self.burst > _SHALLOW:
            return 1.0
        faster = 1.0 + (self.stretch - 1.0) * (0.75 if self.trials_failed else 0.5)
        return faster if faster > _NO_SLOWER else 1.0

    def failed_trial(self) -> None:
        """Go back to what held before the trial."""
        if self.trying:
            self.trying = False
            self.stretch, self.cap = self.full
            self.trials_failed += 1

    def next_trial(self, now: float, scale: float, penalty: float) -> None:
        """Set when the published pace is tried again; `penalty` is what a refusal costs in seconds."""
        doubled = 2 ** min(self.trials_failed, 10)
        seconds = min(_FIRST_TRIAL_SECONDS * doubled, _MOST_TRIAL_SECONDS) * scale
        calls = min(_FIRST_TRIAL_CALLS * doubled, _MOST_TRIAL_CALLS)
        if self.stretch > 1.0:  # where little is to be won, little is risked
            calls = max(calls, int(_FIRST_TRIAL_CALLS / (self.stretch - 0.999)))
        self.run, self.try_after = 0, (calls, now + max(seconds, penalty * _PENALTIES_APART))

    def idled(self) -> None:
        """Forget when the bucket was empty: it has filled by an unknown amount since."""
        self.since = None

    def emptied(self, now: float, blocked_until: float, pace: float) -> None:
        """Begin to measure: a refusal is the one moment when the bucket's level is known, zero.

        Of a wait longer than the bucket is deep, only its depth came back.
        """
        if self.since is None or self.counted >= _ENOUGH_CALLS:
            self.since, self.counted = now, 0
        longest = (self.burst + 1) * pace
        if blocked_until - now > longest:
            self.since += blocked_until - now - longest

    def prolonged(self, seconds: float) -> None:
        """Leave out a wait that became longer after it had begun."""
        if self.since is not None:
            self.since += seconds

    def measured(self, now: float, interval: float) -> float | None:
        """Give the stretch the accepted calls amount to since the bucket was empty; None where unknown."""
        if self.since is None or self.counted < 2 or interval <= 0.0 or now <= self.since:
            return None
        return (now - self.since) / self.counted / interval / _SAFETY


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal as the meter saw it."""

    now: float
    wait: float
    """Seconds, as the server said."""
    depth: float
    """Calls ahead of the even pace."""
    within: int
    """Calls accepted in the window that would end when the wait does."""
    interval: float
    window: float
    under_way: int
    """Calls not yet answered."""

    @property
    def edge(self) -> float:
        """When the wait ends."""
        return self.now + self.wait

    @property
    def looks_like_a_window(self) -> bool:
        """Whether the wait is too long for a bucket's next token and not longer than a window."""
        few = self.under_way * self.interval * _WINDOW_TO_UNDER_WAY <= self.window
        return few and self.is_long(1.0) and self.wait <= self.window * 1.05

    def is_long(self, stretch: float) -> bool:
        """Whether the wait is longer than a bucket's next token takes."""
        return 0.0 < max(_WINDOW_CALLS * self.interval * stretch, self.window * _WINDOW_PART) <= self.wait


def learn(learnt: Learnt, refusal: Refusal, scale: float) -> None:
    """Take one refusal into account."""
    tried = learnt.trying
    learnt.failed_trial()
    _compare_edges(learnt, refusal)
    if _is_window(learnt, refusal):
        _learn_window(learnt, refusal)
    elif learnt.model is Model.WINDOW and learnt.doubts < _MOST_DOUBTS:
        learnt.doubts += 1
    else:
        _learn_bucket(learnt, refusal, tried=tried)
    penalty = refusal.wait if learnt.model is Model.BUCKET and refusal.is_long(learnt.stretch) else 0.0
    learnt.next_trial(refusal.edge, scale, penalty)


def _compare_edges(learnt: Learnt, refusal: Refusal) -> None:
    """See whether this wait ends a whole number of windows after the last one did."""
    if not refusal.looks_like_a_window:
        return
    windows = (refusal.edge - learnt.edge) / refusal.window if learnt.edge is not None else 0.0
    on_time = windows > 0.5 and abs(windows - round(windows)) <= _EDGE_TOLERANCE
    learnt.punctual = learnt.punctual + 1 if on_time else 0
    learnt.edge = refusal.edge


def _is_window(learnt: Learnt, refusal: Refusal) -> bool:
    """A window gave its whole number before the wait, or ends where the last ones' ends foretold."""
    if not refusal.looks_like_a_window:
        return False
    if learnt.model is Model.WINDOW:
        return learnt.punctual > 0 and refusal.within >= learnt.cap * _PLAUSIBLE
    given = refusal.within >= learnt.most / SLOWEST
    return refusal.within >= learnt.most * _NEARLY or (given and learnt.punctual >= _PUNCTUAL)


def _learn_window(learnt: Learnt, refusal: Refusal) -> None:
    learnt.model, learnt.stretch, learnt.doubts = Model.WINDOW, 1.0, 0
    if refusal.within < learnt.cap * _NEARLY or learnt.cap < learnt.most:
        learnt.cap = max(1, min(learnt.most, refusal.within))
    learnt.burst = max(1, learnt.cap // 4)
    learnt.proved = float(learnt.burst)


def _learn_bucket(learnt: Learnt, refusal: Refusal, *, tried: bool) -> None:
    known = learnt.model is Model.BUCKET
    even = not known and learnt.run > _RATE_RUN * (refusal.depth + 1)
    learnt.model, learnt.cap, learnt.doubts = Model.BUCKET, learnt.most, 0
    measured = learnt.measured(refusal.now, refusal.interval)
    if known and learnt.burst <= _SHALLOW:
        learnt.stretch *= 1.0 if tried else 1.0 + 1.0 / max(1, learnt.run)
    elif measured is not None:
        # Before a trial the bucket may have been full, so what was measured is the least it gives.
        learnt.stretch = min(learnt.stretch, measured) if tried else measured
    elif even:
        learnt.burst, learnt.stretch = max(1, int(learnt.proved)), _A_LITTLE_SLOWER
    elif refusal.depth >= 2.0 or not known:
        learnt.burst = max(1, min(learnt.burst, int(refusal.depth) - 1))
    elif not tried:
        learnt.stretch *= _SLOWER
    learnt.stretch = min(SLOWEST, max(1.0, learnt.stretch))
    learnt.proved = min(learnt.proved, float(learnt.burst))
