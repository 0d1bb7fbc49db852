"""When a case may be called what: completed only if every step is a success, and never before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
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
A_TRANSACTION = 20
"""Cases moved in one transaction: a lane must not wait long for its turn to write."""


def case_state(steps: Collection[StepRow], *, planned_everywhere: bool) -> CaseState:
    """Say where a running case stands, from its steps alone; pure."""
    states = frozenset(StepState(step.state) for step in steps)
    back = any(s.state == StepState.STILL_PRESENT and s.next_attempt_at is not None for s in steps)
    return _stands(states, comes_back=back, planned_everywhere=planned_everywhere)


def _stands(states: Collection[StepState], *, comes_back: bool, planned_everywhere: bool) -> CaseState:
    """Say it from the states that occur; `comes_back`: whether somebody still present is tried again."""
    if not planned_everywhere or not TO_BE_DONE.isdisjoint(states):
        return CaseState.EXECUTING
    if StepState.REMOVED_UNVERIFIED in states or comes_back:
        return CaseState.VERIFYING
    if StepState.DELEGATED in states:
        return CaseState.AWAITING_MANUAL
    return CaseState.COMPLETED if STEP_SUCCESS.issuperset(states) else CaseState.COMPLETED_WITH_EXCEPTIONS


async def settle_cases(app: Bawab) -> list[CaseRow]:
    """Move every running case to where its steps say it stands; gives those that moved."""
    async with app.store.read() as tx:
        moving = await _moving(tx)
    moved: list[CaseRow] = []
    for part in chunks(moving, A_TRANSACTION):
        async with app.store.write() as tx:
            moved += await _settle(app, tx, part)
    return moved


def _worth_a_look() -> ColumnElement[bool]:
    """Whatever runs, and whatever ended with exceptions and has news (a task was attested since)."""
    cases, steps = columns(CaseRow), columns(StepRow)
    news = exists().where(steps.case_id == cases.id, steps.updated_at > cases.updated_at)
    ended: ColumnElement[bool] = cases.state == CaseState.COMPLETED_WITH_EXCEPTIONS
    running: ColumnElement[bool] = cases.state.in_(CASE_RUNNING)
    return or_(running, and_(ended, news))


async def _moving(tx: AsyncConnection) -> list[str]:
    """Give the ids of cases that seem to stand elsewhere: from states alone, as every tick asks for all."""
    cases = columns(CaseRow)
    found = {row[0]: row[1] for row in await tx.execute(select(cases.id, cases.state).where(_worth_a_look()))}
    if not found:
        return []
    looked = select(cases.id).where(_worth_a_look())
    states, waiting = await _states(tx, looked), await _being_planned(tx, looked)
    still = [case_id for case_id, mine in states.items() if StepState.STILL_PRESENT in mine]
    back = await _coming_back(tx, still)
    return [
        case_id
        for case_id, state in found.items()
        if state
        != _stands(
            states.get(case_id, frozenset()),
            comes_back=case_id in back,
            planned_everywhere=case_id not in waiting,
        )
    ]


async def _states(tx: AsyncConnection, looked: Select[tuple[str]]) -> Mapping[str, set[StepState]]:
    """Give the states of each case's steps; grouped as `ix_step_stage` is ordered, which holds all of it."""
    steps, found = columns(StepRow), defaultdict[str, set[StepState]](set)
    at = (steps.case_id, steps.instance, steps.stage, steps.state)
    for case_id, _, _, state in await tx.execute(select(*at).where(steps.case_id.in_(looked)).group_by(*at)):
        found[case_id].add(StepState(state))
    return found


async def _coming_back(tx: AsyncConnection, ids: Sequence[str]) -> set[str]:
    steps, found = columns(StepRow), set[str]()
    again = [steps.state == StepState.STILL_PRESENT, steps.next_attempt_at.is_not(None)]
    for part in chunks(ids, 500):
        asked = select(steps.case_id).where(steps.case_id.in_(part), *again).distinct()
        found |= set((await tx.execute(asked)).scalars())
    return found


async def _being_planned(tx: AsyncConnection, ids: Select[tuple[str]] | Sequence[str]) -> set[str]:
    rows = columns(CaseInstanceRow)
    asked = select(rows.case_id).where(rows.case_id.in_(ids), rows.state == PENDING).distinct()
    return set((await tx.execute(asked)).scalars())


async def _settle(app: Bawab, tx: AsyncConnection, ids: Sequence[str]) -> list[CaseRow]:
    """Read these cases' steps whole, in the transaction that moves them; gives those that moved."""
    running = await where(tx, CaseRow, columns(CaseRow).id.in_(ids), _worth_a_look())
    waiting = await _being_planned(tx, ids)
    steps: dict[str, list[StepRow]] = defaultdict(list)
    for step in await where(tx, StepRow, columns(StepRow).case_id.in_(ids)):
        steps[step.case_id].append(step)
    moved = []
    for case in running:
        mine = steps[case.id]
        target = case_state(mine, planned_everywhere=case.id not in waiting)
        if target != case.state and await _move(app, tx, case, target, mine):
            moved.append(case)
    return moved


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
