"""An identity question answered late: the removals that waited for it are taken up again."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.casework import PAST, set_state
from bot.states import CASE_RUNNING, CaseState, StepState
from bot.store.query import change, columns, table, where
from bot.store.tables import CaseInstanceRow, CaseRow, GapRow, StepRow
from policies.model import Refusal


async def plan_again(app: Bawab, tx: AsyncConnection, person_id: str, instance: str) -> None:
    """An account became certain: what was left out or blocked for want of it is taken up again.

    A freed step is cleared once more before its call, like any other.
    """
    cases = columns(CaseRow)
    over = CASE_RUNNING | {CaseState.COMPLETED_WITH_EXCEPTIONS}
    mine = [cases.person_id == person_id, cases.state.in_(over), cases.event_key.not_like(f"{PAST}%")]
    for case in await where(tx, CaseRow, *mine):
        freed = await _free(app, tx, case, instance) + await _plan_anew(app, tx, case, instance)
        if freed and case.state != CaseState.EXECUTING:
            values = {"finished_at": None, "reason": None}
            action = Action.CASE_EXECUTE
            await set_state(
                app, tx, case, CaseState.EXECUTING, action, values=values, because="account_confirmed"
            )


async def _free(app: Bawab, tx: AsyncConnection, case: CaseRow, instance: str) -> int:
    steps, now = columns(StepRow), app.now()
    waiting = [steps.case_id == case.id, steps.instance == instance, steps.state == StepState.BLOCKED]
    # Held until the group thresholds have looked at the whole pass, as any newly planned step is.
    values = {"state": StepState.HELD, "hold_digest": None, "refusal": None, "updated_at": now}
    return await change(tx, StepRow, values, *waiting, steps.refusal == Refusal.AMBIGUOUS)


async def _plan_anew(app: Bawab, tx: AsyncConnection, case: CaseRow, instance: str) -> int:
    """Where no account was known there is no step at all: the instance is read once more."""
    steps, rows, gaps = columns(StepRow), columns(CaseInstanceRow), columns(GapRow)
    if await where(tx, StepRow, steps.case_id == case.id, steps.instance == instance):
        return 0
    await tx.execute(delete(table(GapRow)).where(gaps.case_id == case.id, gaps.instance == instance))
    values = {"state": "pending", "attempts": 0, "next_attempt_at": app.now()}
    return await change(tx, CaseInstanceRow, values, rows.case_id == case.id, rows.instance == instance)
