"""Whom a proof would be about, and what it would hold: looked up before anything is verified or written."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.audit.chain import RAW
from bot.store.query import columns, one, where
from bot.store.tables import CaseRow, PersonRow
from bot.views.case_lines import CaseLine, case_line
from policies.roles import Permission


@dataclass(frozen=True, slots=True)
class Provable:
    """One person, and the cases a proof would speak of."""

    person_id: str
    name: str
    cases: tuple[CaseLine, ...]
    entries: int
    """In the whole log: all of them are read, so that it can be said whether the log is whole."""
    seconds: int
    """About how long that takes."""


SECONDS_PER_ENTRY = 20e-6
"""Measured by `python -m bench.audit_log`; see docs/audit-log.md."""


async def provable(
    app: Bawab, who: Actor, *, case_id: str | None = None, person_id: str | None = None
) -> Provable:
    """Give what a proof would hold. Raises NotAllowed, CannotAct (nobody, no case, or about the reader)."""
    who.must(Permission.AUDIT_EXPORT)
    async with app.store.read() as tx:
        person, cases = await subject_of(tx, who, case_id, person_id)
        entries = await tx.scalar(sa.select(sa.func.max(RAW.c.seq))) or 0
    lines = tuple(case_line(app, who, case) for case in cases)
    return Provable(person.id, person.name, lines, entries, round(entries * SECONDS_PER_ENTRY))


async def subject_of(
    tx: AsyncConnection, who: Actor, case_id: str | None, person_id: str | None
) -> tuple[PersonRow, list[CaseRow]]:
    """Find the person and their cases, the oldest first (or the one case); raises CannotAct."""
    rows = columns(CaseRow)
    if case_id:
        cases = await where(tx, CaseRow, rows.id == case_id)
        if not cases:
            raise CannotAct("no_case", what=case_id)
        person_id = cases[0].person_id
    else:
        cases = await where(tx, CaseRow, rows.person_id == (person_id or ""))
    found = await one(tx, PersonRow, columns(PersonRow).id == (person_id or ""))
    if found is None:
        raise CannotAct("no_person", what=person_id or "-")
    if found.id == who.id:
        raise CannotAct("own_case")
    return found, sorted(cases, key=lambda case: case.created_at)
