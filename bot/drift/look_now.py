"""A hint from outside that somebody is in a group again: it is looked at in the next pass."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.alarm import News
from bot.app import Bawab
from bot.audit.actions import Action
from bot.drift.compare import WAS_OUT
from bot.drift.hints import hint
from bot.drift.looks import HINTED, look_soon
from bot.drift.standing import standing_of
from bot.steps import record_entry
from bot.store.query import columns, one, where
from bot.store.tables import PersonRow, RecheckRow, StepRow
from policies.model import PersonStatus, StepAction

__all__ = ["HINTED", "look_at_group", "look_now"]


async def look_now(app: Bawab, instance: str, account_id: str, group_id: str, *, because: str) -> bool:
    """Have this account in this group looked at within a tick; True where that is worth while.

    Only a hint: nothing is believed of it but that a look is worth while. Where no removal stands there, it
    still is if the account is certainly somebody's who must be out: a second account, or a new group. The
    same hint twice, before the look, does and logs nothing; so does one about anybody else.
    """
    async with app.store.read() as tx:
        step = await _last_removal(tx, instance, account_id, group_id)
        if step is not None and not await _matters(tx, step):
            return False
    if step is None:
        return await hint(app, instance, account_id)
    async with app.store.write() as tx:
        if not await look_soon(app, tx, step):
            return False
        await app.audit.append(tx, record_entry(step, Action.STEP_RECHECK, because=because))
    app.alarm.ring(News.LOOK)
    return True


async def look_at_group(app: Bawab, instance: str, group_id: str, *, because: str) -> int:
    """Have everybody ever taken out of a group looked at within a tick: nobody was named. Gives how many.

    One transaction, however many they are: whoever told us waits for the answer.
    """
    steps = columns(StepRow)
    mine = [steps.instance == instance, steps.group_id == group_id, steps.action == StepAction.REVOKE]
    async with app.store.write() as tx:
        newest: dict[str, StepRow] = {}
        for step in sorted(await where(tx, StepRow, *mine), key=_made):
            newest[step.account_id] = step
        out = [step for step in newest.values() if step.state in WAS_OUT and await _matters(tx, step)]
        looked = [step for step in out if await look_soon(app, tx, step)]
        entries = [record_entry(step, Action.STEP_RECHECK, because=because) for step in looked]
        await app.audit.append(tx, *entries)
    if looked:
        app.alarm.ring(News.LOOK)
    return len(looked)


def _made(step: StepRow) -> datetime:
    return step.created_at


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
    """A leaver may never come back; whoever was hired again may, once the last look is over."""
    person = await one(tx, PersonRow, columns(PersonRow).id == step.person_id)
    if person is None or person.status == PersonStatus.TERMINATED:
        return True
    if await standing_of(tx, step.person_id) is not None:
        return True
    rows = columns(RecheckRow)
    return await one(tx, RecheckRow, rows.step_id == step.id, rows.done_at.is_(None)) is not None
