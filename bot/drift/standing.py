"""Which case says that somebody must be out: their latest departure or move, as long as it still holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.casework import LEAVING, PAST
from bot.completion import ENDED
from bot.states import CASE_NOT_STARTED, CASE_RUNNING
from bot.store.query import chunks, columns, one, where
from bot.store.tables import CaseInstanceRow, CaseRow, PersonRow
from policies.model import EventKind, PersonStatus

BEGUN = ENDED | CASE_RUNNING
_SPEAKING = (*LEAVING, EventKind.MOVER)


@dataclass(frozen=True, slots=True)
class Standing:
    """The case in force for a person."""

    case: CaseRow
    sure: bool = True
    """False where HR has since announced a later last day: until then the person may rightly be here."""


def standing(cases: Sequence[CaseRow], person: PersonRow | None) -> Standing | None:
    """Choose among all cases of one person; None where nothing says they must be out.

    Who was hired again, or whose departure was withdrawn, is rightly here; so is whatever they were moved
    out of before that.
    """
    begun = sorted((case for case in cases if case.state in BEGUN and case.rule), key=_age)
    departures = [case for case in begun if case.kind in LEAVING]
    last = departures[-1] if departures else None
    if last is not None and not is_back(last, person):
        later = (case for case in cases if case.kind in LEAVING and case.state in CASE_NOT_STARTED)
        return Standing(last, sure=not any(case.created_at > last.created_at for case in later))
    moves = [case for case in begun if case.kind == EventKind.MOVER]
    if last is not None:
        moves = [case for case in moves if case.created_at > last.created_at]
    return Standing(moves[-1]) if moves else None


def is_back(case: CaseRow, person: PersonRow | None) -> bool:
    """Whether a departure is over: HR withdrew it, or has the person again after they were gone."""
    if case.event_key.startswith(PAST):
        return True
    gone_then = case.event["person"]["status"] == PersonStatus.TERMINATED
    return gone_then and person is not None and person.status != PersonStatus.TERMINATED


async def standing_of(tx: AsyncConnection, person_id: str) -> Standing | None:
    """Give the case in force for one person."""
    cases = columns(CaseRow)
    mine = await where(tx, CaseRow, cases.person_id == person_id, cases.kind.in_(_SPEAKING))
    if not mine:
        return None
    return standing(mine, await one(tx, PersonRow, columns(PersonRow).id == person_id))


async def everybody_out(tx: AsyncConnection, only: Collection[str] | None = None) -> dict[str, Standing]:
    """Give everybody (or, of these employee ids, those) who must be out of something, by employee id."""
    cases, people = columns(CaseRow), columns(PersonRow)
    wanted = [cases.kind.in_(_SPEAKING)] + ([] if only is None else [cases.person_id.in_(only)])
    mine: dict[str, list[CaseRow]] = defaultdict(list)
    for case in await where(tx, CaseRow, *wanted):
        mine[case.person_id].append(case)
    known: dict[str, PersonRow] = {}
    for part in chunks(sorted(mine), 500):
        known |= {row.id: row for row in await where(tx, PersonRow, people.id.in_(part))}
    found = {person_id: standing(rows, known.get(person_id)) for person_id, rows in mine.items()}
    return {person_id: case for person_id, case in sorted(found.items()) if case is not None}


async def is_planned(tx: AsyncConnection, case: CaseRow, instance: str) -> bool:
    """Whether the case's own plan has been made there; before, a membership is its work, and no drift."""
    rows = columns(CaseInstanceRow)
    row = await one(tx, CaseInstanceRow, rows.case_id == case.id, rows.instance == instance)
    return case.state in ENDED if row is None else row.state == "planned"


def _age(case: CaseRow) -> tuple[Any, str]:
    return case.created_at, case.id
