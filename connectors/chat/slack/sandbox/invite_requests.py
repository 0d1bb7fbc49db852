"""The sandbox's requests to invite somebody: into a channel from outside, and into the workspace."""

from __future__ import annotations

from typing import Any

from connectors.chat.slack.sandbox.admin import org_admin
from connectors.chat.slack.sandbox.call import Call, Refused
from connectors.chat.slack.sandbox.state import InviteRequest, RequestState


def connect_list(call: Call) -> dict[str, Any]:
    """Only open ones, unless others are asked for."""
    _connect_door(call)
    shown = {RequestState.OPEN} | {
        state
        for state in (RequestState.APPROVED, RequestState.DENIED, RequestState.EXPIRED)
        if call.flag(f"include_{state.value}")
    }
    rows = [_connect_row(call, one) for one in _of(call, shared=True) if one.state in shown]
    return call.page("invite_requests", rows, default=200, most=1000)


def connect_deny(call: Call) -> dict[str, Any]:
    _connect_door(call)
    wanted = call.need("invite_id")
    found = next((one for one in _of(call, shared=True) if one.id == wanted), None)
    if found is None:
        raise Refused("invite_not_found")
    if found.state is not RequestState.OPEN:
        raise Refused(
            "invite_expired" if found.state is RequestState.EXPIRED else f"invite_already_{found.state.value}"
        )
    call.bring_about(lambda: _deny(found))
    return {"invite_id": found.id}


def workspace_list(call: Call) -> dict[str, Any]:
    _workspace_door(call, "admin.invites:read")
    rows = [_workspace_row(one) for one in _of(call, shared=False) if one.state is RequestState.OPEN]
    return call.page("invite_requests", rows, default=100, most=1000)


def approved_list(call: Call) -> dict[str, Any]:
    _workspace_door(call, "admin.invites:read")
    rows = [
        {"invite_request": _workspace_row(one), "approved_by": {"actor_type": "user"}}
        for one in _of(call, shared=False)
        if one.state is RequestState.APPROVED
    ]
    return call.page("approved_requests", rows, default=100, most=1000)


def workspace_deny(call: Call) -> dict[str, Any]:
    _workspace_door(call, "admin.invites:write")
    wanted = call.need("invite_request_id")
    found = next((one for one in _of(call, shared=False) if one.id == wanted), None)
    if found is None:
        raise Refused("invalid_request")
    if found.state is not RequestState.OPEN:
        raise Refused("already_processed")
    call.bring_about(lambda: _deny(found))
    return {}


def _deny(request: InviteRequest) -> None:
    request.state = RequestState.DENIED


def _connect_door(call: Call) -> None:
    call.scope("conversations.connect:manage")
    if call.workspace.enterprise_id is None:
        raise Refused("not_an_enterprise")
    if not call.workspace.prefs.connect_requests_governed:
        raise Refused("restricted_action")


def _workspace_door(call: Call, scope: str) -> None:
    org_admin(call, scope)
    if not call.workspace.prefs.has_invite_request_api:
        raise Refused("feature_not_enabled")
    if call.params.get("team_id") not in (None, "", call.workspace.team_id):
        raise Refused("team_not_found")


def _of(call: Call, *, shared: bool) -> list[InviteRequest]:
    return [one for one in call.workspace.invite_requests if one.shared is shared]


def _connect_row(call: Call, request: InviteRequest) -> dict[str, Any]:
    channel = call.workspace.channels.get(request.channel)
    row: dict[str, Any] = {
        "id": request.id,
        "date_created": request.date_created,
        "inviting_user": {"id": request.requesters[0], "team_id": call.workspace.team_id},
        "target_user": {"recipient_email": request.email},
    }
    if channel is not None:
        row["channel"] = {"id": channel.id, "name": channel.name, "is_private": channel.is_private}
    if request.state is RequestState.DENIED:
        row["date_denied"] = request.date_created + 1
    return row


def _workspace_row(request: InviteRequest) -> dict[str, Any]:
    return {
        "id": request.id,
        "email": request.email,
        "date_created": request.date_created,
        "requester_ids": request.requesters,
        "channel_ids": [request.channel] if request.channel else [],
        "invite_type": "full_member",
        "real_name": None,
        "date_expire": None,
        "request_reason": None,
    }
