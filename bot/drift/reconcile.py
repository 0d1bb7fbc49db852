"""Everybody departed, and every mover, compared with every group: begun, gone on with, and summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.drift.hints import OF_THE_INSTANCE
from bot.drift.reconcile_items import (
    GROUP,
    PERSON,
    READ,
    WAITING,
    counts,
    instances_waiting,
    items,
    last_run,
    put_people,
    reread,
)
from bot.drift.reconcile_read import Reading
from bot.drift.record import DriftState
from bot.drift.rule import follow_rule
from bot.lanes import answered, closed_lanes, stumbled
from bot.states import LaneState
from bot.store.group_tables import DriftRow, ReconcileItemRow, ReconcileRow
from bot.store.query import add, change, chunks, columns, new_id, one, where
from bot.store.tables import LaneRow
from connectors.wire import RateLimited

STALE = timedelta(days=1)
"""What was read longer ago says little of today: such a run is ended as it is, and a new one begun."""
TAKEN = (DriftState.REMOVING, DriftState.REMOVED)


@dataclass(frozen=True, slots=True)
class Report:
    """What a reconciliation came to, in counts; `unread` names instances and why."""

    id: str
    people: int = 0
    groups: int = 0
    calls: int = 0
    found: int = 0
    removing: int = 0
    """Being taken out again by the rule, or already read back as out."""
    asked: int = 0
    beyond_guard: int = 0
    """Of those asked, the ones a run guard kept from being removed unasked."""
    gone: int = 0
    """Drifts of before that a read-back saw gone."""
    over: int = 0
    """Drifts of before that are none any more."""
    known: int = 0
    refused: int = 0
    gaps: int = 0
    unreadable: int = 0
    """People and groups that could not be read, though their instance could."""
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every instance was read."""
        return not self.unread


class Reconciler:
    """Goes on where a run stopped, this process or another; what it reads it stores at once."""

    def __init__(self, app: Bawab) -> None:
        self._app = app
        self._readings: dict[tuple[str, str], Reading] = {}
        self._not_before: dict[str, datetime] = {}

    async def begin(self, *, actor: str, fresh: bool = False) -> ReconcileRow:
        """Give the run to go on with; a new one where none is open, it is stale, or `fresh` asks for it."""
        app, now = self._app, self._app.now()
        async with app.store.read() as tx:
            last = await last_run(tx)
        if last is not None and last.ended_at is None:
            if not fresh and now - last.started_at < STALE:
                return last
            await self.conclude(last, end=True)
        row = ReconcileRow(id=new_id("reconcile"), actor=actor, started_at=now, plan={})
        async with app.store.write() as tx:
            people = await put_people(app, tx, row)
            row.plan = {name: {"by": None, "people": count} for name, count in people.items()}
            await add(tx, row)
            detail = {"reconcile": row.id, "people": people}
            started = Entry(action=Action.RECONCILE_START, actor=actor, detail=detail)
            await app.audit.append(tx, started)
        self._readings.clear()
        return row

    async def advance(self, row: ReconcileRow, *, most: int) -> int:
        """Read at most so many items; 0 where nothing is left that can be read now."""
        for name in await self._able(row):
            try:
                read = await self._reading(row, name).some(most)
            except RateLimited as error:
                self._not_before[name] = self._app.now() + timedelta(seconds=error.retry_after or 1.0)
                continue
            except OF_THE_INSTANCE as error:
                await stumbled(self._app, name, self._app.chat[name].capabilities.platform, error)
                continue
            if read:
                await self._answered(name)
                return read
        return 0

    async def _answered(self, name: str) -> None:
        """The platform answers: a lane that waited for it works again."""
        async with self._app.store.read() as tx:
            lane = await one(tx, LaneRow, columns(LaneRow).instance == name)
        if lane is not None and lane.state != LaneState.OPEN:
            await answered(self._app, name, lane.platform)

    def _reading(self, row: ReconcileRow, name: str) -> Reading:
        if (row.id, name) not in self._readings:
            self._readings = {key: kept for key, kept in self._readings.items() if key[0] == row.id}
            self._readings[row.id, name] = Reading(self._app, row, name)
        return self._readings[row.id, name]

    async def _able(self, row: ReconcileRow) -> list[str]:
        """Name the instances that have something left, and whose lane lets a request out now."""
        now = self._app.now()
        async with self._app.store.read() as tx:
            closed = await closed_lanes(tx, now)
            waiting = await instances_waiting(tx, row)
        limited = {name for name, until in self._not_before.items() if until > now}
        return sorted((waiting & set(self._app.chat)) - closed - limited)

    async def progress(self, row: ReconcileRow) -> tuple[int, int]:
        """Say how many items are done, and of how many; groups are counted once they are known."""
        async with self._app.store.read() as tx:
            return await counts(tx, row)

    async def conclude(self, row: ReconcileRow, *, end: bool = False) -> Report:
        """Follow the rules for what was found, and sum up; the run ends where all is read, or `end` says so.

        The removals of one run count together, whenever it was gone on with: beyond the run guard all that is
        left is asked.
        """
        app = self._app
        async with app.store.write() as tx:
            row = await reread(tx, row)
            if row.ended_at is not None:
                return Report(**row.summary)  # ended by somebody else: what it had read may be gone by now
            read = await items(tx, row)
            drifts = await _drifts(tx, read)
            taken = frozenset(drift.person_id for drift in drifts if drift.state in TAKEN)
            await follow_rule(app, tx, drifts, before=taken)
            report = _report(row, read, drifts, await self._problems(tx, read))
            if report.complete or end:
                ended = {"ended_at": app.now(), "summary": asdict(report)}
                await change(tx, ReconcileRow, ended, columns(ReconcileRow).id == row.id)
                finished = Entry(
                    action=Action.RECONCILE_FINISH,
                    actor=row.actor,
                    outcome="complete" if report.complete else "incomplete",
                    detail={"reconcile": row.id, **asdict(report)},
                )
                await app.audit.append(tx, finished)
        return report

    async def _problems(self, tx: AsyncConnection, read: Sequence[ReconcileItemRow]) -> dict[str, str]:
        """Say of each instance with something left why it is not read."""
        left = sorted({item.instance for item in read if item.state == WAITING})
        reasons = {lane.instance: lane.reason for lane in await where(tx, LaneRow)}
        waits = "the platform asks to wait"
        return {
            name: (reasons.get(name) or waits) if name in self._app.chat else "it is not configured any more"
            for name in left
        }


async def _drifts(tx: AsyncConnection, read: Sequence[ReconcileItemRow]) -> list[DriftRow]:
    ids = sorted(
        {drift for item in read if item.kind == PERSON for drift in (item.found or {}).get("drifts", ())}
    )
    rows: list[DriftRow] = []
    for part in chunks(ids, 500):
        rows += await where(tx, DriftRow, columns(DriftRow).id.in_(part))
    return sorted(rows, key=lambda row: row.id)


def _said(item: ReconcileItemRow, key: str, otherwise: Any) -> Any:
    """Give one thing a person's comparison came to; an item not read yet says nothing."""
    return (item.found or {}).get(key, otherwise)


def _report(
    row: ReconcileRow, read: Sequence[ReconcileItemRow], drifts: Sequence[DriftRow], unread: dict[str, str]
) -> Report:
    people = [item for item in read if item.kind == PERSON and item.state == READ]
    groups = [item for item in read if item.kind == GROUP and item.state == READ]
    asked = [drift for drift in drifts if drift.state == DriftState.OPEN]
    plan: dict[str, Any] = row.plan or {}
    gaps = {(item.instance, *gap) for item in people for gap in (item.found or {}).get("gaps", ())}
    total = {
        key: sum((item.found or {}).get(key, 0) for item in people)
        for key in ("gone", "over", "known", "refused")
    }
    return Report(
        id=row.id,
        people=len({item.item_id for item in people}),
        groups=len(groups),
        calls=sum(part.get("calls", 0) for part in plan.values()),
        found=len(drifts),
        removing=sum(drift.state in TAKEN for drift in drifts),
        asked=len(asked),
        beyond_guard=sum(drift.note.endswith("_threshold") for drift in asked),
        gaps=len(gaps),
        unreadable=sum(item.state not in (READ, WAITING) for item in read),
        unread=unread,
        **total,
    )
