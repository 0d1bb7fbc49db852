"""Queries over notices: what is due, what was left in the air, and how many went out lately."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.states import CASE_RUNNING, CaseState, LaneState, StepState
from bot.store.access_tables import ConfirmationRow, SignatureRow, StaffRow
from bot.store.group_tables import SuccessionRow
from bot.store.query import all_of, change, columns, one, table, where
from bot.store.tables import (
    CaseInstanceRow,
    CaseRow,
    HoldRow,
    LaneRow,
    LinkQuestionRow,
    MetaRow,
    NoticeRow,
    StepRow,
    TaskRow,
)
from bot.store.tasks import OPEN_TASKS
from policies.model import EventKind

_notice = columns(NoticeRow)
OUTAGES = "outage:"
"""How the keys of remembered outages begin."""
_LEAVING = (EventKind.LEAVER, EventKind.CONTRACTOR_END, EventKind.VANISHED)


async def notices_of(tx: AsyncConnection, case_id: str) -> list[NoticeRow]:
    """Give every notice of a case, whatever became of it."""
    return await where(tx, NoticeRow, _notice.case_id == case_id)


async def standing(tx: AsyncConnection, case_id: str, recipient: str, kind: str) -> NoticeRow | None:
    """Give the one notice of a kind to somebody about a case, whatever became of it."""
    mine = [_notice.case_id == case_id, _notice.recipient_id == recipient, _notice.kind == kind]
    return await one(tx, NoticeRow, *mine)


async def digests_of(tx: AsyncConnection, recipient: str) -> list[NoticeRow]:
    """Give every list of tasks somebody was, or is to be, sent; the oldest first."""
    mine = [_notice.recipient_id == recipient, _notice.case_id == "", _notice.kind.startswith("digest/")]
    return sorted(await where(tx, NoticeRow, *mine), key=_created)


async def asked_about(tx: AsyncConnection, hold: str) -> frozenset[str]:
    """Give who was, or is to be, asked about a hold."""
    return frozenset(row.recipient_id for row in await where(tx, NoticeRow, _notice.hold_digest == hold))


async def told_questions(tx: AsyncConnection, recipient: str) -> frozenset[str]:
    """Give the ids of the questions of who is who that somebody was, or is to be, told of."""
    mine = [_notice.recipient_id == recipient, _notice.case_id == "", _notice.kind.startswith("questions/")]
    return frozenset(one for row in await where(tx, NoticeRow, *mine) for one in row.groups.get("told", ()))


async def outage_notices(tx: AsyncConnection, kind: str) -> list[NoticeRow]:
    """Give every message about one outage: of a kind, and of those that begin so."""
    return await where(tx, NoticeRow, _notice.case_id == "", _notice.kind.startswith(kind, autoescape=True))


async def staff_hr_does_not_know(tx: AsyncConnection, ids: Collection[str]) -> frozenset[str]:
    """Give those of the ids who have roles here and no record at HR: an outside administrator."""
    staff = columns(StaffRow)
    outside = [staff.id.in_(ids), staff.ended_at.is_(None), staff.known_to_hr.is_(False)]
    return frozenset(row.id for row in await where(tx, StaffRow, *outside)) if ids else frozenset()


async def notices_by_id(tx: AsyncConnection, ids: Collection[str]) -> list[NoticeRow]:
    """Give notices by their ids, the oldest first."""
    return sorted(await where(tx, NoticeRow, _notice.id.in_(ids)), key=_created) if ids else []


def _created(row: NoticeRow) -> str:
    return f"{row.created_at.isoformat()} {row.id}"


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


async def handing_out(tx: AsyncConnection, cases: Collection[str], instances: Collection[str]) -> bool:
    """Whether a step of these cases still waits for its turn on one of these instances."""
    step, waiting = columns(StepRow), columns(CaseInstanceRow)
    planning = [waiting.case_id.in_(cases), waiting.instance.in_(instances), waiting.state != "planned"]
    if await one(tx, CaseInstanceRow, *planning) is not None:
        return True
    pending = [step.case_id.in_(cases), step.instance.in_(instances), step.state == StepState.PENDING]
    return await one(tx, StepRow, *pending) is not None


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


async def closed_channels(tx: AsyncConnection, now: datetime) -> frozenset[str]:
    """Give the instances whose lane waits for its platform or is paused: messages need not try them first."""
    lanes = columns(LaneRow)
    down = [lanes.state != LaneState.OPEN, lanes.next_probe.is_(None) | (lanes.next_probe > now)]
    return frozenset(row.instance for row in await where(tx, LaneRow, *down))


async def live_notices(tx: AsyncConnection, since: datetime, most: int) -> list[NoticeRow]:
    """Give the messages that stand in front of somebody and may still change, the newest first."""
    live = [_notice.state == "sent", _notice.closed_at.is_(None), _notice.sent_at >= since]
    statement = select(table(NoticeRow)).where(*live).order_by(_notice.sent_at.desc(), _notice.id).limit(most)
    return await all_of(tx, NoticeRow, statement)


async def change_shown(tx: AsyncConnection, notice: NoticeRow, values: dict[str, Any]) -> bool:
    """Store what a sent message shows now, if it still shows what was read."""
    mine = [_notice.id == notice.id, _notice.state == "sent", _notice.said == notice.said]
    return await change(tx, NoticeRow, values, *mine) == 1


async def pulse(tx: AsyncConnection, since: datetime) -> tuple[object, ...]:
    """Sum up all that messages are about in a few numbers; where they differ, messages are looked at.

    Asked at every tick: each sum is found by an index, or over what is open; `since` is how far back
    messages are live.
    """
    step, task, hold = columns(StepRow), columns(TaskRow), columns(HoldRow)
    signed, asked, question = columns(SignatureRow), columns(ConfirmationRow), columns(LinkQuestionRow)
    orphan, meta = columns(SuccessionRow), columns(MetaRow)
    sums = (
        select(func.max(step.updated_at)),
        select(task.id, task.state, task.reminders, task.assignee_id, task.first_by)
        .where(task.state.in_(OPEN_TASKS))
        .order_by(task.id),
        select(func.count(hold.released_at), func.count(hold.withdrawn_at)),
        select(func.count(signed.by), func.max(signed.at)),
        select(func.count(asked.decided_at)),
        select(func.count(question.id)),
        select(func.count(orphan.asked_at), func.count(orphan.settled_at), func.max(orphan.settled_at)),
        select(meta.key, meta.value).where(meta.key.startswith(OUTAGES, autoescape=True)).order_by(meta.key),
        select(func.count(), func.max(_notice.sent_at)).where(
            _notice.sent_at >= since, _notice.state == "sent"
        ),
    )
    return tuple([tuple(map(tuple, (await tx.execute(one_sum)).all())) for one_sum in sums])


async def waiting_notices(tx: AsyncConnection) -> int:
    """Count the messages that have not left yet."""
    statement = select(func.count()).select_from(table(NoticeRow)).where(_notice.state == "pending")
    return int((await tx.execute(statement)).scalar_one())
