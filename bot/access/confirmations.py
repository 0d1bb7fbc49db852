"""Emergencies nobody has confirmed in time: escalated once, and said wherever somebody looks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.access_tables import ConfirmationRow
from bot.store.query import change, columns, one, where
from bot.store.tables import CaseRow


async def escalate_due(app: Bawab) -> int:
    """Escalate each emergency whose confirmation is overdue, once, logged; gives how many."""
    rows, now = columns(ConfirmationRow), app.now()
    late = [rows.verdict.is_(None), rows.escalated_at.is_(None), rows.due <= now]
    async with app.store.read() as tx:
        if not await where(tx, ConfirmationRow, *late):
            return 0
    async with app.store.write() as tx:
        found = await where(tx, ConfirmationRow, *late)
        for row in found:
            await change(tx, ConfirmationRow, {"escalated_at": now}, rows.case_id == row.case_id)
            await app.audit.append(tx, await _entry(tx, row))
    return len(found)


async def unconfirmed(tx: AsyncConnection) -> Sequence[ConfirmationRow]:
    """Give the emergencies that wait for a second person's word, the oldest first."""
    rows = columns(ConfirmationRow)
    return sorted(await where(tx, ConfirmationRow, rows.verdict.is_(None)), key=_due)


async def _entry(tx: AsyncConnection, row: ConfirmationRow) -> Entry:
    case = await one(tx, CaseRow, columns(CaseRow).id == row.case_id)
    return Entry(
        action=Action.CASE_CONFIRM,
        actor="bawab",
        outcome="escalated",
        person_id=case.person_id if case else None,
        case_id=row.case_id,
        detail={"asked_by": f"person:{row.requested_by}", "was_due": row.due.isoformat()},
    )


def _due(row: ConfirmationRow) -> str:
    return row.due.isoformat()
