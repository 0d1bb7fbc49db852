"""What follows from a drift: taken out again where the case's rule says so and no guard minds, else asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.casework import set_state
from bot.drafting import Draft
from bot.drift.record import DriftState, entry
from bot.drift.standing import Standing
from bot.states import CASE_RUNNING, CaseState, StepState
from bot.store.group_tables import DriftRow
from bot.store.people import directory_size, is_doubted
from bot.store.query import change, columns, one, where
from bot.store.tables import CaseRow, StepRow
from policies.model import PlannedStep, Refusal, StepAction, Verdict
from policies.rules import CameBack
from policies.thresholds import day_breach, run_breach

DAY = timedelta(hours=24)
BY_RULE = "asked_by_policy"
_DECIDABLE = (
    StepState.STILL_PRESENT,
    StepState.WAIVED,
    StepState.BLOCKED,
    StepState.FAILED,
    StepState.CANCELLED,
)


async def why_asked(
    app: Bawab, tx: AsyncConnection, standing: Standing, planned: PlannedStep | None, draft: Draft | None
) -> str:
    """Say why a person must decide, as a stable key; empty where the rule lets the bot end it at once.

    `planned` is the row of today's plan; None where the plan has none, or could not be drawn.
    """
    if await _asks(app, tx, standing.case):
        return BY_RULE
    if not standing.sure:
        return "later_last_day"
    if planned is None or draft is None:
        return "not_in_plan"
    account = planned.account
    if await is_doubted(tx, account.instance, account.id, standing.case.person_id):
        return Refusal.AMBIGUOUS.value  # hired again under another number, perhaps
    if planned.verdict is not Verdict.ACT:
        return (planned.refusal or Refusal.UNEXPECTED).value
    return Refusal.LAST_OWNER.value if _hands_over(planned, draft) else ""


async def _asks(app: Bawab, tx: AsyncConnection, case: CaseRow) -> bool:
    rule = (await app.shelf.version(tx, case.policy_digest)).rule(case.rule)
    return rule is None or rule.came_back is not CameBack.REMOVE


def _hands_over(planned: PlannedStep, draft: Draft) -> bool:
    """Whether the group would first need another owner: that is never done unasked."""
    group = planned.group.id if planned.group else ""
    return any(
        row.action is StepAction.HAND_OVER and row.group is not None and row.group.id == group
        for row in draft.plan.steps
    )


async def follow_rule(
    app: Bawab, tx: AsyncConnection, found: Sequence[DriftRow], *, before: frozenset[str] = frozenset()
) -> list[DriftRow]:
    """End what the rule lets be ended, all of it or, beyond a run guard, none; gives what is being ended.

    `before` are people for whom the same run has done so already: they count.
    """
    free = [row for row in found if row.state == DriftState.OPEN and not row.note]
    if not free:
        return []
    breach = await _breach(app, tx, {row.person_id for row in free} | before)
    if breach:
        ids = [row.id for row in free]
        await change(tx, DriftRow, {"note": breach}, columns(DriftRow).id.in_(ids))
        for row in free:
            row.note = breach
        return []
    return [row for row in free if await take_out(app, tx, row, actor="bawab")]


async def _breach(app: Bawab, tx: AsyncConnection, people: set[str] | frozenset[str]) -> str:
    """Name the run guard that so many people pass; what was ended of itself in a day counts together."""
    directory, rows = await directory_size(tx), columns(DriftRow)
    if run_breach(len(people), directory, app.limits) is not None:
        return "run_threshold"
    unasked = [rows.decided_by == "bawab", rows.decided_at > app.now() - DAY]
    today = {row.person_id for row in await where(tx, DriftRow, *unasked)}
    return "day_threshold" if day_breach(len(today | people), directory, app.limits) is not None else ""


async def take_out(app: Bawab, tx: AsyncConnection, row: DriftRow, *, actor: str) -> bool:
    """Give the step back to its lane, behind the group thresholds; False where it is no longer to decide.

    Every guard looks again right before the call, as for any step.
    """
    steps, cases, now = columns(StepRow), columns(CaseRow), app.now()
    case = await one(tx, CaseRow, cases.id == row.case_id)
    if case is None or case.state == CaseState.CANCELLED:
        return False
    afresh = {
        "state": StepState.HELD,  # until the group thresholds have looked at the whole pass
        "hold_digest": None,
        "acted": "no",
        "attempts": 0,
        "reads": 0,
        "refusal": None,
        "remedy": "",
        "settle_until": None,
        "requested_at": None,
        "verified_at": None,
        "next_attempt_at": None,
        "updated_at": now,
    }
    waiting = [steps.id == row.step_id, steps.state.in_(_DECIDABLE), steps.next_attempt_at.is_(None)]
    if not await change(tx, StepRow, afresh, *waiting):
        return False
    values = {"state": DriftState.REMOVING, "decided_at": now, "decided_by": actor, "accepted_until": None}
    await change(tx, DriftRow, values, columns(DriftRow).id == row.id)
    row.state = DriftState.REMOVING
    step = await one(tx, StepRow, steps.id == row.step_id)
    await app.audit.append(tx, entry(row, step, Action.DRIFT_REMOVE, outcome=row.state, actor=actor))
    if case.state not in CASE_RUNNING:
        again = {"finished_at": None, "reason": None}
        execute = Action.CASE_EXECUTE
        await set_state(app, tx, case, CaseState.EXECUTING, execute, values=again, because="drift")
    return True
