"""Who may do what: five roles, what each of them may read and do, and nothing in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to Bawab; a person may have several."""

    HR = "hr"
    IT = "it"
    CHAT_ADMIN = "chat_admin"
    """Looks after groups; sees their own groups and tasks, and never why somebody's access ends."""
    AUDITOR = "auditor"
    """Reads everything and changes nothing."""
    BREAK_GLASS = "break_glass"
    """For the hour when nobody else can: revokes at once; everything it does is looked at afterwards."""


class Permission(StrEnum):
    """One thing that somebody may read or do, as `what.verb`."""

    CASE_READ = "case.read"
    REASON_READ = "reason.read"
    """The type of exit and HR's reason: never for chat admins."""
    CASE_OPEN = "case.open"
    CASE_CANCEL = "case.cancel"
    CASE_RESCHEDULE = "case.reschedule"
    CASE_RETRY = "case.retry"
    CASE_REVOKE_NOW = "case.revoke_now"
    """The emergency: at once, and a second person confirms afterwards."""
    CASE_CONFIRM = "case.confirm"
    """Say of an emergency, afterwards, whether it was right."""
    HOLD_READ = "hold.read"
    HOLD_RELEASE = "hold.release"
    """Release what a run guard holds, where the hold asks for one of one's roles."""
    PERSON_READ = "person.read"
    GROUP_READ = "group.read"
    GROUP_WRITE = "group.write"
    OWN_GROUPS = "own.groups"
    OWN_TASKS = "own.tasks"
    TASK_READ = "task.read"
    TASK_WAIVE = "task.waive"
    DRIFT_DECIDE = "drift.decide"
    LINK_READ = "link.read"
    LINK_DECIDE = "link.decide"
    FEED_READ = "feed.read"
    CONNECTOR_READ = "connector.read"
    """Platform ids, scopes, lanes: what IT needs and HR is spared."""
    LANE_RESUME = "lane.resume"
    POLICY_READ = "policy.read"
    POLICY_TRY = "policy.try"
    """Ask what a policy would do today; changes nothing."""
    AUDIT_READ = "audit.read"
    AUDIT_EXPORT = "audit.export"
    RUN_REVIEW = "run.review"
    STAFF_READ = "staff.read"
    STAFF_WRITE = "staff.write"
    TOKEN_OWN = "token.own"  # noqa: S105 - the name of a permission


P = Permission
_READS = frozenset(
    {
        P.CASE_READ,
        P.REASON_READ,
        P.HOLD_READ,
        P.PERSON_READ,
        P.GROUP_READ,
        P.TASK_READ,
        P.LINK_READ,
        P.FEED_READ,
        P.CONNECTOR_READ,
        P.POLICY_READ,
        P.AUDIT_READ,
        P.STAFF_READ,
    }
)
_OWN = frozenset({P.OWN_GROUPS, P.OWN_TASKS})

RIGHTS: Mapping[Role, frozenset[Permission]] = {
    Role.HR: frozenset(
        {
            P.CASE_READ,
            P.REASON_READ,
            P.CASE_OPEN,
            P.CASE_CANCEL,
            P.CASE_RESCHEDULE,
            P.CASE_REVOKE_NOW,
            P.CASE_CONFIRM,
            P.HOLD_READ,
            P.HOLD_RELEASE,
            P.PERSON_READ,
            P.GROUP_READ,
            P.TASK_READ,
            P.LINK_READ,
            P.LINK_DECIDE,
            P.FEED_READ,
            P.POLICY_READ,
            P.POLICY_TRY,
            P.TOKEN_OWN,
            *_OWN,
        }
    ),
    Role.IT: frozenset(
        {
            *_READS,
            P.CASE_RETRY,
            P.CASE_REVOKE_NOW,
            P.CASE_CONFIRM,
            P.HOLD_RELEASE,
            P.GROUP_WRITE,
            P.TASK_WAIVE,
            P.DRIFT_DECIDE,
            P.LINK_DECIDE,
            P.LANE_RESUME,
            P.POLICY_TRY,
            P.AUDIT_EXPORT,
            P.RUN_REVIEW,
            P.STAFF_WRITE,
            P.TOKEN_OWN,
            *_OWN,
        }
    ),
    Role.CHAT_ADMIN: _OWN,
    Role.AUDITOR: frozenset({*_READS, P.AUDIT_EXPORT}),
    Role.BREAK_GLASS: frozenset({P.CASE_READ, P.PERSON_READ, P.CASE_REVOKE_NOW}),
}


def may(roles: Iterable[Role], permission: Permission) -> bool:
    """Whether any of the roles carries the permission."""
    return any(permission in RIGHTS[role] for role in roles)
