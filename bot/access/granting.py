"""Roles given and taken in staff rows, each change logged once with who says so."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.leaving import end_access
from bot.access.roster import has_left, staff_row
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.access_tables import StaffRow
from bot.store.people import person
from bot.store.query import add, change, columns

_SAID = ("name", "email", "roles", "source", "known_to_hr")


async def grant(app: Bawab, tx: AsyncConnection, wanted: StaffRow, *, actor: str) -> StaffRow | None:
    """Make somebody's row say this; None, and nothing given, where they have left.

    The provider's id of them stays as it is unless `wanted` brings one. Logged where the roles change.
    """
    known = await person(tx, wanted.id) if wanted.known_to_hr else None
    if known is not None and await has_left(app, tx, wanted.id, known):
        return None
    row = await staff_row(tx, wanted.id)
    if row is None:
        await add(tx, wanted)
        await app.audit.append(tx, _granted(wanted, (), actor))
        return wanted
    values = {name: getattr(wanted, name) for name in _SAID}
    if wanted.subject is not None:
        values |= {"issuer": wanted.issuer, "subject": wanted.subject}
    if row.ended_at is None and all(getattr(row, name) == value for name, value in values.items()):
        return row
    before = () if row.ended_at is not None else tuple(row.roles)
    values |= {"ended_at": None, "updated_at": app.now()}
    await change(tx, StaffRow, values, columns(StaffRow).id == wanted.id)
    if tuple(wanted.roles) != before:
        await app.audit.append(tx, _granted(wanted, before, actor))
    return await staff_row(tx, wanted.id)


async def end_roles(app: Bawab, tx: AsyncConnection, row: StaffRow, *, why: str, actor: str) -> bool:
    """End somebody's roles, sessions and tokens, logged; False where nothing of theirs worked any more."""
    ended = await end_access(app, tx, row.id, why=why, actor=actor)
    if not any(ended.values()):
        return False
    entry = Entry(
        action=Action.ACCESS_END,
        actor=actor,
        outcome="ended",
        person_id=row.id,
        before={"roles": list(row.roles)},
        detail={"why": why, **ended},
    )
    await app.audit.append(tx, entry)
    return True


def _granted(row: StaffRow, before: tuple[str, ...], actor: str) -> Entry:
    return Entry(
        action=Action.ACCESS_GRANT,
        actor=actor,
        person_id=row.id,
        before={"roles": list(before)},
        after={"roles": list(row.roles)},
        detail={"source": row.source},
    )
