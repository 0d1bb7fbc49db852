"""What happens next in a case, who must act, and what its reader may do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.access.actor import Actor
from bot.app import Bawab
from bot.case_file import CaseFile
from bot.casework import LEAVING
from bot.states import CASE_NOT_STARTED, CASE_OPEN, CASE_RUNNING, CaseState, HoldKind, StepState
from bot.store.tables import StepRow
from bot.views.hold_lines import HoldLine
from bot.views.waiting import EmergencyLine
from policies.model import Refusal
from policies.roles import Permission


class Act(StrEnum):
    """Something a reader may do on a case's page."""

    SIGN = "sign"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    REVOKE_NOW = "revoke_now"
    CONFIRM = "confirm"
    RETRY = "retry"


class Turn(StrEnum):
    """Whose turn it is."""

    BOT = "bot"
    HR = "hr"
    IT = "it"
    HR_OR_IT = "hr_or_it"
    TASKS = "tasks"
    """Those who are asked to do something by hand."""
    NOBODY = "nobody"


class Next(StrEnum):
    """What happens next: a stable key for a sentence."""

    STARTS = "starts"
    SIGNATURE = "signature"
    RELEASE = "release"
    DECISION = "decision"
    WORKS = "works"
    BY_HAND = "by_hand"
    CHECKS = "checks"
    UNDONE = "undone"
    OVER = "over"
    CALLED_OFF = "called_off"


@dataclass(frozen=True, slots=True)
class NextAct:
    """Whose turn it is, for what, and when where that is known."""

    what: Next
    by: Turn
    at: datetime | None = None
    people: tuple[str, ...] = ()
    """Names, where it is for named people."""


def next_act(app: Bawab, file: CaseFile, hold: HoldLine | None) -> NextAct:
    """Say what happens next and who acts."""
    row, state = file.case, CaseState(file.case.state)
    if state is CaseState.CANCELLED:
        return NextAct(Next.CALLED_OFF, Turn.NOBODY)
    if state is CaseState.COMPLETED:
        return NextAct(Next.OVER, Turn.NOBODY)
    if state is CaseState.COMPLETED_WITH_EXCEPTIONS:
        return NextAct(Next.UNDONE, Turn.IT)
    if state in (CaseState.SCHEDULED, CaseState.RECEIVED, CaseState.PLANNED):
        return NextAct(Next.STARTS, Turn.BOT, row.due)
    if state in CASE_RUNNING:
        return _running(app, file, state)
    return _held(row.reason, hold)


def _held(reason: str | None, hold: HoldLine | None) -> NextAct:
    """A case that waits for people: whose signature is missing, or what must be mended first."""
    if reason not in set(HoldKind):
        return NextAct(Next.DECISION, Turn.HR_OR_IT)
    wanted = frozenset[str]().union(*hold.missing) if hold is not None else frozenset[str]()
    by = {frozenset({"hr"}): Turn.HR, frozenset({"it"}): Turn.IT}.get(wanted, Turn.HR_OR_IT)
    what = Next.SIGNATURE if reason == HoldKind.APPROVAL else Next.RELEASE
    return NextAct(what, by)


def _running(app: Bawab, file: CaseFile, state: CaseState) -> NextAct:
    if state is CaseState.VERIFYING:
        return NextAct(Next.CHECKS, Turn.BOT, _again(app, file.steps))
    if state is CaseState.AWAITING_MANUAL:
        return NextAct(Next.BY_HAND, Turn.TASKS)
    return NextAct(Next.WORKS, Turn.BOT, _again(app, file.steps))


def _again(app: Bawab, steps: tuple[StepRow, ...]) -> datetime | None:
    """When the bot comes back to it, where that is not at once."""
    waiting = [step.next_attempt_at for step in steps if step.next_attempt_at is not None]
    first = min(waiting, default=None)
    return first if first is not None and first > app.now() else None


def acts_of(
    who: Actor, file: CaseFile, hold: HoldLine | None, emergency: EmergencyLine | None
) -> frozenset[Act]:
    """Give what this reader may do on this case as it stands; the act itself looks again."""
    state, leaving = CaseState(file.case.state), file.case.kind in LEAVING
    waiting = state in CASE_NOT_STARTED
    can = {
        Act.SIGN: hold is not None and hold.may_sign and state in CASE_OPEN,
        Act.CANCEL: who.may(Permission.CASE_CANCEL) and state in CASE_OPEN,
        Act.RESCHEDULE: who.may(Permission.CASE_RESCHEDULE) and waiting and leaving,
        Act.REVOKE_NOW: who.may(Permission.CASE_REVOKE_NOW) and waiting and leaving,
        Act.CONFIRM: emergency is not None and emergency.may_confirm,
        Act.RETRY: who.may(Permission.CASE_RETRY) and any(_undone(step) for step in file.steps),
    }
    return frozenset(act for act, allowed in can.items() if allowed)


def _undone(step: StepRow) -> bool:
    given_up = step.state == StepState.STILL_PRESENT and step.next_attempt_at is None
    ended = step.state in (StepState.FAILED, StepState.BLOCKED) or given_up
    return ended and step.refusal != Refusal.BEYOND_APPROVED
