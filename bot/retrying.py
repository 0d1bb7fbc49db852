"""A case's undone steps tried once more, because somebody mended what stood in their way."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.casework import PAST, set_state
from bot.drift.record import UNSETTLED
from bot.states import CASE_RUNNING, CaseState, StepState
from bot.steps import record_entry
from bot.store.group_tables import DriftRow
from bot.store.query import change, columns, one, where
from bot.store.tables import CaseRow, StepRow
from policies.model import Refusal

_OVER = CASE_RUNNING | {CaseState.COMPLETED_WITH_EXCEPTIONS}
_AFRESH = {
    "state": StepState.HELD,  # until the group thresholds have looked at the whole pass
    "hold_digest": None,
    "attempts": 0,
    "reads": 0,
    "refusal": None,
    "detail": "",
    "remedy": "",
    "settle_until": None,
    "next_attempt_at": None,
}


async def retry(app: Bawab, case: CaseRow, *, actor: str) -> int:
    """Give a case's failed and blocked steps back to their lanes; gives how many, 0 where there is none.

    Nothing is believed mended: every guard, and the platform, looks again right before each call. What goes
    beyond the approval needs a release, whoever came back is decided with `bawab drift`, and what a person
    was asked to do by hand stays theirs.
    """
    async with app.store.write() as tx:
        current = await one(tx, CaseRow, columns(CaseRow).id == case.id)
        if current is None or current.state not in _OVER or current.event_key.startswith(PAST):
            return 0
        again = await _undone(tx, current)
        for step in again:
            await _afresh(app, tx, step)
        if again:
            state, action = CaseState.EXECUTING, Action.CASE_RETRY
            open_again = {"finished_at": None, "reason": None}
            await set_state(app, tx, current, state, action, actor=actor, values=open_again, steps=len(again))
    return len(again)


async def _undone(tx: AsyncConnection, case: CaseRow) -> Sequence[StepRow]:
    steps, drifts = columns(StepRow), columns(DriftRow)
    given_up = and_(steps.state == StepState.STILL_PRESENT, steps.next_attempt_at.is_(None))
    ended = or_(steps.state.in_([StepState.FAILED, StepState.BLOCKED]), given_up)
    asked = await where(tx, DriftRow, drifts.case_id == case.id, drifts.state.in_(UNSETTLED))
    theirs = {row.step_id for row in asked}
    found = await where(tx, StepRow, steps.case_id == case.id, ended)
    return [s for s in found if s.refusal != Refusal.BEYOND_APPROVED and s.id not in theirs]


async def _afresh(app: Bawab, tx: AsyncConnection, step: StepRow) -> None:
    steps = columns(StepRow)
    values = {**_AFRESH, "updated_at": app.now()}
    if await change(tx, StepRow, values, steps.id == step.id, steps.state == step.state):
        for name, value in values.items():
            setattr(step, name, value)
        await app.audit.append(tx, record_entry(step, Action.STEP_RETRY, because="asked"))
