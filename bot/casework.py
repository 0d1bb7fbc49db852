"""Cases: opened once for one event, cancelled, rescheduled or hurried by a person; each act in the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.case_entries import about, nothing_to_do, opened, task_ended
from bot.states import CASE_NOT_STARTED, CASE_OPEN, CASE_RUNNING, CaseState, HoldKind, StepState
from bot.store.query import add, change, columns, new_id, one, where
from bot.store.tables import CaseRow, HoldRow, PolicyRow, RecheckRow, StepRow, TaskRow
from bot.store.tasks import OPEN_TASKS
from bot.values import event_to_plain
from policies.lifecycle import event_key
from policies.model import EventKind, LifecycleEvent, StepAction
from policies.plan import Decision, NoDecision, decide
from policies.rules import Policy

ONLY_CASES = frozenset(
    {
        HoldKind.FIRST_SEEN,
        HoldKind.RUN_THRESHOLD,
        HoldKind.DAY_THRESHOLD,
        HoldKind.APPROVAL,
        HoldKind.NO_TIME_ZONE,
    }
)
LEAVING = frozenset({EventKind.LEAVER, EventKind.CONTRACTOR_END})
PAST = "past:"
UNFINISHED_TASKS = (*OPEN_TASKS, "waived")


@dataclass(frozen=True, slots=True)
class Opening:
    """What a case is opened from: an event, in a run, asked for by somebody."""

    event: LifecycleEvent
    run_id: str
    actor: str = "bawab"
    urgent: bool = False
    policy: Policy | None = None
    """To be decided by this version; None: by today's."""


async def open_case(app: Bawab, tx: AsyncConnection, opening: Opening) -> CaseRow | None:
    """Decide, and store the case in state `received`; None where this event already has its case.

    An event no rule speaks of is logged and listed, never dropped: its case is `quarantined`.
    """
    event = opening.event
    key = event_key(event)
    if await _already(tx, event, key):
        await only_departure(app, tx, event.person.id, key, CASE_NOT_STARTED, actor=opening.actor)
        return None
    await ensure_policy(app, tx)
    policy = opening.policy or app.shelf.current
    decision = decide(event, policy, now=app.now(), default_zone=app.settings.time_zone)
    await _give_way(app, tx, event, opening.actor, decision)
    if isinstance(decision, NoDecision) and decision.reason == "no_action":
        await app.audit.append(tx, nothing_to_do(opening, decision))
        return None
    case = _case(app, opening, key, policy.digest, decision)
    await add(tx, case)
    await app.audit.append(tx, opened(case, opening, decision))
    return case


async def _already(tx: AsyncConnection, event: LifecycleEvent, key: str) -> bool:
    """Whether this news has its case: an announced last day that comes true is no second departure."""
    cases = columns(CaseRow)
    if await where(tx, CaseRow, cases.event_key == key, cases.state != CaseState.CANCELLED):
        return True
    if event.kind not in LEAVING or event.effective is not None:
        return False
    running = [cases.person_id == event.person.id, cases.kind.in_(LEAVING), cases.state.in_(CASE_RUNNING)]
    return bool(await where(tx, CaseRow, *running))


async def close_chapter(
    app: Bawab, tx: AsyncConnection, person_id: str, kinds: frozenset[EventKind], *, home: object = None
) -> None:
    """Let ended cases not answer for news to come: who was rehired, or moved on, may leave or move again.

    Whoever is rightly back (after a move: in the post that was left, `home`) is no drift of the old case.
    """
    cases = columns(CaseRow)
    for case in await where(tx, CaseRow, cases.person_id == person_id, cases.kind.in_(kinds)):
        if case.state in CASE_OPEN:
            continue
        if not case.event_key.startswith(PAST):
            await change(tx, CaseRow, {"event_key": f"{PAST}{case.event_key}"}, cases.id == case.id)
        if case.kind != EventKind.MOVER or case.event["before"] == home:
            await _stop_watching(app, tx, case)


async def _stop_watching(app: Bawab, tx: AsyncConnection, case: CaseRow) -> None:
    rows, steps = columns(RecheckRow), columns(StepRow)
    mine = select(steps.id).where(steps.case_id == case.id)
    await change(tx, RecheckRow, {"done_at": app.now()}, rows.step_id.in_(mine), rows.done_at.is_(None))
    await _end_tasks(app, tx, case)


async def _end_tasks(app: Bawab, tx: AsyncConnection, case: CaseRow) -> None:
    """Nobody is asked to remove who stays: not today, and not when an exception runs out."""
    tasks = columns(TaskRow)
    waiting = await where(tx, TaskRow, tasks.case_id == case.id, tasks.state.in_(UNFINISHED_TASKS))
    values = {"state": "cancelled", "next_reminder_at": None}
    await change(tx, TaskRow, values, tasks.id.in_([task.id for task in waiting]))
    await app.audit.append(tx, *[task_ended(case, task) for task in waiting])


async def ensure_policy(app: Bawab, tx: AsyncConnection) -> PolicyRow:
    """Store today's policy version, so that this decision can be repeated years later."""
    row = PolicyRow(digest=app.shelf.current.digest, text=app.shelf.text(), loaded_at=app.now())
    if await app.shelf.remember(tx, row):
        detail = {"digest": row.digest, "files": [file.name for file in app.shelf.files]}
        await app.audit.append(tx, Entry(action=Action.POLICY_LOAD, actor="bawab", detail=detail))
    return row


async def _give_way(
    app: Bawab, tx: AsyncConnection, event: LifecycleEvent, actor: str, decision: Decision | NoDecision
) -> None:
    """A newer event of the same person replaces what it makes untrue; what it leaves true still runs."""
    cases, due = columns(CaseRow), None if isinstance(decision, NoDecision) else decision.due
    leaving, put_off = event.kind in LEAVING, due is not None and due > app.now()
    replaced = _older_departure(put_off=put_off, due=due) if leaving else _same_news(event)
    for case in await where(tx, CaseRow, cases.person_id == event.person.id, cases.state.in_(CASE_OPEN)):
        if replaced(case):
            await cancel(app, tx, case, reason="superseded", actor=actor)
    if event.kind is EventKind.MOVER:
        home = event_to_plain(event)["after"]
        await close_chapter(app, tx, event.person.id, frozenset({EventKind.MOVER}), home=home)


def _older_departure(*, put_off: bool, due: datetime | None) -> Callable[[CaseRow], bool]:
    """The last day HR gave before; and a move that would only come due when the person is gone.

    A last day put off into the future also stops a departure under way: the person stays until then. One that
    is brought forward leaves the scheduled case standing until it is scheduled itself: a guard may hold it.
    """

    def replaced(case: CaseRow) -> bool:
        started = case.state not in CASE_NOT_STARTED
        if case.kind in LEAVING:
            agreed = case.due if case.state == CaseState.SCHEDULED else None
            forward = agreed is not None and due is not None and due <= agreed
            return not forward and (put_off or not started)
        return not started and due is not None and (case.due is None or due <= case.due)

    return replaced


async def only_departure(
    app: Bawab, tx: AsyncConnection, person_id: str, key: str, states: frozenset[CaseState], *, actor: str
) -> None:
    """Of a person's departures only the one of this event stands; the others that have not begun give way."""
    cases = columns(CaseRow)
    others = [cases.kind.in_(LEAVING), cases.state.in_(states), cases.event_key != key]
    mine = await where(tx, CaseRow, cases.event_key == key, cases.kind.in_(LEAVING))
    for case in await where(tx, CaseRow, cases.person_id == person_id, *others) if mine else ():
        await cancel(app, tx, case, reason="superseded", actor=actor)


def _same_news(event: LifecycleEvent) -> Callable[[CaseRow], bool]:
    """A move out of the same post, and one that this move takes back; a chain of moves runs on."""
    plain = event_to_plain(event)
    left, taken = (plain["before"], plain["after"]) if event.kind is EventKind.MOVER else (None, None)

    def replaced(case: CaseRow) -> bool:
        same = left is None or case.event["before"] == left
        back = event.effective is None and (case.event["after"], case.event["before"]) == (left, taken)
        return case.kind == event.kind and (same or back) and case.state in CASE_NOT_STARTED

    return replaced


async def cancel_for_person(
    app: Bawab,
    tx: AsyncConnection,
    person_id: str,
    *,
    reason: str,
    actor: str,
    kinds: frozenset[EventKind] | None = None,
) -> int:
    """Cancel every open case of a person (of these kinds); steps already done stay done and are said."""
    cases = columns(CaseRow)
    found = await where(tx, CaseRow, cases.person_id == person_id, cases.state.in_(CASE_OPEN))
    chosen = [case for case in found if kinds is None or case.kind in kinds]
    for case in chosen:
        await cancel(app, tx, case, reason=reason, actor=actor)
    return len(chosen)


async def cancel(app: Bawab, tx: AsyncConnection, case: CaseRow, *, reason: str, actor: str) -> bool:
    """Cancel a case: steps not begun are cancelled with it; False where it had already ended."""
    cases, steps = columns(CaseRow), columns(StepRow)
    now = app.now()
    values = {"state": CaseState.CANCELLED, "reason": reason, "finished_at": now, "updated_at": now}
    if not await change(tx, CaseRow, values, cases.id == case.id, cases.state.in_(CASE_OPEN)):
        return False
    stopped = await change(
        tx,
        StepRow,
        {"state": StepState.CANCELLED, "next_attempt_at": None, "updated_at": now},
        steps.case_id == case.id,
        steps.state.in_([StepState.PENDING, StepState.HELD, StepState.DELEGATED]),
    )
    await _end_tasks(app, tx, case)
    action = Action.CASE_RESCIND if reason in ("rescinded", "rehire") else Action.CASE_CANCEL
    said = {"handed_over": kept} if (kept := await _handed_over(tx, case)) else {}
    entry = about(case, action, actor, outcome="cancelled", reason=reason, steps_stopped=stopped, **said)
    await app.audit.append(tx, entry)
    if case.hold_digest is not None:
        await close_empty_hold(app, tx, case.hold_digest)
    return True


async def _handed_over(tx: AsyncConnection, case: CaseRow) -> list[str]:
    """Name the groups that have a new owner, or may have: no platform's undo, so people must hear of it."""
    steps = columns(StepRow)
    mine = [steps.case_id == case.id, steps.action == StepAction.HAND_OVER, steps.acted != "no"]
    return sorted({step.group_id for step in await where(tx, StepRow, *mine)})


async def close_empty_hold(app: Bawab, tx: AsyncConnection, digest: str) -> None:
    """A hold whose last case left it holds nobody: it must not ask for a release any more."""
    cases, holds = columns(CaseRow), columns(HoldRow)
    if await one(tx, CaseRow, cases.hold_digest == digest, cases.state.in_(CASE_NOT_STARTED)):
        return
    # What stands for more than its cases (the first run, a new policy) still wants its answer.
    mine = [holds.digest == digest, holds.kind.in_(ONLY_CASES)]
    unanswered = [holds.released_at.is_(None), holds.withdrawn_at.is_(None)]
    hold = await one(tx, HoldRow, *mine, *unanswered)
    if hold is not None and await change(tx, HoldRow, {"withdrawn_at": app.now()}, *mine, *unanswered):
        entry = Entry(
            action=Action.HOLD_WITHDRAW,
            actor="bawab",
            outcome="withdrawn",
            person_id=(hold.cause or {}).get("person"),
            run_id=hold.run_id,
            detail={"hold": digest, "why": "no case waits in it any more"},
        )
        await app.audit.append(tx, entry)


async def set_state(
    app: Bawab,
    tx: AsyncConnection,
    case: CaseRow,
    state: CaseState,
    action: Action,
    *,
    values: Mapping[str, object] | None = None,
    actor: str = "bawab",
    **detail: object,
) -> bool:
    """Move a case by compare-and-set and log it; False where somebody else moved it first."""
    cases = columns(CaseRow)
    moved = await change(
        tx,
        CaseRow,
        {"state": state, "updated_at": app.now(), **(values or {})},
        cases.id == case.id,
        cases.state == case.state,
    )
    if moved:
        await app.audit.append(tx, about(case, action, actor, outcome=state, **detail))
        case.state = state
    return bool(moved)


async def find_case(tx: AsyncConnection, case_id: str) -> CaseRow | None:
    """Find a case by its id, or by the only id that starts so."""
    cases = columns(CaseRow)
    exact = await one(tx, CaseRow, cases.id == case_id)
    if exact is not None:
        return exact
    found = await where(tx, CaseRow, cases.id.startswith(case_id, autoescape=True))
    return found[0] if len(found) == 1 else None


def _case(
    app: Bawab, opening: Opening, key: str, policy_digest: str, decision: Decision | NoDecision
) -> CaseRow:
    event, now = opening.event, app.now()
    case = CaseRow(
        id=new_id("case"),
        event_key=key,
        person_id=event.person.id,
        kind=event.kind,
        exit_type=event.person.exit_type,
        event=event_to_plain(event),
        policy_digest=policy_digest,
        state=CaseState.RECEIVED,
        run_id=opening.run_id,
        requested_by=opening.actor,
        created_at=now,
        updated_at=now,
        urgent=opening.urgent,
    )
    if isinstance(decision, NoDecision):
        case.state, case.reason = CaseState.QUARANTINED, decision.reason
    else:
        _fill(case, decision, opening)
    return case


def _fill(case: CaseRow, decision: Decision, opening: Opening) -> None:
    case.rule, case.zone = decision.rule, decision.zone
    case.effective, case.due = decision.effective, decision.due
    case.overdue, case.approval = decision.overdue, decision.approval
    case.urgent = decision.urgent or opening.urgent


async def decide_again(app: Bawab, tx: AsyncConnection, case: CaseRow, event: LifecycleEvent) -> bool:
    """Decide a quarantined case once more (a zone or a rule was added); False where it still cannot be."""
    decision = decide(event, app.shelf.current, now=app.now(), default_zone=app.settings.time_zone)
    if isinstance(decision, NoDecision):
        return False
    await ensure_policy(app, tx)
    values = decided(case, decision, app.shelf.current, Opening(event, run_id=case.run_id or ""))
    return await set_state(app, tx, case, CaseState.RECEIVED, Action.CASE_DECIDE, values=values)


def decided(case: CaseRow, decision: Decision, policy: Policy, opening: Opening) -> dict[str, object]:
    """Put a new decision into a case's row, and give what of it is to be stored."""
    _fill(case, decision, opening)
    case.policy_digest, case.reason = policy.digest, None
    return {
        "rule": case.rule,
        "zone": case.zone,
        "effective": case.effective,
        "due": case.due,
        "overdue": case.overdue,
        "approval": case.approval,
        "urgent": case.urgent,
        "policy_digest": case.policy_digest,
        "reason": None,
    }
