"""The words for where a case, a step or a lane stands, and which of them are an end."""

from __future__ import annotations

from enum import StrEnum


class CaseState(StrEnum):
    """A case from the HR record to the proof."""

    RECEIVED = "received"
    PLANNED = "planned"
    AWAITING_APPROVAL = "awaiting_approval"
    SCHEDULED = "scheduled"
    EXECUTING = "executing"
    AWAITING_MANUAL = "awaiting_manual"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    COMPLETED_WITH_EXCEPTIONS = "completed_with_exceptions"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"


class StepState(StrEnum):
    """A step from intention to evidence; the one vocabulary everywhere."""

    PENDING = "pending"
    HELD = "held"
    REQUESTED = "requested"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REMOVED_UNVERIFIED = "removed_unverified"
    VERIFIED_ABSENT = "verified_absent"
    ALREADY_ABSENT = "already_absent"
    LOCKED_OUT = "locked_out"
    STILL_PRESENT = "still_present"
    BLOCKED = "blocked"
    DELEGATED = "delegated"
    ATTESTED = "attested"
    WAIVED = "waived"
    FAILED = "failed"
    CANCELLED = "cancelled"


class LaneState(StrEnum):
    """A lane's circuit."""

    OPEN = "open"
    WAITING = "waiting"
    PAUSED = "paused"


class DriftState(StrEnum):
    """Where a drift stands."""

    OPEN = "open"
    """Somebody is asked."""
    REMOVING = "removing"
    REMOVED = "removed"
    GONE = "gone"
    """They left again by themselves."""
    ACCEPTED = "accepted"
    CLOSED = "closed"
    """They are rightly in by now: hired again, moved back, or no longer covered by the rule."""


class FeedState(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    QUARANTINED = "quarantined"
    REFUSED = "refused"
    RELEASED = "released"
    SUPERSEDED = "superseded"


class HoldKind(StrEnum):
    """What a run guard stopped."""

    FEED = "feed"
    OBSERVE = "observe"
    POLICY_CHANGE = "policy_change"
    FIRST_SEEN = "first_seen"
    RUN_THRESHOLD = "run_threshold"
    DAY_THRESHOLD = "day_threshold"
    GROUP_THRESHOLD = "group_threshold"
    APPROVAL = "approval"
    IDENTITY_LINKS = "identity_links"
    NO_TIME_ZONE = "no_time_zone"


CASE_OPEN = frozenset(
    {
        CaseState.RECEIVED,
        CaseState.PLANNED,
        CaseState.AWAITING_APPROVAL,
        CaseState.SCHEDULED,
        CaseState.EXECUTING,
        CaseState.AWAITING_MANUAL,
        CaseState.VERIFYING,
        CaseState.QUARANTINED,
    }
)
CASE_NOT_STARTED = frozenset(
    {
        CaseState.RECEIVED,
        CaseState.PLANNED,
        CaseState.AWAITING_APPROVAL,
        CaseState.SCHEDULED,
        CaseState.QUARANTINED,
    }
)
CASE_RUNNING = frozenset({CaseState.EXECUTING, CaseState.AWAITING_MANUAL, CaseState.VERIFYING})

STEP_SUCCESS = frozenset(
    {StepState.VERIFIED_ABSENT, StepState.ALREADY_ABSENT, StepState.LOCKED_OUT, StepState.ATTESTED}
)
"""The only successes; the last two are shown as weaker."""
STEP_BOT_AT_WORK = frozenset(
    {
        StepState.PENDING,
        StepState.REQUESTED,
        StepState.OUTCOME_UNKNOWN,
        StepState.REMOVED_UNVERIFIED,
        StepState.STILL_PRESENT,
    }
)
"""The bot will come back to these by itself, at `next_attempt_at`."""
STEP_TO_READ = frozenset({StepState.OUTCOME_UNKNOWN, StepState.REMOVED_UNVERIFIED, StepState.REQUESTED})
STEP_TO_ACT = frozenset({StepState.PENDING, StepState.STILL_PRESENT})
