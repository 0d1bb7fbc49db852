"""The tick's part in keeping people out: hints followed, drifts settled, a nightly comparison in portions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from bot.app import Bawab
from bot.drift.end import settle_drift
from bot.drift.hints import follow_hints
from bot.drift.reconcile import STALE, Reconciler
from bot.drift.reconcile_items import last_run
from bot.drift.standing import BEGUN, everybody_out
from bot.group_guard import GroupGuard
from bot.store.group_tables import ReconcileRow
from bot.store.query import columns
from bot.store.tables import CaseRow

A_TICK = 3
"""Items read in one tick: a tick must not keep a feed or an urgent leaver waiting."""


class DriftWatch:
    """What is due is read from rows, so that a restart loses nothing."""

    def __init__(self, app: Bawab) -> None:
        self._app = app
        self._group_guard = GroupGuard(app)
        self._reconciler = Reconciler(app)
        self._summed_up: tuple[str, int] = ("", -1)

    async def tick(self) -> bool:
        """Do a little of everything that is due; True where a comparison has more to read."""
        await follow_hints(self._app)
        await settle_drift(self._app)
        more = await self._reconcile()
        await self._group_guard.judge()  # what is to be taken out again leaves in this tick already
        return more

    async def _reconcile(self) -> bool:
        row = await self._run()
        if row is None:
            return False
        read = await self._reconciler.advance(row, most=A_TICK)
        if read:
            return True
        done, _ = await self._reconciler.progress(row)
        if (row.id, done) != self._summed_up:  # nothing more can be read now: an instance may be down
            await self._reconciler.conclude(row)
            self._summed_up = (row.id, done)
        return False

    async def _run(self) -> ReconcileRow | None:
        """Give the run under way, or begin the one that is due."""
        app, now = self._app, self._app.now()
        async with app.store.read() as tx:
            last = await last_run(tx)
        if last is not None and last.ended_at is None:
            if now - last.started_at < STALE:
                return last
            await self._reconciler.conclude(last, end=True)
        since = await self._first_departure() if last is None else last.started_at
        if since is None or since + app.settings.reconcile_every > now:
            return None
        async with app.store.read() as tx:
            if not await everybody_out(tx):
                return None
        return await self._reconciler.begin(actor="bawab")

    async def _first_departure(self) -> datetime | None:
        """When somebody was first out of something: before, there is nothing to compare."""
        cases = columns(CaseRow)
        first = select(func.min(cases.finished_at)).where(cases.state.in_(BEGUN))
        async with self._app.store.read() as tx:
            found: datetime | None = (await tx.execute(first)).scalar_one()
        return found
