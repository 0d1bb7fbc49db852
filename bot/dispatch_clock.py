"""Which of many processes ticks: one for as long as it lives, the next when its heart stopped."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.claims import CLOCK, Superseded, awake, this_process
from bot.dispatch_schema import WORKERS, living
from bot.store.query import add, change, columns, one
from bot.store.tables import MetaRow


class Clock:
    """The right to tick, tied to the heartbeat of one of the job queue's workers."""

    def __init__(self, app: Bawab) -> None:
        self._app = app
        self._looked_at = 0.0
        self._worker = 0

    async def is_ours(self, worker: int) -> bool:
        """Whether the worker of this number ticks; where nobody alive does, it does from now on."""
        self._worker, self._looked_at = worker, awake()
        async with self._app.store.read() as tx:
            if not await self._free(tx):
                return False
            row = await one(tx, MetaRow, columns(MetaRow).key == CLOCK)
        return (row is not None and row.value["worker"] == worker) or await self._take()

    async def hold(self) -> None:
        """Make sure, between two parts of a tick, that it is still ours; raises Superseded.

        Asked of the database only where so much time has gone by that another may have taken it.
        """
        if awake() - self._looked_at < self._app.settings.workers.lease_seconds:
            return
        if not await self.is_ours(self._worker):
            raise Superseded("another process ticks now")

    async def _take(self) -> bool:
        async with self._app.store.write() as tx:
            if not await self._free(tx):
                return False
            now = {
                "worker": self._worker,
                "process": this_process(),
                "since": self._app.now().isoformat(),
            }
            if not await change(tx, MetaRow, {"value": now}, columns(MetaRow).key == CLOCK):
                await add(tx, MetaRow(key=CLOCK, value=now))
        return True

    async def _free(self, tx: AsyncConnection) -> bool:
        """Whether we or nobody alive holds it, by the database's own clock."""
        row = await one(tx, MetaRow, columns(MetaRow).key == CLOCK)
        if row is None or row.value["worker"] == self._worker:
            return True
        alive = living(self._app.settings.workers.stalled_seconds)
        found = await tx.execute(alive.where(WORKERS.c.id == row.value["worker"]))
        return found.first() is None
