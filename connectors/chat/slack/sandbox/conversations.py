"""The sandbox's `conversations.*`, `users.*` and `auth.test`: what Slack shows, changes and refuses."""

from __future__ import annotations

from typing import Any

from connectors.chat.slack.sandbox.call import Call, Refused
from connectors.chat.slack.sandbox.state import Channel, ConnectInvite, User

_KINDS = {"public_channel": "channels", "private_channel": "groups", "mpim": "mpim", "im": "im"}


def auth_test(call: Call) -> dict[str, Any]:
    workspace = call.workspace
    return {
        "url": "https://sandbox.example.com/",
        "team": workspace.team,
        "team_id": workspace.team_id,
        "enterprise_id": workspace.enterprise_id,
        "user": call.user.name,
        "user_id": call.user.id,
    }


def team_info(call: Call) -> dict[str, Any]:
    call.scope("team:read")
    return {"team": {"id": call.workspace.team_id, "name": call.workspace.team}}


def users_list(call: Call) -> dict[str, Any]:
    call.scope("users:read")
    members = [user_object(call, user) for user in call.workspace.users.values()]
    return call.page("members", members, default=1000, most=1000)


def users_info(call: Call) -> dict[str, Any]:
    call.scope("users:read")
    return {"user": user_object(call, call.person())}


def users_lookup_by_email(call: Call) -> dict[str, Any]:
    call.scope("users:read.email")
    email = call.need("email").casefold()
    for user in call.workspace.users.values():
        if user.email.casefold() == email and not user.deleted:
            return {"user": user_object(call, user)}
    raise Refused("users_not_found")


def users_conversations(call: Call) -> dict[str, Any]:
    """Non-public ones only where the caller is in too."""
    whose = call.person().id if call.params.get("user") else call.token.user
    shown = [channel for channel in _wanted(call) if whose in channel.members and call.sees(channel)]
    # As documented, neither is_member nor num_members is returned here.
    return call.page("channels", [_channel_object(call, channel, full=False) for channel in shown])


def conversations_list(call: Call) -> dict[str, Any]:
    shown = [channel for channel in _wanted(call) if call.sees(channel)]
    return call.page("channels", [_channel_object(call, channel) for channel in shown])


def conversations_info(call: Call) -> dict[str, Any]:
    channel = call.channel()
    call.scope(f"{_family(channel)}:read")
    return {"channel": _channel_object(call, channel)}


def conversations_members(call: Call) -> dict[str, Any]:
    channel = call.channel()
    call.scope(f"{_family(channel)}:read")
    return call.page("members", list(channel.members))


def conversations_kick(call: Call) -> dict[str, Any]:
    """Refuse in the order Slack is known to: channel, scope, kind, person, preference, presence."""
    channel = call.channel()
    if channel.is_mpim or channel.is_im:
        raise Refused("method_not_supported_for_channel_type")
    _write_scope(call, channel)
    user = call.person()
    _never_kicked(call, channel, user)
    if call.token.user not in channel.members:
        raise Refused("not_in_channel")
    if not (call.workspace.prefs.everyone_may_kick or call.user.is_admin):
        raise Refused("restricted_action")
    if user.id not in channel.members:
        raise Refused("not_in_channel")
    if user.is_stranger:
        raise Refused("not_supported")
    call.bring_about(lambda: remove_member(channel, user.id))
    return {"errors": {}}


def _never_kicked(call: Call, channel: Channel, user: User) -> None:
    if channel.is_archived:
        raise Refused("is_archived")
    if channel.is_general:
        raise Refused("cant_kick_from_general")
    if user.id == call.token.user:
        raise Refused("cant_kick_self")


def conversations_join(call: Call) -> dict[str, Any]:
    channel = call.channel()
    call.scope("channels:join", "channels:write")
    if channel.is_private or channel.is_mpim or channel.is_im:
        raise Refused("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise Refused("is_archived")
    if call.token.user not in channel.members:
        call.bring_about(lambda: channel.members.append(call.token.user))
    return {"channel": _channel_object(call, channel)}


def conversations_invite(call: Call) -> dict[str, Any]:
    """One wrong person refuses all, as without `force`."""
    channel = call.channel()
    if channel.is_mpim or channel.is_im:
        raise Refused("method_not_supported_for_channel_type")
    _write_scope(call, channel)
    if channel.is_archived:
        raise Refused("is_archived")
    if call.token.user not in channel.members:
        raise Refused("not_in_channel")
    users = call.need("users").split(",")
    errors = [(user_id, error) for user_id in users if (error := _uninvitable(call, channel, user_id))]
    if errors:
        rows = [{"user": user_id, "ok": False, "error": error} for user_id, error in errors]
        raise Refused(errors[0][1], errors=rows)
    call.bring_about(lambda: channel.members.extend(users))
    return {"channel": _channel_object(call, channel)}


def _uninvitable(call: Call, channel: Channel, user_id: str) -> str | None:
    user = call.workspace.users.get(user_id)
    if user is None or user.deleted:
        return "user_not_found"
    if user_id == call.token.user:
        return "cant_invite_self"
    if user_id in channel.members:
        return "already_in_channel"
    if user.is_ultra_restricted:
        return "ura_max_channels"
    return "user_is_restricted" if user.is_restricted else None


def list_connect_invites(call: Call) -> dict[str, Any]:
    call.scope("conversations.connect:manage")
    return {"invites": [_invite_object(call, invite) for invite in call.workspace.connect_invites]}


def _invite_object(call: Call, invite: ConnectInvite) -> dict[str, Any]:
    channel = call.workspace.channels[invite.channel]
    return {
        "direction": invite.direction,
        "status": "sent",
        "invite_type": "channel",
        "invite": {"id": invite.id, "inviting_user": {"id": invite.inviting_user}},
        "channel": {"id": channel.id, "name": channel.name, "is_private": channel.is_private},
    }


def remove_member(channel: Channel, user_id: str) -> None:
    """Take a member out; harmless where they are gone already."""
    if user_id in channel.members:
        channel.members.remove(user_id)


def user_object(call: Call, user: User) -> dict[str, Any]:
    profile = {"display_name": user.name, "real_name": user.name}
    if "users:read.email" in call.token.scopes and user.email:
        profile["email"] = user.email
    return {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "is_admin": user.is_admin,
        "is_primary_owner": user.is_primary_owner,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_stranger": user.is_stranger,
        "is_bot": user.is_bot,
        "profile": profile,
    }


def _wanted(call: Call) -> list[Channel]:
    kinds = str(call.params.get("types") or "public_channel").split(",")
    for kind in kinds:
        if kind not in _KINDS:
            raise Refused("invalid_types")
        call.scope(f"{_KINDS[kind]}:read")
    hide_archived = call.flag("exclude_archived")
    families = {_KINDS[kind] for kind in kinds}
    return [
        channel
        for channel in call.workspace.channels.values()
        if _family(channel) in families and not (hide_archived and channel.is_archived)
    ]


def _family(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    if channel.is_mpim:
        return "mpim"
    return "groups" if channel.is_private else "channels"


def _write_scope(call: Call, channel: Channel) -> None:
    if channel.is_private:
        call.scope("groups:write")
    else:
        call.scope("channels:manage" if call.token.is_bot else "channels:write")


def _channel_object(call: Call, channel: Channel, *, full: bool = True) -> dict[str, Any]:
    shown = {
        "id": channel.id,
        "name": channel.name,
        "creator": channel.creator,
        "is_private": channel.is_private or channel.is_mpim,
        "is_mpim": channel.is_mpim,
        "is_im": channel.is_im,
        "is_general": channel.is_general,
        "is_archived": channel.is_archived,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
    }
    if full:
        shown |= {"is_member": call.token.user in channel.members, "num_members": len(channel.members)}
    return shown
