"""Reads Slack's JSON objects (users, channels, user groups) into the model's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.chat.slack.identity import TokenOwner
from policies.model import Account, AccountKind, Group, GroupKind

PLATFORM = "slack"
_SLACKBOT = "USLACKBOT"


def account_of(instance: str, user: Mapping[str, Any], home: TokenOwner) -> Account:
    """Read a user object; `id` must be there, all else may be missing."""
    profile = user.get("profile") or {}
    name = (
        profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name")
    )
    return Account(
        instance=instance,
        id=str(user["id"]),
        name=str(name or ""),
        email=str(profile["email"]) if profile.get("email") else None,
        kind=_account_kind(user, home),
        active=not user.get("deleted", False),
        primary_owner=bool(user.get("is_primary_owner", False)),
    )


def _account_kind(user: Mapping[str, Any], home: TokenOwner) -> AccountKind:
    if user.get("is_bot") or user.get("is_workflow_bot") or user.get("id") == _SLACKBOT:
        return AccountKind.BOT
    if user.get("is_stranger") or _from_elsewhere(user, home):
        return AccountKind.EXTERNAL
    if user.get("is_ultra_restricted"):
        return AccountKind.SINGLE_CHANNEL_GUEST
    if user.get("is_restricted"):
        return AccountKind.GUEST
    return AccountKind.MEMBER


def _from_elsewhere(user: Mapping[str, Any], home: TokenOwner) -> bool:
    """Whether the user's home is another organisation: another team, and no part in our enterprise."""
    team = user.get("team_id")
    if not team or not home.team_id or team == home.team_id:
        return False
    enterprise = user.get("enterprise_user") or {}
    if home.enterprise_id and enterprise.get("enterprise_id") == home.enterprise_id:
        return False
    return bool(team != home.enterprise_id)


def channel_of(instance: str, channel: Mapping[str, Any], *, bot_inside: bool | None = None) -> Group:
    """Read a conversation object; whether the bot is inside is the caller's to know."""
    count = channel.get("num_members")
    return Group(
        instance=instance,
        platform=PLATFORM,
        id=str(channel["id"]),
        # Slack names a group direct message after the people in it, and a group's name goes into the log.
        name=""
        if channel.get("is_mpim")
        else str(channel.get("name") or channel.get("name_normalized") or ""),
        kind=_channel_kind(channel),
        is_default=bool(channel.get("is_general", False)),
        archived=bool(channel.get("is_archived", False)),
        creator_id=str(channel["creator"]) if channel.get("creator") else None,
        member_count=count if isinstance(count, int) else None,
        bot_inside=bot_inside,
        self_join=_open_to_all(channel),
    )


def _open_to_all(channel: Mapping[str, Any]) -> bool:
    """A public channel: whoever was taken out walks in again as long as the account is open."""
    return not (channel.get("is_private") or channel.get("is_mpim") or channel.get("is_archived"))


def _channel_kind(channel: Mapping[str, Any]) -> GroupKind:
    if channel.get("is_mpim"):
        return GroupKind.GROUP_CHAT
    if channel.get("is_ext_shared"):
        return GroupKind.SHARED_CHANNEL
    if channel.get("is_private"):
        return GroupKind.PRIVATE_CHANNEL
    return GroupKind.PUBLIC_CHANNEL


def user_group_of(instance: str, subteam: Mapping[str, Any]) -> Group:
    """Read a user group ("subteam"); disabled ones are marked as archived."""
    return Group(
        instance=instance,
        platform=PLATFORM,
        id=str(subteam["id"]),
        name=str(subteam.get("handle") or subteam.get("name") or ""),
        kind=GroupKind.USER_GROUP,
        archived=bool(subteam.get("date_delete")),
        managed_elsewhere=_keeper(subteam),
        creator_id=str(subteam["created_by"]) if subteam.get("created_by") else None,
        member_count=_member_count(subteam),
    )


def _member_count(subteam: Mapping[str, Any]) -> int | None:
    """The count Slack states (a number, or a number as text), else the length of the list it gave."""
    count, users = subteam.get("user_count"), subteam.get("users")
    if isinstance(count, int | str) and str(count).isdigit():
        return int(count)
    return len(users) if isinstance(users, list) else None


def _keeper(subteam: Mapping[str, Any]) -> str | None:
    """Who keeps the members, if not people: Slack's own admin and owner groups, or the identity provider."""
    if subteam.get("auto_type"):
        return f"slack_auto_{subteam['auto_type']}"
    if subteam.get("auto_provision"):
        return "identity_provider"
    return None
