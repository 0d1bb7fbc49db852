"""What work costs in calls: for a customer's own numbers, and for each case planned beside made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.store.query import columns, table, where
from bot.store.tables import CaseRow, LaneRow
from connectors.contract import Capabilities
from connectors.effort import Estimate, Work, calls_planned, estimate

PLANNED, MADE = "planned", "made"


@dataclass(frozen=True, slots=True)
class PlatformEstimate:
    """What the work costs on one configured platform; no estimate where people do it by hand."""

    instance: str
    title: str
    found: Estimate | None
    measured: bool
    """Whether a pace learnt from the platform's own refusals went into it."""


async def estimates(app: Bawab, work: Work) -> list[PlatformEstimate]:
    """Reckon the work on every configured platform; nothing is asked of any."""
    async with app.store.read() as tx:
        paces = {lane.instance: stretch_of(lane.pace) for lane in await where(tx, LaneRow)}
    return [
        _one(name, connector.capabilities, work, paces.get(name, {}))
        for name, connector in sorted(app.chat.items())
    ]


def _one(name: str, able: Capabilities, work: Work, stretch: Mapping[str, float]) -> PlatformEstimate:
    found = estimate(able.ways, able.limits, work, stretch) if able.revokes and able.ways else None
    used = {cost.way.name for cost in found.chosen} if found is not None else set()
    return PlatformEstimate(name, able.title, found, measured=bool(used & stretch.keys()))


def stretch_of(pace: Any) -> dict[str, float]:
    """Read out of a lane's pace how many times slower than published each method was found to be."""
    keys = pace.get("keys") if isinstance(pace, dict) else None
    rows = keys.items() if isinstance(keys, dict) else ()
    found = {str(key): one.get("stretch") for key, one in rows if isinstance(one, dict)}
    return {key: float(said) for key, said in found.items() if isinstance(said, int | float) and said > 1}


def planned_calls(able: Capabilities, memberships: int) -> int:
    """Give the calls for ending one person's memberships and seeing them ended; 0 where nothing is known."""
    return calls_planned(able.ways, able.limits, memberships) if able.revokes else 0


async def note_planned(tx: AsyncConnection, case_id: str, instance: str, calls: int) -> None:
    """Keep what a case's steps on one instance were reckoned to cost; added where it is planned again."""
    await tx.run_sync(_note, case_id, instance, PLANNED, calls)


def note_calls(connection: Connection, case_id: str, instance: str, calls: int) -> None:
    """Add calls that were made for a case, inside the caller's write transaction."""
    _note(connection, case_id, instance, MADE, calls)


def _note(connection: Connection, case_id: str, instance: str, kind: str, calls: int) -> None:
    if not calls:
        return
    cases = columns(CaseRow)
    mine = cases.id == case_id
    effort = dict(connection.execute(select(cases.effort).where(mine)).scalar_one_or_none() or {})
    here = {PLANNED: 0, MADE: 0, **effort.get(instance, {})}
    effort[instance] = {**here, kind: here[kind] + calls}
    connection.execute(update(table(CaseRow)).where(mine).values(effort=effort))
