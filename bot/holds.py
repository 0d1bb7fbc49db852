"""Run guards at work: what is held, for which cause, and its release, once, for exactly that digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta

import orjson
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.casework import LEAVING, only_departure, set_state
from bot.states import CaseState, HoldKind
from bot.store.people import directory_size
from bot.store.query import add, change, columns, one, table, where
from bot.store.tables import CaseRow, HoldRow, MetaRow, PolicyRow, RunRow
from policies.model import EventKind
from policies.roles import Role
from policies.rules import Approval
from policies.thresholds import Breach, day_breach, run_breach

OBSERVED = "first_run_released"
DAY = timedelta(hours=24)
HELD_STATE: Mapping[str, CaseState] = {
    HoldKind.OBSERVE: CaseState.AWAITING_APPROVAL,
    HoldKind.POLICY_CHANGE: CaseState.AWAITING_APPROVAL,
    HoldKind.FIRST_SEEN: CaseState.AWAITING_APPROVAL,
    HoldKind.APPROVAL: CaseState.AWAITING_APPROVAL,
    HoldKind.RUN_THRESHOLD: CaseState.QUARANTINED,
    HoldKind.DAY_THRESHOLD: CaseState.QUARANTINED,
    HoldKind.NO_TIME_ZONE: CaseState.QUARANTINED,
}


async def first_run_is_open(tx: AsyncConnection) -> bool:
    """Whether the installation is still observe-only: nobody has released its first run."""
    return await one(tx, MetaRow, columns(MetaRow).key == OBSERVED) is None


async def gate(
    app: Bawab, tx: AsyncConnection, cases: Sequence[CaseRow], run: RunRow, *, first_run: bool
) -> list[HoldRow]:
    """Send each new case through the run guards: held with a cause, or scheduled. None is dropped.

    In this order: undecided · first seen as gone · observe-only · changed policy · thresholds ·
    approval by the rule. A breach holds the whole run.
    """
    holds: list[HoldRow] = []
    undecided = [case for case in cases if case.state == CaseState.QUARANTINED]
    holds += await _hold_each_reason(app, tx, undecided, run)
    decided = [case for case in cases if case.state == CaseState.RECEIVED]
    # A case by hand was looked at by whoever asked for it; a feed's must be looked at first.
    gone_before = [case for case in decided if run.kind == "feed" and _first_seen_gone(case)]
    await _set_aside(app, tx, gone_before)
    rest = [case for case in decided if case not in gone_before]
    if rest or (first_run and not await _observing(tx)):
        holds += await _gate_run(app, tx, rest, run, first_run=first_run)
    return holds


async def _observing(tx: AsyncConnection) -> bool:
    """Whether the first run is already held: a second feed with nobody in it says nothing new."""
    return any(row.kind == HoldKind.OBSERVE for row in await open_holds(tx))


async def _hold_each_reason(
    app: Bawab, tx: AsyncConnection, cases: Sequence[CaseRow], run: RunRow
) -> list[HoldRow]:
    holds = []
    for reason in sorted({case.reason or "" for case in cases}):
        same = [case for case in cases if case.reason == reason]
        cause = {"reason": reason, "people": len(same)}
        holds.append(await hold(app, tx, HoldKind.NO_TIME_ZONE, same, run, cause))
    return holds


async def _set_aside(app: Bawab, tx: AsyncConnection, cases: Sequence[CaseRow]) -> None:
    """Somebody first seen as gone is held for HR, but only once it is known that memberships live on."""
    for case in cases:
        values = {"reason": HoldKind.FIRST_SEEN}
        await set_state(app, tx, case, CaseState.PLANNED, Action.CASE_DECIDE, values=values)


async def _gate_run(
    app: Bawab, tx: AsyncConnection, cases: Sequence[CaseRow], run: RunRow, *, first_run: bool
) -> list[HoldRow]:
    if first_run:
        cause = {"people": len(cases), "policy": app.shelf.current.digest[:16]}
        return [await hold(app, tx, HoldKind.OBSERVE, cases, run, cause)]
    policy = await one(tx, PolicyRow, columns(PolicyRow).digest == app.shelf.current.digest)
    if policy is not None and policy.released_at is None:
        cause = {"people": len(cases), "policy": policy.digest[:16]}
        return [await hold(app, tx, HoldKind.POLICY_CHANGE, cases, run, cause)]
    breach = await _breach(app, tx, cases)
    if breach is not None:
        kind = HoldKind.RUN_THRESHOLD if breach.kind == "run" else HoldKind.DAY_THRESHOLD
        return [await hold(app, tx, kind, cases, run, asdict(breach))]
    return await let_through(app, tx, cases, run)


async def let_through(
    app: Bawab, tx: AsyncConnection, cases: Sequence[CaseRow], run: RunRow | None
) -> list[HoldRow]:
    """Schedule what needs no approval; hold the rest case by case for the role its rule names."""
    holds = []
    for case in cases:
        if case.approval:
            cause = {"person": case.person_id, "rule": case.rule, "role": case.approval}
            holds.append(await hold(app, tx, HoldKind.APPROVAL, [case], run, cause, role=case.approval))
        else:
            await schedule(app, tx, case)
    return holds


async def schedule(app: Bawab, tx: AsyncConnection, case: CaseRow) -> None:
    """From here on the clock decides."""
    values = {"hold_digest": None, "reason": None}
    due = case.due.isoformat() if case.due else ""
    scheduled = await set_state(
        app, tx, case, CaseState.SCHEDULED, Action.CASE_SCHEDULE, values=values, due=due
    )
    if scheduled and case.kind in LEAVING:
        earlier = frozenset({CaseState.SCHEDULED})
        await only_departure(app, tx, case.person_id, case.event_key, earlier, actor="bawab")


async def _breach(app: Bawab, tx: AsyncConnection, cases: Sequence[CaseRow]) -> Breach | None:
    directory = await directory_size(tx)
    people = {case.person_id for case in cases}
    breach = run_breach(len(people), directory, app.limits)
    if breach is not None:
        return breach
    rows = columns(CaseRow)
    statement = select(func.count(func.distinct(rows.person_id))).select_from(table(CaseRow))
    recent = statement.where(
        rows.created_at > app.now() - DAY,
        rows.released_by.is_(None),
        rows.state.not_in([CaseState.CANCELLED, CaseState.QUARANTINED, CaseState.PLANNED]),
    )
    return day_breach(int((await tx.execute(recent)).scalar_one()), directory, app.limits)


async def hold(
    app: Bawab,
    tx: AsyncConnection,
    kind: HoldKind,
    cases: Sequence[CaseRow],
    run: RunRow | None,
    cause: Mapping[str, object],
    *,
    role: str | None = None,
) -> HoldRow:
    """Hold cases under one digest over person, event, instant, rule and policy version."""
    body = [[c.id, c.event_key, c.due.isoformat() if c.due else "", c.rule, c.policy_digest] for c in cases]
    digest = hashlib.sha256(orjson.dumps([kind, run.id if run else "", sorted(body)])).hexdigest()
    row = HoldRow(
        digest=digest,
        kind=kind,
        cause=dict(cause),
        count=len({case.person_id for case in cases}),
        run_id=run.id if run else None,
        requested_by=cases[0].requested_by if cases else "bawab",
        role=role,
        wanted=[[Role.HR], [Role.IT]] if role == Approval.BOTH else None,
        created_at=app.now(),
    )
    await add(tx, row)
    for case in cases:
        values = {"hold_digest": digest, "reason": case.reason if kind is HoldKind.NO_TIME_ZONE else kind}
        await set_state(
            app, tx, case, HELD_STATE[kind], Action.CASE_QUARANTINE, values=values, hold=digest[:16]
        )
    await raise_hold(app, tx, row)
    return row


async def raise_hold(app: Bawab, tx: AsyncConnection, row: HoldRow) -> None:
    """Say once that something is held, and why."""
    # Whom it concerns goes under the person's own key, never into a plain column.
    cause = {name: value for name, value in row.cause.items() if name != "person"}
    entry = Entry(
        action=Action.HOLD_RAISE,
        actor="bawab",
        outcome="held",
        person_id=row.cause.get("person"),
        run_id=row.run_id,
        detail={"hold": row.digest, "kind": row.kind, "count": row.count, "cause": cause},
    )
    await app.audit.append(tx, entry)


async def withdraw(app: Bawab, tx: AsyncConnection, digest: str, why: str) -> None:
    """Close a hold that can no longer be released."""
    holds = columns(HoldRow)
    closed = await change(
        tx,
        HoldRow,
        {"withdrawn_at": app.now()},
        holds.digest == digest,
        holds.released_at.is_(None),
        holds.withdrawn_at.is_(None),
    )
    if closed:
        entry = Entry(
            action=Action.HOLD_WITHDRAW,
            actor="bawab",
            outcome="withdrawn",
            detail={"hold": digest, "why": why},
        )
        await app.audit.append(tx, entry)


async def open_holds(tx: AsyncConnection) -> list[HoldRow]:
    """Give what still waits for a person, oldest first."""
    holds = columns(HoldRow)
    rows = await where(tx, HoldRow, holds.released_at.is_(None), holds.withdrawn_at.is_(None))
    return sorted(rows, key=_age)


def _age(row: HoldRow) -> str:
    return row.created_at.isoformat()


def _first_seen_gone(case: CaseRow) -> bool:
    leaving = case.kind in (EventKind.LEAVER, EventKind.CONTRACTOR_END)
    return leaving and bool(case.event["first_seen"]) and case.event["person"]["status"] == "terminated"
