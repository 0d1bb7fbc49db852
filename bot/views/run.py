"""One run to read: its failures with their remedies first, then its cases and how their steps ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.states import StepState
from bot.store.query import all_of, columns, table, where
from bot.store.tables import CaseRow, StepRow
from bot.views.case_lines import CaseLine, case_line, is_own
from bot.views.case_steps import StepLine, step_lines
from bot.views.reviews import EXCEPTIONS, FAILED, RunLine, run_line

MOST = 500
"""Cases and failures shown; the counts are of all."""


@dataclass(frozen=True, slots=True)
class RunCase:
    """One case of a run, and how its steps ended."""

    line: CaseLine
    steps: Mapping[StepState, int]


@dataclass(frozen=True, slots=True)
class Undone:
    """One step that did not come to its end, of whom, and with what to do."""

    case_id: str
    person: str
    step: StepLine


@dataclass(frozen=True, slots=True)
class RunView:
    """Everything one reader may see of a run."""

    line: RunLine
    failures: tuple[Undone, ...]
    """Somebody is still in, as far as is known."""
    exceptions: tuple[Undone, ...]
    """Not done by the bot: blocked, left by an exception, or in somebody's hands."""
    cases: tuple[RunCase, ...]
    more: int
    """Cases beyond those shown."""


async def the_run(app: Bawab, who: Actor, run_id: str) -> RunView:
    """Give a run whole; raises NotAllowed, NoSuchRun."""
    line = await run_line(app, who, run_id)
    async with app.store.read() as tx:
        rows = columns(CaseRow)
        query = sa.select(table(CaseRow)).where(rows.run_id == run_id).order_by(rows.created_at, rows.id)
        cases = [case for case in await all_of(tx, CaseRow, query.limit(MOST)) if not is_own(who, case)]
        counts = await _counts(tx, run_id)
        undone = await _undone(app, tx, who, run_id)
    lines = [RunCase(case_line(app, who, case), counts.get(case.id, {})) for case in cases]
    worst_first = sorted(lines, key=_trouble, reverse=True)
    return RunView(
        line,
        tuple(one for one in undone if one.step.state in FAILED),
        tuple(one for one in undone if one.step.state in EXCEPTIONS),
        tuple(worst_first),
        line.cases - len(lines),
    )


def _trouble(case: RunCase) -> tuple[int, int]:
    failed = sum(case.steps.get(state, 0) for state in FAILED)
    return failed, sum(case.steps.get(state, 0) for state in EXCEPTIONS)


async def _counts(tx: AsyncConnection, run_id: str) -> dict[str, Counter[StepState]]:
    steps = columns(StepRow)
    query = sa.select(steps.case_id, steps.state, sa.func.count()).where(steps.run_id == run_id)
    found: dict[str, Counter[StepState]] = {}
    for case_id, state, count in await tx.execute(query.group_by(steps.case_id, steps.state)):
        found.setdefault(case_id, Counter())[StepState(state)] = count
    return found


async def _undone(app: Bawab, tx: AsyncConnection, who: Actor, run_id: str) -> list[Undone]:
    steps = columns(StepRow)
    wanted = (steps.run_id == run_id, steps.person_id != who.id, steps.state.in_(FAILED | EXCEPTIONS))
    query = sa.select(table(StepRow)).where(*wanted).order_by(steps.updated_at, steps.id).limit(MOST)
    found = await all_of(tx, StepRow, query)
    cases = await where(tx, CaseRow, columns(CaseRow).id.in_({step.case_id for step in found}))
    people = {case.id: case_line(app, who, case).person for case in cases}
    lines = step_lines(app, who, found, {})
    return [
        Undone(step.case_id, people.get(step.case_id, ""), line)
        for step, line in zip(found, lines, strict=True)
    ]
