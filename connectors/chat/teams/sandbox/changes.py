"""What happens in the tenant, whoever does it: joins, removals, deletions, and what each takes along."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from connectors.chat.teams.sandbox.state import Tenant

Place = tuple[str, str]
"""(`members` | `owners` of a group, `channel`, `chat`; the id)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened, for change notifications and delta queries."""

    kind: str
    """`updated`, or `deleted` where the thing itself is gone."""
    resource: str
    """`users`, `groups`, `teams`, `channels` or `chats`."""
    id: str
    user_id: str = ""
    """Whose membership it is about; empty where the thing itself changed."""
    role: str = "member"
    """`member` or `owner`, where it is about a membership."""
    removed: bool = False


@dataclass(slots=True)
class World:
    """The tenant, what happened in it so far, and what reads do not show yet."""

    tenant: Tenant
    lag_seconds: float = 0.0
    """For how long reads still show a removal as not done: writes see the truth, reads a replica."""
    absent_is_400: bool = False
    """Whether whoever is not in a group is refused with 400, as is seen at times, instead of 404."""
    changes: list[Change] = field(default_factory=list)
    lagging: dict[Place, dict[str, float]] = field(default_factory=dict)

    def shown(self, place: Place, ids: Iterable[str]) -> list[str]:
        """Give the ids as reads show them now: the true ones, and those whose removal is not shown yet."""
        true = list(ids)
        late = self.lagging.get(place)
        if not late:
            return true
        now = time.monotonic()
        return true + [id_ for id_, until in late.items() if until > now and id_ not in true]

    def settle(self) -> None:
        """Let reads show everything."""
        self.lagging.clear()

    def add_member(self, group_id: str, id_: str) -> None:
        """Put a user, group or app into a group."""
        group = self.tenant.groups[group_id]
        if id_ not in group.members:
            group.members.append(id_)
            self._note("groups", group_id, id_)

    def add_owner(self, group_id: str, id_: str) -> None:
        """Make somebody owner; that alone makes nobody a member."""
        group = self.tenant.groups[group_id]
        if id_ not in group.owners:
            group.owners.append(id_)
            self._note("groups", group_id, id_, role="owner")

    def remove_member(self, group_id: str, id_: str) -> None:
        """Take somebody out of a group; of a team's group, out of the team's private channels too."""
        group = self.tenant.groups[group_id]
        if id_ not in group.members:
            return
        group.members.remove(id_)
        self._removed(("members", group_id), id_)
        self._note("groups", group_id, id_, removed=True)
        if group_id in self.tenant.teams:
            for channel in self.tenant.channels_of(group_id):
                if channel.membership_type == "private":
                    self.leave_channel(channel.id, id_)

    def remove_owner(self, group_id: str, id_: str) -> None:
        """Take the owner's role; the person stays a member where they were one."""
        group = self.tenant.groups[group_id]
        if id_ in group.owners:
            group.owners.remove(id_)
            self._removed(("owners", group_id), id_)
            self._note("groups", group_id, id_, role="owner", removed=True)

    def join_channel(self, channel_id: str, id_: str, role: str = "") -> None:
        """Put somebody into a private or shared channel."""
        self.tenant.channels[channel_id].members[id_] = role
        self._note("channels", channel_id, id_)

    def leave_channel(self, channel_id: str, id_: str) -> None:
        """Take somebody out of a private or shared channel."""
        if self.tenant.channels[channel_id].members.pop(id_, None) is not None:
            self._removed(("channel", channel_id), id_)
            self._note("channels", channel_id, id_, removed=True)

    def join_chat(self, chat_id: str, id_: str, role: str = "owner") -> None:
        """Put somebody into a group chat."""
        self.tenant.chats[chat_id].members[id_] = role
        self._note("chats", chat_id, id_)

    def leave_chat(self, chat_id: str, id_: str) -> None:
        """Take somebody out of a group chat."""
        if self.tenant.chats[chat_id].members.pop(id_, None) is not None:
            self._removed(("chat", chat_id), id_)
            self._note("chats", chat_id, id_, removed=True)

    def touch_user(self, user_id: str) -> None:
        """Note that a user's own properties changed."""
        self._note("users", user_id)

    def delete_channel(self, id_: str) -> None:
        """Delete a channel for good."""
        del self.tenant.channels[id_]

    def delete(self, id_: str) -> None:
        """Delete a user, group or app for good, as the requests nobody may send would."""
        for group in self.tenant.groups.values():
            group.members = [member for member in group.members if member != id_]
            group.owners = [owner for owner in group.owners if owner != id_]
        for channel in self.tenant.channels.values():
            channel.members.pop(id_, None)
        for chat in self.tenant.chats.values():
            chat.members.pop(id_, None)
        if self.tenant.users.pop(id_, None) is not None:
            self._note("users", id_, removed=True)
        self.tenant.service_principals.pop(id_, None)
        self._delete_group(id_)

    def _delete_group(self, id_: str) -> None:
        if self.tenant.groups.pop(id_, None) is None:
            return
        self.tenant.teams.pop(id_, None)
        for channel in self.tenant.channels_of(id_):
            del self.tenant.channels[channel.id]
        self._note("groups", id_, removed=True)

    def _removed(self, place: Place, id_: str) -> None:
        if self.lag_seconds:
            self.lagging.setdefault(place, {})[id_] = time.monotonic() + self.lag_seconds

    def _note(
        self, resource: str, id_: str, user_id: str = "", role: str = "member", *, removed: bool = False
    ) -> None:
        kind = "deleted" if removed and not user_id else "updated"
        self.changes.append(Change(kind, resource, id_, user_id, role, removed))


ACTS: dict[str, Callable[..., None]] = {
    act.__name__: act
    for act in (
        World.add_member,
        World.add_owner,
        World.remove_member,
        World.remove_owner,
        World.join_channel,
        World.leave_channel,
        World.join_chat,
        World.leave_chat,
        World.touch_user,
        World.delete,
        World.delete_channel,
    )
}
"""What somebody else may do in the tenant, by name."""
