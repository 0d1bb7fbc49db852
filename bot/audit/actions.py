"""The vocabulary of the audit log: everything Bawab does or refuses has a name here."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What was done, as `subject.verb`; `action:step` in a search finds every `step.…`."""

    ACCESS_SIGN_IN = "access.sign_in"
    ACCESS_SIGN_OUT = "access.sign_out"
    ACCESS_REFUSE = "access.refuse"
    """Somebody was turned away: a forged or replayed call, a wrong sign-in, a right that is missing."""
    ACCESS_GRANT = "access.grant"
    ACCESS_END = "access.end"
    """Somebody's roles, sessions and tokens ended."""
    TOKEN_CREATE = "token.create"  # noqa: S105 - the name of an act
    TOKEN_END = "token.end"  # noqa: S105 - the name of an act
    SEAT_HAND_OVER = "seat.hand_over"
    """What a leaver was responsible for here is somebody else's now."""

    FEED_RECEIVE = "feed.receive"
    FEED_REPEAT = "feed.repeat"
    FEED_REFUSE = "feed.refuse"
    FEED_UNREACHABLE = "feed.unreachable"
    FEED_QUARANTINE = "feed.quarantine"
    FEED_RELEASE = "feed.release"

    PERSON_CHANGE = "person.change"
    PERSON_VANISH = "person.vanish"

    RUN_START = "run.start"
    RUN_FINISH = "run.finish"
    RUN_REVIEW = "run.review"
    RUN_ESCALATE = "run.escalate"

    HOLD_RAISE = "hold.raise"
    HOLD_SIGN = "hold.sign"
    """One person's name under a hold; it is released once every name it wants is there."""
    HOLD_REJECT = "hold.reject"
    HOLD_RELEASE = "hold.release"
    HOLD_WITHDRAW = "hold.withdraw"

    CASE_OPEN = "case.open"
    CASE_DECIDE = "case.decide"
    CASE_PLAN = "case.plan"
    CASE_SCHEDULE = "case.schedule"
    CASE_EXECUTE = "case.execute"
    CASE_REVOKE_NOW = "case.revoke_now"
    CASE_RESCHEDULE = "case.reschedule"
    CASE_CONFIRM = "case.confirm"
    """A second person's word on an emergency, afterwards."""
    CASE_RETRY = "case.retry"
    """Somebody asked that what was left undone be tried again."""
    CASE_VERIFY = "case.verify"
    CASE_COMPLETE = "case.complete"
    CASE_CANCEL = "case.cancel"
    CASE_RESCIND = "case.rescind"
    CASE_QUARANTINE = "case.quarantine"

    STEP_PLAN = "step.plan"
    STEP_BLOCK = "step.block"
    STEP_INTEND = "step.intend"
    """Written before the call, in the transaction that stores the intention."""
    STEP_RECORD = "step.record"
    """Written after the call, with what it is known to have done."""
    STEP_READ_BACK = "step.read_back"
    STEP_RECHECK = "step.recheck"
    STEP_RETRY = "step.retry"
    STEP_DELEGATE = "step.delegate"
    STEP_ATTEST = "step.attest"
    STEP_WAIVE = "step.waive"

    LINK_CREATE = "link.create"
    LINK_DOUBT = "link.doubt"
    LINK_REMOVE = "link.remove"
    LINK_RELEASE = "link.release"
    LINK_CODE = "link.code"
    """A one-time code was made for somebody; the code itself is nowhere."""
    LINK_REFUSE = "link.refuse"

    LANE_WAIT = "lane.wait"
    LANE_PAUSE = "lane.pause"
    LANE_OPEN = "lane.open"
    LANE_RESUME = "lane.resume"
    """Somebody from IT let a paused lane try again."""

    WEBHOOK_SEND = "webhook.send"
    WEBHOOK_FAIL = "webhook.fail"
    STAFF_LOAD = "staff.load"
    """The staff file was changed, or can no longer be read (then the last one is kept)."""
    PREFERENCE_SET = "preference.set"

    LISTEN_FAIL = "listen.fail"
    """A platform's events cannot be heard; looks, re-checks and removals go on."""
    LISTEN_RESUME = "listen.resume"

    NOTICE_SEND = "notice.send"
    NOTICE_UPDATE = "notice.update"
    NOTICE_SUPPRESS = "notice.suppress"
    NOTICE_FAIL = "notice.fail"

    TASK_OPEN = "task.open"
    TASK_REMIND = "task.remind"
    TASK_ESCALATE = "task.escalate"
    TASK_ATTEST = "task.attest"
    TASK_WAIVE = "task.waive"
    TASK_CLOSE = "task.close"

    POLICY_LOAD = "policy.load"

    REGISTRY_LOAD = "registry.load"
    """The registry file was changed outside Bawab, or can no longer be read (then the last one is kept)."""

    GROUP_LEARNT = "group.learn"
    GROUP_GONE = "group.gone"
    GROUP_MOVED = "group.move"
    GROUP_REGISTER = "group.register"
    GROUP_REVIEW = "group.review"

    JOIN_APPROVE = "join.approve"
    JOIN_DECLINE = "join.decline"
    JOIN_ASK = "join.ask"

    SUCCESSION_ASK = "succession.ask"
    SUCCESSION_SETTLE = "succession.settle"

    DRIFT_REMOVE = "drift.remove"
    DRIFT_ACCEPT = "drift.accept"
    DRIFT_CLOSE = "drift.close"

    RECONCILE_START = "reconcile.start"
    RECONCILE_FINISH = "reconcile.finish"

    CHECK_RUN = "check.run"
    CHECK_DRIFT = "check.drift"

    SETTINGS_CHANGE = "settings.change"

    AUDIT_VERIFY = "audit.verify"
    AUDIT_EXPORT = "audit.export"
    AUDIT_REVEAL = "audit.reveal"
    AUDIT_ERASE = "audit.erase"

    BACKUP_MAKE = "backup.make"
    BACKUP_RESTORE = "backup.restore"
    """A backup became the installation; the log goes on from an older end, and names the newer one."""
    DATABASE_MOVE = "database.move"
    """Everything went into another database; this log goes on there."""
