"""When the next call may leave: published limits as a start, then what the server says; never storming.

The arithmetic is `meter` and `learning`, without a clock; here are the clock, the waiting, and the many keys.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from connectors.contract import RateLimit
from connectors.pacing import kept
from connectors.pacing.hints import Hint, hint
from connectors.pacing.meter import Meter
from connectors.pacing.ramp import Ramp
from connectors.pacing.turns import Keys, Turns

__all__ = ["DEFAULT_PENALTY_SECONDS", "Hint", "Paces", "Pacing", "hint"]

Paces = Sequence[tuple[str, str]]
"""(key, name of its limit), the widest first; a key that stands there twice is asked for two calls."""

# Where the server refuses without saying for how long.
DEFAULT_PENALTY_SECONDS = 30.0
# Keys known at once, each of some hundred bytes; above it, those at rest are forgotten.
MOST_KEYS = 4096
# Narrow keys that may be refused at one time before their common wide key is held to be the cause.
_MOST_NARROW = 2
# Keeps several processes from coming back in the same instant.
_JITTER = 0.01


class Pacing:
    """Paces every key of one connector: its methods, and single groups where they have limits of their own.

    `scale` stretches published intervals (1.0 as published, 0.0 none at all); what a server says in
    Retry-After is never scaled. `clock` gives seconds that never go back, `wall` the seconds since 1970.
    """

    def __init__(
        self,
        limits: Iterable[RateLimit],
        *,
        scale: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._limits = {limit.bucket: limit for limit in limits}
        self._scale = scale
        self._clock = clock
        self._wall = wall
        self._meters: dict[str, tuple[str, Meter]] = {}
        self._forget_at = MOST_KEYS
        self._ramp = Ramp(scale)
        self._turns = Turns(clock, self._ready_at, self._take, self._lost)

    async def turn(self, key: str, limit: str, longest_wait: float) -> float | None:
        """Wait for `key`'s turn under the named limit; None when it is ours, else the seconds still missing.

        Nothing may be sent when a number comes back.
        """
        return await self.turns(((key, limit),), longest_wait)

    async def turns(self, paces: Paces, longest_wait: float) -> float | None:
        """Wait for one turn of all keys together, as `turn`; none is held while another is waited for."""
        keys = self._keys(paces)
        now = self._clock()
        missing = self._foreseen(keys, now)
        if missing <= 0.0:
            self._take(keys)
            return None
        if missing > longest_wait:
            return missing  # at once, not after whoever waits longer
        return await self._turns.wait(keys, now + longest_wait)

    def _keys(self, paces: Paces) -> Keys:
        """Count how often each key is asked for."""
        if len(paces) == 1:
            return ((self._meter(*paces[0]), 1),)
        counts: dict[tuple[str, str], int] = {}
        for pace in paces:
            counts[pace] = counts.get(pace, 0) + 1
        return tuple((self._meter(*pace), calls) for pace, calls in counts.items())

    def _foreseen(self, keys: Keys, now: float) -> float:
        """Give the seconds until the turn, those who came before included as far as can be told."""
        missing = self._ramp.ready_at(now) - now
        for meter, calls in keys:
            wait = meter.ready_at(now, calls) - now
            if ahead := self._turns.ahead(meter):
                wait = max(wait, 0.0) + max(ahead * meter.pace(now), 1e-6)
            missing = max(missing, wait)
        return missing

    def _ready_at(self, keys: Keys) -> float:
        now = self._clock()
        ready = self._ramp.ready_at(now)
        for meter, calls in keys:
            ready = max(ready, meter.ready_at(now, calls))
        return ready

    def _take(self, keys: Keys) -> None:
        now = self._clock()
        self._ramp.sent(now)
        for meter, calls in keys:
            meter.sent(now, calls)

    def refused(self, key: str, limit: str, retry_after: float | None, sent_at: float | None = None) -> float:
        """Learn of a refusal; give the seconds until the next call may leave.

        `sent_at`, by the same clock, tells a new refusal from one of calls that were under way already.
        """
        meter, now = self._meter(key, limit), self._clock()
        wait = retry_after if retry_after is not None else DEFAULT_PENALTY_SECONDS * self._scale
        wait *= 1.0 + random.random() * _JITTER  # noqa: S311 - no secret is made here
        meter.refused(now, wait, sent_at)
        self._ramp.answered()
        self._look()
        return meter.blocked_until - now

    def refused_any(self, paces: Paces, retry_after: float | None, sent_at: float | None = None) -> float:
        """Learn that a request with several keys was refused; give the longest wait of those held to be why.

        A server does not say which: it is the key that is fullest by our own count. Where several narrow ones
        are refused at one time, it is the wide one they share as well.
        """
        if len(paces) == 1:
            return self.refused(*paces[0], retry_after, sent_at)
        now = self._clock()
        fullest = max(dict.fromkeys(paces), key=lambda pace: self._meter(*pace).fullness(now))
        guilty = {fullest}
        if fullest != paces[0] and self._narrow_refused(fullest[1], now) >= _MOST_NARROW:
            guilty.add(paces[0])
        for pace, calls in Counter(paces).items():
            self._meter(*pace).lost(calls - (pace in guilty))
        return max(self.refused(key, limit, retry_after, sent_at) for key, limit in guilty)

    def _narrow_refused(self, limit: str, now: float) -> int:
        return sum(1 for name, meter in self._meters.values() if name == limit and meter.blocked_until > now)

    def accepted(self, key: str, limit: str) -> None:
        """Learn of an answer that was no refusal."""
        self._meter(key, limit).accepted(self._clock())
        self._ramp.answered()
        self._look()

    def accepted_all(self, paces: Paces) -> None:
        """Learn that a request was answered and was no refusal of any of its keys."""
        now = self._clock()
        for meter, calls in self._keys(paces):
            meter.accepted(now, calls)
        self._ramp.answered()
        self._look()

    def lost(self, paces: Paces) -> None:
        """Learn that a request got no answer, or none that says anything of limits."""
        self._lost(self._keys(paces))
        self._look()

    def _lost(self, keys: Keys) -> None:
        for meter, calls in keys:
            meter.lost(calls)
        self._ramp.answered()

    def told(self, paces: Paces, said: Hint) -> None:
        """Learn what an answer's headers say of the limit of its first key."""
        key, limit = paces[0]
        self._meter(key, limit).told(
            self._clock(), remaining=said.remaining, reset=said.reset, used=said.used
        )

    def ramp(self, after: float = 0.0) -> None:
        """After an outage: let calls out one by one from `after` seconds on, doubling each second, for five.

        To be called when a platform is asked again; until one call is answered no second one leaves.
        """
        self._ramp.begin(self._clock(), after)
        self._look()

    def state(self) -> dict[str, object]:
        """Give what was learnt, as JSON of bounded size."""
        return kept.kept(self._meters, self._clock(), self._wall())

    def restore(self, state: object) -> None:
        """Take up what another process's `state` gave; unknown shapes and limits are passed over."""
        kept.restore(state, self._known, self._clock(), self._wall())

    def refused_for(self, key: str) -> float:
        """Give the seconds for which a refusal of this key still holds; 0 where none does."""
        known = self._meters.get(key)
        return max(0.0, known[1].blocked_until - self._clock()) if known else 0.0

    def slowdown(self, key: str) -> float:
        """How many times slower than published this key goes now."""
        known = self._meters.get(key)
        return known[1].learnt.slowdown if known else 1.0

    def _known(self, key: str, limit: str) -> Meter | None:
        return self._meter(key, limit) if limit in self._limits else None

    def _meter(self, key: str, limit: str) -> Meter:
        known = self._meters.get(key)
        if known is not None:
            return known[1]
        if len(self._meters) >= self._forget_at:
            self._forget()
        rate = self._limits[limit]
        meter = Meter(rate.seconds / rate.calls * self._scale, rate.calls, self._scale)
        self._meters[key] = (limit, meter)
        return meter

    def _forget(self) -> None:
        """Forget keys at rest, first those of which nothing was learnt; none that is in use."""
        now = self._clock()
        for test in (Meter.idle, Meter.rested):
            for key, (_, meter) in list(self._meters.items()):
                if test(meter, now) and not self._turns.ahead(meter):
                    del self._meters[key]
            if len(self._meters) < MOST_KEYS:
                break
        self._forget_at = max(MOST_KEYS, 2 * len(self._meters))

    def _look(self) -> None:
        self._turns.look()
