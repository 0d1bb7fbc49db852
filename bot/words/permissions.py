"""What each right is called where somebody chooses what a token may do."""

from __future__ import annotations

from collections.abc import Mapping

from bot.locale import N_, Translator
from policies.roles import Permission

P = Permission

PERMISSIONS: Mapping[P, str] = {
    P.CASE_READ: N_("read cases"),
    P.REASON_READ: N_("read why somebody leaves"),
    P.CASE_OPEN: N_("open cases"),
    P.CASE_CANCEL: N_("cancel cases"),
    P.CASE_RESCHEDULE: N_("reschedule cases"),
    P.CASE_RETRY: N_("have undone steps tried again"),
    P.CASE_REVOKE_NOW: N_("revoke at once"),
    P.CASE_CONFIRM: N_("confirm emergencies"),
    P.HOLD_READ: N_("read what is held"),
    P.HOLD_RELEASE: N_("approve or reject what is held"),
    P.PERSON_READ: N_("read people"),
    P.GROUP_READ: N_("read groups"),
    P.GROUP_WRITE: N_("change the group registry"),
    P.OWN_GROUPS: N_("see one's own groups"),
    P.OWN_TASKS: N_("do one's own tasks"),
    P.TASK_READ: N_("read every task"),
    P.TASK_WAIVE: N_("waive tasks"),
    P.DRIFT_DECIDE: N_("decide about people who are in again"),
    P.LINK_READ: N_("read whose account is whose"),
    P.LINK_DECIDE: N_("decide whose account is whose"),
    P.FEED_READ: N_("read HR's files"),
    P.CONNECTOR_READ: N_("read platform connections"),
    P.LANE_RESUME: N_("let paused connections try again"),
    P.POLICY_READ: N_("read the policy"),
    P.POLICY_TRY: N_("try policies"),
    P.AUDIT_READ: N_("read the audit log"),
    P.AUDIT_EXPORT: N_("export the audit log"),
    P.RUN_REVIEW: N_("sign off runs"),
    P.STAFF_READ: N_("read who may sign in"),
    P.STAFF_WRITE: N_("end somebody's access"),
    P.TOKEN_OWN: N_("make tokens"),
}


def permission_text(permission: Permission, t: Translator) -> str:
    """Say what a right lets somebody do."""
    return t.text(PERMISSIONS[permission])
