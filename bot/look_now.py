"""A hint from outside that somebody is in a group again: the removal is looked at in the next pass."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.rechecks import WAS_OUT
from bot.steps import record_entry
from bot.store.query import add, change, columns, one, where
from bot.store.tables import PersonRow, RecheckRow, StepRow
from policies.model import PersonStatus, StepAction

HINTED = "hinted"
"""The kind of this look; those after an hour, a day and a week stay as they are."""


async def look_now(app: Bawab, instance: str, account_id: str, group_id: str, *, because: str) -> bool:
    """Have the removal of this account from this group looked at within a tick; True where there is one.

    Only a hint: nothing is believed of it but that a look is worth while. The same hint twice, before
    the look, does and logs nothing.
    """
    async with app.store.write() as tx:
        step = await _last_removal(tx, instance, account_id, group_id)
        if step is None or not await _matters(tx, step) or not await _set_due(app, tx, step):
            return False
        await app.audit.append(tx, record_entry(step, Action.STEP_RECHECK, because=because))
    return True


async def _last_removal(tx: AsyncConnection, instance: str, account_id: str, group_id: str) -> StepRow | None:
    """Give the newest removal, if it stands as done."""
    steps = columns(StepRow)
    found = await where(
        tx,
        StepRow,
        steps.instance == instance,
        steps.account_id == account_id,
        steps.group_id == group_id,
        steps.action == StepAction.REVOKE,
    )
    newest = max(found, key=lambda step: step.created_at, default=None)
    return newest if newest is not None and newest.state in WAS_OUT else None


async def _matters(tx: AsyncConnection, step: StepRow) -> bool:
    """A leaver may never come back; whoever moved or was hired again may, once the last look is over."""
    person = await one(tx, PersonRow, columns(PersonRow).id == step.person_id)
    if person is None or person.status == PersonStatus.TERMINATED:
        return True
    rows = columns(RecheckRow)
    return await one(tx, RecheckRow, rows.step_id == step.id, rows.done_at.is_(None)) is not None


async def _set_due(app: Bawab, tx: AsyncConnection, step: StepRow) -> bool:
    """Put the look in, or have it done again; False where it waits already."""
    rows = columns(RecheckRow)
    mine = [rows.step_id == step.id, rows.kind == HINTED]
    before = await one(tx, RecheckRow, *mine)
    if before is None:
        await add(tx, RecheckRow(step_id=step.id, kind=HINTED, instance=step.instance, due=app.now()))
        return True
    again = {"due": app.now(), "attempts": 0, "done_at": None, "sight": None}
    return bool(await change(tx, RecheckRow, again, *mine, rows.done_at.is_not(None)))
