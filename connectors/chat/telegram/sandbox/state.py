"""What the sandbox knows: people, bots, chats, members with their rights, invite links and join requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from connectors.chat.telegram.sandbox.inbox import Inbox
from connectors.chat.telegram.sandbox.rights import RIGHTS

if TYPE_CHECKING:
    from connectors.chat.telegram.sandbox.webhooks import Courier


class Status(StrEnum):
    """What somebody is in a chat, in the Bot API's words."""

    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    RESTRICTED = "restricted"
    LEFT = "left"
    KICKED = "kicked"


@dataclass(slots=True)
class User:
    """One account, of a person or a bot."""

    id: int
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    phone: str = ""
    is_bot: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """What one account is in one chat; a new value takes the place of the old one at every change."""

    status: Status = Status.MEMBER
    rights: frozenset[str] = frozenset()
    promoted_by: int | None = None
    """Who made this administrator: only those above in the chain may change or ban one."""
    is_member: bool = True
    """Of a restricted account: inside, or restricted from outside."""
    until: int = 0
    """Unix time at which a ban or restriction ends; 0 is for ever."""

    @property
    def inside(self) -> bool:
        """Whether this is somebody who sees the chat."""
        if self.status is Status.RESTRICTED:
            return self.is_member
        return self.status not in {Status.LEFT, Status.KICKED}

    @property
    def is_admin(self) -> bool:
        """Whether this is the owner or an administrator."""
        return self.status in {Status.CREATOR, Status.ADMINISTRATOR}

    def may(self, right: str) -> bool:
        """Whether this one has a right; the owner has them all."""
        return self.status is Status.CREATOR or right in self.rights


LEFT = Member(Status.LEFT, is_member=False)


@dataclass(slots=True)
class InviteLink:
    """One link into a chat; primary ones belong to one administrator each."""

    url: str
    creator: int
    name: str = ""
    expire_date: int = 0
    member_limit: int = 0
    used: int = 0
    creates_join_request: bool = False
    is_primary: bool = False
    is_revoked: bool = False


@dataclass(slots=True)
class JoinRequest:
    """Somebody waiting to be let in, by the link they used."""

    user: int
    date: int
    link: InviteLink | None = None


@dataclass(slots=True)
class Chat:
    """A basic group (`group`), supergroup or channel. A bot's private chats are not kept here."""

    id: int
    type: str
    title: str = ""
    username: str = ""
    members: dict[int, Member] = field(default_factory=dict)
    links: list[InviteLink] = field(default_factory=list)
    requests: dict[int, JoinRequest] = field(default_factory=dict)
    linked: int | None = None
    """The channel's discussion group, or the group's channel."""
    migrated_to: int | None = None
    deleted: bool = False
    hidden_members: bool = False
    """Only administrators may see who is in it."""
    messages: int = 0

    def member(self, user: int) -> Member:
        """Give what an account is here; whoever never was here has left."""
        return self.members.get(user, LEFT)

    def inside(self) -> frozenset[int]:
        """Give everybody who is in the chat."""
        return frozenset(user for user, member in self.members.items() if member.inside)

    def can_edit(self, admin: int, other: int) -> bool:
        """Whether one administrator may change or ban another: only those they promoted, directly or not."""
        if self.member(admin).status is Status.CREATOR:
            return other != admin
        if not self.member(admin).may("can_promote_members"):
            return False
        above, seen = self.member(other).promoted_by, {other}
        while above is not None and above not in seen:
            if above == admin:
                return True
            seen.add(above)
            above = self.member(above).promoted_by
        return False

    @property
    def all_rights(self) -> frozenset[str]:
        """Give every right an administrator can have here, anonymity apart."""
        return frozenset(RIGHTS[self.type]) - {"is_anonymous"}


@dataclass(slots=True)
class Bot:
    """One bot: its account and token, whom it has met, and what it is told."""

    user: int
    token: str
    revoked: bool = False
    met: set[int] = field(default_factory=set)
    """Accounts the server lets it name: it shared a group with them or was written to."""
    started: set[int] = field(default_factory=set)
    """Who pressed Start."""
    blocked_by: set[int] = field(default_factory=set)
    inbox: Inbox = field(default_factory=Inbox)
    courier: Courier | None = None
    """Who delivers to the webhook, where there is one."""
    pressed: set[str] = field(default_factory=set)
    """Buttons pressed and not yet answered."""
    commands: dict[tuple[str, str], list[dict[str, str]]] = field(default_factory=dict)
    """(chat id or kind of scope, language) → what is offered there."""
    outbox: list[Sent] = field(default_factory=list)
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """One message the bot wrote: to which chat, what, with which buttons; as it stands after changes."""

    message_id: int
    chat: int
    text: str
    reply_markup: str = ""
    quiet: bool = False
    edits: int = 0
