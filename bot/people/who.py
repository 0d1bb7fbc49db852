"""Whom somebody means by a name, an e-mail address or an employee id: one person, or a question back."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.people import find_people
from bot.store.tables import PersonRow


class NotOnePerson(LookupError):
    """Nobody, or more than one person, may be meant; says whom to choose from."""


async def the_person(tx: AsyncConnection, who: str) -> PersonRow:
    """Find the one person of this id, e-mail address or full name; raises NotOnePerson, never guesses.

    Part of a name only finds whom to choose from: "Ali" stands in "Khalid" too.
    """
    found = sorted(await find_people(tx, who), key=_id) if who.strip() else []
    whole = [row for row in found if who.strip().casefold() in _folded(row.id, row.email or "", row.name)]
    if len(whole) == 1:
        return whole[0]
    if not found:
        raise NotOnePerson(f"HR has named nobody {who!r}: give an employee id, an e-mail address or a name")
    some = ", ".join(f"{row.id} ({row.name})" for row in (whole or found)[:5])
    raise NotOnePerson(f"{who!r} may mean {some}; give the employee id")


def goes_by(row: PersonRow, name: str) -> bool:
    """Whether somebody who acts under this name is this person, as far as names on one machine can tell.

    A name for oneself is an employee id, an e-mail address or what stands before its @, or the full name;
    upper and lower case are no disguise.
    """
    return name.strip().casefold() in _folded(*names_of(row))


def _folded(*texts: str) -> frozenset[str]:
    return frozenset(text.strip().casefold() for text in texts if text.strip())


def names_of(row: PersonRow) -> Iterator[str]:
    """Give every name somebody may act under on one machine."""
    yield from (row.id, row.name)
    if row.email:
        yield from (row.email, row.email.partition("@")[0])


def _id(row: PersonRow) -> str:
    return row.id
