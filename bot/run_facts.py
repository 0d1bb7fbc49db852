"""What a run came to: its cases, its holds, the trouble of a time of watching, and when it was over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.audit.chain import RAW
from bot.run_terms import ALARMS, BROKEN, FRAMES
from bot.states import CASE_OPEN
from bot.store.query import columns, table
from bot.store.tables import CaseRow, HoldRow, RunRow
from bot.store.types import instant_text


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run."""

    run: RunRow
    cases: int
    open: int
    """Of them, those that have not ended."""
    holds: int
    alarms: int
    cut: bool
    """A time of watching that never ended: the process was killed, or the power went."""
    over_at: datetime | None
    """When the last of it was over; None while something is still to be done."""

    @property
    def touched(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.cases or self.holds or self.alarms or self.cut)


_RUN: Final = table(RunRow)
_NEXT: Final = table(RunRow).alias("next_run")
_NEXT_START: Final = (
    sa.select(sa.func.min(_NEXT.c.started_at))
    .where(_NEXT.c.kind.in_(FRAMES), _NEXT.c.started_at > _RUN.c.started_at, _RUN.c.kind.in_(FRAMES))
    .correlate(_RUN)
    .scalar_subquery()
)
ENDED_AT: Final[sa.ColumnElement[Any]] = sa.func.coalesce(
    _RUN.c.ended_at, _NEXT_START, type_=_RUN.c.ended_at.type
)
"""When a run ended; a time of watching that never did, when the next one began."""


def has_ended() -> sa.ColumnElement[bool]:
    """Whether a run ended, and every case it opened."""
    cases = columns(CaseRow)
    under_way = sa.exists().where(cases.run_id == _RUN.c.id, cases.state.in_(CASE_OPEN))
    return sa.and_(ENDED_AT.is_not(None), ~under_way)


def touched() -> sa.ColumnElement[bool]:
    """Whether a run opened a case, raised a hold, or (a time of watching) met trouble."""
    cases, holds = columns(CaseRow), columns(HoldRow)
    frame = _RUN.c.kind.in_(FRAMES)
    # Not by the index on `at`: entries of trouble are few, and found by what they are.
    at: sa.ColumnElement[Any] = RAW.c.at.concat("")
    started, ended = sa.cast(_RUN.c.started_at, sa.String), sa.cast(ENDED_AT, sa.String)
    trouble = sa.exists().where(_trouble(), at >= started, at <= ended)
    return sa.or_(
        sa.exists().where(cases.run_id == _RUN.c.id),
        sa.exists().where(holds.run_id == _RUN.c.id),
        sa.and_(frame, sa.or_(_RUN.c.ended_at.is_(None), trouble)),
    )


def _trouble() -> sa.ColumnElement[bool]:
    broken = sa.and_(RAW.c.action == Action.AUDIT_VERIFY.value, RAW.c.outcome == BROKEN)
    return sa.or_(RAW.c.action.in_([one.value for one in ALARMS]), broken)


async def facts_of(tx: AsyncConnection, runs: Sequence[RunRow], now: datetime) -> list[RunFacts]:
    """Count what each of these runs came to."""
    ids = [run.id for run in runs]
    cases, holds = await _cases(tx, ids), await _holds(tx, ids)
    ended = await _ended(tx, ids)
    return [
        _facts(
            run,
            cases.get(run.id, (0, 0, None)),
            holds.get(run.id, 0),
            await _alarms(tx, run, ended[run.id] or now) if run.kind in FRAMES else 0,
            ended[run.id],
        )
        for run in runs
    ]


def _facts(
    run: RunRow,
    cases: tuple[int, int, datetime | None],
    holds: int,
    alarms: int,
    ended: datetime | None,
) -> RunFacts:
    total, under_way, last = cases
    over = None if ended is None or under_way else max(filter(None, (ended, last)))
    return RunFacts(run, total, under_way, holds, alarms, ended is not None and run.ended_at is None, over)


async def _cases(tx: AsyncConnection, ids: Sequence[str]) -> Mapping[str, tuple[int, int, datetime | None]]:
    cases = columns(CaseRow)
    running = sa.func.sum(sa.case((cases.state.in_(CASE_OPEN), 1), else_=0))
    last = sa.func.max(sa.func.coalesce(cases.finished_at, cases.updated_at), type_=cases.finished_at.type)
    query = sa.select(cases.run_id, sa.func.count(), running, last).where(cases.run_id.in_(ids))
    rows = (await tx.execute(query.group_by(cases.run_id))).all()
    return {run_id: (total, under_way, at) for run_id, total, under_way, at in rows}


async def _holds(tx: AsyncConnection, ids: Sequence[str]) -> Mapping[str, int]:
    holds = columns(HoldRow)
    query = sa.select(holds.run_id, sa.func.count()).where(holds.run_id.in_(ids)).group_by(holds.run_id)
    return {row[0]: row[1] for row in await tx.execute(query)}


async def _ended(tx: AsyncConnection, ids: Sequence[str]) -> Mapping[str, datetime | None]:
    query = sa.select(_RUN.c.id, ENDED_AT).where(_RUN.c.id.in_(ids))
    return {row[0]: row[1] for row in await tx.execute(query)}


async def _alarms(tx: AsyncConnection, run: RunRow, end: datetime) -> int:
    at: sa.ColumnElement[Any] = RAW.c.at.concat("")
    within = (at >= instant_text(run.started_at), at <= instant_text(end))
    return await tx.scalar(sa.select(sa.func.count()).select_from(RAW).where(_trouble(), *within)) or 0
