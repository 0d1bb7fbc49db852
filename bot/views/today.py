"""Today: what is open, late or broken, and what needs the reader, each cut to what they may know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.drift.record import DriftState
from bot.holds import first_run_is_open
from bot.reviews import NONE_UNREVIEWED, Unreviewed, unreviewed
from bot.states import CASE_OPEN
from bot.store.group_tables import DriftRow
from bot.store.query import all_of, columns, table
from bot.store.tables import CaseRow, FeedRow
from bot.views.case_lines import CaseLine, case_line, overdue_at
from bot.views.hold_lines import HoldLine, hold_lines
from bot.views.platforms import PlatformTrouble, troubles_of
from bot.views.waiting import (
    EmergencyLine,
    OwnGroup,
    QuestionLine,
    TaskLine,
    emergency_lines,
    own_groups,
    question_lines,
    task_lines,
)
from policies.roles import Permission

SHOWN = 50
"""Cases a list shows; the list of cases has the rest."""


@dataclass(frozen=True, slots=True)
class Today:
    """Everything a person who comes in the morning wants to know, and nothing they may not."""

    at: datetime
    cases: tuple[CaseLine, ...]
    """Open and not late, the next due first; at most SHOWN."""
    open: int
    """How many cases are open in all, late ones too."""
    overdue: tuple[CaseLine, ...]
    holds: tuple[HoldLine, ...]
    emergencies: tuple[EmergencyLine, ...]
    tasks: tuple[TaskLine, ...]
    """The reader's own."""
    groups: tuple[OwnGroup, ...]
    questions: tuple[QuestionLine, ...]
    troubles: tuple[PlatformTrouble, ...]
    drifts: int
    """Memberships that are there again and wait for a decision."""
    observing: bool
    """The installation's first run is not released: nothing is removed yet."""
    fed: bool
    """Whether HR has ever delivered anything."""
    reads_cases: bool
    """Whether the reader sees cases at all; a chat admin does not."""
    unreviewed: Unreviewed = NONE_UNREVIEWED
    """Runs that wait for IT's review; none for whoever does not review."""

    @property
    def to_sign(self) -> tuple[HoldLine, ...]:
        """The holds the reader may sign."""
        return tuple(hold for hold in self.holds if hold.may_sign)

    @property
    def to_confirm(self) -> tuple[EmergencyLine, ...]:
        """The emergencies the reader may confirm or dispute."""
        return tuple(line for line in self.emergencies if line.may_confirm)

    @property
    def needs_me(self) -> int:
        """How many things wait for the reader."""
        return len(self.to_sign) + len(self.to_confirm) + len(self.tasks) + len(self.questions)


async def today(app: Bawab, who: Actor) -> Today:
    """Read it all from one snapshot of the database; asks no platform."""
    reads = who.may(Permission.CASE_READ)
    async with app.store.read() as tx:
        ahead, late, count = await _open_cases(app, tx, who) if reads else ((), (), 0)
        return Today(
            at=app.now(),
            cases=ahead,
            open=count,
            overdue=late,
            holds=await hold_lines(tx, who),
            emergencies=await emergency_lines(tx, who),
            tasks=await task_lines(app, tx, who),
            groups=own_groups(app, who),
            questions=await question_lines(app, tx, who) if who.may(Permission.LINK_DECIDE) else (),
            troubles=await troubles_of(app, tx, who) if reads else (),
            drifts=await _drifts(tx, who) if who.may(Permission.DRIFT_DECIDE) else 0,
            observing=reads and await first_run_is_open(tx),
            fed=not reads or bool(await tx.scalar(select(exists().where(columns(FeedRow).id.is_not(None))))),
            reads_cases=reads,
            unreviewed=await unreviewed(app, tx) if who.may(Permission.RUN_REVIEW) else NONE_UNREVIEWED,
        )


_Lines = tuple[CaseLine, ...]


async def _open_cases(app: Bawab, tx: AsyncConnection, who: Actor) -> tuple[_Lines, _Lines, int]:
    """Give the next ones ahead, all that are late, and how many are open in all: none of the reader's own."""
    rows, late = columns(CaseRow), overdue_at(app.now())
    mine = [rows.state.in_(CASE_OPEN), rows.person_id != who.id]
    query = select(table(CaseRow)).where(*mine).order_by(rows.due.is_(None), rows.due, rows.id)
    ahead = await all_of(tx, CaseRow, query.where(not_(late)).limit(SHOWN))
    overdue = await all_of(tx, CaseRow, query.where(late))
    count = await tx.scalar(select(func.count()).select_from(table(CaseRow)).where(*mine))
    lines = [tuple(case_line(app, who, row) for row in found) for found in (ahead, overdue)]
    return lines[0], lines[1], int(count or 0)


async def _drifts(tx: AsyncConnection, who: Actor) -> int:
    rows = columns(DriftRow)
    waiting = select(func.count()).select_from(table(DriftRow)).where(rows.state == DriftState.OPEN)
    return int(await tx.scalar(waiting.where(rows.person_id != who.id)) or 0)
