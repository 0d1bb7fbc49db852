"""Figures of the last weeks: how long removals took, how many there were, what is open, what is proven."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.chain import RAW
from bot.states import CASE_OPEN, StepState
from bot.status import STANDING
from bot.store.query import columns, table, where
from bot.store.tables import CaseRow, GapRow, StepRow
from bot.store.types import instant_text
from bot.views.case_lines import is_overdue, is_own
from bot.views.platforms import title_of
from policies.model import StepAction
from policies.roles import Permission

WEEKS: Final = 12
PROVEN: Final = (StepState.VERIFIED_ABSENT, StepState.ALREADY_ABSENT)
WEAKER: Final = (StepState.LOCKED_OUT, StepState.ATTESTED)
UNDONE: Final = (
    StepState.FAILED,
    StepState.STILL_PRESENT,
    StepState.BLOCKED,
    StepState.DELEGATED,
    StepState.WAIVED,
)


class Age(StrEnum):
    """How long ago an open case was due."""

    AHEAD = "ahead"
    DAY = "day"
    """Less than a day."""
    THREE_DAYS = "three_days"
    WEEK = "week"
    MONTH = "month"
    LONGER = "longer"


_LIMITS: Final = (
    (Age.DAY, timedelta(days=1)),
    (Age.THREE_DAYS, timedelta(days=3)),
    (Age.WEEK, timedelta(days=7)),
    (Age.MONTH, timedelta(days=30)),
)


@dataclass(frozen=True, slots=True)
class Week:
    """One week, Monday to Sunday, and the removals that were read back as gone in it."""

    monday: date
    removals: Mapping[str, int]
    """By platform, as people call it."""
    p50: timedelta | None
    """Half of them were proven within so long of HR's instant; None where there were none."""
    p95: timedelta | None
    late: int
    """Of them, those HR told of only after the instant: part of that time is HR's."""

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.removals.values())


@dataclass(frozen=True, slots=True)
class Coverage:
    """What became of the removals planned on one platform in these weeks."""

    title: str
    proven: int
    """Read back as gone."""
    weaker: int
    """Locked out with the account, or confirmed by a person."""
    undone: int
    gaps: int
    """What cannot be seen there at all, as of the last check."""

    @property
    def percent(self) -> int | None:
        """Of a hundred removals so many are proven, rounded down; None where there was nothing to remove."""
        total = self.proven + self.weaker + self.undone
        return self.proven * 100 // total if total else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything on the page of figures; weeks oldest first, days in `zone`."""

    weeks: tuple[Week, ...]
    open: Mapping[Age, int]
    overdue: int
    coverage: tuple[Coverage, ...]
    zone: str


@dataclass(frozen=True, slots=True)
class Removal:
    """One removal that was read back as gone."""

    at: datetime
    """When that was first seen."""
    took: timedelta
    """Since HR's instant."""
    platform: str
    late: bool
    """Whether HR told of it only after the instant."""


async def figures(app: Bawab, who: Actor, *, weeks: int = WEEKS) -> Figures:
    """Count the last weeks, this one included; nothing about the reader is in them. Raises NotAllowed."""
    who.must(Permission.CASE_READ)
    zone = app.settings.time_zone or "UTC"
    mondays = _mondays(app.now().astimezone(ZoneInfo(zone)).date(), weeks)
    since = datetime.combine(mondays[0], time(), ZoneInfo(zone)).astimezone(UTC)
    async with app.store.read() as tx:
        removals = await _removals(app, tx, who, since)
        cases = await where(tx, CaseRow, columns(CaseRow).state.in_(CASE_OPEN))
        coverage = await _coverage(app, tx, who, since)
    others = [case for case in cases if not is_own(who, case)]
    return Figures(
        by_week(removals, mondays, ZoneInfo(zone)),
        _ages(others, app.now()),
        sum(is_overdue(case, app.now()) for case in others),
        coverage,
        zone,
    )


def _mondays(today: date, weeks: int) -> tuple[date, ...]:
    this = today - timedelta(days=today.weekday())
    return tuple(this - timedelta(weeks=back) for back in reversed(range(weeks)))


def by_week(removals: Sequence[Removal], mondays: Sequence[date], zone: ZoneInfo) -> tuple[Week, ...]:
    """Sort removals into weeks; pure."""
    found: dict[date, list[Removal]] = {monday: [] for monday in mondays}
    for removal in removals:
        day = removal.at.astimezone(zone).date()
        found.get(day - timedelta(days=day.weekday()), []).append(removal)
    return tuple(_week(monday, mine) for monday, mine in found.items())


def _week(monday: date, removals: Sequence[Removal]) -> Week:
    took = sorted(removal.took for removal in removals)
    counted = Counter(removal.platform for removal in removals)
    late = sum(removal.late for removal in removals)
    return Week(monday, dict(sorted(counted.items())), percentile(took, 50), percentile(took, 95), late)


def percentile(ordered: Sequence[timedelta], percent: int) -> timedelta | None:
    """Give the smallest value that so many percent do not exceed (nearest rank); None where there is none."""
    if not ordered:
        return None
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


async def _removals(app: Bawab, tx: AsyncConnection, who: Actor, since: datetime) -> list[Removal]:
    """Read from the log when each removal was first seen to be true: a step's own row has its last look."""
    steps, cases = columns(StepRow), columns(CaseRow)
    seen = sa.func.min(RAW.c.at)
    query = (
        sa.select(seen, steps.instance, cases.effective, cases.due, cases.created_at)
        .select_from(RAW.join(table(StepRow), steps.id == RAW.c.step_id))
        .join(table(CaseRow), cases.id == steps.case_id)
        .where(
            RAW.c.action == Action.STEP_READ_BACK.value,
            RAW.c.outcome == StepState.VERIFIED_ABSENT.value,
            RAW.c.at >= instant_text(since),
            steps.action == StepAction.REVOKE,
            steps.person_id != who.id,
        )
        .group_by(steps.id, cases.id)  # by both keys, so that PostgreSQL knows one row of each
    )
    return [
        _removal(app, datetime.fromisoformat(at), instance, effective, due, created)
        for at, instance, effective, due, created in await tx.execute(query)
    ]


def _removal(
    app: Bawab,
    verified: datetime,
    instance: str,
    effective: datetime | None,
    due: datetime | None,
    created: datetime,
) -> Removal:
    """Measure from HR's instant; where somebody asked for it sooner, from then."""
    instant = min((one for one in (effective, due) if one is not None), default=created)
    took = max(verified - instant, timedelta(0))
    return Removal(verified, took, title_of(app, instance), late=created > instant)


def _ages(cases: Sequence[CaseRow], now: datetime) -> dict[Age, int]:
    counted = Counter(age_of(now - (case.due or case.created_at)) for case in cases)
    return {age: counted[age] for age in Age}


def age_of(since: timedelta) -> Age:
    """Say how long ago something was due; pure."""
    if since < timedelta(0):
        return Age.AHEAD
    return next((age for age, limit in _LIMITS if since < limit), Age.LONGER)


async def _coverage(app: Bawab, tx: AsyncConnection, who: Actor, since: datetime) -> tuple[Coverage, ...]:
    steps, gaps = columns(StepRow), columns(GapRow)
    query = sa.select(steps.instance, steps.state, sa.func.count()).where(
        steps.action == StepAction.REVOKE, steps.updated_at >= since, steps.person_id != who.id
    )
    states: dict[str, Counter[str]] = {name: Counter() for name in app.chat}
    for instance, state, count in await tx.execute(query.group_by(steps.instance, steps.state)):
        states.setdefault(instance, Counter())[state] += count
    unseen = sa.select(gaps.instance, sa.func.count()).where(gaps.case_id == STANDING).group_by(gaps.instance)
    holes = {row[0]: row[1] for row in await tx.execute(unseen)}
    return tuple(
        Coverage(
            title_of(app, instance),
            proven=sum(counted[state] for state in PROVEN),
            weaker=sum(counted[state] for state in WEAKER),
            undone=sum(counted[state] for state in UNDONE),
            gaps=holes.get(instance, 0),
        )
        for instance, counted in sorted(states.items())
    )
