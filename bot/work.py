"""One lane: due steps → intend → act → read back → record; durable, isolated, and safe to kill anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.acting import Acting
from bot.app import Bawab
from bot.claims import Claim, Superseded
from bot.claims import claim as claim_lane
from bot.clearance import Clearance
from bot.flow import Flow
from bot.lanes import careful, may_work, stumbled
from bot.ledger import Delegate, Ledger
from bot.queueing import Queue
from bot.reading import Reading
from bot.states import LaneState
from bot.store.query import columns, where
from bot.store.tables import LaneRow
from bot.strand import MOST_LOST, Strand, keep_pace
from connectors.eased import recall
from connectors.errors import ConnectorError
from connectors.probing import probing


class Lane:
    """The one drainer of one connector instance."""

    def __init__(
        self,
        app: Bawab,
        instance: str,
        delegate: Delegate,
        *,
        stopping: Callable[[], bool] = lambda: False,
        claim: Claim | None = None,
    ) -> None:
        self._app = app
        self._instance = instance
        self._connector = app.chat[instance]
        self._stopping = stopping
        self._claim = claim
        able = self._connector.capabilities
        settle = timedelta(seconds=app.settings.settle_seconds or able.settle_seconds)
        self._queue = Queue(instance, able.gathers)
        self._ledger = Ledger(app, instance, delegate, settle)
        self._clearance = Clearance(app, instance)
        self._acting = Flow(max(able.batch, able.bulk), able.bulk)
        self._reading = Flow(max(able.batch, able.bulk))
        self._recalled = False
        self._strand_now: Strand | None = None
        self._not_before: datetime | None = None
        """Until then the platform asked for no more writes."""
        self._lost = 0
        """Answers in a row that did not come: a draining that ends early must not forget them."""

    async def recover(self) -> int:
        """Claim the lane, and name every call that was under way when its last drainer died."""
        held, readable = await self._claimed(), self._connector.capabilities.revokes
        async with self._app.store.write() as tx:
            await tx.run_sync(held.hold)
            return await self._ledger.recover(tx, readable=readable)

    async def drain(self) -> datetime | None:
        """Work until nothing is due; gives when to come back, or None for 'when something is planned'.

        Raises Superseded where another process has claimed the lane: it goes on there.
        """
        held = await self._claimed()
        lane, is_due = await self._app.store.look(self._outlook)
        if not may_work(lane, self._app.now()):
            return lane.next_probe
        if not is_due:
            return await self._next_due()
        strand = await self._strand(held, lane)
        if strand is None:
            return (await self._row()).next_probe
        self._strand_now = strand
        try:
            await self._halves(strand)
        finally:
            self._strand_now = None
            self._not_before, self._lost = strand.not_before, strand.lost
        await self._rest(strand)
        return strand.again if strand.trouble is not None else await self._next_due()

    def nudge(self) -> None:
        """Say that somebody more urgent may have come: what is ready to leave waits for them."""
        if self._strand_now is not None:
            self._strand_now.nudged = True
            self._strand_now.wake()

    async def _claimed(self) -> Claim:
        if self._claim is None:
            self._claim = await claim_lane(self._app, self._instance)
        if not self._recalled:
            self._recalled = True
            recall(self._connector, (await self._row()).pace)
        return self._claim

    async def _rest(self, strand: Strand) -> None:
        """Store, at the end of a draining, what the pace has learnt; where somebody took over, they do."""
        with suppress(Superseded):
            async with self._app.store.write() as tx:
                await tx.run_sync(strand.claim.hold)
                await keep_pace(tx, self._connector)

    async def _row(self) -> LaneRow:
        async with self._app.store.read() as tx:
            found = await where(tx, LaneRow, columns(LaneRow).instance == self._instance)
        return found[0]

    async def _strand(self, held: Claim, lane: LaneRow) -> Strand | None:
        """Begin a draining; None where not even the bot's own account could be read: nothing may leave."""
        now = self._app.now()
        if self._not_before is not None and self._not_before <= now:
            self._not_before = None
        try:
            with careful(lane):
                own = await self._connector.own_account_ids()
        except ConnectorError as error:
            await stumbled(self._app, self._instance, self._connector.capabilities.platform, error)
            return None
        strand = Strand(self._app, self._connector, held, self._stopping, own)
        strand.not_before = self._not_before
        strand.was_down = lane.state != LaneState.OPEN or lane.failures > 0
        # Enough of them were an outage; where the lane is open all the same, somebody else was answered.
        strand.lost = self._lost if strand.was_down or self._lost < MOST_LOST else 0
        return strand

    async def _halves(self, strand: Strand) -> None:
        acting = Acting(strand, self._queue, self._ledger, self._clearance, self._acting)
        reading = Reading(strand, self._queue, self._ledger, self._reading)
        if strand.was_down:
            with probing():
                if strand.not_before is not None or not await acting.once():
                    await reading.once()
        if not strand.closed and not strand.was_down:
            await self._side_by_side(strand, acting, reading)

    async def _side_by_side(self, strand: Strand, acting: Acting, reading: Reading) -> None:
        halves = [asyncio.create_task(acting.run()), asyncio.create_task(reading.run())]
        try:
            await asyncio.gather(*halves)
        except BaseException:
            strand.end()  # the other half finishes what is under way, and records it
            await asyncio.gather(*halves, return_exceptions=True)
            raise

    async def _outlook(self, tx: AsyncConnection) -> tuple[LaneRow, bool]:
        """Give the lane as it stands, and whether anything is due."""
        (lane,) = await where(tx, LaneRow, columns(LaneRow).instance == self._instance)
        return lane, await self._queue.any_due(tx, self._app.now())

    async def _next_due(self) -> datetime | None:
        async with self._app.store.read() as tx:
            found = await self._queue.next_due(tx, self._app.now())
        if found is not None and self._not_before is not None:
            return max(found, self._not_before)
        return found
