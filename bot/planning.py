"""Due cases into steps: every membership snapshotted and every step stored before the first write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.leaving import take_leave
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.casework import set_state
from bot.drafting import Draft, Drafter
from bot.effort import note_planned, planned_calls
from bot.group_guard import GroupGuard
from bot.groups.memory import moved
from bot.holds import first_run_is_open
from bot.lanes import backoff, careful, closed_lanes, ensure_lane, looked, may_work, stumbled
from bot.states import CASE_RUNNING, CaseState, StepState
from bot.steps import record_entry
from bot.store.query import add, change, columns, new_id, table, where
from bot.store.tables import CaseInstanceRow, CaseRow, GapRow, LaneRow, SnapshotRow, StepRow
from bot.values import account_to_plain, group_to_plain, way_to_plain
from connectors.errors import ConnectorError
from connectors.together import abreast
from policies.model import PlannedStep, StepAction, Verdict

CASES_A_PASS = 25
"""Cases of one instance planned before somebody more urgent is looked for again."""
PLANNED_ABREAST = 20
"""Cases of one instance that are planned side by side."""
URGENT, OVERDUE, USUAL = 0, 5, 10
PENDING, PLANNED = "pending", "planned"
GROUP_MOVED = "group_moved"
"""The gap by which a connector says that a group goes by another id now; `detail` is the new one."""


class Planner:
    """Starts what is due, plans it instance by instance, and lets it go past the group thresholds."""

    def __init__(self, app: Bawab) -> None:
        self._app = app
        self._group_guard = GroupGuard(app)

    async def start_due(self) -> int:
        """Move due cases to `executing`, each waiting to be planned on every instance.

        While the installation only observes nothing starts, whichever way a case came to be scheduled.
        """
        app, cases = self._app, columns(CaseRow)
        async with app.store.write() as tx:
            if await first_run_is_open(tx):
                return 0
            due = await where(tx, CaseRow, cases.state == CaseState.SCHEDULED, cases.due <= app.now())
            for case in due:
                await self._start(tx, case)
        return len(due)

    async def _start(self, tx: AsyncConnection, case: CaseRow) -> None:
        now = self._app.now()
        values = {"started_at": now}
        if await set_state(self._app, tx, case, CaseState.EXECUTING, Action.CASE_EXECUTE, values=values):
            rows = [
                CaseInstanceRow(case_id=case.id, instance=name, state=PENDING, next_attempt_at=now)
                for name in sorted(self._app.chat)
            ]
            await add(tx, *rows)
            await take_leave(self._app, tx, case)

    async def plan_due(self, *, urgent: bool = False) -> int:
        """Plan what waits (or only what is urgent), urgent first; an unreadable instance waits alone.

        Gives the number planned.
        """
        waiting = [pair for pair in await self._waiting() if pair[0].urgent or not urgent]
        if not waiting:
            await self._group_guard.judge()
            return 0
        drafter = Drafter(self._app)
        by_instance: dict[str, list[tuple[CaseRow, CaseInstanceRow]]] = {}
        for case, row in waiting:
            by_instance.setdefault(row.instance, []).append((case, row))
        whole = [partial(self._plan_on, drafter, pairs[:CASES_A_PASS]) for pairs in by_instance.values()]
        planned = sum(await abreast(whole, len(whole)))
        await self._group_guard.judge(drafter)
        return planned

    async def _plan_on(self, drafter: Drafter, pairs: Sequence[tuple[CaseRow, CaseInstanceRow]]) -> int:
        """Plan one instance's cases: the most urgent alone, and if that went well the others side by side.

        Side by side their reads share requests where the platform takes several in one, and the way there
        and back where it does not; of a platform that is down, one case has asked.
        """
        planned = await self._plan(drafter, *pairs[0])
        rest = [partial(self._plan, drafter, case, row) for case, row in pairs[1:]]
        return planned + sum(await abreast(rest, PLANNED_ABREAST if planned else 1))

    async def _waiting(self) -> list[tuple[CaseRow, CaseInstanceRow]]:
        rows, cases, now = columns(CaseInstanceRow), columns(CaseRow), self._app.now()
        async with self._app.store.read() as tx:
            closed = await closed_lanes(tx, now)
            able = [name for name in self._app.chat if name not in closed]
            waits = [rows.state == PENDING, rows.next_attempt_at <= now, rows.instance.in_(able)]
            due = await where(tx, CaseInstanceRow, *waits)
            known = {
                case.id: case
                for case in await where(
                    tx, CaseRow, cases.id.in_({row.case_id for row in due}), cases.state.in_(CASE_RUNNING)
                )
            }
        pairs = [(known[row.case_id], row) for row in due if row.case_id in known]
        return sorted(pairs, key=lambda pair: (priority_of(pair[0]), pair[0].created_at))

    async def _plan(self, drafter: Drafter, case: CaseRow, row: CaseInstanceRow) -> int:
        connector = self._app.chat[row.instance]
        platform = connector.capabilities.platform
        async with self._app.store.write() as tx:
            lane = await ensure_lane(tx, row.instance, platform)
        if not may_work(lane, self._app.now()):
            return 0
        try:
            with careful(lane) as probe:
                draft = await drafter.on(case, row.instance)
        except ConnectorError as error:
            lane = await stumbled(self._app, row.instance, platform, error)
            await self._postpone(row, error, lane.next_probe)
            return 0
        await looked(self._app, lane, probe)
        async with self._app.store.write() as tx:
            await self._store(tx, case, row, draft)
        return 1

    async def _postpone(self, row: CaseInstanceRow, error: ConnectorError, again: datetime | None) -> None:
        rows = columns(CaseInstanceRow)
        values = {
            "attempts": row.attempts + 1,
            "next_attempt_at": again or self._app.now() + timedelta(seconds=backoff(row.attempts + 1)),
            "problem": str(error),
        }
        async with self._app.store.write() as tx:
            await change(
                tx, CaseInstanceRow, values, rows.case_id == row.case_id, rows.instance == row.instance
            )

    async def _store(self, tx: AsyncConnection, case: CaseRow, row: CaseInstanceRow, draft: Draft) -> None:
        rows, now = columns(CaseInstanceRow), self._app.now()
        done = {"state": PLANNED, "problem": None, "plan_digest": draft.plan.digest}
        mine = [rows.case_id == case.id, rows.instance == row.instance, rows.state == PENDING]
        if not await change(tx, CaseInstanceRow, done, *mine):
            return
        for gap in draft.plan.gaps:
            if gap.reason == GROUP_MOVED and gap.group_id:
                await moved(self._app, tx, gap.instance, gap.group_id, gap.detail)
        await add(tx, *_snapshots(case, draft, now))
        await add(tx, *_gaps(case, draft, now))
        steps = [self._step(case, draft, planned, now) for planned in draft.plan.steps if _is_work(planned)]
        await add(tx, *steps)
        ending = sum(step.action == StepAction.REVOKE and step.state == StepState.HELD for step in steps)
        reckoned = planned_calls(self._app.chat[draft.instance].capabilities, ending)
        await note_planned(tx, case.id, draft.instance, reckoned)
        await self._app.audit.append(tx, _planned(case, draft, steps), *[_step_entry(step) for step in steps])

    def _step(self, case: CaseRow, draft: Draft, planned: PlannedStep, now: datetime) -> StepRow:
        able = self._app.chat[draft.instance].capabilities
        blocked = planned.verdict is Verdict.BLOCKED
        order = able.lockout_order
        stage = order.index(planned.action) if planned.action in order else len(order)
        return StepRow(
            id=new_id("step"),
            case_id=case.id,
            run_id=case.run_id,
            person_id=case.person_id,
            instance=draft.instance,
            platform=able.platform,
            action=planned.action,
            stage=stage,
            account_id=planned.account.id,
            account=account_to_plain(planned.account),
            group_id=planned.group.id if planned.group else "",
            group=group_to_plain(planned.group),
            target_id=planned.way.id if planned.way else "",
            target=_target(planned, draft),
            successor_id=planned.successor_id,
            role=planned.role,
            manner=planned.manner,
            rule=planned.rule,
            why=planned.why,
            since_approval=planned.since_approval,
            priority=priority_of(case),
            # Held until the group thresholds have looked at the whole pass.
            state=StepState.BLOCKED if blocked else StepState.HELD,
            refusal=planned.refusal,
            created_at=now,
            updated_at=now,
        )

    async def next_due(self) -> datetime | None:
        """Say when the clock must look again: the next case due, or the next instance to plan.

        Only what would then be done counts: a lane that waits is no reason to look before its probe.
        """
        cases, now = columns(CaseRow), self._app.now()
        soonest = select(func.min(cases.due)).where(cases.state == CaseState.SCHEDULED)
        async with self._app.store.read() as tx:
            found = [] if await first_run_is_open(tx) else [(await tx.execute(soonest)).scalar_one()]
            lanes = {lane.instance: lane for lane in await where(tx, LaneRow)}
            for name, at in await self._unplanned(tx):
                lane = lanes.get(name)
                shut = lane is not None and not may_work(lane, now)
                found.append(max(at, lane.next_probe) if shut and lane and lane.next_probe else at)
        return min((instant for instant in found if instant is not None), default=None)

    async def _unplanned(self, tx: AsyncConnection) -> Sequence[tuple[str, datetime]]:
        """Give each configured instance on which running cases wait to be planned, and when that is due."""
        cases, rows = columns(CaseRow), columns(CaseInstanceRow)
        waiting = (
            select(rows.instance, func.min(rows.next_attempt_at))
            .join(table(CaseRow), cases.id == rows.case_id)
            .where(rows.state == PENDING, cases.state.in_(CASE_RUNNING), rows.instance.in_(self._app.chat))
            .group_by(rows.instance)
        )
        return [(name, at) for name, at in (await tx.execute(waiting)).all()]


def _target(planned: PlannedStep, draft: Draft) -> Any:
    """What a step acts on beside a group: a way back, or for a hand-over the account that is to go."""
    if planned.action is StepAction.HAND_OVER and planned.group is not None:
        going = [m for m in draft.memberships if m.group.id == planned.group.id and m.sole_owner]
        return {"leaver": going[0].account.id} if going else None
    return way_to_plain(planned.way)


def _is_work(planned: PlannedStep) -> bool:
    return planned.verdict in (Verdict.ACT, Verdict.BLOCKED)


def priority_of(case: CaseRow) -> int:
    """Give the priority of a case's steps."""
    if case.urgent:
        return URGENT
    return OVERDUE if case.overdue else USUAL


def _snapshots(case: CaseRow, draft: Draft, now: datetime) -> list[SnapshotRow]:
    return [
        SnapshotRow(
            case_id=case.id,
            instance=draft.instance,
            account_id=membership.account.id,
            group_id=membership.group.id,
            group_name=membership.group.name,
            group_kind=membership.group.kind,
            role=membership.role,
            taken_at=now,
        )
        for membership in draft.memberships
    ]


def _gaps(case: CaseRow, draft: Draft, now: datetime) -> list[GapRow]:
    """What could not be read, and what only a group's owner can decide; kept meanwhile."""
    rows = {
        (gap.reason, gap.group_id or ""): GapRow(
            case_id=case.id,
            instance=gap.instance,
            reason=gap.reason,
            group_id=gap.group_id or "",
            detail=gap.detail,
            remedy=gap.remedy,
            seen_at=now,
        )
        for gap in draft.plan.gaps
    }
    for planned in draft.plan.steps:
        if planned.verdict is Verdict.ASK_OWNER and planned.group is not None:
            rows["ask_owner", planned.group.id] = GapRow(
                case_id=case.id,
                instance=draft.instance,
                reason="ask_owner",
                group_id=planned.group.id,
                detail=planned.group.name,
                seen_at=now,
            )
    return list(rows.values())


def _planned(case: CaseRow, draft: Draft, steps: Sequence[StepRow]) -> Entry:
    verdicts = [planned.verdict for planned in draft.plan.steps]
    detail = {
        "plan": draft.plan.digest,
        "memberships": len(draft.memberships),
        "verdicts": {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))},
        "gaps": sorted({gap.reason for gap in draft.plan.gaps}),
        "kept": [p.group.id for p in draft.plan.steps if p.group and p.verdict is Verdict.ASK_OWNER],
        "handed_over": [p.group.id for p in draft.plan.steps if p.group and p.action is StepAction.HAND_OVER],
        "notes": list(draft.plan.notes),
        "steps": len(steps),
    }
    return Entry(
        action=Action.CASE_PLAN,
        actor="bawab",
        person_id=case.person_id,
        case_id=case.id,
        run_id=case.run_id,
        instance=draft.instance,
        rule=case.rule,
        detail=detail,
    )


def _step_entry(step: StepRow) -> Entry:
    action = Action.STEP_BLOCK if step.state == StepState.BLOCKED else Action.STEP_PLAN
    return record_entry(step, action, because=step.why)
