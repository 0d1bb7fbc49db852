"""Reads Telegram's objects (chats, members) into the model's values, and tells ids from anything else."""

from __future__ import annotations

import re
from enum import StrEnum

from telegram import (
    ChatFullInfo,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberBanned,
    ChatMemberRestricted,
)
from telegram.constants import ChatMemberStatus, ChatType

from policies.model import Group, GroupKind

PLATFORM = "telegram"
_USER_ID = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_GROUP_ID = re.compile(r"-[1-9][0-9]{0,15}", re.ASCII)
# core.telegram.org/api/bots/ids: from here downwards an id is a supergroup's or a channel's.
_FIRST_SUPERGROUP_ID = -1_000_000_000_000
_KINDS: dict[str, GroupKind] = {
    ChatType.GROUP: GroupKind.BASIC_GROUP,
    ChatType.SUPERGROUP: GroupKind.SUPERGROUP,
    ChatType.CHANNEL: GroupKind.BROADCAST_CHANNEL,
}


class Standing(StrEnum):
    """What an account is in a chat."""

    CREATOR = "creator"
    ADMIN = "admin"
    MEMBER = "member"
    LEFT = "left"
    BARRED = "barred"
    UNCLEAR = "unclear"
    """A status this version does not know: never taken for absence."""


PRESENT = frozenset({Standing.CREATOR, Standing.ADMIN, Standing.MEMBER})
_STANDINGS: dict[str, Standing] = {
    ChatMemberStatus.OWNER: Standing.CREATOR,
    ChatMemberStatus.ADMINISTRATOR: Standing.ADMIN,
    ChatMemberStatus.MEMBER: Standing.MEMBER,
    ChatMemberStatus.LEFT: Standing.LEFT,
    ChatMemberStatus.BANNED: Standing.BARRED,
}


def is_user_id(text: str) -> bool:
    """Whether it is the id of a person or bot; user names and telephone numbers with `+` are not."""
    return _USER_ID.fullmatch(text) is not None


def is_group_id(text: str) -> bool:
    """Whether it is the id of a group or channel, which are negative."""
    return _GROUP_ID.fullmatch(text) is not None


def is_supergroup_id(group_id: str) -> bool:
    """Whether the id alone says supergroup or channel (`-100…`)."""
    return is_group_id(group_id) and int(group_id) <= _FIRST_SUPERGROUP_ID


def is_basic(group: Group) -> bool:
    """Whether it surely is a basic group: one that was upgraded may still be planned under its old kind."""
    return group.kind is GroupKind.BASIC_GROUP and not is_supergroup_id(group.id)


def standing_of(member: ChatMember) -> Standing:
    """Read a member object's status; somebody restricted may have left."""
    if isinstance(member, ChatMemberRestricted):
        return Standing.MEMBER if member.is_member else Standing.LEFT
    return _STANDINGS.get(member.status, Standing.UNCLEAR)


def barred(member: ChatMember) -> str:
    """Give `yes` for a bar without end, `for a time` for one that ends by itself, else `no`."""
    if not isinstance(member, ChatMemberBanned):
        return "no"
    return "for a time" if member.until_date.timestamp() > 0 else "yes"


def may(member: ChatMember, right: str) -> bool:
    """Whether a member has a right such as `can_restrict_members`; a creator has all of them."""
    if standing_of(member) is Standing.CREATOR:
        return True
    return isinstance(member, ChatMemberAdministrator) and bool(getattr(member, right, False))


def kind_of(chat: ChatFullInfo) -> GroupKind | None:
    """Give the kind of a chat; None for a private conversation."""
    return _KINDS.get(chat.type)
