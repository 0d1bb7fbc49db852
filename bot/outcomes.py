"""What a platform said, as the next state of a step: pure, and the only place that names a success."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.states import StepState
from connectors.contract import Outcome, Presence, Quality, Result, Sight
from policies.model import Refusal, StepAction
from policies.step_guards import BY_A_PERSON

CANNOT = frozenset({Refusal.GROUP_GONE, Refusal.ACCOUNT_UNKNOWN, Refusal.MISSING_SCOPE, Refusal.UNEXPECTED})
"""Refusals that end as `failed` with a remedy; every other refusal is a block."""
BESIDE_A_REMOVAL = frozenset({StepAction.HAND_OVER, StepAction.CLOSE_WAY_BACK})
"""Acts that go with a removal: refused, they are blocked and listed, while the removal has its own task."""
FIRST_READ_SECONDS = 1.0
LONGEST_READ_SECONDS = 60.0
LATE_READ_SECONDS = 3600.0
LONGEST_BLIND = timedelta(days=7)
"""What nobody could read for so long (a group deleted, the bot put out) is a failure for a person to see."""
RETRY_SECONDS = 900.0
MOST_ATTEMPTS = 6
MOST_LOST_ATTEMPTS = MOST_ATTEMPTS + 24
"""Where only answers were lost, hourly for a day more: an outage of writes alone must not use them up."""


@dataclass(frozen=True, slots=True)
class StepView:
    """What the rules need to know of a step."""

    action: StepAction
    acted: str
    """no | maybe | yes"""
    attempts: int
    reads: int
    settle_until: datetime | None


@dataclass(frozen=True, slots=True)
class NextState:
    """Where a step stands now; `again` is when the bot comes back to it, None for never by itself."""

    state: StepState
    acted: str
    again: datetime | None
    quality: Quality = Quality.UNKNOWN
    refusal: Refusal | None = None
    verified: bool = False


def after_result(step: StepView, result: Result, now: datetime) -> NextState:
    """Judge an answer to a write. Nothing here is a success: whatever was done is read back first."""
    if result.outcome is Outcome.REVOKED or result.outcome is Outcome.REQUESTED:
        state = StepState.REQUESTED if result.outcome is Outcome.REQUESTED else StepState.REMOVED_UNVERIFIED
        return NextState(state, "yes", now, Quality.ACKNOWLEDGED)
    if result.outcome is Outcome.SAID_ABSENT:
        return NextState(StepState.REMOVED_UNVERIFIED, step.acted, now, Quality.ACKNOWLEDGED)
    if result.outcome is Outcome.UNKNOWN:
        return NextState(StepState.OUTCOME_UNKNOWN, "maybe", now)
    if result.outcome in (Outcome.RATE_LIMITED, Outcome.UNAVAILABLE):
        wait = result.retry_after if result.retry_after is not None else _doubling(step.attempts, 300.0)
        return NextState(StepState.PENDING, step.acted, now + timedelta(seconds=wait))
    if result.outcome is Outcome.REFUSED:
        return _refused(step, result.refusal or Refusal.UNEXPECTED)
    if result.outcome is Outcome.MOVED and result.new_group_id and step.attempts < MOST_ATTEMPTS:
        return NextState(StepState.PENDING, step.acted, now)  # the same group under its new id
    if result.outcome is Outcome.NO_API:
        return NextState(StepState.DELEGATED, step.acted, None, refusal=Refusal.NO_API)
    return NextState(StepState.FAILED, step.acted, None, refusal=Refusal.UNEXPECTED)


def _refused(step: StepView, refusal: Refusal) -> NextState:
    if refusal in BY_A_PERSON and step.action not in BESIDE_A_REMOVAL:
        return NextState(StepState.DELEGATED, step.acted, None, refusal=refusal)
    if refusal in CANNOT:
        return NextState(StepState.FAILED, step.acted, None, refusal=refusal)
    return NextState(StepState.BLOCKED, step.acted, None, refusal=refusal)


def after_sight(step: StepView, presence: Presence, now: datetime) -> NextState:
    """Judge a read-back: only `absent` with evidence ends as verified, and it says whether we did it."""
    if presence.sight is Sight.ABSENT:
        state = StepState.ALREADY_ABSENT if step.acted == "no" else StepState.VERIFIED_ABSENT
        return NextState(state, step.acted, None, Quality.OBSERVED, verified=True)
    if presence.sight is Sight.LOCKED_OUT:
        return NextState(StepState.LOCKED_OUT, step.acted, None, Quality.OBSERVED, verified=True)
    settling = step.settle_until is not None and now < step.settle_until
    if presence.sight is Sight.UNREADABLE:
        return _unreadable(step, now, settling=settling)
    if step.acted != "yes":
        # The answer was lost, or the platform spoke of an absence that is not there: act again.
        return _again(step, now)
    if settling:
        wait = _doubling(step.reads, LONGEST_READ_SECONDS)
        return NextState(StepState.REMOVED_UNVERIFIED, "yes", now + timedelta(seconds=wait))
    return _still_present(step, now)


def _unreadable(step: StepView, now: datetime, *, settling: bool) -> NextState:
    """Nobody knows: an unknown outcome stays unknown, an acknowledged one stays unverified, for a week."""
    if step.acted == "no" and not step.attempts:
        return NextState(StepState.PENDING, "no", now)  # only looked at first, as after a restore: go on
    if blind_too_long(step.settle_until, now):
        return NextState(StepState.FAILED, step.acted, None, refusal=Refusal.UNEXPECTED)
    wait = _doubling(step.reads, LONGEST_READ_SECONDS) if settling else LATE_READ_SECONDS
    state = StepState.OUTCOME_UNKNOWN if step.acted == "maybe" else StepState.REMOVED_UNVERIFIED
    return NextState(state, step.acted, now + timedelta(seconds=wait))


def blind_too_long(settle_until: datetime | None, now: datetime) -> bool:
    """Whether nobody could read for so long that a person must see it."""
    return settle_until is not None and now >= settle_until + LONGEST_BLIND


def _again(step: StepView, now: datetime) -> NextState:
    if step.attempts < MOST_ATTEMPTS:
        wait = _doubling(step.attempts, 60.0) if step.attempts > 1 else 0.0
        return NextState(StepState.PENDING, step.acted, now + timedelta(seconds=wait))
    lost = step.acted == "maybe" and step.attempts < MOST_LOST_ATTEMPTS
    later = now + timedelta(seconds=LATE_READ_SECONDS) if lost else None
    return NextState(StepState.STILL_PRESENT, step.acted, later, Quality.OBSERVED)


def _still_present(step: StepView, now: datetime) -> NextState:
    again = None if step.attempts >= MOST_ATTEMPTS else now + timedelta(seconds=RETRY_SECONDS)
    return NextState(StepState.STILL_PRESENT, "yes", again, Quality.OBSERVED)


def _doubling(times: int, most: float) -> float:
    return float(min(most, FIRST_READ_SECONDS * 2 ** min(times, 16)))
