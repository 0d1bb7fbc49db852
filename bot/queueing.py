"""Whose turn it is in a lane: the most urgent first, then by stage, steps that save calls together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.states import STEP_BOT_AT_WORK, STEP_TO_ACT, STEP_TO_READ, StepState
from bot.store.query import all_of, columns, table
from bot.store.tables import StepRow
from connectors.contract import Gathers
from policies.model import StepAction

PATIENCE = timedelta(minutes=5)
"""How long a removal waits to be read back together with the others of its person or group."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The due steps of one lane, asked inside a transaction."""

    instance: str
    gathers: Gathers

    async def to_act(
        self, tx: AsyncConnection, now: datetime, most: int, bulk: Callable[[str], int] = lambda _: 1
    ) -> list[StepRow]:
        """Give up to `most` due steps of one action and one urgency, the most urgent there is.

        `bulk`: how many steps of an action one request takes; so many are given where it is more.
        """
        ready = [columns(StepRow).next_attempt_at <= now, ~earlier_stage_open(now)]
        head = await self._head(tx, sorted(STEP_TO_ACT), ready, most)
        if not head:
            return []
        if len(head) == most < bulk(head[0].action):
            most = bulk(head[0].action)
            head = await self._head(tx, sorted(STEP_TO_ACT), ready, most)
        alike = [step for step in head if _kind(step) == _kind(head[0])]
        if self.gathers is Gathers.GROUP and alike[0].group_id and len(alike) > 1:
            return await self._by_group(tx, alike, ready, most)
        return alike

    async def _head(
        self, tx: AsyncConnection, states: Sequence[str], ready: Sequence[ColumnElement[bool]], most: int
    ) -> list[StepRow]:
        """Ask for each state by itself: the index then gives them in order, however many wait."""
        steps, found = columns(StepRow), list[StepRow]()
        for state in states:
            mine = select(table(StepRow)).where(steps.instance == self.instance, steps.state == state, *ready)
            found += await all_of(tx, StepRow, in_turn(mine).limit(most))
        return sorted(found, key=_turn)[:most]

    async def _by_group(
        self, tx: AsyncConnection, head: Sequence[StepRow], ready: Sequence[ColumnElement[bool]], most: int
    ) -> list[StepRow]:
        """Give the steps of the groups whose turn it is: one request takes many of one group."""
        steps = columns(StepRow)
        groups = list(dict.fromkeys(step.group_id for step in head))
        same = [
            steps.instance == self.instance,
            steps.group_id.in_(groups),
            steps.state.in_(sorted(STEP_TO_ACT)),
            steps.action == head[0].action,
            steps.priority == head[0].priority,
        ]
        found = await all_of(tx, StepRow, select(table(StepRow)).where(*same, *ready).limit(4 * most))
        place = {group: number for number, group in enumerate(groups)}
        return sorted(found, key=lambda step: (place[step.group_id], *_turn(step)))[:most]

    async def to_read(self, tx: AsyncConnection, now: datetime, most: int) -> list[StepRow]:
        """Give due steps of one action to be read back: of whole people, or of whole groups."""
        steps = columns(StepRow)
        ready = [steps.next_attempt_at <= now, ~earlier_stage_open(now), ~self._more_to_come(now)]
        states = sorted(STEP_TO_READ)
        head = await self._head(tx, states, ready, most)
        if not head:
            return []
        own = steps.group_id if self.gathers is Gathers.GROUP and head[0].group_id else steps.account_id
        keys = {getattr(step, own.name) for step in head if _kind(step) == _kind(head[0])}
        same = [steps.instance == self.instance, steps.state.in_(states), own.in_(sorted(keys))]
        same += [steps.action == head[0].action, steps.priority == head[0].priority]
        found = await all_of(tx, StepRow, select(table(StepRow)).where(*same, *ready))
        return sorted(found, key=_turn)

    def _more_to_come(self, now: datetime) -> ColumnElement[bool]:
        """Whether a removal just done is better read back later, with others of its person or group."""
        mine, other = columns(StepRow), table(StepRow).alias("other")
        together = [other.c.case_id == mine.case_id, other.c.account_id == mine.account_id]
        if self.gathers is Gathers.GROUP:
            together = [other.c.group_id == mine.group_id, other.c.instance == mine.instance]
        soon = exists().where(
            *together,
            other.c.action == mine.action,
            other.c.priority == mine.priority,
            other.c.state.in_([StepState.PENDING, StepState.REQUESTED]),
            or_(other.c.next_attempt_at <= now, other.c.state == StepState.REQUESTED),
            other.c.id != mine.id,
        )
        fresh: list[ColumnElement[bool]] = [
            mine.state == StepState.REMOVED_UNVERIFIED,
            mine.reads == 0,
            mine.action == StepAction.REVOKE,
            mine.requested_at > now - PATIENCE,
        ]
        return and_(*fresh, soon)

    async def any_due(self, tx: AsyncConnection, now: datetime) -> bool:
        """Whether anything of this lane is due now."""
        steps = columns(StepRow)
        due = [steps.instance == self.instance, steps.state.in_(sorted(STEP_BOT_AT_WORK))]
        asked = select(steps.id).where(*due, steps.next_attempt_at <= now, ~earlier_stage_open(now))
        return (await tx.execute(asked.limit(1))).first() is not None

    async def next_due(self, tx: AsyncConnection, now: datetime) -> datetime | None:
        """Give when the next step is due, also one that is due now; None where none will be by itself."""
        steps = columns(StepRow)
        soonest = select(func.min(steps.next_attempt_at)).where(
            steps.instance == self.instance,
            steps.state.in_(sorted(STEP_BOT_AT_WORK)),
            ~earlier_stage_open(now),
        )
        found: datetime | None = (await tx.execute(soonest)).scalar_one()
        return found


def in_turn(statement: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    """Order steps by whose turn it is; the index `ix_step_turn` is in this order."""
    steps = columns(StepRow)
    return statement.order_by(steps.priority, steps.stage, steps.created_at, steps.account_id, steps.id)


def _turn(step: StepRow) -> tuple[object, ...]:
    return step.priority, step.stage, step.created_at, step.account_id, step.id


def _kind(step: StepRow) -> tuple[str, int]:
    return step.action, step.priority


def earlier_stage_open(now: datetime) -> ColumnElement[bool]:
    """The manifest's order: sessions, memberships, account; a hand-over holds back its own group."""
    earlier = table(StepRow).alias("earlier")
    steps = columns(StepRow)
    return exists().where(
        earlier.c.case_id == steps.case_id,
        earlier.c.instance == steps.instance,
        earlier.c.stage < steps.stage,
        or_(earlier.c.action != StepAction.HAND_OVER, earlier.c.group_id == steps.group_id),
        or_(
            earlier.c.state.in_([StepState.PENDING, StepState.REQUESTED]),
            # What nobody can read keeps nothing else back longer than the settle window.
            and_(earlier.c.state == StepState.OUTCOME_UNKNOWN, earlier.c.settle_until > now),
            # Read once before the next stage: a closed account would hide whether the membership ended.
            and_(earlier.c.state == StepState.REMOVED_UNVERIFIED, earlier.c.reads < earlier.c.attempts),
            # A successor must have been seen before the last owner goes.
            and_(
                earlier.c.action == StepAction.HAND_OVER,
                earlier.c.state.in_([StepState.REMOVED_UNVERIFIED, StepState.STILL_PRESENT]),
                earlier.c.next_attempt_at.is_not(None),
            ),
        ),
    )
