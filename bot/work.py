"""One lane: due steps → intend → act → read back → record; durable, isolated, and safe to kill anywhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.clearance import Clearance
from bot.groups.memory import moved
from bot.lanes import answered, backoff, ensure_lane, may_work, stumbled
from bot.outcomes import BESIDE_A_REMOVAL, NextState, StepView, after_result, after_sight
from bot.states import STEP_BOT_AT_WORK, STEP_TO_ACT, STEP_TO_READ, LaneState, StepState
from bot.steps import act, look, record_entry
from bot.store.query import add, all_of, change, columns, table, where
from bot.store.tables import LaneRow, RecheckRow, StepRow
from connectors.contract import Evidence, Outcome, Presence, Quality, Result, Sight
from connectors.errors import ConnectorError, NotSupported, Unavailable
from policies.model import StepAction

MOST_LOST = 3
"""Writes in a row without a usable answer after which the platform counts as down."""
CHUNK = 20
"""How many steps of one person run between two looks at what is more urgent."""
Delegate = Callable[[AsyncConnection, StepRow], Awaitable[None]]


class Lane:
    """The one drainer of one connector instance."""

    def __init__(
        self, app: Bawab, instance: str, delegate: Delegate, *, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        self._app = app
        self._stopping = stopping
        self._instance = instance
        self._connector = app.chat[instance]
        self._delegate = delegate
        self._clearance = Clearance(app)
        self._steps = columns(StepRow)
        self._heard = False
        """Whether the platform has said anything of use since the last look at the circuit."""
        self._lost = 0
        self._not_before: datetime | None = None
        """Until then the platform asked for no more writes."""
        settle = app.settings.settle_seconds
        self._settle = timedelta(seconds=settle or self._connector.capabilities.settle_seconds)

    async def recover(self) -> int:
        """A call that was under way when the process died has an unknown outcome: it is read first.

        Where there is no API nothing left, and nothing can be read: the step is simply handed over again.
        """
        steps = self._steps
        dangling = [
            steps.instance == self._instance,
            steps.state == StepState.REQUESTED,
            steps.acted == "maybe",
        ]
        lost = NextState(StepState.OUTCOME_UNKNOWN, "maybe", self._app.now())
        if not self._connector.capabilities.revokes:
            lost = NextState(StepState.PENDING, "no", self._app.now())
        async with self._app.store.write() as tx:
            found = await where(tx, StepRow, *dangling)
            for step in found:
                await self._move(tx, step, lost)
                await self._app.audit.append(
                    tx, record_entry(step, Action.STEP_RETRY, because="the process ended during the call")
                )
        return len(found)

    async def drain(self) -> datetime | None:
        """Work until nothing is due; gives when to come back, or None for 'when something is planned'."""
        async with self._app.store.write() as tx:
            await ensure_lane(tx, self._instance, self._connector.capabilities.platform)
        while True:
            lane = await self._row()
            if not may_work(lane, self._app.now()):
                return lane.next_probe
            chunk = await self._chunk()
            if not chunk or self._stopping():
                return await self._next_due()
            self._heard = False
            went_well = await (self._read(chunk) if chunk[0].state in STEP_TO_READ else self._act(chunk))
            if self._heard and went_well and lane.state != LaneState.OPEN:
                await answered(self._app, self._instance, lane.platform)
            if not went_well and self._not_before is None:
                return await self._next_due()

    async def _row(self) -> LaneRow:
        async with self._app.store.read() as tx:
            return (await where(tx, LaneRow, columns(LaneRow).instance == self._instance))[0]

    async def _chunk(self) -> list[StepRow]:
        """Take the most urgent due step, and its person's other steps that need the same."""
        steps, now = self._steps, self._app.now()
        if self._not_before is not None and self._not_before <= now:
            self._not_before = None
        states = STEP_TO_READ if self._not_before else STEP_BOT_AT_WORK
        ready = [
            steps.instance == self._instance,
            steps.state.in_(states),
            steps.next_attempt_at <= now,
            ~self._earlier_stage_open(),
        ]
        first = select(table(StepRow)).where(*ready).order_by(steps.priority, steps.next_attempt_at).limit(1)
        async with self._app.store.read() as tx:
            head = await all_of(tx, StepRow, first)
            if not head:
                return []
            kind = STEP_TO_READ if head[0].state in STEP_TO_READ else STEP_TO_ACT
            same = [
                steps.case_id == head[0].case_id,
                steps.account_id == head[0].account_id,
                steps.action == head[0].action,
                steps.state.in_(kind),
            ]
            alike = select(table(StepRow)).where(*ready, *same).order_by(steps.created_at, steps.id)
            return await all_of(tx, StepRow, alike.limit(CHUNK))

    def _earlier_stage_open(self) -> ColumnElement[bool]:
        """The manifest's order: sessions, memberships, account; a hand-over holds back its own group."""
        earlier = table(StepRow).alias("earlier")
        steps = self._steps
        return exists().where(
            earlier.c.case_id == steps.case_id,
            earlier.c.instance == steps.instance,
            earlier.c.stage < steps.stage,
            or_(earlier.c.action != StepAction.HAND_OVER, earlier.c.group_id == steps.group_id),
            or_(
                earlier.c.state.in_([StepState.PENDING, StepState.REQUESTED]),
                # What nobody can read keeps nothing else back longer than the settle window.
                and_(earlier.c.state == StepState.OUTCOME_UNKNOWN, earlier.c.settle_until > self._app.now()),
                # Read once before the next stage: a closed account would hide whether the membership ended.
                and_(
                    earlier.c.state == StepState.REMOVED_UNVERIFIED,
                    earlier.c.reads < earlier.c.attempts,
                ),
                # A successor must have been seen before the last owner goes.
                and_(
                    earlier.c.action == StepAction.HAND_OVER,
                    earlier.c.state.in_([StepState.REMOVED_UNVERIFIED, StepState.STILL_PRESENT]),
                    earlier.c.next_attempt_at.is_not(None),
                ),
            ),
        )

    async def _next_due(self) -> datetime | None:
        steps = self._steps
        soonest = select(func.min(steps.next_attempt_at)).where(
            steps.instance == self._instance,
            steps.state.in_(STEP_BOT_AT_WORK),
            ~self._earlier_stage_open(),
        )
        async with self._app.store.read() as tx:
            found: datetime | None = (await tx.execute(soonest)).scalar_one()
        if found is not None and self._not_before is not None:
            return max(found, self._not_before)
        return found

    # Acting

    async def _act(self, chunk: Sequence[StepRow]) -> bool:
        able = self._connector.capabilities
        size = able.batch if chunk[0].action == StepAction.REVOKE else 1
        for start in range(0, len(chunk), size):
            try:
                batch = await self._clearance.of(chunk[start : start + size])
            except ConnectorError as error:  # who the bot itself is could not be read: nothing may leave
                await stumbled(self._app, self._instance, able.platform, error)
                return False
            batch = await self._intend(batch)
            if batch and not await self._call(batch):
                return False
            if self._stopping() or await self._overtaken(chunk[0].priority):
                return True
        return True

    async def _intend(self, batch: Sequence[StepRow]) -> list[StepRow]:
        """Store the intention; whatever somebody cancelled meanwhile is not in the answer."""
        now, steps = self._app.now(), self._steps
        intended: list[StepRow] = []
        async with self._app.store.write() as tx:
            for step in batch:
                stored = {
                    "state": StepState.REQUESTED,
                    "acted": "yes" if step.acted == "yes" else "maybe",
                    "attempts": step.attempts + 1,
                    "requested_at": now,
                    "settle_until": now + self._settle,
                    "updated_at": now,
                }
                if await change(tx, StepRow, stored, steps.id == step.id, steps.state == step.state):
                    # On disk a kill from here on leaves `maybe`; in memory stays what is known so far.
                    _update(step, {**stored, "acted": step.acted})
                    intended.append(step)
                    await self._app.audit.append(tx, record_entry(step, Action.STEP_INTEND))
        return intended

    async def _call(self, batch: Sequence[StepRow]) -> bool:
        try:
            results = await act(self._connector, batch, may_join=await self._clearance.may_join(batch[0]))
        except NotSupported as error:
            results = [_no_api(step, error) for step in batch]
        except ConnectorError as error:
            await self._nothing_sent(batch, error)
            return False
        async with self._app.store.write() as tx:
            for step, result in zip(batch, results, strict=True):
                await self._record(tx, step, result)
        if await self._fell_silent(results):
            return False
        limited = [result.retry_after or 1.0 for result in results if result.outcome is Outcome.RATE_LIMITED]
        if limited:
            self._not_before = self._app.now() + timedelta(seconds=max(limited))
            return False
        return True

    async def _fell_silent(self, results: Sequence[Result]) -> bool:
        """Answers lost one after another are an outage: the lane waits, rather than ask for every step."""
        if any(result.outcome not in (Outcome.UNKNOWN, Outcome.UNAVAILABLE) for result in results):
            self._heard, self._lost = True, 0
            return False
        self._lost += 1
        if self._lost < MOST_LOST:
            return False
        error = Unavailable(f"{self._lost} answers in a row did not come; the last: {results[-1].detail}")
        await stumbled(self._app, self._instance, self._connector.capabilities.platform, error)
        return True

    async def _nothing_sent(self, batch: Sequence[StepRow], error: ConnectorError) -> None:
        lane = await stumbled(self._app, self._instance, self._connector.capabilities.platform, error)
        again = lane.next_probe or self._app.now() + timedelta(seconds=backoff(lane.failures))
        async with self._app.store.write() as tx:
            for step in batch:
                step.attempts -= 1  # what never left is no attempt: an outage must not use them up
                await self._move(tx, step, NextState(StepState.PENDING, step.acted, again))
                entry = record_entry(step, Action.STEP_RETRY, because=f"nothing was sent: {error}")
                await self._app.audit.append(tx, entry)

    async def _record(self, tx: AsyncConnection, step: StepRow, result: Result) -> None:
        following = after_result(_view(step), result, self._app.now())
        _explain(step, result.detail, result.remedy, result.evidence)
        if result.outcome is Outcome.RATE_LIMITED:
            step.attempts -= 1
        await self._move(tx, step, following)
        if result.outcome is Outcome.MOVED and result.new_group_id:
            await moved(self._app, tx, step.instance, step.group_id, result.new_group_id)
        await self._app.audit.append(tx, record_entry(step, Action.STEP_RECORD, said=result.outcome))
        if following.state is StepState.DELEGATED:
            await self._delegate(tx, step)

    async def _overtaken(self, priority: int) -> bool:
        steps = self._steps
        urgent = select(steps.id).where(
            steps.instance == self._instance,
            steps.state.in_(STEP_BOT_AT_WORK),
            steps.next_attempt_at <= self._app.now(),
            steps.priority < priority,
        )
        async with self._app.store.read() as tx:
            return (await tx.execute(urgent.limit(1))).first() is not None

    # Reading back

    async def _read(self, chunk: Sequence[StepRow]) -> bool:
        try:
            seen = await look(self._connector, chunk)
        except ConnectorError as error:
            await self._not_read(chunk, error)
            return False
        if any(presence.sight is not Sight.UNREADABLE for presence in seen):
            self._heard, self._lost = True, 0
        async with self._app.store.write() as tx:
            for step, presence in zip(chunk, seen, strict=True):
                await self._see(tx, step, presence)
        return True

    async def _see(self, tx: AsyncConnection, step: StepRow, presence: Presence) -> None:
        before = step.state
        step.reads += 1
        following = after_sight(_view(step), presence, self._app.now())
        _explain(step, presence.detail or step.detail, step.remedy, presence.evidence)
        await self._move(tx, step, following)
        if following.verified and step.action not in BESIDE_A_REMOVAL:
            await self._plan_rechecks(tx, step)
        if following.verified or following.state != before:
            await self._app.audit.append(tx, record_entry(step, Action.STEP_READ_BACK, said=presence.sight))

    async def _plan_rechecks(self, tx: AsyncConnection, step: StepRow) -> None:
        now = self._app.now()
        rows = [
            RecheckRow(step_id=step.id, kind=_named(after), instance=step.instance, due=now + after)
            for after in self._app.settings.recheck_after
        ]
        await tx.execute(delete(table(RecheckRow)).where(columns(RecheckRow).step_id == step.id))
        await add(tx, *rows)

    async def _not_read(self, chunk: Sequence[StepRow], error: ConnectorError) -> None:
        lane = await stumbled(self._app, self._instance, self._connector.capabilities.platform, error)
        again = lane.next_probe or self._app.now() + timedelta(seconds=backoff(lane.failures))
        async with self._app.store.write() as tx:
            for step in chunk:
                following = NextState(StepState(step.state), step.acted, again)
                await self._move(tx, step, following)

    async def _move(self, tx: AsyncConnection, step: StepRow, following: NextState) -> None:
        values: dict[str, object] = {
            "state": following.state,
            "acted": following.acted,
            "next_attempt_at": following.again,
            "quality": following.quality,
            "refusal": following.refusal or step.refusal,
            "verified_at": self._app.now() if following.verified else step.verified_at,
            "updated_at": self._app.now(),
        }
        _update(step, values)
        kept = ("attempts", "detail", "remedy", "evidence", "request_id", "reads")
        values |= {name: getattr(step, name) for name in kept}
        await change(tx, StepRow, values, self._steps.id == step.id)


def _update(step: StepRow, values: dict[str, object]) -> None:
    for name, value in values.items():
        setattr(step, name, value)


def _no_api(step: StepRow, error: NotSupported) -> Result:
    """What the platform cannot do, a person must."""
    evidence = Evidence(Quality.UNKNOWN, step.updated_at, "local", facts=(("sent", "nothing"),))
    return Result(step.id, Outcome.NO_API, evidence, detail=str(error))


def _named(after: timedelta) -> str:
    return f"after {int(after.total_seconds())} s"


def _view(step: StepRow) -> StepView:
    return StepView(StepAction(step.action), step.acted, step.attempts, step.reads, step.settle_until)


def _explain(step: StepRow, detail: str, remedy: str, evidence: Evidence) -> None:
    step.detail, step.remedy = detail, remedy
    step.request_id = evidence.request_id or step.request_id
    # A confirmation by hand once stood alone, not in a list.
    so_far = [step.evidence] if isinstance(step.evidence, dict) else step.evidence or []
    step.evidence = [*so_far[-9:], _plain(evidence)]


def _plain(evidence: Evidence) -> dict[str, object]:
    return {
        "quality": evidence.quality,
        "at": evidence.at.isoformat(),
        "source": evidence.source,
        "request_id": evidence.request_id,
        "facts": [list(fact) for fact in evidence.facts],
    }
