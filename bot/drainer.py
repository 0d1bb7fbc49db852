"""One lane in this process: claimed when it is first drained here, and again after another had it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.app import Bawab
from bot.claims import Claim, Superseded, claim, release_claim
from bot.work import Lane

MakeLane = Callable[[str, Claim], Lane]


class Drainer:
    """Keeps a lane and the right to drain it; what a dead drainer left open is named before anything else."""

    def __init__(self, app: Bawab, instance: str, make: MakeLane) -> None:
        self._app = app
        self.instance = instance
        self._make = make
        self._claim: Claim | None = None
        self._lane: Lane | None = None
        self._recovered = False

    async def recover(self) -> int:
        """Name every call a dead process left open; gives their number."""
        lane = await self._ours()
        found = await lane.recover()
        self._recovered = True
        return found

    async def drain(self) -> datetime | None:
        """Work until nothing is due; gives when to come back.

        Raises Superseded where another process has taken the lane over, and whatever Lane.drain raises; the
        next call then begins with what was left open.
        """
        lane = await self._ours()
        if not self._recovered:
            await self.recover()
        try:
            return await lane.drain()
        except BaseException:
            self.forget()
            raise

    def nudge(self) -> None:
        """Say that somebody more urgent may have come."""
        if self._lane is not None:
            self._lane.nudge()

    def forget(self) -> None:
        """Start anew at the next call: what is known here may be of the past."""
        self._lane, self._claim, self._recovered = None, None, False

    async def let_go(self) -> None:
        """Say that this process does not drain the lane any more, if it still did."""
        if self._claim is not None:
            await release_claim(self._app, self._claim)
        self.forget()

    async def _ours(self) -> Lane:
        if self._lane is None or not await self._still_claimed():
            self._recovered = False
            lease = self._app.settings.workers.lease_seconds
            self._claim = await claim(self._app, self.instance, lease=lease)
            self._lane = self._make(self.instance, self._claim)
        return self._lane

    async def _still_claimed(self) -> bool:
        """Whether no other process took the lane; on SQLite there is none."""
        if self._claim is None or self._app.store.dialect != "postgresql":
            return self._claim is not None
        try:
            await self._app.store.batch(self._claim.hold)
        except Superseded:
            return False
        return True
