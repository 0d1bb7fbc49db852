"""Turns Graph's JSON into accounts, groups and roles; ids are taken as they are, never parsed."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.chat.teams.client import Row
from connectors.chat.teams.tokens import is_guid
from policies.model import Account, AccountKind, Group, GroupKind, Refusal, Role

PLATFORM = "teams"
_USER = "microsoft.graph.user"
GROUP_TYPE = "microsoft.graph.group"
# Only a group has these; by them it is known where the type is left out.
_MARKS_OF_A_GROUP = ("groupTypes", "securityEnabled", "mailEnabled")
CHANNELS = frozenset({GroupKind.PRIVATE_CHANNEL, GroupKind.SHARED_CHANNEL})
MANAGED_ELSEWHERE = {
    "dynamic": Refusal.DYNAMIC,
    "mail_enabled": Refusal.MAIL_ENABLED,
    "role_assignable": Refusal.ROLE_ASSIGNABLE,
    "synced": Refusal.SYNCED,
}
"""What `Group.managed_elsewhere` says, as the refusal of a step there."""


def is_address(account_id: str) -> bool:
    """Whether an account is named by its sign-in name: Graph takes those too, but they pass to others."""
    return "@" in account_id


def account_of(instance: str, user: Row) -> Account:
    """Give a directory user; the e-mail is `mail`, which only the tenant's administrators set."""
    return Account(
        instance=instance,
        id=str(user["id"]),
        name=str(user.get("displayName") or ""),
        email=str(user["mail"]) if user.get("mail") else None,
        kind=AccountKind.GUEST if user.get("userType") == "Guest" else AccountKind.MEMBER,
        active=user.get("accountEnabled") is not False,
    )


def account_of_member(instance: str, tenant_id: str, member: Row) -> Account:
    """Give a member of a channel or chat; one of another tenant is external."""
    theirs = str(member.get("tenantId") or "").lower()
    # The home tenant may be known by its domain name only, which compares with no id.
    foreign = bool(theirs) and is_guid(tenant_id) and theirs != tenant_id.lower()
    guest = "guest" in roles_of(member)
    return Account(
        instance=instance,
        id=str(member["userId"]),
        name=str(member.get("displayName") or ""),
        email=str(member["email"]) if member.get("email") else None,
        kind=AccountKind.EXTERNAL if foreign else AccountKind.GUEST if guest else AccountKind.MEMBER,
    )


def group_of(instance: str, group: Row) -> Group:
    """Give a directory group: a team where it has one."""
    return Group(
        instance=instance,
        platform=PLATFORM,
        id=str(group["id"]),
        name=str(group.get("displayName") or group["id"]),
        kind=_kind_of(group),
        managed_elsewhere=_managed_elsewhere(group),
        self_join=str(group.get("visibility") or "").lower() == "public" and _unified(group),
    )


def channel_of(instance: str, team_id: str, team_name: str, channel: Row) -> Group | None:
    """Give a private or shared channel; None for a standard one, whose members are the team's.

    Whoever does not ask for newer values is told `unknownFutureValue` in place of `shared`
    (learn.microsoft.com/graph/api/resources/channel); a type nobody foresaw has members of its own too.
    """
    said = str(channel.get("membershipType") or "standard").lower()
    if said == "standard":
        return None
    kind = GroupKind.PRIVATE_CHANNEL if said == "private" else GroupKind.SHARED_CHANNEL
    name = str(channel.get("displayName") or channel["id"])
    return Group(
        instance=instance,
        platform=PLATFORM,
        id=str(channel["id"]),
        name=f"{team_name} / {name}" if team_name else name,
        kind=kind,
        parent_id=team_id,
    )


def chat_of(instance: str, chat: Row) -> Group:
    """Give a group chat; most have no topic."""
    id_ = str(chat["id"])
    return Group(instance, PLATFORM, id_, str(chat.get("topic") or id_), GroupKind.GROUP_CHAT)


def roles_of(member: Row) -> frozenset[str]:
    """Give a member's roles in lower case; Graph's own casing varies."""
    roles = member.get("roles")
    return frozenset(str(role).lower() for role in roles) if isinstance(roles, list) else frozenset()


def role_of(member: Row) -> Role:
    """Give a channel member's role."""
    return Role.OWNER if "owner" in roles_of(member) else Role.MEMBER


def hides_members(row: Row) -> bool:
    """Whether a group shows its members only to apps with a permission of their own."""
    return row.get("visibility") == "HiddenMembership"


def is_group(row: Row) -> bool:
    """Whether a directory object is a group."""
    return _type_of(row) == GROUP_TYPE


def is_user(row: Row) -> bool:
    """Whether a directory object is a person's account, not an app's; without a type it counts as one."""
    return _type_of(row) in (_USER, "")


def has_no_type(row: Row) -> bool:
    """Whether nothing tells what a directory object is."""
    return not _type_of(row)


def _type_of(row: Row) -> str:
    """Give an object's type without its `#`; empty where neither it nor a group's marks are there."""
    said = str(row.get("@odata.type") or "").removeprefix("#")
    if not said and any(mark in row for mark in _MARKS_OF_A_GROUP):
        return GROUP_TYPE
    return said


def user_ids(rows: Iterable[Row]) -> frozenset[str]:
    """Give the ids of the people among directory objects: Graph counts only them as last owners."""
    return frozenset(str(row["id"]) for row in rows if is_user(row))


def _kind_of(group: Row) -> GroupKind:
    if "Team" in (group.get("resourceProvisioningOptions") or ()):
        return GroupKind.TEAM
    if _unified(group):
        return GroupKind.M365_GROUP
    if group.get("mailEnabled") and not group.get("securityEnabled"):
        return GroupKind.DISTRIBUTION_LIST
    return GroupKind.SECURITY_GROUP


def _managed_elsewhere(group: Row) -> str | None:
    """Say why the members cannot be changed through Graph by this app, if so; the firmest reason first."""
    if group.get("onPremisesSyncEnabled"):
        return "synced"
    if "DynamicMembership" in (group.get("groupTypes") or ()):
        return "dynamic"
    if group.get("mailEnabled") and not _unified(group):
        return "mail_enabled"
    return "role_assignable" if group.get("isAssignableToRole") else None


def _unified(group: Row) -> bool:
    return "Unified" in (group.get("groupTypes") or ())
