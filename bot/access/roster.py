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
from bot.store.people import person as record_of
from bot.store.query import columns, one, table, where
from bot.store.tables import CaseRow, TaskRow
from bot.store.tasks import OPEN_TASKS
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
    return await _is_leaving(tx, person_id, app.now())


async def _is_leaving(tx: AsyncConnection, person_id: str, now: datetime) -> bool:
    cases, hurried = columns(CaseRow), select(columns(ConfirmationRow).case_id)
    begun = or_(cases.state.in_(CASE_RUNNING), cases.id.in_(hurried) & (cases.due <= now))
    mine = [cases.person_id == person_id, cases.kind.in_(LEAVING), cases.finished_at.is_(None)]
    return await one(tx, CaseRow, *mine, begun) is not None


async def looks_after_groups(app: Bawab, tx: AsyncConnection, person_id: str) -> bool:
    """Whether somebody owns or deputises a registered group, or is asked to do something in one."""
    if any(person_id in (row.owner_id, row.deputy_id) for row in app.registry):
        return True
    tasks = columns(TaskRow)
    return await one(tx, TaskRow, tasks.assignee_id == person_id, tasks.state.in_(OPEN_TASKS)) is not None


async def people_with(app: Bawab, tx: AsyncConnection, roles: Collection[Role]) -> list[StaffRow]:
    """Give the active staff who carry one of these roles and have not left, by id."""
    found = []
    for row in sorted(await active_staff(tx), key=_by_id):
        known = await record_of(tx, row.id) if row.known_to_hr else None
        if roles_of(row) & set(roles) and not await has_left(app, tx, row.id, known):
            found.append(row)
    return found


async def vacant_roles(app: Bawab, tx: AsyncConnection) -> tuple[Role, ...]:
    """Give the roles without which nothing can be decided, and that nobody carries any more.

    Empty where nobody has been named at all: then the command line is the only door, and says so nowhere.
    """
    if (await tx.execute(select(table(StaffRow)).limit(1))).first() is None:
        return ()
    return tuple([role for role in (Role.HR, Role.IT) if not await people_with(app, tx, {role})])


def _by_id(row: StaffRow) -> str:
    return row.id
