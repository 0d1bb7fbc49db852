"""Finding what an act is about by its id, or saying that there is none."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.acts.refusals import CannotAct
from bot.casework import find_case
from bot.store.people import person
from bot.store.tables import CaseRow
from policies.model import Person

SHORTEST_CASE = len("case_") + 3


async def the_case(tx: AsyncConnection, case_id: str) -> CaseRow:
    """Find a case by its id or the only one that begins so; raises CannotAct."""
    found = await find_case(tx, case_id) if len(case_id) >= SHORTEST_CASE else None
    if found is None:
        raise CannotAct("no_case", what=case_id)
    return found


async def the_person_hr_knows(tx: AsyncConnection, person_id: str) -> Person:
    """Give HR's record of an employee id; raises CannotAct."""
    found = await person(tx, person_id)
    if found is None:
        raise CannotAct("no_person", what=person_id)
    return found
