"""The sandbox's `usergroups.*`: the member list is only ever replaced as a whole, and never empty."""

from __future__ import annotations

from typing import Any

from connectors.chat.slack.sandbox.call import Call, Refused
from connectors.chat.slack.sandbox.state import UserGroup


def usergroups_list(call: Call) -> dict[str, Any]:
    _plan(call)
    call.scope("usergroups:read")
    shown = [
        _object(group, with_users=call.flag("include_users"))
        for group in call.workspace.user_groups.values()
        if call.flag("include_disabled") or not group.disabled
    ]
    return {"usergroups": shown}


def usergroups_users_list(call: Call) -> dict[str, Any]:
    _plan(call)
    call.scope("usergroups:read")
    group = call.user_group()
    if group.disabled and not call.flag("include_disabled"):
        raise Refused("no_such_subteam")
    return {"users": list(group.users)}


def usergroups_users_update(call: Call) -> dict[str, Any]:
    _plan(call)
    call.scope("usergroups:write")
    group = call.user_group()
    if not (call.workspace.prefs.everyone_may_edit_user_groups or call.user.is_admin):
        raise Refused("permission_denied")
    users = [user for user in str(call.params.get("users", "")).split(",") if user]
    if not users:
        raise Refused("no_users_provided")
    known = call.workspace.users
    if any(user not in known or known[user].deleted for user in users):
        raise Refused("invalid_users")
    call.bring_about(lambda: _replace(group, users))
    return {"usergroup": _object(group, with_users=True)}


def _replace(group: UserGroup, users: list[str]) -> None:
    group.users = list(dict.fromkeys(users))


def _plan(call: Call) -> None:
    if not call.workspace.prefs.plan_has_user_groups:
        raise Refused("plan_upgrade_required")


def _object(group: UserGroup, *, with_users: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": group.id,
        "handle": group.handle,
        "name": group.handle,
        "is_usergroup": True,
        "is_external": False,
        "date_delete": 1 if group.disabled else 0,
        "auto_type": group.auto_type,
        "auto_provision": group.auto_provision,
        "created_by": group.created_by,
        "user_count": len(group.users),
    }
    return shown | ({"users": list(group.users)} if with_users else {})
