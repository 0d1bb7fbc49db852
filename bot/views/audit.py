"""The audit log as its readers meet it: entries found, whom they name, and never the reader's own leaving."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from bot.access.actor import Actor
from bot.app import Bawab
from bot.audit.chain import RAW
from bot.audit.filter import ResolvePerson
from bot.audit.query import Query, parse, spelled
from bot.audit.search import Page, search
from bot.audit.subjects import find_subjects
from bot.store.access_tables import StaffRow
from bot.store.group_tables import KnownGroupRow
from bot.store.people import find_people
from bot.store.query import chunks, columns, table, where
from bot.store.tables import CaseRow, PersonRow, StepRow
from policies.roles import Permission

PAGE: Final = 50
PATIENCE: Final = 1.5
"""Seconds a reader waits; what is unread then is said, and read when they ask."""
_AT_ONCE: Final = 500


class NoSuchEntry(LookupError):
    """The log has no entry of this number that the reader may see."""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry; what it names is there for whoever may know it."""

    row: Mapping[str, Any]
    """The stored columns: `at` a datetime, JSON decoded; what is sealed stays away."""
    person_id: str | None
    """Employee id of whom it is about; None where unknown, erased, or not the reader's to know."""
    person: str
    """Their name as HR has it; empty likewise."""
    actor: str
    """The name of whoever acted; `bawab` and `system:…` as they are."""
    group: str
    """What the group is called."""

    @property
    def seq(self) -> int:
        """Its number."""
        return int(self.row["seq"])


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    query: Query
    spelled: str
    """The query in the one way it is shared in."""
    lines: tuple[Line, ...]
    before: int | None
    """Where the next page goes on; None at the end."""
    unread: int
    """Entries nobody has looked at yet, because that would have taken too long."""


async def audit(app: Bawab, who: Actor, typed: str, *, before: int | None = None, limit: int = PAGE) -> Found:
    """Find entries, newest first; raises NotAllowed, QueryProblem, TooManyPeople.

    Days are those of the installation's zone, so that a shared address means the same to everybody.
    """
    who.must(Permission.AUDIT_READ)
    query = parse(typed, zone=zone_of(app))
    page = await search(
        app.store,
        query,
        before=before,
        limit=limit,
        resolve=resolver(who),
        patience=PATIENCE,
        beside=await not_own(app, who),
    )
    return Found(query, spelled(query), await lines(app, who, page), page.before, page.unread)


async def entry(app: Bawab, who: Actor, seq: int) -> Line:
    """Give one entry; raises NotAllowed, NoSuchEntry."""
    who.must(Permission.AUDIT_READ)
    beside = [RAW.c.seq == seq, *await not_own(app, who)]
    page = await search(app.store, Query(), before=seq + 1, limit=1, beside=beside)
    if not page.rows:
        raise NoSuchEntry(f"the log has no entry {seq}")
    return (await lines(app, who, page))[0]


def zone_of(app: Bawab) -> ZoneInfo:
    """Give the zone in which a day of a search begins and ends."""
    return ZoneInfo(app.settings.time_zone or "UTC")


def resolver(who: Actor) -> ResolvePerson | None:
    """Give what turns a name into ids; None for whoever may not read people."""
    return _people_called if who.may(Permission.PERSON_READ) else None


async def _people_called(tx: AsyncConnection, text: str) -> Sequence[str]:
    staff = columns(StaffRow)
    others = await where(tx, StaffRow, staff.name.icontains(text, autoescape=True))
    ids = [row.id for row in await find_people(tx, text)] + [row.id for row in others]
    return list(dict.fromkeys(ids))


async def not_own(app: Bawab, who: Actor) -> list[sa.ColumnElement[bool]]:
    """Leave out whatever is about the reader: nobody learns of their own leaving from the log."""
    rows = columns(CaseRow)
    async with app.store.read() as tx:
        subject = (await find_subjects(tx, [who.id])).get(who.id)
        mine = await where(tx, CaseRow, rows.person_id == who.id)
        alone = await _runs_of_nobody_else(tx, who, {case.run_id for case in mine if case.run_id})
    left_out: list[sa.ColumnElement[bool]] = [RAW.c.case_id.in_([case.id for case in mine])] if mine else []
    left_out += [RAW.c.run_id.in_(alone)] if alone else []
    left_out += [RAW.c.subject == subject.pseudonym] if subject else []
    return [sa.not_(sa.func.coalesce(one, sa.false())) for one in left_out]


async def _runs_of_nobody_else(tx: AsyncConnection, who: Actor, runs: set[str]) -> list[str]:
    """A run that opened the reader's case alone would tell of it, by what it began, held and ended."""
    rows = columns(CaseRow)
    others = sa.select(rows.run_id).where(rows.run_id.in_(runs), rows.person_id != who.id)
    return sorted(runs - set(await tx.scalars(others)))


async def lines(app: Bawab, who: Actor, page: Page) -> tuple[Line, ...]:
    """Name whom and what the entries of a page speak of."""
    rows = page.rows
    async with app.store.read() as tx:
        people = await _subjects(tx, {row["subject"] for row in rows if row["subject"]})
        groups = await _groups(tx, rows)
        actors = await _actors(tx, {row["actor"] for row in rows})
    if not who.may(Permission.PERSON_READ):
        people, actors = {}, {}
    return tuple(_line(row, people, actors, groups) for row in rows)


def _line(
    row: Mapping[str, Any],
    people: Mapping[str, tuple[str | None, str]],
    actors: Mapping[str, str],
    groups: Mapping[tuple[str, str], str],
) -> Line:
    person_id, person = people.get(row["subject"] or "", (None, ""))
    shown = {name: value for name, value in row.items() if name != "sealed"}
    actor = actors.get(row["actor"], row["actor"].removeprefix("person:"))
    place = (row["instance"] or "", row["group_id"] or row["step_id"] or "")
    group = row["group_name"] or groups.get(place) or row["group_id"] or ""
    return Line(shown, person_id, person, actor, group)


async def _subjects(tx: AsyncConnection, pseudonyms: Iterable[str]) -> dict[str, tuple[str | None, str]]:
    """Pseudonym → (employee id, name); an erased person has neither."""
    subject, person = SQLModel.metadata.tables["subject"], table(PersonRow)
    joined = subject.outerjoin(person, subject.c.person_id == person.c.id)
    found: dict[str, tuple[str | None, str]] = {}
    for some in chunks(sorted(pseudonyms), _AT_ONCE):
        query = sa.select(subject.c.pseudonym, subject.c.person_id, person.c.name).select_from(joined)
        rows = await tx.execute(query.where(subject.c.pseudonym.in_(some)))
        found |= {row.pseudonym: (row.person_id, row.name or "") for row in rows}
    return found


async def _actors(tx: AsyncConnection, actors: Iterable[str]) -> dict[str, str]:
    """Give the names of people who acted, from HR's records, else from the staff; by `person:<id>`."""
    ids = [actor.removeprefix("person:") for actor in actors if actor.startswith("person:")]
    staff = await where(tx, StaffRow, columns(StaffRow).id.in_(ids))
    people = await where(tx, PersonRow, columns(PersonRow).id.in_(ids))
    named = {row.id: row.name for row in staff} | {row.id: row.name for row in people}
    return {f"person:{one}": name for one, name in named.items() if name}


async def _groups(tx: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Name groups that entries give by id, or by the step about them: (instance, id of either) → name."""
    unnamed = [row for row in rows if not row["group_name"]]
    known, steps = columns(KnownGroupRow), columns(StepRow)
    ids = {row["group_id"] for row in unnamed if row["group_id"]}
    found = await where(tx, KnownGroupRow, known.group_id.in_(ids)) if ids else []
    names = {(row.instance, row.group_id): str(row.group.get("name") or "") for row in found}
    step_ids = {row["step_id"] for row in unnamed if row["step_id"] and not row["group_id"]}
    about = await where(tx, StepRow, steps.id.in_(step_ids)) if step_ids else []
    return names | {(step.instance, step.id): str((step.group or {}).get("name") or "") for step in about}
