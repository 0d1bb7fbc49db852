"""What a lane writes down: intentions before a call, outcomes and sights after it, each with its entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, case, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.clearance import Stop
from bot.groups.memory import moved
from bot.outcomes import BESIDE_A_REMOVAL, NextState, StepView, after_result, after_sight
from bot.states import CASE_RUNNING, STEP_TO_ACT, StepState
from bot.steps import record_entry
from bot.store.query import columns, put, table, where
from bot.store.tables import CaseRow, RecheckRow, StepRow
from connectors.contract import Evidence, Outcome, Presence, Quality, Result
from connectors.errors import RateLimited
from connectors.evidence import not_answered
from policies.model import StepAction

Delegate = Callable[[AsyncConnection, StepRow], Awaitable[None]]
"""Makes a task of a step that only a person can do, in the transaction that says so."""


@dataclass(frozen=True, slots=True)
class Back:
    """A step whose call did not leave: it waits again, and why."""

    step: StepRow
    again: datetime
    because: str


class Ledger:
    """The writes of one lane; each method works inside the caller's transaction."""

    def __init__(self, app: Bawab, instance: str, delegate: Delegate, settle: timedelta) -> None:
        self._app = app
        self._instance = instance
        self._delegate = delegate
        self._settle = settle

    async def recover(self, tx: AsyncConnection, *, readable: bool) -> int:
        """Name every call that was under way when its process died: unknown where it can be read.

        Where there is no API nothing left, and nothing can be read: the step is simply handed over again.
        """
        steps, now = columns(StepRow), self._app.now()
        found = await where(
            tx,
            StepRow,
            steps.instance == self._instance,
            steps.state == StepState.REQUESTED,
            or_(steps.acted == "maybe", steps.next_attempt_at.is_(None)),
        )
        for step in found:
            unknown = NextState(StepState.OUTCOME_UNKNOWN, step.acted, now)
            _move(step, unknown if readable else NextState(StepState.PENDING, "no", now), now)
            # Our own death says nothing of the platform: it must not make the step wait longer and longer.
            put(step, attempts=max(0, step.attempts - 1))
        await self._write(tx, found)
        said = "the process ended during the call"
        await self._log(tx, [record_entry(step, Action.STEP_RETRY, because=said) for step in found])
        return len(found)

    async def stop(self, tx: AsyncConnection, stopped: Sequence[Stop]) -> None:
        """Cancel or block what must not go any more, each with its entry."""
        now = self._app.now()
        for stop in stopped:
            put(stop.step, state=stop.state, refusal=stop.refusal, next_attempt_at=None, updated_at=now)
        rows = [stop.step for stop in stopped]
        await self._write(tx, rows)
        await self._log(tx, [record_entry(step, Action.STEP_BLOCK) for step in rows])

    async def intend(self, tx: AsyncConnection, batch: Sequence[StepRow]) -> list[StepRow]:
        """Store the intention; whatever somebody cancelled meanwhile is not in the answer."""
        if not batch:
            return []
        now = self._app.now()
        times = {"requested_at": now, "settle_until": now + self._settle, "updated_at": now}
        stored = await tx.execute(_intention(), {"ids": [step.id for step in batch], **times})
        ids = set(stored.scalars())
        intended = [step for step in batch if step.id in ids]
        for step in intended:
            # On disk a kill from here on leaves `maybe`; in memory stays what is known so far.
            under_way = {"state": StepState.REQUESTED, "attempts": step.attempts + 1, "next_attempt_at": None}
            put(step, **under_way, **times)
        await self._log(tx, [record_entry(step, Action.STEP_INTEND) for step in intended])
        return intended

    async def give_back(self, tx: AsyncConnection, unsent: Sequence[Back]) -> None:
        """Let steps wait again whose call never left: that is no attempt, and an outage must use none up."""
        now, rows = self._app.now(), [back.step for back in unsent]
        for back in unsent:
            back.step.attempts -= 1
            _move(back.step, NextState(StepState.PENDING, back.step.acted, back.again), now)
        await self._write(tx, rows)
        entries = [record_entry(back.step, Action.STEP_RETRY, because=back.because) for back in unsent]
        await self._log(tx, entries)

    async def record(self, tx: AsyncConnection, done: Sequence[tuple[StepRow, Result]]) -> None:
        """Store what platforms said of writes, and make tasks of what only a person can do."""
        now = self._app.now()
        for step, result in done:
            following = after_result(_view(step), result, now)
            _explain(step, result.detail, result.remedy, result.evidence)
            if result.outcome is Outcome.RATE_LIMITED:
                step.attempts -= 1
            _move(step, following, now)
        await self._write(tx, [step for step, _ in done])
        for step, result in done:
            if result.outcome is Outcome.MOVED and result.new_group_id:
                await moved(self._app, tx, step.instance, step.group_id, result.new_group_id)
        entries = [record_entry(step, Action.STEP_RECORD, said=result.outcome) for step, result in done]
        await self._log(tx, entries)
        for step, _ in done:
            if step.state == StepState.DELEGATED:
                await self._delegate(tx, step)

    async def see(self, tx: AsyncConnection, seen: Sequence[tuple[StepRow, Presence]]) -> None:
        """Store what reading back showed; a success is planned to be looked at again, later."""
        now, entries, proven = self._app.now(), list[Entry](), list[StepRow]()
        for step, presence in seen:
            before = step.state
            put(step, reads=step.reads + 1)
            following = after_sight(_view(step), presence, now)
            _explain(step, presence.detail or step.detail, step.remedy, presence.evidence)
            _move(step, following, now)
            if following.verified and step.action not in BESIDE_A_REMOVAL:
                proven.append(step)
            if following.verified or following.state != before:
                entries.append(record_entry(step, Action.STEP_READ_BACK, said=presence.sight))
        await self._write(tx, [step for step, _ in seen])
        await self._plan_rechecks(tx, proven)
        await self._log(tx, entries)

    async def put_off(self, tx: AsyncConnection, steps: Sequence[StepRow], again: datetime) -> None:
        """Let steps that could not be read wait; nothing else is known of them."""
        now = self._app.now()
        for step in steps:
            _move(step, NextState(StepState(step.state), step.acted, again), now)
        await self._write(tx, steps)

    async def _plan_rechecks(self, tx: AsyncConnection, proven: Sequence[StepRow]) -> None:
        now = self._app.now()
        rows = [
            {"step_id": step.id, "kind": _named(after), "instance": step.instance, "due": now + after}
            for step in proven
            for after in self._app.settings.recheck_after
        ]
        if rows:
            ids = [step.id for step in proven]
            await tx.execute(delete(table(RecheckRow)).where(columns(RecheckRow).step_id.in_(ids)))
            await tx.execute(insert(table(RecheckRow)), [row | {"attempts": 0} for row in rows])

    async def _write(self, tx: AsyncConnection, rows: Sequence[StepRow]) -> None:
        if rows:
            await tx.execute(
                _KEEP, [{"of": row.id} | {name: row.__dict__[name] for name in _KEPT} for row in rows]
            )

    async def _log(self, tx: AsyncConnection, entries: Sequence[Entry]) -> None:
        if entries:
            await self._app.audit.append(tx, *entries)


@cache
def _intention() -> Any:
    """Make the statement that stores an intention, only for steps still waiting in cases still on."""
    steps, cases = columns(StepRow), columns(CaseRow)
    running = exists(select(cases.id).where(cases.id == steps.case_id, cases.state.in_(sorted(CASE_RUNNING))))
    ids: Any = bindparam("ids", expanding=True)
    values = {
        "state": StepState.REQUESTED,
        "acted": case((steps.acted == "yes", "yes"), else_="maybe"),
        "attempts": steps.attempts + 1,
        "next_attempt_at": None,  # under way: nobody else's turn
    }
    values |= {name: bindparam(name) for name in ("requested_at", "settle_until", "updated_at")}
    waiting = [steps.id.in_(ids), steps.state.in_(sorted(STEP_TO_ACT)), running]
    return update(table(StepRow)).where(*waiting).values(values).returning(steps.id)


_KEPT = (
    "state",
    "acted",
    "next_attempt_at",
    "quality",
    "refusal",
    "verified_at",
    "updated_at",
    "attempts",
    "detail",
    "remedy",
    "evidence",
    "request_id",
    "reads",
)
_KEEP = (
    update(table(StepRow))
    .where(columns(StepRow).id == bindparam("of"))
    .values({name: bindparam(name) for name in _KEPT})
)


def _move(step: StepRow, following: NextState, now: datetime) -> None:
    put(
        step,
        state=following.state,
        acted=following.acted,
        next_attempt_at=following.again,
        quality=following.quality,
        refusal=following.refusal or step.refusal,
        verified_at=now if following.verified else step.verified_at,
        updated_at=now,
    )


def _view(step: StepRow) -> StepView:
    return StepView(StepAction(step.action), step.acted, step.attempts, step.reads, step.settle_until)


def _explain(step: StepRow, detail: str, remedy: str, evidence: Evidence) -> None:
    put(step, detail=detail, remedy=remedy, request_id=evidence.request_id or step.request_id)
    # A confirmation by hand once stood alone, not in a list.
    so_far = [step.evidence] if isinstance(step.evidence, dict) else step.evidence or []
    put(step, evidence=[*so_far[-9:], _plain(evidence)])


def _plain(evidence: Evidence) -> dict[str, object]:
    return {
        "quality": evidence.quality,
        "at": evidence.at.isoformat(),
        "source": evidence.source,
        "request_id": evidence.request_id,
        "facts": [list(fact) for fact in evidence.facts],
    }


def _named(after: timedelta) -> str:
    return f"after {int(after.total_seconds())} s"


def no_api(step: StepRow, detail: str) -> Result:
    """What the platform cannot do, a person must."""
    evidence = Evidence(Quality.UNKNOWN, step.updated_at, "local", facts=(("sent", "nothing"),))
    return Result(step.id, Outcome.NO_API, evidence, detail=detail)


def not_now(step: StepRow, error: RateLimited) -> Result:
    """What the platform, or our own pace, did not take for now."""
    return not_answered(step.id, "local", error)
