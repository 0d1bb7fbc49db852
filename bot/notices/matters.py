"""What each message that was sent is about, summed up: where that changed, the message is written again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.notices.outage_letters import outage_id
from bot.outages import outages
from bot.store.access_tables import SignatureRow
from bot.store.query import columns
from bot.store.tables import CaseRow, HoldRow, NoticeRow, StepRow, TaskRow
from bot.store.tasks import OPEN_TASKS

Sums = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class About:
    """How things stand that one message is about."""

    sums: tuple[Sums, ...]
    newest: datetime | None = None
    """When the last of it changed, where that is known."""


async def abouts(tx: AsyncConnection, live: Sequence[NoticeRow]) -> dict[str, About]:
    """Sum up what these messages are about, by their ids; a message that is not in it is always looked at.

    Summed up are news of removals (a case's steps), lists of tasks (their reader's), approvals and outages.
    """
    removals = {one.case_id for one in live if _stem(one) == "removal"}
    steps = await _steps(tx, removals)
    lists = await _lists(tx, {one.recipient_id for one in live if _stem(one) == "digest"})
    holds = await _holds(tx, {one.hold_digest for one in live if one.hold_digest})
    down: Mapping[str, Any] = {}
    if any(map(outage_id, live)):
        down = {one.id: one for one in await outages(tx)}
    found: dict[str, About] = {}
    for one in live:
        if one.hold_digest:
            found[one.id] = About((holds[one.hold_digest],))
        elif _stem(one) == "digest":
            found[one.id] = About((lists[one.recipient_id],))
        elif _stem(one) == "removal" and not one.groups.get("merged"):
            theirs = steps[one.case_id]
            found[one.id] = About((theirs,), max((row[-1] for row in theirs), default=None))
        elif outage := down.get(outage_id(one)):
            found[one.id] = About((((outage,),),))
    return found


def _stem(notice: NoticeRow) -> str:
    return notice.kind.partition("/")[0]


async def _steps(tx: AsyncConnection, cases: Collection[str]) -> defaultdict[str, Sums]:
    step = columns(StepRow)
    query = select(step.case_id, step.state, func.count(), func.max(step.updated_at))
    mine = query.where(step.case_id.in_(cases))
    return await _by_first(tx, mine.group_by(step.case_id, step.state).order_by(step.state), cases)


async def _lists(tx: AsyncConnection, readers: Collection[str]) -> defaultdict[str, Sums]:
    """Sum up the open tasks of each reader, and how many lists of theirs have arrived."""
    task, notice = columns(TaskRow), columns(NoticeRow)
    tasks = select(task.assignee_id, task.id, task.state, task.reminders, task.deadline)
    mine = [notice.recipient_id.in_(readers), notice.case_id == "", notice.kind.startswith("digest/")]
    lists = select(notice.recipient_id, func.count()).where(*mine, notice.state == "sent")
    open_ones = tasks.where(task.assignee_id.in_(readers), task.state.in_(OPEN_TASKS)).order_by(task.id)
    return await _by_first(tx, lists.group_by(notice.recipient_id), readers, open_ones)


async def _holds(tx: AsyncConnection, digests: Collection[str]) -> defaultdict[str, Sums]:
    hold, signed, case = columns(HoldRow), columns(SignatureRow), columns(CaseRow)
    decided = select(hold.digest, hold.released_at, hold.withdrawn_at).where(hold.digest.in_(digests))
    names = select(signed.digest, func.count(), func.max(signed.at)).where(signed.digest.in_(digests))
    held = select(case.hold_digest, func.count(), func.min(case.due)).where(case.hold_digest.in_(digests))
    return await _by_first(
        tx, decided, digests, names.group_by(signed.digest), held.group_by(case.hold_digest)
    )


async def _by_first(
    tx: AsyncConnection, query: Any, keys: Collection[str], *more: Any
) -> defaultdict[str, Sums]:
    """Read rows and put them together by their first column; nothing is read where there are no keys."""
    found: defaultdict[str, Sums] = defaultdict(tuple)
    for number, one in enumerate((query, *more) if keys else ()):
        for key, *rest in (await tx.execute(one)).all():
            found[key] = (*found[key], (number, *rest))
    return found
