"""Where everything stands, in one look: open, overdue, held, paused, next due, last feed, gaps."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.confirmations import unconfirmed
from bot.access.registry_seats import open_seats
from bot.access.roster import vacant_roles
from bot.app import Bawab
from bot.claims import CLOCK
from bot.groups.succession import open_successions
from bot.hearing import troubles
from bot.holds import open_holds
from bot.notices.stopping import stopped_by
from bot.notices.touched import lone_approvals
from bot.reviews import unreviewed
from bot.situation import STANDING, Status, by_deadline, by_due, late
from bot.states import CASE_NOT_STARTED, CASE_OPEN, CaseState, DriftState, LaneState
from bot.store.group_tables import DriftRow
from bot.store.query import all_of, columns, one, table, where
from bot.store.tables import CaseRow, FeedRow, GapRow, LaneRow, LinkQuestionRow, MetaRow, TaskRow
from bot.store.tasks import OPEN_TASKS

__all__ = ["STANDING", "Status", "status"]


async def status(app: Bawab) -> Status:
    """Read it all from one snapshot of the database; asks no platform."""
    async with app.store.read() as tx:
        cases = await where(tx, CaseRow, columns(CaseRow).state.in_(CASE_OPEN))
        lanes = await where(tx, LaneRow, columns(LaneRow).state != LaneState.OPEN)
        tasks = await where(tx, TaskRow, columns(TaskRow).state.in_(OPEN_TASKS))
        questions = await where(tx, LinkQuestionRow)
        gaps = await where(tx, GapRow, columns(GapRow).case_id == STANDING)
        return Status(
            cases=dict(sorted(Counter(case.state for case in cases).items())),
            overdue=_overdue(cases, app.now()),
            next_due=_next(cases),
            holds=tuple(await open_holds(tx)),
            lanes=tuple(lanes),
            tasks=tuple(sorted(tasks, key=by_deadline)),
            questions=len(questions),
            feeds=tuple(await _last_feeds(tx)),
            deaf=tuple(await troubles(tx)),
            gaps=tuple(gaps),
            orphans=tuple(await open_successions(tx)),
            lone=tuple(await lone_approvals(app, tx)),
            silenced=(await stopped_by(tx) or (None,))[0],
            unreviewed=await unreviewed(app, tx),
            drifts=len(await where(tx, DriftRow, columns(DriftRow).state == DriftState.OPEN)),
            vacant=await vacant_roles(app, tx),
            unconfirmed=tuple(await unconfirmed(tx)),
            seats=tuple(await open_seats(tx)),
            **await _divided(app, tx),
        )


async def _divided(app: Bawab, tx: AsyncConnection) -> dict[str, Any]:
    """Say which process does what, where the work is divided; one process alone does everything."""
    if app.store.dialect != "postgresql":
        return {}
    lanes = await where(tx, LaneRow, columns(LaneRow).owner.is_not(None))
    clock = await one(tx, MetaRow, columns(MetaRow).key == CLOCK)
    return {
        "drained": tuple(sorted(lanes, key=lambda lane: lane.instance)),
        "ticking": clock.value["process"] if clock is not None else None,
    }


def _overdue(cases: list[CaseRow], now: datetime) -> tuple[CaseRow, ...]:
    return tuple(sorted((case for case in cases if late(case, now, CASE_NOT_STARTED)), key=by_due))


def _next(cases: list[CaseRow]) -> CaseRow | None:
    waiting = [case for case in cases if case.state == CaseState.SCHEDULED and case.due is not None]
    return min(waiting, key=by_due, default=None)


async def _last_feeds(tx: AsyncConnection) -> list[FeedRow]:
    feeds = columns(FeedRow)
    newest = select(func.max(feeds.received_at)).group_by(feeds.source)
    found = await all_of(
        tx, FeedRow, select(table(FeedRow)).where(feeds.received_at.in_(newest)).order_by(feeds.source)
    )
    return list({row.source: row for row in found}.values())
