"""What waits for each platform: steps, people and cases, the urgent ones apart, and how long it takes."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Subquery, cast, func, literal, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.effort import stretch_of
from bot.states import CASE_RUNNING, STEP_BOT_AT_WORK
from bot.store.query import columns, table, where
from bot.store.tables import CaseInstanceRow, CaseRow, LaneRow, StepRow
from connectors.contract import Capabilities
from connectors.effort import Part, Work, estimate


@dataclass(frozen=True, slots=True)
class Backlog:
    """What Bawab still has to do on one platform; what waits for a person is not in it."""

    steps: int = 0
    groups: int = 0
    """Different groups these steps are about; a step about an account counts as one."""
    people: int = 0
    cases: int = 0
    urgent: int = 0
    """Of the cases, those that go before all others."""
    unread: int = 0
    """Of the cases, those whose memberships there could not be read yet: their steps are not counted."""
    seconds: float | None = None
    """The least time for the steps at the pace known of the platform; None where none is known."""


NOTHING = Backlog()


async def backlogs(
    app: Bawab, tx: AsyncConnection, instances: Collection[str] | None = None, *, but: str = ""
) -> dict[str, Backlog]:
    """Count what waits for each instance (or these); one for which nothing waits is not in it.

    `but`: whose own departure is left out of every number, because they are the reader.
    """
    found = await _of_cases(tx, instances, but)
    found = await _of_steps(tx, instances, but, found)
    lanes = columns(LaneRow).instance.in_(found)
    paces = {lane.instance: stretch_of(lane.pace) for lane in await where(tx, LaneRow, lanes)}
    return {
        name: replace(one, seconds=_seconds(app.chat[name].capabilities, one, paces.get(name, {})))
        if name in app.chat
        else one
        for name, one in found.items()
    }


async def backlog_of_all(app: Bawab, tx: AsyncConnection, instances: Collection[str]) -> Backlog:
    """Count what waits for several instances together: whoever waits for two of them counts once.

    They work side by side, so the slowest says how long it takes.
    """
    each = await backlogs(app, tx, instances)
    if len(each) < 2:
        return next(iter(each.values()), NOTHING)
    acting, reading = _pairs(instances)
    _, cases, people, urgent = (await _counted(tx, _as_one(union(acting, reading).subquery()), ""))[0]
    unread = await _counted(tx, _as_one(reading.subquery()), "")
    return Backlog(
        steps=sum(one.steps for one in each.values()),
        groups=sum(one.groups for one in each.values()),
        people=people,
        cases=cases,
        urgent=int(urgent or 0),
        unread=unread[0][1] if unread else 0,
        seconds=max((one.seconds for one in each.values() if one.seconds), default=None),
    )


async def _of_cases(tx: AsyncConnection, instances: Collection[str] | None, but: str) -> dict[str, Backlog]:
    """Count cases and people: with a step that waits, or still to be read there."""
    acting, reading = _pairs(instances)
    unread = {name: count for name, count, *_ in await _counted(tx, reading.subquery(), but)}
    return {
        name: Backlog(people=people, cases=count, urgent=int(urgent or 0), unread=unread.get(name, 0))
        for name, count, people, urgent in await _counted(tx, union(acting, reading).subquery(), but)
    }


def _pairs(instances: Collection[str] | None) -> tuple[Select[Any], Select[Any]]:
    """Give (instance, case) of what waits to be done, and of what waits to be read."""
    cases, steps, rows = columns(CaseRow), columns(StepRow), columns(CaseInstanceRow)
    acting = select(steps.instance, steps.case_id).where(steps.state.in_(sorted(STEP_BOT_AT_WORK)))
    reading = select(rows.instance, rows.case_id).join(table(CaseRow), cases.id == rows.case_id)
    reading = reading.where(rows.state == "pending", cases.state.in_(sorted(CASE_RUNNING)))
    return _only(acting, steps.instance, instances), _only(reading, rows.instance, instances)


def _as_one(pairs: Subquery) -> Subquery:
    """Give each case once, whatever instances it waits for."""
    return select(literal("").label("instance"), pairs.c.case_id).distinct().subquery()


async def _counted(tx: AsyncConnection, pairs: Subquery, but: str) -> Sequence[Any]:
    """Count, by instance, the cases among pairs of instance and case, their people, and the urgent ones."""
    cases = columns(CaseRow)
    people, urgent = func.count(func.distinct(cases.person_id)), func.sum(cast(cases.urgent, Integer))
    query = select(pairs.c.instance, func.count(), people, urgent)
    query = query.join(table(CaseRow), cases.id == pairs.c.case_id).where(cases.person_id != but)
    return (await tx.execute(query.group_by(pairs.c.instance))).all()


async def _of_steps(
    tx: AsyncConnection, instances: Collection[str] | None, but: str, found: Mapping[str, Backlog]
) -> dict[str, Backlog]:
    """Add how many steps wait, and for how many groups."""
    steps = columns(StepRow)
    group = func.coalesce(func.nullif(steps.group_id, ""), steps.id)
    counted = (
        select(steps.instance, func.count(), func.count(func.distinct(group)))
        .where(steps.state.in_(sorted(STEP_BOT_AT_WORK)), steps.person_id != but)
        .group_by(steps.instance)
    )
    known = dict(found)
    for name, count, groups in (await tx.execute(_only(counted, steps.instance, instances))).all():
        known[name] = replace(known.get(name, NOTHING), steps=count, groups=groups)
    return known


def _only(query: Select[Any], column: ColumnElement[str], names: Collection[str] | None) -> Select[Any]:
    return query if names is None else query.where(column.in_(sorted(names)))


def _seconds(able: Capabilities, waits: Backlog, stretch: Mapping[str, float]) -> float | None:
    """Reckon the least time for taking these out and reading back, as `bawab estimate` does."""
    ways = [way for way in able.ways if way.part in (Part.TAKE_OUT, Part.READ_BACK)]
    if not (able.revokes and ways and waits.steps):
        return None
    return sum(estimate(ways, able.limits, work, stretch).seconds for work in _works(waits))


def _works(waits: Backlog) -> list[Work]:
    """Give the steps as work: groups that several people leave together, or to each their own."""
    if waits.groups >= waits.steps:
        people = max(1, waits.people)
        return [Work(people, math.ceil(waits.steps / people))]
    each, more = divmod(waits.steps, waits.groups)
    parts = [(each + 1, more), (each, waits.groups - more)]
    return [Work(people, groups, shared=True) for people, groups in parts if groups]
