"""Queries over notices: what is due, what was left in the air, and how many went out lately."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.states import CASE_RUNNING, CaseState
from bot.store.query import all_of, change, columns, one, table, where
from bot.store.tables import CaseInstanceRow, CaseRow, NoticeRow, StepRow
from policies.model import EventKind

_notice = columns(NoticeRow)
_LEAVING = (EventKind.LEAVER, EventKind.CONTRACTOR_END, EventKind.VANISHED)


async def notices_of(tx: AsyncConnection, case_id: str) -> list[NoticeRow]:
    """Give every notice of a case, whatever became of it."""
    return await where(tx, NoticeRow, _notice.case_id == case_id)


async def standing(tx: AsyncConnection, case_id: str, recipient: str, kind: str) -> NoticeRow | None:
    """Give the one notice of a kind to somebody about a case, whatever became of it."""
    mine = [_notice.case_id == case_id, _notice.recipient_id == recipient, _notice.kind == kind]
    return await one(tx, NoticeRow, *mine)


async def notice_by_id(tx: AsyncConnection, notice_id: str) -> NoticeRow | None:
    """Give one notice."""
    return await one(tx, NoticeRow, _notice.id == notice_id)


async def due_notices(
    tx: AsyncConnection, states: Collection[str], now: datetime, most: int
) -> list[NoticeRow]:
    """Give up to `most` notices in one of `states` whose next attempt is due, oldest first."""
    statement = (
        select(table(NoticeRow))
        .where(_notice.state.in_(states), _notice.next_attempt_at <= now)
        .order_by(_notice.next_attempt_at, _notice.created_at, _notice.id)
        .limit(most)
    )
    return await all_of(tx, NoticeRow, statement)


async def sent_lately(tx: AsyncConnection, now: datetime) -> int:
    """Count the notices that left, or may have left, within the last hour."""
    statement = select(func.count()).where(
        _notice.sent_at.is_not(None), _notice.sent_at > now - timedelta(hours=1)
    )
    return int((await tx.execute(statement)).scalar_one())


async def set_notice(tx: AsyncConnection, notice: NoticeRow, values: dict[str, Any]) -> bool:
    """Change a notice if it still stands where it was read: state and attempts unchanged."""
    met = await change(
        tx,
        NoticeRow,
        values,
        _notice.id == notice.id,
        _notice.state == notice.state,
        _notice.attempts == notice.attempts,
    )
    return met == 1


async def case_by_id(tx: AsyncConnection, case_id: str) -> CaseRow | None:
    """Give one case."""
    return await one(tx, CaseRow, columns(CaseRow).id == case_id)


async def steps_by_id(tx: AsyncConnection, ids: Collection[str]) -> list[StepRow]:
    """Give steps by their ids, in the order of their groups' ids."""
    step = columns(StepRow)
    statement = select(table(StepRow)).where(step.id.in_(ids)).order_by(step.instance, step.group_id, step.id)
    return await all_of(tx, StepRow, statement)


async def unplanned_instances(tx: AsyncConnection, case_id: str) -> int:
    """Count the instances on which a case is not planned yet: not all of its steps are known."""
    waiting = columns(CaseInstanceRow)
    statement = select(func.count()).where(waiting.case_id == case_id, waiting.state != "planned")
    return int((await tx.execute(statement)).scalar_one())


async def leaving_now(tx: AsyncConnection, person_ids: Collection[str], now: datetime) -> frozenset[str]:
    """Give those whose own departure is due or being carried out, whatever HR's record says."""
    case = columns(CaseRow)
    found = await where(
        tx,
        CaseRow,
        case.person_id.in_(person_ids),
        case.kind.in_(_LEAVING),
        case.state.in_(CASE_RUNNING) | ((case.state == CaseState.SCHEDULED) & (case.due <= now)),
    )
    return frozenset(row.person_id for row in found)


async def postpone(tx: AsyncConnection, notice: NoticeRow, until: datetime) -> bool:
    """Look again later; nothing is known of the notice that was not known before."""
    return await set_notice(tx, notice, {"next_attempt_at": until})


async def steps_of_case(tx: AsyncConnection, case_id: str) -> list[StepRow]:
    """Give every step of a case."""
    return await where(tx, StepRow, columns(StepRow).case_id == case_id)
