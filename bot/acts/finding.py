"""Finding what an act is about by its id, or saying that there is none."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.acts.refusals import CannotAct
from bot.casework import find_case
from bot.signers import signer_of
from bot.store.people import person
from bot.store.tables import CaseRow
from policies.model import Person

SHORTEST_CASE = len("case_") + 3


async def the_case(tx: AsyncConnection, case_id: str, who: Actor) -> CaseRow:
    """Find a case by its id or the only one that begins so; raises CannotAct, also for one about `who`.

    Said as of a case that does not exist: by trying beginnings its subject would learn that it does.
    """
    found = await find_case(tx, case_id) if len(case_id) >= SHORTEST_CASE else None
    if found is None or found.person_id in (await signer_of(tx, who)).ids:
        raise CannotAct("no_case", what=case_id)
    return found


async def the_person_hr_knows(tx: AsyncConnection, person_id: str) -> Person:
    """Give HR's record of an employee id; raises CannotAct."""
    found = await person(tx, person_id)
    if found is None:
        raise CannotAct("no_person", what=person_id)
    return found
