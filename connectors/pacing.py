"""When the next call may leave: published limits as a start, then what the server says; never storming."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from connectors.contract import RateLimit

# After a refusal: wait what the server said and a little more, so that no call leaves while still limited.
_MARGIN = 1.05
_SLOWER = 1.5
_SLOWEST = 6.0
# Each answer that was not a refusal wins back this much of the published speed.
_RECOVERY = 0.97
# Where the server refuses without saying for how long.
DEFAULT_PENALTY_SECONDS = 30.0


@dataclass(slots=True)
class _Bucket:
    """One method's state: when it may call next, how far it was slowed down, until when it is refused."""

    interval: float
    burst: int
    due: float = 0.0
    slowdown: float = 1.0
    blocked_until: float = 0.0

    def ready_at(self) -> float:
        """Give the monotonic second from which one call may leave."""
        slack = (self.burst - 1) * self.interval if self.slowdown == 1.0 else 0.0
        return max(self.blocked_until, self.due - slack)

    def take(self, now: float) -> None:
        """Count one call as leaving now."""
        self.due = max(self.due, now) + self.interval * self.slowdown


class Pacing:
    """Paces every bucket of one connector; an even pace after a small burst, one waiter at a time per bucket.

    `scale` stretches published intervals (1.0 as published, 0.0 none at all); what a server says in
    Retry-After is never scaled.
    """

    def __init__(
        self,
        limits: Iterable[RateLimit],
        *,
        scale: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = {limit.bucket: limit for limit in limits}
        self._scale = scale
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def turn(self, key: str, limit: str, longest_wait: float) -> float | None:
        """Wait for `key`'s turn under the named limit; None when it is ours, else the seconds still missing.

        Nothing may be sent when a number comes back.
        """
        bucket = self._bucket(key, limit)
        if (refused := self.refused_for(key)) > longest_wait:
            return refused  # at once, not after whoever waits longer and holds the turn
        async with self._turns.setdefault(key, asyncio.Lock()):
            while (wait := bucket.ready_at() - self._clock()) > 0:
                if wait > longest_wait:
                    return wait
                await asyncio.sleep(wait)
                longest_wait -= wait
            bucket.take(self._clock())
            return None

    def refused(self, key: str, limit: str, retry_after: float | None) -> float:
        """Learn of a refusal; give the seconds until the next call may leave."""
        bucket = self._bucket(key, limit)
        wait = retry_after if retry_after is not None else DEFAULT_PENALTY_SECONDS * self._scale
        # Jitter keeps several processes from coming back in the same instant.
        wait = wait * _MARGIN + bucket.interval * random.random() * 0.1  # noqa: S311 - no secret is made here
        bucket.blocked_until = max(bucket.blocked_until, self._clock() + wait)
        bucket.due = bucket.blocked_until
        bucket.slowdown = min(_SLOWEST, bucket.slowdown * _SLOWER)
        return wait

    def accepted(self, key: str, limit: str) -> None:
        """Learn of an answer that was no refusal: recover slowly."""
        bucket = self._bucket(key, limit)
        bucket.slowdown = max(1.0, bucket.slowdown * _RECOVERY)

    def refused_for(self, key: str) -> float:
        """Give the seconds for which a refusal of this key still holds; 0 where none does."""
        bucket = self._buckets.get(key)
        return max(0.0, bucket.blocked_until - self._clock()) if bucket else 0.0

    def slowdown(self, key: str) -> float:
        """How many times slower than published this key goes now."""
        bucket = self._buckets.get(key)
        return bucket.slowdown if bucket else 1.0

    def _bucket(self, key: str, limit: str) -> _Bucket:
        if key not in self._buckets:
            rate = self._limits[limit]
            self._buckets[key] = _Bucket(
                interval=rate.seconds / rate.calls * self._scale, burst=max(1, rate.calls // 10)
            )
        return self._buckets[key]
