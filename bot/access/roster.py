"""Who has which role now: staff rows, whoever left, and who looks after groups without a row."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.notices.recipients import is_present
from bot.states import CASE_RUNNING
from bot.store.access_tables import ConfirmationRow, StaffRow
from bot.store.query import columns, one, table, where
from bot.store.tables import CaseRow, PersonRow, TaskRow
from bot.store.tasks import OPEN_TASKS
from connectors.hr.records import person_from_json
from policies.model import EventKind, Person
from policies.roles import Role

LEAVING = (EventKind.LEAVER, EventKind.CONTRACTOR_END)
LOCAL, FILE, PROVIDER = "local", "file", "oidc"


async def staff_row(tx: AsyncConnection, staff_id: str) -> StaffRow | None:
    """Give somebody's staff row, ended or not."""
    return await one(tx, StaffRow, columns(StaffRow).id == staff_id)


async def active_staff(tx: AsyncConnection) -> list[StaffRow]:
    """Give everybody whose roles have not ended."""
    return await where(tx, StaffRow, columns(StaffRow).ended_at.is_(None))


def roles_of(row: StaffRow | None) -> frozenset[Role]:
    """Give the roles a row carries now; a role this release does not know is none."""
    if row is None or row.ended_at is not None:
        return frozenset()
    return frozenset(Role(name) for name in row.roles if name in set(Role))


async def has_left(app: Bawab, tx: AsyncConnection, person_id: str, person: Person | None) -> bool:
    """Whether somebody HR knows is gone, or on the way out: by HR's record, or by a case being carried out.

    An emergency counts from the moment it is asked for: it is carried out before anything else.
    """
    if person is not None and not is_present(person, app.now(), app.settings.time_zone or "UTC"):
        return True
    return bool(await _leaving_among(tx, [person_id], app.now()))


async def _leaving_among(tx: AsyncConnection, ids: Collection[str], now: datetime) -> frozenset[str]:
    cases, hurried = columns(CaseRow), select(columns(ConfirmationRow).case_id)
    begun = or_(cases.state.in_(CASE_RUNNING), cases.id.in_(hurried) & (cases.due <= now))
    theirs = [cases.person_id.in_(ids), cases.kind.in_(LEAVING), cases.finished_at.is_(None)]
    found = await tx.scalars(select(cases.person_id).where(*theirs, begun)) if ids else ()
    return frozenset(found)


async def _gone(app: Bawab, tx: AsyncConnection, rows: Collection[StaffRow]) -> frozenset[str]:
    """Give those of the staff of whom `has_left` is true, in two readings: it is asked at every tick."""
    now, zone = app.now(), app.settings.time_zone or "UTC"
    known = [row.id for row in rows if row.known_to_hr]
    records = await where(tx, PersonRow, columns(PersonRow).id.in_(known)) if known else []
    absent = {row.id for row in records if not is_present(person_from_json(row.record), now, zone)}
    return frozenset(absent) | await _leaving_among(tx, [row.id for row in rows], now)


async def looks_after_groups(app: Bawab, tx: AsyncConnection, person_id: str) -> bool:
    """Whether somebody owns or deputises a registered group, or is asked to do something in one."""
    if any(person_id in (row.owner_id, row.deputy_id) for row in app.registry):
        return True
    tasks = columns(TaskRow)
    return await one(tx, TaskRow, tasks.assignee_id == person_id, tasks.state.in_(OPEN_TASKS)) is not None


async def people_with(app: Bawab, tx: AsyncConnection, roles: Collection[Role]) -> list[StaffRow]:
    """Give the active staff who carry one of these roles and have not left, by id."""
    named = [row for row in sorted(await active_staff(tx), key=_by_id) if roles_of(row) & set(roles)]
    gone = await _gone(app, tx, named)
    return [row for row in named if row.id not in gone]


async def vacant_roles(app: Bawab, tx: AsyncConnection) -> tuple[Role, ...]:
    """Give the roles without which nothing can be decided, and that nobody carries any more.

    Empty where nobody has been named at all: then the command line is the only door, and says so nowhere.
    """
    if (await tx.execute(select(table(StaffRow)).limit(1))).first() is None:
        return ()
    return tuple([role for role in (Role.HR, Role.IT) if not await people_with(app, tx, {role})])


def _by_id(row: StaffRow) -> str:
    return row.id
