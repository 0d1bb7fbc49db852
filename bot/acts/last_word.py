"""Who was there before: the last act on a case, for whoever came a moment too late."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.acts.refusals import CannotAct
from bot.audit.actions import Action
from bot.store.access_tables import StaffRow
from bot.store.audit_tables import AuditEntry
from bot.store.people import person
from bot.store.query import columns, one
from bot.store.tables import CaseRow, HoldRow

_CANCELLED = (Action.CASE_CANCEL, Action.CASE_RESCIND)
_Word = tuple[str, datetime]
"""Who said it, as the log names them, and when."""


async def name_of(tx: AsyncConnection, actor: str) -> str:
    """Give the name of somebody the log calls `person:E7`: HR's, the staff row's, else as they are logged."""
    id_ = actor.removeprefix("person:")
    known = await person(tx, id_)
    if known is not None and known.name:
        return known.name
    row = await one(tx, StaffRow, columns(StaffRow).id == id_)
    return row.name if row else id_


async def changed_meanwhile(tx: AsyncConnection, case_id: str) -> CannotAct:
    """Say who changed a case a moment ago."""
    known = [one for one in (await _last(tx, case_id), await _let_go(tx, case_id)) if one is not None]
    if not known:
        return CannotAct("moved_meanwhile")
    actor, at = max(known, key=_at)
    return CannotAct("changed_meanwhile", who=await name_of(tx, actor), when=at)


async def who_cancelled(tx: AsyncConnection, digest: str) -> CannotAct:
    """Say who cancelled what a hold kept back; where it is not known, that it no longer applies."""
    case = await one(tx, CaseRow, columns(CaseRow).hold_digest == digest)
    found = await _last(tx, case.id, *_CANCELLED) if case else None
    if found is None or not found[0].startswith("person:"):
        return CannotAct("withdrawn")
    return CannotAct("withdrawn_by", who=await name_of(tx, found[0]), when=found[1])


async def _last(tx: AsyncConnection, case_id: str, *actions: Action) -> _Word | None:
    entries = columns(AuditEntry)
    query = sa.select(entries.actor, entries.at).where(entries.case_id == case_id)
    query = query.where(entries.actor.startswith("person:"))
    if actions:
        query = query.where(entries.action.in_(actions))
    found = (await tx.execute(query.order_by(entries.seq.desc()).limit(1))).first()
    return (found[0], found[1]) if found else None


async def _let_go(tx: AsyncConnection, case_id: str) -> _Word | None:
    """Give who released what held a case: the log names the hold there, not its cases."""
    case, holds = await one(tx, CaseRow, columns(CaseRow).id == case_id), columns(HoldRow)
    if case is None or not (case.released_by or "").startswith("person:"):
        return None
    at = await tx.scalar(
        sa.select(sa.func.max(holds.released_at)).where(holds.released_by == case.released_by)
    )
    return (str(case.released_by), at) if at is not None else None


def _at(word: _Word) -> datetime:
    return word[1]
