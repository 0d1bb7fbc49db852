"""Whom somebody means by a name, an e-mail address or an employee id: one person, or a question back."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.people import find_people
from bot.store.tables import PersonRow


class NotOnePerson(LookupError):
    """Nobody, or more than one person, may be meant; says whom to choose from."""


async def the_person(tx: AsyncConnection, who: str) -> PersonRow:
    """Find the one person HR has named who may be meant; raises NotOnePerson, never guesses."""
    found = sorted(await find_people(tx, who), key=_id)
    if not found:
        raise NotOnePerson(f"HR has named nobody {who!r}: give an employee id, an e-mail address or a name")
    if len(found) > 1:
        some = ", ".join(f"{row.id} ({row.name})" for row in found[:5])
        raise NotOnePerson(f"{who!r} may mean {len(found)} people: {some}; give the employee id")
    return found[0]


def _id(row: PersonRow) -> str:
    return row.id
