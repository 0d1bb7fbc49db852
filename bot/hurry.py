"""`revoke now`: a departure made due at once by a person; every guard looks at it anew, alone."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.casework import close_empty_hold
from bot.holds import first_run_is_open, gate
from bot.states import CASE_NOT_STARTED, CaseState
from bot.store.query import add, change, columns, new_id
from bot.store.tables import CaseRow, RunRow


async def revoke_now(app: Bawab, case: CaseRow, *, actor: str) -> bool:
    """Make a case due now, urgent, and send it through the guards; False where it had begun or ended.

    A hold names its people and their instants, so a case that changes its instant leaves it: the rest of the
    run stays held, and this one person is judged alone. A case no rule decides stays where it is.
    """
    async with app.store.write() as tx:
        if not case.rule or not await _hurried(app, tx, case, actor):
            return False
        run = RunRow(id=new_id("run"), kind="manual", actor=actor, started_at=app.now(), ended_at=app.now())
        await add(tx, run)
        await app.audit.append(tx, _entry(case, run, actor))
        left, case.due, case.urgent = case.hold_digest, app.now(), True
        case.state, case.hold_digest, case.requested_by = CaseState.RECEIVED, None, actor
        if left is not None:
            await close_empty_hold(app, tx, left)
        await gate(app, tx, [case], run, first_run=await first_run_is_open(tx))
    return True


async def _hurried(app: Bawab, tx: AsyncConnection, case: CaseRow, actor: str) -> bool:
    cases, now = columns(CaseRow), app.now()
    values = {
        "due": now,
        "urgent": True,
        "state": CaseState.RECEIVED,
        "reason": None,
        "hold_digest": None,
        "requested_by": actor,
        "updated_at": now,
    }
    waiting = [cases.id == case.id, cases.state == case.state, cases.state.in_(CASE_NOT_STARTED)]
    return bool(await change(tx, CaseRow, values, *waiting))


def _entry(case: CaseRow, run: RunRow, actor: str) -> Entry:
    was = case.due.isoformat() if case.due else ""
    return Entry(
        action=Action.CASE_REVOKE_NOW,
        actor=actor,
        person_id=case.person_id,
        case_id=case.id,
        run_id=run.id,
        rule=case.rule,
        before={"state": case.state},
        detail={"was_due": was, "left_hold": (case.hold_digest or "")[:16]},
    )
