"""Whom what is held concerns, and who asked for it: for one hold or for many, in the same two reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.query import chunks, columns
from bot.store.tables import CaseRow, HoldRow, StepRow

_AT_ONCE = 500


@dataclass(slots=True)
class Concern:
    """What stands behind one hold. Whoever only has an account to be confirmed under it is not concerned."""

    names: dict[str, str] = field(default_factory=dict)
    """Employee id → name as HR gave it with the case; empty where somebody is concerned by a step alone."""
    cases: list[str] = field(default_factory=list)
    askers: set[str] = field(default_factory=set)
    """As the log calls them: `person:E7`, `bawab`."""

    @property
    def people(self) -> frozenset[str]:
        """The employee ids of everybody whose access it is about."""
        return frozenset(self.names)


async def concerns_of(tx: AsyncConnection, holds: Sequence[HoldRow]) -> Mapping[str, Concern]:
    """Give what stands behind each of these holds, by digest."""
    found = {row.digest: _named(row) for row in holds}
    for some in chunks(list(found), _AT_ONCE):
        await _by_case(tx, some, found)
        await _by_step(tx, some, found)
    return found


def _named(row: HoldRow) -> Concern:
    """Begin with what the row says itself: once it was released its cases no longer point to it."""
    person = (row.cause or {}).get("person")
    return Concern({str(person): ""} if person else {}, [], {row.requested_by})


async def _by_case(tx: AsyncConnection, digests: Sequence[str], found: Mapping[str, Concern]) -> None:
    rows = columns(CaseRow)
    wanted = select(rows.hold_digest, rows.id, rows.person_id, rows.requested_by, rows.event)
    for digest, case_id, person, by, event in await tx.execute(wanted.where(rows.hold_digest.in_(digests))):
        one = found[digest]
        one.names[person] = event["person"]["name"]
        one.cases.append(case_id)
        one.askers.add(by)


async def _by_step(tx: AsyncConnection, digests: Sequence[str], found: Mapping[str, Concern]) -> None:
    rows = columns(StepRow)
    wanted = select(rows.hold_digest, rows.person_id).where(rows.hold_digest.in_(digests)).distinct()
    for digest, person in await tx.execute(wanted):
        found[digest].names.setdefault(person, "")
