"""When a case may be called what: completed only if every step is a success, and never before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.casework import set_state
from bot.planning import PENDING
from bot.states import CASE_RUNNING, STEP_SUCCESS, CaseState, StepState
from bot.store.query import chunks, columns, where
from bot.store.tables import CaseInstanceRow, CaseRow, GapRow, LinkQuestionRow, LinkRow, StepRow

TO_BE_DONE = frozenset({StepState.PENDING, StepState.HELD, StepState.REQUESTED, StepState.OUTCOME_UNKNOWN})
ENDED = frozenset({CaseState.COMPLETED, CaseState.COMPLETED_WITH_EXCEPTIONS})


def case_state(steps: Collection[StepRow], *, planned_everywhere: bool) -> CaseState:
    """Say where a running case stands, from its steps alone; pure."""
    states = {StepState(step.state) for step in steps}
    if not planned_everywhere or states & TO_BE_DONE:
        return CaseState.EXECUTING
    if StepState.REMOVED_UNVERIFIED in states or _comes_back(steps):
        return CaseState.VERIFYING
    if StepState.DELEGATED in states:
        return CaseState.AWAITING_MANUAL
    return CaseState.COMPLETED if states <= STEP_SUCCESS else CaseState.COMPLETED_WITH_EXCEPTIONS


def _comes_back(steps: Collection[StepRow]) -> bool:
    return any(s.state == StepState.STILL_PRESENT and s.next_attempt_at is not None for s in steps)


async def settle_cases(app: Bawab) -> list[CaseRow]:
    """Move every running case to where its steps say it stands; gives those that moved."""
    async with app.store.read() as tx:
        running = await where(tx, CaseRow, _worth_a_look())
        ids = [case.id for case in running]
        steps = await _steps_of(tx, ids)
        waiting = await _being_planned(tx, ids)
    moved = []
    for case in running:
        mine = steps.get(case.id, [])
        target = case_state(mine, planned_everywhere=case.id not in waiting)
        if target != case.state:
            async with app.store.write() as tx:
                moved += [case] if await _move(app, tx, case, target, mine) else []
    return moved


def _worth_a_look() -> ColumnElement[bool]:
    """Whatever runs, and whatever ended with exceptions and has news (a task was attested since)."""
    cases, steps = columns(CaseRow), columns(StepRow)
    news = exists().where(steps.case_id == cases.id, steps.updated_at > cases.updated_at)
    ended: ColumnElement[bool] = cases.state == CaseState.COMPLETED_WITH_EXCEPTIONS
    running: ColumnElement[bool] = cases.state.in_(CASE_RUNNING)
    return or_(running, and_(ended, news))


async def _steps_of(tx: AsyncConnection, ids: Sequence[str]) -> Mapping[str, list[StepRow]]:
    found: dict[str, list[StepRow]] = defaultdict(list)
    for part in chunks(ids, 500):
        for step in await where(tx, StepRow, columns(StepRow).case_id.in_(part)):
            found[step.case_id].append(step)
    return found


async def _being_planned(tx: AsyncConnection, ids: Sequence[str]) -> set[str]:
    rows, found = columns(CaseInstanceRow), set()
    for part in chunks(ids, 500):
        waiting = await where(tx, CaseInstanceRow, rows.case_id.in_(part), rows.state == PENDING)
        found |= {row.case_id for row in waiting}
    return found


async def _why_nothing(tx: AsyncConnection, case: CaseRow) -> tuple[str, CaseState]:
    """A case without a step must not look like a verified removal: nobody was found, or nothing was left."""
    gaps = columns(GapRow)
    unseen = await where(tx, GapRow, gaps.case_id == case.id, gaps.reason == "no_account_linked")
    links = await where(tx, LinkRow, columns(LinkRow).person_id == case.person_id)
    if unseen and not links:
        return "no_account_linked", CaseState.COMPLETED_WITH_EXCEPTIONS
    return "nothing_to_remove", CaseState.COMPLETED


async def _doubtful(tx: AsyncConnection, case: CaseRow) -> bool:
    """Whether an account that may be theirs was left out, because nobody has said yet whose it is."""
    asked = await where(tx, LinkQuestionRow)
    return any(case.person_id in row.people for row in asked)


async def _move(
    app: Bawab, tx: AsyncConnection, case: CaseRow, target: CaseState, steps: Collection[StepRow]
) -> bool:
    states = [step.state for step in steps]
    counts = {state: states.count(state) for state in sorted(set(states))}
    over = target in ENDED
    values: dict[str, object] = {"finished_at": app.now() if over else None}
    if over and not steps:
        values["reason"], target = await _why_nothing(tx, case)
    if target is CaseState.COMPLETED and await _doubtful(tx, case):
        values["reason"], target = "identity_question", CaseState.COMPLETED_WITH_EXCEPTIONS
    if target == case.state:
        return False
    action = Action.CASE_COMPLETE if over else Action.CASE_VERIFY
    return await set_state(app, tx, case, target, action, values=values, steps=counts)
