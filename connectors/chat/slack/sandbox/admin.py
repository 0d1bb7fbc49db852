"""The sandbox's `admin.*` and SCIM: only for an organisation admin's user token."""

from __future__ import annotations

from typing import Any

import orjson

from connectors.chat.slack.sandbox.call import Call, Refused
from connectors.chat.slack.sandbox.conversations import remove_member
from connectors.chat.slack.sandbox.state import Channel, User

MOST_RESETS = 1000


def conversations_search(call: Call) -> dict[str, Any]:
    org_admin(call, "admin.conversations:read")
    kinds = str(call.params.get("search_channel_types") or "").split(",")
    found = [
        {"id": channel.id, "name": channel.name, "is_private": channel.is_private}
        for channel in call.workspace.channels.values()
        if not (channel.is_mpim or channel.is_im) and ("private" not in kinds or channel.is_private)
    ]
    page = call.page("conversations", found, default=10, most=20)
    return {**page, "next_cursor": page["response_metadata"]["next_cursor"], "total_count": len(found)}


def conversations_kick(call: Call) -> dict[str, Any]:
    """Each person is removed or failed by themselves; all failed is an error of its own."""
    org_admin(call, "admin.conversations:write")
    channel = call.workspace.channels.get(call.need("channel_id"))
    if channel is None:
        raise Refused("channel_not_found")
    removed: list[str] = []
    failed: list[dict[str, str]] = []
    for user_id in call.need("user_ids").split(","):
        error = _cannot(call, channel, user_id)
        if error is None:
            removed.append(user_id)
        else:
            failed.append({"user_id": user_id, "error": error})
    if not removed:
        raise Refused("failed_for_all_users", failed_user_ids=failed)
    call.bring_about(lambda: _remove_all(channel, removed))
    warning = {"warning": "failed_for_some_users"} if failed else {}
    return {"removed_user_ids": removed, "failed_user_ids": failed, **warning}


def _remove_all(channel: Channel, user_ids: list[str]) -> None:
    for user_id in user_ids:
        remove_member(channel, user_id)


def session_reset(call: Call) -> dict[str, Any]:
    org_admin(call, "admin.users:write")
    user = call.person("user_id")
    if user.is_bot:
        raise Refused("cannot_reset_bot")
    if user.is_primary_owner:
        raise Refused("cannot_reset_primary_owner")
    call.bring_about(lambda: _sign_out(user))
    return {}


def session_reset_bulk(call: Call) -> dict[str, Any]:
    """Reset up to a thousand; a bot or the primary owner among them is refused for all."""
    org_admin(call, "admin.users:write")
    asked: Any = call.params.get("user_ids")
    ids = orjson.loads(asked) if isinstance(asked, str) and asked.startswith("[") else asked
    if not isinstance(ids, list) or not 0 < len(ids) <= MOST_RESETS:
        raise Refused("invalid_arguments")
    users = [call.workspace.users.get(str(user_id)) for user_id in ids]
    for user in users:
        if user is None:
            raise Refused("user_not_found")
        if user.is_bot or user.is_primary_owner:
            raise Refused("cannot_reset_bot" if user.is_bot else "cannot_reset_primary_owner")
    call.bring_about(lambda: _sign_out(*(user for user in users if user is not None)))
    return {}


def session_list(call: Call) -> dict[str, Any]:
    """One session is one row; none at all is an error of its own, as documented."""
    org_admin(call, "admin.users:read")
    for name in ("team", "user"):
        if not call.params.get(f"{name}_id"):
            raise Refused(f"missing_{name}")
    if call.params["team_id"] != call.workspace.team_id:
        raise Refused("team_not_found")
    user = call.person("user_id")
    if not user.sessions:
        raise Refused("no_active_sessions")
    device = {"os": "OS X", "ip": "192.0.2.1"}
    rows = [
        {
            "user_id": user.id,
            "team_id": user.team_id,
            "session_id": n + 1,
            "created": device,
            "recent": device,
        }
        for n in range(user.sessions)
    ]
    return call.page("active_sessions", rows, default=1000, most=1000)


def users_deactivate(call: Call) -> dict[str, Any]:
    org_admin(call, "admin.users:write")
    user = call.person("user_id")
    if user.is_primary_owner:
        raise Refused("deactivation_failed")
    call.bring_about(lambda: deactivate(call, user))
    return {}


def deactivate(call: Call, user: User) -> None:
    """Deactivate, never erase; what becomes of memberships is a preference, because it is not documented."""
    user.deleted = True
    _sign_out(user)
    if call.workspace.prefs.deactivation_keeps_memberships:
        return
    for channel in call.workspace.channels.values():
        remove_member(channel, user.id)
    for group in call.workspace.user_groups.values():
        group.users = [member for member in group.users if member != user.id]


def _sign_out(*users: User) -> None:
    for user in users:
        user.sessions = 0


def org_admin(call: Call, scope: str, otherwise: str = "not_an_admin") -> None:
    """Let in only an organisation admin's user token with the scope; `otherwise` is what others are told."""
    if call.token.is_bot:
        raise Refused("not_allowed_token_type")
    if call.workspace.enterprise_id is None:
        raise Refused("not_an_enterprise")
    if not call.user.is_admin:
        raise Refused(otherwise)
    call.scope(scope)


def _cannot(call: Call, channel: Channel, user_id: str) -> str | None:
    if user_id not in call.workspace.users:
        return "user_not_found"
    if channel.is_general:
        return "cant_kick_from_general"
    return None if user_id in channel.members else "user_not_in_channel"
