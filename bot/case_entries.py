"""What the log says of a case: opened, decided upon, moved, cancelled, and its tasks ended with it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.tables import CaseRow, TaskRow
from policies.model import LifecycleEvent
from policies.plan import Decision, NoDecision


class Asked(Protocol):
    """What a case is opened from, as far as the log tells it."""

    @property
    def event(self) -> LifecycleEvent: ...
    @property
    def run_id(self) -> str: ...
    @property
    def actor(self) -> str: ...


def nothing_to_do(asked: Asked, decision: NoDecision) -> Entry:
    return Entry(
        action=Action.CASE_DECIDE,
        actor=asked.actor,
        outcome="no_action",
        person_id=asked.event.person.id,
        run_id=asked.run_id,
        detail={"kind": asked.event.kind, "why": decision.detail},
    )


def opened(case: CaseRow, asked: Asked, decision: Decision | NoDecision) -> Entry:
    person = asked.event.person
    detail: dict[str, object] = {"kind": case.kind, "policy": case.policy_digest[:16]}
    if isinstance(decision, NoDecision):
        detail |= {"undecided": decision.reason, "why": decision.detail}
    else:
        detail |= {"effective": _text(case.effective), "due": _text(case.due), "zone": case.zone or ""}
        detail |= {"overdue": case.overdue, "approval": case.approval or "none"}
    return Entry(
        action=Action.CASE_OPEN,
        actor=asked.actor,
        outcome=case.state,
        person_id=person.id,
        case_id=case.id,
        run_id=case.run_id,
        rule=case.rule or None,
        detail=detail,
        personal={"name": person.name, "employee_id": person.id, "exit_type": person.exit_type},
    )


def about(case: CaseRow, action: Action, actor: str, *, outcome: str = "ok", **detail: object) -> Entry:
    return Entry(
        action=action,
        actor=actor,
        outcome=outcome,
        person_id=case.person_id,
        case_id=case.id,
        run_id=case.run_id,
        rule=case.rule or None,
        before={"state": case.state},
        detail=detail,
    )


def task_ended(case: CaseRow, task: TaskRow) -> Entry:
    return Entry(
        action=Action.TASK_CLOSE,
        actor="bawab",
        outcome="cancelled",
        person_id=case.person_id,
        case_id=case.id,
        step_id=task.step_id,
        instance=task.instance,
        before={"task": task.state},
        detail={"task": task.id},
    )


def _text(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""
