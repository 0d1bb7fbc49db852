"""One case as a file to read: its timeline from the log, each step with its evidence, gaps and residue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from bot.app import Bawab
from bot.audit.query import parse
from bot.audit.search import search
from bot.casework import find_case
from bot.states import STEP_SUCCESS, CaseState
from bot.store.query import all_of, columns, table, where
from bot.store.tables import CaseInstanceRow, CaseRow, GapRow, StepRow
from policies.model import StepAction

PAGE = 500
SHORTEST_ID = len("case_") + 3


class NoSuchCase(LookupError):
    """No case, or more than one, begins with this id; says how to find it."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything there is to show of a case."""

    case: CaseRow
    steps: tuple[StepRow, ...]
    gaps: tuple[GapRow, ...]
    unplanned: tuple[CaseInstanceRow, ...]
    """Instances that could not be read yet; nothing is planned there."""
    timeline: tuple[Mapping[str, Any], ...]
    """Audit entries, oldest first; personal fields stay sealed."""
    residual: Mapping[str, str]
    """Instance → an honest line on what the person keeps there after a complete removal."""

    @property
    def done(self) -> int:
        """How many steps ended in a success."""
        return sum(step.state in STEP_SUCCESS for step in self.steps)

    @property
    def stays(self) -> tuple[StepRow, ...]:
        """What a cancelled case had handed over, or may have: Bawab takes nobody's new role away again."""
        cancelled = self.case.state == CaseState.CANCELLED
        return tuple(
            s for s in self.steps if cancelled and s.action == StepAction.HAND_OVER and s.acted != "no"
        )


async def the_case(app: Bawab, case_id: str) -> CaseRow:
    """Find a case by its id or the beginning of it; raises NoSuchCase.

    Too short a beginning names no case, even where only one could be meant: a script's empty variable is
    no choice.
    """
    if len(case_id) < SHORTEST_ID:
        raise NoSuchCase(f"{case_id!r} is too short: give at least {SHORTEST_ID} characters of the case's id")
    async with app.store.read() as tx:
        case = await find_case(tx, case_id)
    if case is None:
        raise NoSuchCase(f"no single case begins with {case_id!r}; `bawab case list` shows them")
    return case


async def case_file(app: Bawab, case_id: str) -> CaseFile:
    """Gather a case's file; raises NoSuchCase."""
    case = await the_case(app, case_id)
    steps, rows = columns(StepRow), columns(CaseInstanceRow)
    ordered = select(table(StepRow)).where(steps.case_id == case.id)
    async with app.store.read() as tx:
        found = await all_of(tx, StepRow, ordered.order_by(steps.instance, steps.stage, steps.created_at))
        gaps = await where(tx, GapRow, columns(GapRow).case_id == case.id)
        unplanned = await where(tx, CaseInstanceRow, rows.case_id == case.id, rows.state != "planned")
    touched = {step.instance for step in found} | set(app.chat)
    residual = {
        name: app.chat[name].capabilities.residual_access for name in sorted(touched) if name in app.chat
    }
    return CaseFile(
        case, tuple(found), tuple(gaps), tuple(unplanned), tuple(await _timeline(app, case.id)), residual
    )


async def list_cases(
    app: Bawab, *, every: bool = False, person: Sequence[str] | None = None
) -> list[CaseRow]:
    """Give open cases (or every one), the next due first; `person`: only of these employee ids."""
    cases = columns(CaseRow)
    ended = [CaseState.COMPLETED, CaseState.COMPLETED_WITH_EXCEPTIONS, CaseState.CANCELLED]
    wanted = [] if every else [cases.state.not_in(ended)]
    if person is not None:
        wanted.append(cases.person_id.in_(person))
    async with app.store.read() as tx:
        found = await where(tx, CaseRow, *wanted)
    return sorted(found, key=_by_due)


async def _timeline(app: Bawab, case_id: str) -> list[Mapping[str, Any]]:
    query = parse(f"case:{case_id}")
    page = await search(app.store, query, limit=PAGE)
    rows = list(page.rows)
    while page.before is not None:
        page = await search(app.store, query, before=page.before, limit=PAGE)
        rows += page.rows
    return rows[::-1]


def _by_due(case: CaseRow) -> tuple[bool, str, str]:
    return case.due is None, case.due.isoformat() if case.due else "", case.id
