"""How a drift ends: seen gone, removed and read back, rightly in by now, or an exception that has run out."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.casework import LEAVING, PAST
from bot.drift.looks import look_soon
from bot.drift.record import UNSETTLED, DriftState, entry
from bot.drift.standing import Standing, everybody_out
from bot.states import STEP_SUCCESS, CaseState, StepState
from bot.steps import record_entry
from bot.store.group_tables import DriftRow
from bot.store.query import change, columns, one, where
from bot.store.tables import CaseRow, StepRow
from connectors.contract import Quality, Sight
from policies.model import EventKind

IN_FLIGHT = frozenset(
    {StepState.REQUESTED, StepState.OUTCOME_UNKNOWN, StepState.REMOVED_UNVERIFIED, StepState.DELEGATED}
)
_FAILED = frozenset({StepState.BLOCKED, StepState.FAILED, StepState.CANCELLED})


async def gone(app: Bawab, tx: AsyncConnection, row: DriftRow) -> bool:
    """Note that a read-back saw them out again without our doing; its step is a success like any other."""
    steps, now = columns(StepRow), app.now()
    values: dict[str, object] = {
        "state": StepState.VERIFIED_ABSENT,
        "quality": Quality.OBSERVED,
        "detail": "",
        "next_attempt_at": None,
        "verified_at": now,
        "updated_at": now,
    }
    left_alone = [steps.id == row.step_id, steps.state.in_([StepState.STILL_PRESENT, StepState.WAIVED])]
    if not await change(tx, StepRow, values, *left_alone, steps.next_attempt_at.is_(None)):
        return False
    step = await one(tx, StepRow, steps.id == row.step_id)
    if step is not None:
        await app.audit.append(tx, record_entry(step, Action.STEP_READ_BACK, said=Sight.ABSENT))
    return await _end(app, tx, row, DriftState.GONE, "left_again")


async def closed(app: Bawab, tx: AsyncConnection, row: DriftRow, why: str) -> bool:
    """Close a drift of somebody who is rightly in by now; what had not left yet is not done."""
    steps = columns(StepRow)
    step = await one(tx, StepRow, steps.id == row.step_id)
    if step is not None and step.state in IN_FLIGHT:
        return False  # its outcome must be known first
    if step is not None and step.state not in STEP_SUCCESS:
        values = {"state": StepState.CANCELLED, "next_attempt_at": None, "updated_at": app.now()}
        await change(tx, StepRow, values, steps.id == step.id, steps.state == step.state)
    return await _end(app, tx, row, DriftState.CLOSED, why)


async def _end(app: Bawab, tx: AsyncConnection, row: DriftRow, state: DriftState, why: str) -> bool:
    rows = columns(DriftRow)
    if not await change(
        tx, DriftRow, {"state": state, "note": why}, rows.id == row.id, rows.state == row.state
    ):
        return False
    step = await one(tx, StepRow, columns(StepRow).id == row.step_id)
    await app.audit.append(tx, entry(row, step, Action.DRIFT_CLOSE, outcome=state, why=why))
    row.state, row.note = state, why
    return True


async def settle_drift(app: Bawab) -> int:
    """Move every drift that has news: cheap where there is none. Gives how many moved."""
    rows = columns(DriftRow)
    async with app.store.read() as tx:
        open_ = await where(tx, DriftRow, rows.state.in_(UNSETTLED))
        if not open_:
            return 0
        cases = await where(tx, CaseRow, columns(CaseRow).id.in_({row.case_id for row in open_}))
        steps = await where(tx, StepRow, columns(StepRow).id.in_({row.step_id for row in open_}))
        out = await everybody_out(tx, {row.person_id for row in open_})
    case_of, step_of = {case.id: case for case in cases}, {step.id: step for step in steps}
    moved = 0
    for row in open_:
        why = _rightly_in(case_of.get(row.case_id), out.get(row.person_id))
        moved += await _settle(app, row, why, step_of)
    return moved


def _rightly_in(case: CaseRow | None, standing: Standing | None) -> str:
    """Say why the case asks nothing any more; empty where it still holds."""
    if case is None or case.state == CaseState.CANCELLED:
        return "case_cancelled"
    if case.kind in LEAVING:
        return "" if standing is not None and standing.case.kind in LEAVING else "hired_again"
    if case.kind == EventKind.MOVER:
        return "" if standing is not None else "hired_again"
    return "returned" if case.event_key.startswith(PAST) else ""


async def _settle(app: Bawab, row: DriftRow, why: str, steps: Mapping[str, StepRow]) -> bool:
    step = steps.get(row.step_id or "")
    if row.state == DriftState.REMOVING and step is not None and step.state in STEP_SUCCESS:
        async with app.store.write() as tx:
            return await _end(app, tx, row, DriftState.REMOVED, "read_back")
    if why:
        async with app.store.write() as tx:
            return await closed(app, tx, row, why)
    if row.state == DriftState.REMOVING and step is not None and _given_up(step):
        return await _asked_again(app, row, step.refusal or step.state)
    if row.state == DriftState.ACCEPTED and row.accepted_until and row.accepted_until <= app.now():
        return await _over(app, row)
    return False


def _given_up(step: StepRow) -> bool:
    still = step.state == StepState.STILL_PRESENT and step.next_attempt_at is None
    by_hand = step.state == StepState.DELEGATED  # somebody is asked again, by a task
    return still or by_hand or step.state in _FAILED


async def _asked_again(app: Bawab, row: DriftRow, note: str) -> bool:
    """The removal was refused or did not work: the step's own entry says why, and a person decides."""
    rows = columns(DriftRow)
    values = {"state": DriftState.OPEN, "note": note}
    async with app.store.write() as tx:
        return bool(await change(tx, DriftRow, values, rows.id == row.id, rows.state == row.state))


async def _over(app: Bawab, row: DriftRow) -> bool:
    """An exception has run out: it is open again, and looked at."""
    rows, steps = columns(DriftRow), columns(StepRow)
    values = {"state": DriftState.OPEN, "accepted_until": None, "note": "exception_over"}
    async with app.store.write() as tx:
        if not await change(tx, DriftRow, values, rows.id == row.id, rows.state == DriftState.ACCEPTED):
            return False
        waived = [steps.id == row.step_id, steps.state == StepState.WAIVED]
        again = {"state": StepState.STILL_PRESENT, "quality": Quality.OBSERVED, "updated_at": app.now()}
        await change(tx, StepRow, again, *waived)
        step = await one(tx, StepRow, steps.id == row.step_id)
        state = step.state if step else StepState.STILL_PRESENT
        said = entry(row, step, Action.CHECK_DRIFT, outcome=state, because="exception_over")
        await app.audit.append(tx, said)
        if step is not None:
            await look_soon(app, tx, step)
    return True
