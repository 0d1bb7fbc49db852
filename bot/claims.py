"""Which process drains a lane: claimed with a growing fence; one taken over neither acts nor records."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from bot.app import Bawab
from bot.lanes import ensure_lane
from bot.store.query import change, columns
from bot.store.tables import LaneRow

CLOCK = "clock"
"""The key of what is remembered about the one process that ticks."""
LEASE_SECONDS = 30.0
"""How long a drainer may act without having written: a successor is only let in after this."""


class Superseded(Exception):
    """Another process drains this lane now: stop, send nothing, record nothing."""


def awake() -> float:
    """Give seconds that go on while the machine sleeps, so that a lease ends in its sleep too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def this_process() -> str:
    """Name this process, for people who look for it: host and number."""
    return f"{socket.gethostname()}:{os.getpid()}"


@cache
def _holder() -> Select[Any]:
    """Whose lane it is: nobody claims it while a write transaction is open, for writers come one by one."""
    lanes = columns(LaneRow)
    return select(lanes.fence, lanes.owner).where(lanes.instance == bindparam("instance"))


@dataclass(slots=True)
class Claim:
    """The right to drain one lane, for as long as nobody has claimed it after us."""

    instance: str
    fence: int
    lease: float = LEASE_SECONDS
    _clock: Callable[[], float] = awake
    _held_at: float = field(default=0.0)

    def hold(self, connection: Connection) -> None:
        """Make sure, inside a write transaction, that the lane is still ours; raises Superseded."""
        asked_at = self._clock()
        held = connection.execute(_holder(), {"instance": self.instance}).first()
        if held is None or held.fence != self.fence:
            raise Superseded(f"{self.instance} is drained by {held and held.owner} now")
        self._held_at = asked_at

    def may_act(self) -> bool:
        """Whether a call may still leave: the lane was ours less than a lease ago, sleep included."""
        return self._clock() - self._held_at < self.lease

    def permit(self) -> Callable[[], bool]:
        """Give what tells, right before a call leaves, whether it still may: what cleared it is soon past.

        A machine that slept may hold its lane again before it sends what it had ready.
        """
        cleared_at = self._clock()
        return lambda: self.may_act() and self._clock() - cleared_at < self.lease


async def claim(app: Bawab, instance: str, *, lease: float = LEASE_SECONDS) -> Claim:
    """Take a lane over, whoever had it; from now on its former drainer writes nothing."""
    lanes = columns(LaneRow)
    asked_at = awake()
    async with app.store.write() as tx:
        lane = await ensure_lane(tx, instance, app.chat[instance].capabilities.platform)
        fence = lane.fence + 1
        taken = {"fence": fence, "owner": this_process(), "owner_since": app.now()}
        await change(tx, LaneRow, taken, lanes.instance == instance)
    return Claim(instance, fence, lease, _held_at=asked_at)


async def release_claim(app: Bawab, held: Claim) -> None:
    """Take the owner's name off a lane that is still ours: nobody drains it now."""
    lanes = columns(LaneRow)
    async with app.store.write() as tx:
        nobody = {"owner": None, "owner_since": None}
        await change(tx, LaneRow, nobody, lanes.instance == held.instance, lanes.fence == held.fence)
