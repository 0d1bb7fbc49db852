"""Whose turn it is in a lane: the most urgent first, then by stage, steps that save calls together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.states import STEP_BOT_AT_WORK, STEP_TO_ACT, STEP_TO_READ, StepState
from bot.store.query import all_of, columns, table
from bot.store.tables import StepRow
from bot.store.types import UtcInstant
from connectors.contract import Gathers
from policies.model import StepAction

PATIENCE = timedelta(minutes=5)
"""How long a removal waits to be read back together with the others of its person or group."""
_NOW = bindparam("now", type_=UtcInstant())
_FRESH = bindparam("fresh", type_=UtcInstant())
_Statement = Select[Any]


@dataclass(frozen=True, slots=True)
class Queue:
    """The due steps of one lane, asked inside a transaction; statements are made once, then filled in."""

    instance: str
    gathers: Gathers

    async def to_act(
        self, tx: AsyncConnection, now: datetime, most: int, bulk: Callable[[str], int] = lambda _: 1
    ) -> list[StepRow]:
        """Give up to `most` due steps of one action and one urgency, the most urgent there is.

        `bulk`: how many steps of an action one request takes; so many are given where it is more.
        """
        head = await self._head(tx, _acting_heads(), self._asked(now, most), most)
        if not head:
            return []
        if len(head) == most < bulk(head[0].action):
            most = bulk(head[0].action)
            head = await self._head(tx, _acting_heads(), self._asked(now, most), most)
        alike = [step for step in head if _kind(step) == _kind(head[0])]
        if self.gathers is Gathers.GROUP and alike[0].group_id and len(alike) > 1:
            return await self._by_group(tx, alike, now, most)
        return alike

    def _asked(self, now: datetime, most: int) -> dict[str, object]:
        return {"instance": self.instance, "now": now, "most": most}

    async def _head(
        self, tx: AsyncConnection, heads: Sequence[_Statement], asked: dict[str, object], most: int
    ) -> list[StepRow]:
        """Ask for each state by itself: the index then gives them in order, however many wait."""
        found = [step for head in heads for step in await all_of(tx, StepRow, head, asked)]
        return sorted(found, key=_turn)[:most]

    async def _by_group(
        self, tx: AsyncConnection, head: Sequence[StepRow], now: datetime, most: int
    ) -> list[StepRow]:
        """Give the steps of the groups whose turn it is: one request takes many of one group."""
        groups = list(dict.fromkeys(step.group_id for step in head))
        asked = self._asked(now, 4 * most) | {
            "groups": groups,
            "action": head[0].action,
            "priority": head[0].priority,
        }
        found = await all_of(tx, StepRow, _of_groups(), asked)
        place = {group: number for number, group in enumerate(groups)}
        return sorted(found, key=lambda step: (place[step.group_id], *_turn(step)))[:most]

    async def to_read(self, tx: AsyncConnection, now: datetime, most: int) -> list[StepRow]:
        """Give due steps of one action to be read back: of whole people, or of whole groups."""
        asked = self._asked(now, most) | {"fresh": now - PATIENCE}
        head = await self._head(tx, _reading_heads(self.gathers), asked, most)
        if not head:
            return []
        by_group = self.gathers is Gathers.GROUP and bool(head[0].group_id)
        alike = [step for step in head if _kind(step) == _kind(head[0])]
        keys = sorted({step.group_id if by_group else step.account_id for step in alike})
        asked |= {"keys": keys, "action": head[0].action, "priority": head[0].priority}
        del asked["most"]
        found = await all_of(tx, StepRow, _together(self.gathers, by_group=by_group), asked)
        return sorted(found, key=_turn)

    async def any_due(self, tx: AsyncConnection, now: datetime) -> bool:
        """Whether anything of this lane is due now."""
        asked = {"instance": self.instance, "now": now}
        return (await tx.execute(_anything(), asked)).first() is not None

    async def next_due(self, tx: AsyncConnection, now: datetime) -> datetime | None:
        """Give when the next step is due; None where none will be by itself.

        Where something is due already any such step answers: the first would be found by reading all.
        """
        asked = {"instance": self.instance, "now": now}
        found: datetime | None = (await tx.execute(_anything(), asked)).scalar()
        if found is None:
            found = (await tx.execute(_soonest(), asked)).scalar_one()
        return found


@cache
def _acting_heads() -> tuple[_Statement, ...]:
    return tuple(_head_of(state, _due()) for state in sorted(STEP_TO_ACT))


@cache
def _reading_heads(gathers: Gathers) -> tuple[_Statement, ...]:
    return tuple(_head_of(state, [*_due(), ~_more_to_come(gathers)]) for state in sorted(STEP_TO_READ))


def _head_of(state: str, ready: Sequence[ColumnElement[bool]]) -> _Statement:
    steps = columns(StepRow)
    mine = [steps.instance == bindparam("instance"), steps.state == state]
    return in_turn(select(table(StepRow)).where(*mine, *ready)).limit(bindparam("most"))


@cache
def _of_groups() -> _Statement:
    steps = columns(StepRow)
    mine = [*_alike(), steps.state.in_(sorted(STEP_TO_ACT)), steps.group_id.in_(_many("groups"))]
    return select(table(StepRow)).where(*mine, *_due()).limit(bindparam("most"))


@cache
def _together(gathers: Gathers, *, by_group: bool) -> _Statement:
    steps = columns(StepRow)
    key = steps.group_id if by_group else steps.account_id
    mine = [*_alike(), steps.state.in_(sorted(STEP_TO_READ)), key.in_(_many("keys"))]
    return select(table(StepRow)).where(*mine, *_due(), ~_more_to_come(gathers))


@cache
def _anything() -> _Statement:
    steps = columns(StepRow)
    mine = [steps.instance == bindparam("instance"), steps.state.in_(sorted(STEP_BOT_AT_WORK))]
    return select(steps.next_attempt_at).where(*mine, *_due()).limit(1)


@cache
def _soonest() -> _Statement:
    steps = columns(StepRow)
    mine = [steps.instance == bindparam("instance"), steps.state.in_(sorted(STEP_BOT_AT_WORK))]
    return select(func.min(steps.next_attempt_at)).where(*mine, ~earlier_stage_open())


def _many(name: str) -> Any:
    return bindparam(name, expanding=True)


def _alike() -> list[ColumnElement[bool]]:
    steps = columns(StepRow)
    same = [steps.action == bindparam("action"), steps.priority == bindparam("priority")]
    return [steps.instance == bindparam("instance"), *same]


def _due() -> list[ColumnElement[bool]]:
    return [columns(StepRow).next_attempt_at <= _NOW, ~earlier_stage_open()]


def in_turn(statement: _Statement) -> _Statement:
    """Order steps by whose turn it is; the index `ix_step_turn` is in this order."""
    steps = columns(StepRow)
    return statement.order_by(steps.priority, steps.stage, steps.created_at, steps.account_id, steps.id)


def _turn(step: StepRow) -> tuple[object, ...]:
    return step.priority, step.stage, step.created_at, step.account_id, step.id


def _kind(step: StepRow) -> tuple[str, int]:
    return step.action, step.priority


def _more_to_come(gathers: Gathers) -> ColumnElement[bool]:
    """Whether a removal just done is better read back later, with others of its person or group."""
    mine, other = columns(StepRow), table(StepRow).alias("other")
    together = [other.c.case_id == mine.case_id, other.c.account_id == mine.account_id]
    if gathers is Gathers.GROUP:
        together = [other.c.group_id == mine.group_id, other.c.instance == mine.instance]
    soon = exists().where(
        *together,
        other.c.action == mine.action,
        other.c.priority == mine.priority,
        other.c.id != mine.id,
        or_(
            # What waits for an earlier stage itself is nothing to wait for.
            and_(
                other.c.state == StepState.PENDING,
                other.c.next_attempt_at <= _NOW,
                ~earlier_stage_open(other.c),
            ),
            # Under way; what a platform does in its own time has a next look.
            and_(other.c.state == StepState.REQUESTED, other.c.next_attempt_at.is_(None)),
        ),
    )
    fresh: list[ColumnElement[bool]] = [
        mine.state == StepState.REMOVED_UNVERIFIED,
        mine.reads == 0,
        mine.action == StepAction.REVOKE,
        mine.requested_at > _FRESH,
    ]
    return and_(*fresh, soon)


def earlier_stage_open(of: Any = None) -> ColumnElement[bool]:
    """The manifest's order: sessions, memberships, account; a hand-over holds back its own group.

    `of`: the columns of the step that may have to wait; the table's own unless it is an alias.
    """
    earlier = table(StepRow).alias()
    steps = columns(StepRow) if of is None else of
    return exists().where(
        earlier.c.case_id == steps.case_id,
        earlier.c.instance == steps.instance,
        earlier.c.stage < steps.stage,
        or_(earlier.c.action != StepAction.HAND_OVER, earlier.c.group_id == steps.group_id),
        or_(
            earlier.c.state.in_([StepState.PENDING, StepState.REQUESTED]),
            # What nobody can read keeps nothing else back longer than the settle window.
            and_(earlier.c.state == StepState.OUTCOME_UNKNOWN, earlier.c.settle_until > _NOW),
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
