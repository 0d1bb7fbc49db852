"""The staff file worked in: who it names gets their roles, whoever it names no more loses them at once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.first_day import retire_local
from bot.access.granting import end_roles, grant
from bot.access.roster import FILE, LEAVING, active_staff
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.states import CaseState
from bot.store.access_tables import StaffRow
from bot.store.query import columns, new_id, one, where
from bot.store.tables import CaseRow, MetaRow, PersonRow
from policies.staff_file import Named


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom a row of the file means."""

    id: str
    name: str
    email: str | None
    known_to_hr: bool
    roles: tuple[str, ...]


async def staff_news(app: Bawab) -> None:
    """Look at the staff file and at HR's last delivery, and work in what changed. To be called each tick.

    A file that broke changes nothing but a line in the log, once. HR's delivery counts too: whom an e-mail
    address means may be known only since.
    """
    shelf = app.staffed
    shelf.look()
    async with app.store.read() as tx:
        now = (shelf.digest, shelf.problem, await _news_of_people(tx))
        nobody = not shelf.rows and not shelf.problem and not await active_staff(tx)
    if now == shelf.noted or (nobody and shelf.noted is None):
        shelf.noted = now
        return
    async with app.store.write() as tx:
        await _note(app, tx)
        if not shelf.problem:
            await _work_in(app, tx)
        await _known_by_now(app, tx)
        await retire_local(app, tx)
    shelf.noted = now


async def _news_of_people(tx: AsyncConnection) -> str:
    """Mark HR's last delivery and the last departure that was called off: who had left may be back."""
    feed = await one(tx, MetaRow, columns(MetaRow).key == "last_feed")
    cases = columns(CaseRow)
    called_off = select(func.max(cases.finished_at)).where(
        cases.state == CaseState.CANCELLED, cases.kind.in_(LEAVING)
    )
    return f"{feed.value if feed else ''} {(await tx.execute(called_off)).scalar_one() or ''}"


async def _note(app: Bawab, tx: AsyncConnection) -> None:
    """Say of the file that it broke, was mended, or says something else; not that it was read again."""
    shelf = app.staffed
    before = shelf.noted
    broke = shelf.problem and (before is None or before[1] != shelf.problem)
    changed = before is not None and not shelf.problem and before[:2] != (shelf.digest, "")
    if broke or changed:
        file = shelf.path.name if shelf.path else ""
        # What is wrong with a row may quote it, and a row names people: the log says only which file it is.
        detail = {"file": file, "rows": len(shelf.rows), "digest": shelf.digest[:16]}
        outcome = "refused" if shelf.problem else "ok"
        await app.audit.append(tx, Entry(Action.STAFF_LOAD, "bawab", outcome=outcome, detail=detail))


async def _work_in(app: Bawab, tx: AsyncConnection) -> None:
    meant: dict[str, Meant] = {}
    for row in app.staffed.rows:
        found = await _whom(tx, row, taken=meant)
        meant[found.id] = found
    rows = columns(StaffRow)
    for known in await where(tx, StaffRow, rows.source == FILE, rows.ended_at.is_(None)):
        if known.id not in meant:
            await end_roles(app, tx, known, why="staff_file", actor="bawab")
    for one_ in meant.values():
        await grant(app, tx, _row(app, one_), actor="bawab")


async def _known_by_now(app: Bawab, tx: AsyncConnection) -> None:
    """End what outsiders have whom HR names since: they sign in as that person, who may be leaving."""
    rows, people = columns(StaffRow), columns(PersonRow)
    named = select(func.lower(people.email)).where(people.email.is_not(None))
    outside = [rows.known_to_hr.is_(False), rows.ended_at.is_(None), rows.source != FILE]
    for row in await where(tx, StaffRow, *outside, func.lower(rows.email).in_(named)):
        await end_roles(app, tx, row, why="known_to_hr", actor="bawab")


async def _whom(tx: AsyncConnection, row: Named, *, taken: dict[str, Meant]) -> Meant:
    """Find whom a row means: by employee id, by an address that is one person's, or nobody HR knows."""
    roles = tuple(row.roles)
    named = row.person or row.email or ""
    people = columns(PersonRow)
    known = await one(tx, PersonRow, people.id == named)
    if known is None:
        same = await where(tx, PersonRow, func.lower(people.email) == named.casefold())
        known = same[0] if len(same) == 1 else None
    if known is not None:
        both = (*roles, *(taken[known.id].roles if known.id in taken else ()))
        return Meant(known.id, known.name, known.email, known_to_hr=True, roles=tuple(dict.fromkeys(both)))
    if row.person is not None:
        return Meant(row.person, row.name or row.person, None, known_to_hr=True, roles=roles)
    return Meant(await _outsider(tx, named), row.name or named, named, known_to_hr=False, roles=roles)


async def _outsider(tx: AsyncConnection, email: str) -> str:
    rows = columns(StaffRow)
    mine = [func.lower(rows.email) == email.casefold(), rows.known_to_hr.is_(False), rows.source == FILE]
    found = await one(tx, StaffRow, *mine)
    return found.id if found else new_id("staff")


def _row(app: Bawab, meant: Meant) -> StaffRow:
    return StaffRow(
        id=meant.id,
        name=meant.name,
        email=meant.email,
        roles=sorted(meant.roles),
        source=FILE,
        known_to_hr=meant.known_to_hr,
        created_at=app.now(),
        updated_at=app.now(),
    )
